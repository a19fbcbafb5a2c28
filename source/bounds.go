package source

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// What evaluating a spec may take. CUE knows no limit of its own: a
// comprehension over list.Range(0, 1e9) takes all memory that there is. A spec
// takes it 5 ms for each KiB of text on an idle machine of 2026. What people
// write, 16 KiB and less, has ten times that, and with what is done before and
// after it ends in a second; what is longer has a second more for each 16 KiB.
// On a machine that gives the process less than all of a core, it is the
// process's own time. Nothing takes more than some 20 MiB between two glances,
// so that what is given up has taken less than 500 MB.
const (
	patience = 800 * time.Millisecond
	starved  = 30 // times the patience is the end, also of what waits for something
	pace     = 16 << 10
	room     = 440 << 20 // bytes in use for each load at work
	kept     = 64 << 20  // by each of the other goroutines that may load: the schema, and what came of the last load
	glance   = 10 * time.Millisecond
)

// ErrTooLong says that CUE was given up.
var ErrTooLong = errors.New("evaluation is given up")

// ErrHindered says that a directory was given up because of another one.
var ErrHindered = errors.New("not looked at to its end: what was given up before goes on, and takes the time")

// loaded is what became of a directory.
type loaded struct {
	environments []spec.Environment
	found        diag.List
	err          error
	givenUp      bool // the CUE context is in use, or broken
}

// patience is how long CUE may take for that much text.
func (l *Loader) patience(size int64) time.Duration {
	if l.Patience > 0 {
		return l.Patience
	}
	return patience + time.Duration(max(0, size-pace))*time.Second/pace
}

// guarded makes an error of a panic of CUE: text of the user's must not end the
// process.
func guarded(dir string, load func() loaded) (out loaded) {
	defer func() {
		if cause := recover(); cause != nil {
			out = loaded{err: fmt.Errorf("%s: CUE fails on it, a bug: %v", dir, cause), givenUp: true}
		}
	}()
	return load()
}

// bounded waits for a load as long as it may take. One that is given up goes
// on until the process ends, since CUE cannot be stopped. Time is counted in
// glances: while the machine is asleep it does not pass.
func bounded(dir string, patience time.Duration, load func() loaded) loaded {
	done, self := make(chan loaded, 1), atWork.begin()
	go func() {
		defer atWork.end(self)
		done <- guarded(dir, load)
	}()
	watch, before := time.NewTicker(glance), cpuTime()
	defer watch.Stop()
	for waited := glance; ; waited += glance {
		select {
		case out := <-done:
			return out
		case <-watch.C:
		}
		if len(done) > 0 {
			return <-done
		}
		if used := inUse(); atWork.overdrawn(self, used) {
			return atWork.giveUp(self, dir, fmt.Sprintf("with %d MiB in use", used>>20))
		}
		if spent(before, waited) >= patience || waited >= starved*patience {
			return atWork.giveUp(self, dir, fmt.Sprintf("after %v", waited))
		}
	}
}

// atWork are the loads of the process: it has one memory.
var atWork work

type work struct {
	sync.Mutex
	tasks []*task // the first begun first
}

// task is a load that is not over, given up or not.
type task struct{ givenUp bool }

func (w *work) begin() *task {
	w.Lock()
	defer w.Unlock()
	w.tasks = append(w.tasks, new(task))
	return w.tasks[len(w.tasks)-1]
}

func (w *work) end(t *task) {
	w.Lock()
	defer w.Unlock()
	w.tasks = slices.DeleteFunc(w.tasks, func(o *task) bool { return o == t })
}

// overdrawn reports whether there is more memory in use than all loads may have
// together, and a task is to blame: nobody knows whose it is, but what began
// first has had the time to take it. While one that was given up goes on it is
// that one's.
func (w *work) overdrawn(t *task, used uint64) bool {
	w.Lock()
	defer w.Unlock()
	return used > allowed(len(w.tasks)) && slices.Index(w.tasks, t) == 0 && !w.isHindered()
}

// allowed is what may be in use while so many loads are at work; two cores are
// in the room of one.
func allowed(tasks int) uint64 {
	return uint64(room*tasks + kept*max(0, runtime.GOMAXPROCS(0)-tasks-1))
}

// isHindered reports whether something that was given up goes on.
func (w *work) isHindered() bool {
	return slices.ContainsFunc(w.tasks, func(t *task) bool { return t.givenUp })
}

func (w *work) giveUp(t *task, dir, when string) loaded {
	w.Lock()
	defer w.Unlock()
	hindered := w.isHindered()
	t.givenUp = true
	if hindered {
		return loaded{err: fmt.Errorf("%s: %w", dir, ErrHindered), givenUp: true}
	}
	return loaded{err: fmt.Errorf("%s: %w %s: is there a comprehension without an end, or a struct in itself?", dir, ErrTooLong, when), givenUp: true}
}

// inUse is the memory of all objects, those that nobody needs any more too, and
// of stacks.
func inUse() (sum uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	for _, s := range samples {
		sum += s.Value.Uint64()
	}
	return sum
}
