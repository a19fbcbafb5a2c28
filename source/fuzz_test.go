package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Whatever bytes a file has, loading it ends: with environments, findings that
// have an address and a remedy, or an error, be it that it is given up. It
// takes 500 MB at the most, with as much again that the collector has not come
// to. How long it took is logged: a machine that does other things decides it.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"mistakes/*.cue", "schema/*.cue", "fields/*.cue", "generated/*.cue", "validate/*/*.cue"} {
		files, err := filepath.Glob("../testdata/" + pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	l, dir := &Loader{Patience: 20 * time.Second}, f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		write(t, dir, map[string]string{"a.cue": string(text)})
		start := time.Now()
		environments, found, err := l.Load(dir)
		size := inUse() >> 20
		t.Logf("%v, %d MiB", time.Since(start), size)
		if size > 1000 {
			t.Errorf("%d MiB", size)
		}
		if err == nil && len(environments) == 0 && !found.HasErrors() {
			t.Error("nothing is loaded, and nothing is said")
		}
		for _, d := range found {
			if !d.Pos.IsValid() || d.Message == "" || d.Fix == "" {
				t.Errorf("no address, or no remedy: %+v", d)
			}
		}
	})
}
