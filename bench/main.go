// Command bench measures statefulc beside kustomize, Helm and cue: of one
// application, all of them making the same objects, and of a repository of
// many. It prints the tables that README copies. `make bench` runs it.
//
// It installs the peers itself, at the versions of the table in tools.go, and
// works in a temporary directory. Commands that are compared run in turn, A B
// A B, and a ratio is the median of the rounds' ratios: machines are noisy.
// What cannot be installed or fails is printed as such, in its row.
//
// It imports nothing of statefulc: a child's peak memory counts from what its
// parent has when it starts it, so that this program has to stay small.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

type options struct {
	n         int
	rounds    int
	runs      int
	statefulc string
	bin       string
}

func main() {
	var o options
	flag.IntVar(&o.n, "n", 1000, "applications of the repository; the larger one has twice as many")
	flag.IntVar(&o.rounds, "rounds", 3, "how often the repository's commands are run")
	flag.IntVar(&o.runs, "runs", 15, "how often those of one application are run")
	flag.StringVar(&o.statefulc, "statefulc", "", "the statefulc to measure (default the one of this directory)")
	flag.StringVar(&o.bin, "bin", "", "where to install the peers (default a temporary directory)")
	flag.Parse()
	if err := bench(o); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(2)
	}
}

func bench(o options) error {
	work, err := os.MkdirTemp("", "statefulc-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if o.bin == "" {
		o.bin = filepath.Join(work, "bin")
	}
	tools, err := install(o.bin, o.statefulc)
	if err != nil {
		return err
	}
	b := &workshop{dir: work, tools: tools, n: o.n}
	if err := b.furnish(); err != nil {
		return err
	}
	if err := b.compare(); err != nil {
		return err
	}
	one, many := b.one(), b.many()
	measure(one, o.runs)
	measure(many, o.rounds)

	fmt.Printf("Measured on %s with %s on %d cores (%s/%s): medians of %d runs of one application and %d of the repositories, in turn.\n",
		time.Now().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, o.runs, o.rounds)
	fmt.Print(tools)
	fmt.Print(table("One application: base and two overlays, 24 objects", one))
	fmt.Print(table(fmt.Sprintf("%s applications with three environments each, %s objects", thousands(o.n), thousands(24*o.n)), many))
	return nil
}
