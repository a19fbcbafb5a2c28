package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// workshop is where commands run. It has repositories of one and of n
// applications, each twice: for builds that find nothing there, and built
// already; one of 2n; and the files of the peers, for n.
type workshop struct {
	dir   string
	tools *toolbox
	n     int
}

func (w *workshop) path(names ...string) string {
	return filepath.Join(w.dir, filepath.Join(names...))
}

func (w *workshop) furnish() error {
	for name, n := range map[string]int{"one": 1, "one-built": 1, "many": w.n, "many-built": w.n, "twice": 2 * w.n} {
		if err := repository(w.path(name), n); err != nil {
			return err
		}
	}
	for _, name := range []string{"one-built", "many-built"} {
		if _, err := w.statefulc(name, "build").output(); err != nil {
			return err
		}
	}
	return peerFiles(w.path("peers"), w.n)
}

// statefulc runs in a repository. Its cache is the workshop's.
func (w *workshop) statefulc(name string, args ...string) process {
	return process{w.path(name), append([]string{w.tools.paths["statefulc"]}, args...), []string{"STATEFULC_CACHE=" + w.path("cache")}}
}

// peer runs beside the peers' files, and has a home that is empty.
func (w *workshop) peer(name string, args ...string) process {
	return process{w.path("peers", "cue"), append([]string{w.tools.paths[name]}, args...), []string{"HOME=" + w.path("home"), "CUE_REGISTRY=none"}}
}

// kustomize builds what statefulc has written.
func (w *workshop) kustomize(name string, a application, env string) process {
	return w.peer("kustomize", "build", filepath.Join(a.tree(w.path(name)), "overlays", env))
}

func (w *workshop) helm(a application) process {
	return w.peer("helm", "template", a.Name, w.path("peers", "chart"), "--namespace", a.Name, "--values", w.path("peers", "values", a.Name+".yaml"))
}

func (w *workshop) cue(below string) process {
	return w.peer("cue", "export", "./apps/"+below, "-e", "stream", "--out", "text")
}

// compare is an error unless all of them make the same objects in production.
func (w *workshop) compare() error {
	for _, a := range []application{applicationOf(0), applicationOf(w.n - 1)} {
		want, err := w.statefulc("many-built", "build", a.spec("."), "-o", "-", "--env", "prod").output()
		if err != nil {
			return err
		}
		for name, c := range map[string]process{"kustomize": w.kustomize("many-built", a, "prod"), "helm": w.helm(a), "cue": w.cue(a.Name)} {
			if w.tools.missing[name] != nil {
				continue
			}
			got, err := c.output()
			if err == nil {
				err = same(want, got)
			}
			if err != nil {
				return fmt.Errorf("%s of %s: %w", name, a.Name, err)
			}
		}
	}
	return nil
}

// bare moves what was built away, so that a build finds nothing there. It is not
// deleted: for minutes after that ext4 looks, for each file that is made, for an
// inode that was not deleted lately (recently_deleted in fs/ext4/ialloc.c). That
// took a third of the time of a build of a thousand applications, and whoever
// builds them for the first time deletes nothing.
func (w *workshop) bare(name string) func(int) error {
	return func(int) error {
		away, err := os.MkdirTemp(w.dir, "away-")
		if err != nil {
			return err
		}
		err = os.Rename(w.path(name, "deploy"), filepath.Join(away, "deploy"))
		if errors.Is(err, fs.ErrNotExist) { // before the first round
			return nil
		}
		return err
	}
}

// one are the rows of a single application.
func (w *workshop) one() []*row {
	a := applicationOf(0)
	kustomize := &row{command: "kustomize build", what: "one overlay", run: []process{w.kustomize("one-built", a, "prod")}}
	helm := &row{command: "helm template", what: "one environment", run: []process{w.helm(a)}}
	return w.installed([]*row{
		{
			command: "statefulc build --no-cache",
			what:    "base and two overlays, checked and proved",
			before:  w.bare("one"),
			run:     []process{w.statefulc("one", "build", "--no-cache", a.spec("."))},
			goal:    goal{times: 1.5, than: kustomize},
		},
		{
			command: "statefulc build",
			what:    "nothing changed",
			run:     []process{w.statefulc("one-built", "build", a.spec("."))},
			goal:    goal{times: 0.5, than: helm},
		},
		kustomize,
		helm,
		{command: "cue export", what: "one environment", run: []process{w.cue(a.Name)}},
	})
}

// many are those of the repositories. Peers that take a process for each
// overlay are measured by fifty.
func (w *workshop) many() []*row {
	cold := &row{
		command: "statefulc build --no-cache",
		what:    "all checked and proved",
		before:  w.bare("many"),
		run:     []process{w.statefulc("many", "build", "--no-cache")},
		goal:    goal{within: w.ofThousand(25 * time.Second), memory: 600 << 20},
	}
	return w.installed([]*row{
		cold,
		{
			command: "statefulc build --no-cache",
			what:    fmt.Sprintf("the same of %s applications", thousands(2*w.n)),
			before:  w.bare("twice"),
			run:     []process{w.statefulc("twice", "build", "--no-cache")},
			goal:    goal{times: 2.2, than: cold},
		},
		{
			command: "statefulc build --no-cache --unchecked",
			what:    "without the API server's rules and the proof",
			before:  w.bare("many"),
			run:     []process{w.statefulc("many", "build", "--no-cache", "--unchecked")},
			goal:    goal{within: w.ofThousand(4 * time.Second)},
		},
		{
			command: "statefulc build",
			what:    "one application changed",
			before:  func(round int) error { return applicationOf(w.n/2).revise(w.path("many-built"), 1+round) },
			run:     []process{w.statefulc("many-built", "build")},
			goal:    goal{within: w.ofThousand(700 * time.Millisecond)},
		},
		{
			command: "statefulc build",
			what:    "nothing changed",
			run:     []process{w.statefulc("many-built", "build")},
			goal:    goal{within: w.ofThousand(500 * time.Millisecond)},
		},
		w.sample("kustomize build", func(a application, env string) process { return w.kustomize("many-built", a, env) }),
		w.sample("helm template", func(a application, _ string) process { return w.helm(a) }),
		{command: "cue export ./apps/...", what: "one environment of each, in one process", run: []process{w.cue("...")}},
	})
}

// sample is a process for each overlay, of which it runs fifty. Helm has the
// values of production for both.
func (w *workshop) sample(name string, of func(a application, env string) process) *row {
	r := &row{command: name, of: 2 * w.n}
	for i := range min(w.n, 25) {
		r.run = append(r.run, of(applicationOf(i), "dev"), of(applicationOf(i), "prod"))
	}
	r.what = fmt.Sprintf("each of %s overlays, %d processes at a time: computed from %d", thousands(r.of), runtime.NumCPU(), len(r.run))
	return r
}

// ofThousand is a goal that is stated for a thousand applications: none for
// others.
func (w *workshop) ofThousand(d time.Duration) time.Duration {
	if w.n != 1000 {
		return 0
	}
	return d
}

// installed gives the rows of programs that are not there the reason.
func (w *workshop) installed(rows []*row) []*row {
	for _, r := range rows {
		r.err = w.tools.missing[filepath.Base(r.run[0].args[0])]
	}
	return rows
}
