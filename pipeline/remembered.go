package pipeline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rogpeppe/go-internal/cache"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/spec"
)

// memory is what is remembered of a result: all but its objects. Where there
// are findings it is for the directory as it was written, which they name.
type memory struct {
	Dir          string
	From, Until  string // the days on which the same is found; "" is without an end
	Environments []string
	Found        diag.List

	Layout overlay.Layout // of the files; "" of a result that has none
	Files  []size
}

// size is that of a file. The texts follow the rest, one behind the other.
type size struct {
	Path string
	Size int
}

// remembered is the result for a directory that did not change, whose files
// and those that they import have the hash that they had. What has errors is
// never remembered, so that it is always told by the newest text; nor is what
// changed while it was read.
func (p *Pipeline) remembered(dir string, files bool, work func(string) (*Result, error)) (*Result, error) {
	key, known := p.key(dir, &p.loader)
	if !known {
		return work(dir)
	}
	if text, _, err := p.Cache.GetBytes(key); err == nil {
		if r, ok := p.recall(text, dir, files); ok {
			return r, nil
		}
	}
	r, err := work(dir)
	if err != nil || r.Found.HasErrors() {
		return r, err
	}
	if now, known := p.key(dir, new(source.Loader)); known && now == key {
		// Nobody waits for this one: a disk that is full costs time, not truth.
		_ = p.Cache.PutBytes(key, p.memorize(r, dir, files))
	}
	return r, nil
}

// key is the hash of all that a result depends on but the day.
func (p *Pipeline) key(dir string, loader *source.Loader) (key cache.ActionID, known bool) {
	if p.Cache == nil || p.Today == "" || p.Unchecked {
		return key, false
	}
	inputs, err := loader.Inputs(dir)
	return sha256.Sum256(fmt.Appendf(nil, "%s\n%x\n", p.Version, inputs.Sum)), err == nil
}

func (p *Pipeline) memorize(r *Result, dir string, files bool) []byte {
	m := memory{Dir: dir, Found: r.Found}
	if r.Until != "" {
		m.From, m.Until = p.Today, r.Until
	}
	for _, env := range r.Environments {
		m.Environments = append(m.Environments, env.Name)
	}
	var texts []byte
	if files {
		m.Layout = cmp.Or(p.Layout, overlay.Kustomize)
	}
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

// recall is the result that a text remembers, if it has what is asked for.
func (p *Pipeline) recall(text []byte, dir string, files bool) (*Result, bool) {
	head, texts, _ := bytes.Cut(text, []byte("\n"))
	var m memory
	if json.Unmarshal(head, &m) != nil || !m.holds(p.Today) || len(m.Found) > 0 && m.Dir != dir || files && m.Layout != cmp.Or(p.Layout, overlay.Kustomize) {
		return nil, false
	}
	r := &Result{Found: m.Found, Until: m.Until}
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
	return r, true
}

func (m memory) holds(day string) bool {
	return m.From <= day && (m.Until == "" || day <= m.Until)
}
