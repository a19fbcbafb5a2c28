package source

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// Whatever bytes a file has, loading it ends: with environments, findings that
// have an address and a remedy, or an error, and never with 500 MB in use.
//
// With -fuzz, it ends in a second (one that is longer than 16 KiB has a second
// more for each 16), and CUE is not given up: what it has no end for is to be
// found in the text, or it goes on in the fuzzer's process. That is the process's
// own time where it is less than the clock's: others use the machine too.
// Without -fuzz nothing is timed.
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
	}
	before := debug.SetMemoryLimit(400 << 20) // as the command has it
	f.Cleanup(func() { debug.SetMemoryLimit(before) })
	f.Fuzz(func(t *testing.T, text []byte) {
		write(t, dir, map[string]string{"a.cue": string(text)})
		start, had, most := time.Now(), cpuTime(), mostInUse()
		environments, found, err := l.Load(dir)
		took, size := spent(had, time.Since(start)), most()
		t.Logf("%v, %d MB", took, size/1e6)
		if fuzzing && took > l.patience(int64(len(text)))+200*time.Millisecond {
			t.Errorf("%v", took)
		}
		if size >= 500e6 {
			t.Errorf("%d MB", size/1e6)
		}
		if fuzzing && errors.Is(err, ErrTooLong) || err != nil && strings.Contains(err.Error(), "a bug") {
			t.Error(err)
		}
		if err == nil && len(environments) == 0 && !found.HasErrors() {
			t.Error("nothing is loaded, and nothing is said")
		}
		for _, d := range found {
			if !d.Pos.IsValid() || d.Message == "" || d.Fix == "" {
				t.Errorf("no address, or no remedy: %+v", d)
			}
			if filepath.Base(d.Pos.File) == "a.cue" && d.Pos.Line > 1+strings.Count(string(text), "\n") {
				t.Errorf("behind the end of the file: %+v", d)
			}
		}
	})
}

// mostInUse looks at the memory in use until it is asked for the most.
func mostInUse() func() uint64 {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		look := time.NewTicker(2 * time.Millisecond)
		defer look.Stop()
		for seen := inUse(); ; seen = max(seen, inUse()) {
			select {
			case <-stop:
				most <- seen
				return
			case <-look.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return max(inUse(), <-most)
	}
}
