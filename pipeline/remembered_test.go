package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/cache"

	"github.com/statefulc/statefulc/overlay"
)

var errWork = errors.New("it is not remembered")

func remembering(t *testing.T) *Pipeline {
	t.Helper()
	c, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &Pipeline{Options: Options{Today: "2026-11-28", Cache: c, Version: "v1"}}
}

// recalled is what is remembered of a build, or errWork.
func (p *Pipeline) recalled(dir string, asked overlay.Layout) (*Result, error) {
	return p.remembered(dir, asked, func(string) (*Result, error) { return nil, errWork })
}

// What is remembered of an application is what was made of it.
func TestRememberedIsWhatWasMade(t *testing.T) {
	examples, err := filepath.Glob("../examples/*")
	if err != nil || len(examples) < 10 {
		t.Fatal(examples, err)
	}
	p := remembering(t)
	p.Layout = overlay.Rendered
	for _, dir := range examples {
		made, err := p.Build(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.recalled(dir, p.Layout)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		for i := range made.Environments {
			made.Environments[i] = Environment{}
			made.Environments[i].Name = got.Environments[i].Name
		}
		if diff := cmp.Diff(made, got); diff != "" {
			t.Errorf("%s: %s", dir, diff)
		}
	}
}

// warned has a warning, that nothing needs its waiver, and after the day another.
const warned = `package app

import "statefulc.dev/v1"

base: v1.#App & {
	name: "app"
	groups: db: {image: "db:1", replicas: 1, placement: "any", stable: true}
	groups: db: waive: "quorum-size": {reason: "a test", until: "2026-11-30"}
}
`

func app(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What depends on the day is remembered for the days on which it is the same.
func TestDaysAreRemembered(t *testing.T) {
	dir := app(t, warned)
	for _, c := range []struct {
		made  string
		holds map[string]bool
	}{
		{"2026-11-28", map[string]bool{"2026-11-27": false, "2026-11-28": true, "2026-11-30": true, "2026-12-01": false}},
		{"2026-12-01", map[string]bool{"2026-11-30": false, "2026-12-01": true, "2026-12-02": false}},
	} {
		p := remembering(t)
		p.Today = c.made
		if _, err := p.Build(dir); err != nil {
			t.Fatal(err)
		}
		for day, want := range c.holds {
			p.Today = day
			if _, err := p.recalled(dir, p.Layout); (err == nil) != want {
				t.Errorf("made on %s, on %s: %v", c.made, day, err)
			}
		}
	}
}

// What else a result depends on makes it another one.
func TestWhatIsNotRemembered(t *testing.T) {
	dir := app(t, warned)
	for name, change := range map[string]func(p *Pipeline){
		"another version":  func(p *Pipeline) { p.Version = "v2" },
		"another layout":   func(p *Pipeline) { p.Layout = overlay.Rendered },
		"without a day":    func(p *Pipeline) { p.Today = "" },
		"without a cache":  func(p *Pipeline) { p.Cache = nil },
		"without checking": func(p *Pipeline) { p.Unchecked = true },
	} {
		p := remembering(t)
		if _, err := p.Build(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := p.recalled(dir, p.Layout); err != nil {
			t.Fatal(err)
		}
		change(p)
		if _, err := p.recalled(dir, p.Layout); !errors.Is(err, errWork) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A check alone makes no files, and what has errors is told anew.
	p := remembering(t)
	if _, err := p.Vet(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := p.recalled(dir, checks); err != nil {
		t.Errorf("a check after a check: %v", err)
	}
	if _, err := p.recalled(dir, p.Layout); !errors.Is(err, errWork) {
		t.Errorf("a build after a check: %v", err)
	}
	broken := app(t, "package app\n\nbase: 1\n")
	if _, err := p.Build(broken); err != nil {
		t.Fatal(err)
	}
	if _, err := p.recalled(broken, p.Layout); !errors.Is(err, errWork) {
		t.Errorf("errors: %v", err)
	}
}

// Findings name files as they are asked for.
func TestFindingsAreOfTheDirectory(t *testing.T) {
	p, dir := remembering(t), app(t, warned)
	t.Chdir(filepath.Dir(dir))
	if _, err := p.Build(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Base(dir), "./" + filepath.Base(dir), dir, "../" + filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir)} {
		got, err := p.recalled(name, p.Layout)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := (&Pipeline{Options: Options{Today: p.Today}}).Build(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Found, got.Found); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What is broken on the disk is made anew.
func TestBrokenCacheIsNotBelieved(t *testing.T) {
	p, dir := remembering(t), app(t, warned)
	made, err := p.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, known := p.key(dir, p.Layout, &p.loader)
	if !known {
		t.Fatal("no key")
	}
	whole := p.memorize(made, dir)
	for _, text := range []string{"", "{", "{}\n", string(whole[:len(whole)-1]), "null\n" + string(whole)} {
		if err := p.Cache.PutBytes(key, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := p.recalled(dir, p.Layout); !errors.Is(err, errWork) {
			t.Errorf("%.20q: %v %v", text, got, err)
		}
	}
}
