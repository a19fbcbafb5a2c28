package pipeline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/cache"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/spec"
)

// memory is what is remembered of a result: all but its objects.
type memory struct {
	Dir          string // as it was written: the findings' places begin with it
	From, Until  string // the days on which the same is found; "" is without an end
	Environments []string
	Found        diag.List
	Files        []size
}

// size is that of a file. The texts follow the rest, one behind the other.
type size struct {
	Path string
	Size int
}

// checks is what is asked for where no files are: the name of no layout.
const checks overlay.Layout = "checks"

// remembered is the result for a directory that did not change, whose files
// and those that they import have the hash that they had. What has errors is
// never remembered, so that it is always told by the newest text; nor is what
// changed while it was read.
func (p *Pipeline) remembered(dir string, asked overlay.Layout, work func(string) (*Result, error)) (*Result, error) {
	key, known := p.key(dir, asked, &p.loader)
	if !known {
		return work(dir)
	}
	if text, _, err := p.Cache.GetBytes(key); err == nil {
		if r, ok := p.recall(text, dir); ok {
			return r, nil
		}
	}
	r, err := work(dir)
	if err != nil || r.Found.HasErrors() {
		return r, err
	}
	if now, known := p.key(dir, asked, new(source.Loader)); known && now == key {
		// Nobody waits for this one: a disk that is full costs time, not truth. It is
		// not the same text on every day.
		_, _, _ = p.Cache.PutNoVerify(key, bytes.NewReader(p.memorize(r, dir)))
	}
	return r, nil
}

// key is the hash of all that a result depends on but the day.
func (p *Pipeline) key(dir string, asked overlay.Layout, loader *source.Loader) (key cache.ActionID, known bool) {
	if p.Cache == nil || p.Today == "" || p.Unchecked {
		return key, false
	}
	inputs, err := loader.Inputs(dir)
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %x", p.Version, cmp.Or(asked, overlay.Kustomize), inputs.Sum)), err == nil
}

func (p *Pipeline) memorize(r *Result, dir string) []byte {
	m := memory{Dir: dir, Found: r.Found}
	if r.Until != "" {
		m.From, m.Until = p.Today, r.Until
	}
	for _, env := range r.Environments {
		m.Environments = append(m.Environments, env.Name)
	}
	var texts []byte
	for _, f := range r.Files {
		m.Files = append(m.Files, size{f.Path, len(f.Data)})
		texts = append(texts, f.Data...)
	}
	head, err := json.Marshal(m)
	if err != nil {
		panic(err) // it is plain data
	}
	return slices.Concat(head, []byte("\n"), texts)
}

// recall is the result that a text remembers, if it holds today.
func (p *Pipeline) recall(text []byte, dir string) (*Result, bool) {
	head, texts, _ := bytes.Cut(text, []byte("\n"))
	var m memory
	if json.Unmarshal(head, &m) != nil || !m.holds(p.Today) {
		return nil, false
	}
	r := &Result{Found: m.Found, Until: m.Until}
	for i := range r.Found {
		if !m.move(&r.Found[i], dir) {
			return nil, false
		}
	}
	for _, name := range m.Environments {
		r.Environments = append(r.Environments, Environment{Environment: spec.Environment{Name: name}})
	}
	for _, f := range m.Files {
		if f.Size > len(texts) {
			return nil, false
		}
		r.Files = append(r.Files, overlay.File{Path: f.Path, Data: texts[:f.Size:f.Size]})
		texts = texts[f.Size:]
	}
	return r, len(r.Environments) > 0
}

func (m *memory) holds(day string) bool {
	return m.From <= day && (m.Until == "" || day <= m.Until)
}

// move makes a finding one of the directory as it is written now.
func (m *memory) move(d *diag.Diagnostic, dir string) bool {
	all := []*diag.Pos{&d.Pos}
	for i := range d.Related {
		all = append(all, &d.Related[i].Pos)
	}
	for _, pos := range all {
		if !pos.IsValid() || source.IsSchema(*pos) {
			continue
		}
		below, err := filepath.Rel(m.Dir, pos.File)
		if err != nil {
			return false
		}
		pos.File = filepath.Join(dir, below)
	}
	return true
}
