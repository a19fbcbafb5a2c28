package source

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"
)

// Whatever bytes a file has, loading it ends: with environments, findings that
// have an address and a remedy, or an error.
//
// With -fuzz, it ends in about a second and 500 MB, and CUE is not given up: what it
// has no end for is to be found in the text, or it goes on in the fuzzer's
// process. Without, nothing is timed: a machine that does other things would decide.
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
	l, dir, fuzzing := &Loader{Patience: time.Minute}, f.TempDir(), flag.Lookup("test.fuzz").Value.String() != ""
	if fuzzing {
		l.Patience = 0
		debug.SetMemoryLimit(400 << 20) // as the command has it
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		write(t, dir, map[string]string{"a.cue": string(text)})
		start := time.Now()
		environments, found, err := l.Load(dir)
		took, size := time.Since(start), inUse()>>20
		t.Logf("%v, %d MiB", took, size)
		if fuzzing && (took > 2*l.patience(int64(len(text))) || size > 600) {
			t.Errorf("%v and %d MiB", took, size)
		}
		if size > 1000 { // what is measured is no time, so it counts without -fuzz too
			t.Errorf("%d MiB", size)
		}
		if fuzzing && errors.Is(err, ErrTooLong) {
			t.Error(err)
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
