package source

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// What a spec may be. People write some thousand lines; what is larger is no
// spec, and CUE would take minutes for it.
const (
	largestFile = 1 << 20
	largestSpec = 8 << 20 // all files together, imported packages of the module too
)

// What reading it may take. CUE knows no limit of its own: a comprehension over
// list.Range(0, 1e9) takes all memory that there is, and so does a struct that
// is in itself by way of a pattern, `base: overlays` beside `overlays: [_]: base`.
const (
	patience = time.Minute
	room     = 512 << 20 // bytes in use for each core, and once more: so many directories are read at a time
	glance   = 50 * time.Millisecond
)

// ErrTooLong says that CUE was given up.
var ErrTooLong = errors.New("evaluation is given up")

// loaded is what became of a directory.
type loaded struct {
	environments []spec.Environment
	found        diag.List
	err          error
	givenUp      bool // the CUE context is in use, or broken
}

// bounded waits for a load as long as it may take. One that is given up goes
// on until the process ends, since CUE cannot be stopped. A panic of CUE is an
// error: text of the user's must not end the process.
func (l *Loader) bounded(dir string, load func() loaded) loaded {
	done := make(chan loaded, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				done <- loaded{err: fmt.Errorf("%s: CUE fails on it, a bug: %v", dir, cause), givenUp: true}
			}
		}()
		done <- load()
	}()
	limit, watch := time.After(l.patience()), time.NewTicker(glance)
	defer watch.Stop()
	for {
		select {
		case out := <-done:
			return out
		case <-limit:
			return loaded{err: fmt.Errorf("%s: %w after %v: is there a comprehension without an end, or a struct in itself?", dir, ErrTooLong, l.patience()), givenUp: true}
		case <-watch.C:
			if used := inUse(); used > limitOfRoom() {
				return loaded{err: fmt.Errorf("%s: %w with %d MiB in use: is there a comprehension without an end, or a struct in itself?", dir, ErrTooLong, used>>20), givenUp: true}
			}
		}
	}
}

func (l *Loader) patience() time.Duration {
	if l.Patience > 0 {
		return l.Patience
	}
	return patience
}

func limitOfRoom() uint64 { return room * uint64(runtime.GOMAXPROCS(0)+1) }

// inUse is the memory of all objects, those that nobody needs any more too.
func inUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
