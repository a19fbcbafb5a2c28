package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"
)

// row is what is measured, and what came of it.
type row struct {
	command, what string // as the table has it

	before func(round int) error // not measured
	run    []process             // as many at a time as there are cores
	of     int                   // how many there would be, if these are a sample; 0: these
	goal   goal

	rounds []usage
	err    error // there is nothing to say then
}

// goal is what a row is to reach.
type goal struct {
	within time.Duration
	memory int64

	times float64 // so many times what another row takes
	than  *row
}

type process struct {
	dir  string
	args []string
	env  []string
}

// usage is what a process takes, or several.
type usage struct {
	time, cpu time.Duration
	memory    int64 // the most that one of them has at a time, in bytes
}

// measure runs the rows in turn, so many times. One that fails is left out
// from then on.
func measure(rows []*row, rounds int) {
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		for _, r := range rows {
			if r.err != nil {
				continue
			}
			if r.before != nil {
				r.err = r.before(round)
			}
			if r.err == nil {
				r.err = r.measure()
			}
		}
	}
}

func (r *row) measure() error {
	used, errs := make([]usage, len(r.run)), make([]error, len(r.run))
	var running sync.WaitGroup
	start, cores := time.Now(), make(chan bool, runtime.NumCPU())
	for i, p := range r.run {
		cores <- true
		running.Go(func() {
			used[i], errs[i] = p.execute(nil)
			<-cores
		})
	}
	running.Wait()
	whole := usage{time: time.Since(start)}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, u := range used {
		whole.cpu += u.cpu
		whole.memory = max(whole.memory, u.memory)
	}
	if r.of > 0 {
		whole.time = whole.time * time.Duration(r.of) / time.Duration(len(r.run))
		whole.cpu = whole.cpu * time.Duration(r.of) / time.Duration(len(r.run))
	}
	r.rounds = append(r.rounds, whole)
	return nil
}

// execute runs a process. It returns what it took, but for the time.
func (p process) execute(out io.Writer) (usage, error) {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), p.env...)
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%w: %s", err, lastLine(said.Bytes()))
	}
	state := cmd.ProcessState
	return usage{cpu: state.UserTime() + state.SystemTime(), memory: peak(state)}, nil
}

// output is what a process prints.
func (p process) output() ([]byte, error) {
	var out bytes.Buffer
	_, err := p.execute(&out)
	return out.Bytes(), err
}

func (r *row) time() time.Duration {
	return median(r.each(func(u usage) time.Duration { return u.time }))
}
func (r *row) cpu() time.Duration {
	return median(r.each(func(u usage) time.Duration { return u.cpu }))
}

// memory is the most of all rounds.
func (r *row) memory() (most int64) {
	for _, u := range r.rounds {
		most = max(most, u.memory)
	}
	return most
}

// ratio is how many times as long as another row it takes: both ran in each
// round, one soon after the other.
func (r *row) ratio(to *row) float64 {
	var all []float64
	for i := range min(len(r.rounds), len(to.rounds)) {
		all = append(all, r.rounds[i].time.Seconds()/to.rounds[i].time.Seconds())
	}
	return median(all)
}

func (r *row) each(of func(usage) time.Duration) (all []time.Duration) {
	for _, u := range r.rounds {
		all = append(all, of(u))
	}
	return all
}

func median[T time.Duration | float64](all []T) T {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
