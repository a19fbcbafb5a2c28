package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/statefulc/statefulc/tree"
)

// repository is one on the disk, beside what a user believes of it.
type repository struct {
	dir     string
	output  string
	apps    map[string]application // by path
	built   map[string]application // whose trees there are
	edited  map[string]bool        // apps with a file that was edited
	foreign map[string]string      // files of others
}

// application is its number of pods by environment.
type application map[string]int

func (a application) spec(name string) string {
	out := fmt.Sprintf("package app\n\nimport \"statefulc.dev/v1\"\n\nbase: v1.#App & {name: %q, groups: db: {image: \"db:1\", replicas: *1 | _, placement: \"any\", stable: true}}\n", name)
	for _, env := range slices.Sorted(maps.Keys(a)) {
		out += fmt.Sprintf("overlays: %s: groups: db: replicas: %d\n", env, a[env])
	}
	return out
}

func (r *repository) write(t fataler, path, text string) {
	file := filepath.Join(r.dir, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (r *repository) put(t fataler, app string, a application) {
	r.apps[app] = a
	r.write(t, app+"/app.cue", a.spec(filepath.Base(app)))
}

func (r *repository) remove(app string) {
	delete(r.apps, app)
	os.Remove(filepath.Join(r.dir, app, "app.cue"))
}

// tree is where that of an application is.
func (r *repository) tree(app string) string {
	if r.output == "" {
		return app + "/deploy"
	}
	return r.output + "/" + app
}

// build is the command, on all of the repository.
func (r *repository) build(t *rapid.T, flags ...string) (code int, said string) {
	var stdout, stderr bytes.Buffer
	code = run(append([]string{"build", r.dir + "/..."}, flags...), &stdout, &stderr)
	if code > 1 || stdout.Len() > 0 {
		t.Fatalf("exit code %d: %s %s", code, &stdout, &stderr)
	}
	return code, stderr.String()
}

// differs reports whether check has to complain.
func (r *repository) differs() bool {
	return len(r.edited) > 0 || !maps.EqualFunc(r.apps, r.built, func(a, b application) bool { return maps.Equal(a, b) })
}

// snapshot is all that is on the disk.
func (r *repository) snapshot(t *rapid.T) map[string]string {
	return filesBelow(t, r.dir)
}

func filesBelow(t fataler, dir string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		out[strings.TrimPrefix(file, dir+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fataler is what a test has, and one of rapid's.
type fataler interface{ Fatal(...any) }

// know is what building does to the model.
func (r *repository) know(force bool) {
	for app := range r.built {
		if _, there := r.apps[app]; !there && (force || !r.edited[app]) {
			delete(r.built, app)
			delete(r.edited, app)
		}
	}
	for app, a := range r.apps {
		if force || !r.edited[app] {
			r.built[app] = maps.Clone(a)
			delete(r.edited, app)
		}
	}
}

// A repository that people, editors and killed builds work on for years is
// what its specs say after every build: --check agrees with the model, files
// of others stay, nothing is left behind, and a second build writes nothing.
func TestRepositoriesAsTheModel(t *testing.T) {
	base := t.TempDir()
	rounds := 0
	rapid.Check(t, func(t *rapid.T) {
		if rounds++; rounds > 6 {
			return // each takes as long as a second or two
		}
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		r := &repository{dir: dir, output: rapid.SampledFrom([]string{"", "out/put"}).Draw(t, "output"),
			apps: map[string]application{}, built: map[string]application{}, edited: map[string]bool{}, foreign: map[string]string{}}
		text := ""
		if r.output != "" {
			text = fmt.Sprintf("output: %q\n", r.output)
		}
		r.write(t, "statefulc.cue", text)
		r.put(t, "always", application{})
		for range rapid.IntRange(4, 8).Draw(t, "steps") {
			for range rapid.IntRange(1, 3).Draw(t, "changes") {
				r.change(t)
			}
			if rapid.IntRange(0, 3).Draw(t, "killed") == 0 {
				r.kill(t)
			}
			r.checkAndBuild(t, rapid.IntRange(0, 2).Draw(t, "force") == 0)
		}
	})
}

// versionsBuilt builds two specs to one directory, in turns, until it is killed.
func versionsBuilt(dir string) {
	for code := 0; code == 0; {
		for _, version := range []string{"one", "two"} {
			code = max(code, run([]string{"build", filepath.Join(dir, version), "-o", filepath.Join(dir, "out")}, os.Stdout, os.Stderr))
		}
	}
	os.Exit(1)
}

// The command, killed at any moment, leaves the output of one spec or of the
// other; the next build ends well and leaves nothing beside it.
func TestKilledCommands(t *testing.T) {
	r := &repository{dir: t.TempDir(), apps: map[string]application{}}
	r.put(t, "one", application{"prod": 2})
	r.put(t, "two", application{"dev": 3, "prod": 3})
	out := filepath.Join(r.dir, "out")
	var want [2]map[string]string
	for i, version := range []string{"one", "two"} {
		if code := run([]string{"build", filepath.Join(r.dir, version), "-o", out}, io.Discard, os.Stderr); code != 0 {
			t.Fatal(code)
		}
		want[i] = filesBelow(t, out)
	}
	caught := 0
	for range 40 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "STATEFULC_VERSIONS="+r.dir)
		talk, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := talk.Read(make([]byte, 1)); err != nil { // the first build is done
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
		cmd.Process.Kill()
		io.Copy(io.Discard, talk)
		cmd.Wait()
		if got := filesBelow(t, out); !maps.Equal(got, want[0]) && !maps.Equal(got, want[1]) {
			t.Fatalf("neither the one nor the other: -one +got\n%s", cmp.Diff(want[0], got))
		}
		if _, err := os.Stat(filepath.Join(r.dir, ".out.statefulc")); err == nil {
			caught++
		}
		if code := run([]string{"build", filepath.Join(r.dir, "one"), "-o", out}, io.Discard, os.Stderr); code != 0 {
			t.Fatal(code)
		}
		if got := filesBelow(t, out); !maps.Equal(got, want[0]) {
			t.Fatalf("the next build: %s", cmp.Diff(want[0], got))
		}
		if entries, err := os.ReadDir(r.dir); err != nil || len(entries) != 3 {
			t.Fatalf("left behind: %v %v", entries, err)
		}
	}
	t.Logf("%d of 40 were killed while they wrote", caught)
}

// change is what people do between builds.
func (r *repository) change(t *rapid.T) {
	app := rapid.SampledFrom([]string{"a", "team/b", "team/c"}).Draw(t, "app")
	a, there := r.apps[app]
	switch kind := rapid.SampledFrom([]string{"add", "delete", "rename", "environment", "edit", "foreign"}).Draw(t, "change"); {
	case kind == "add" && !there:
		r.put(t, app, application{"prod": 2})
	case kind == "delete" && there:
		r.remove(app)
	case kind == "rename" && there:
		r.remove(app)
		r.put(t, app+"-2", a)
	case kind == "environment" && there:
		a = maps.Clone(a)
		env := rapid.SampledFrom([]string{"dev", "prod"}).Draw(t, "environment")
		if a[env] = rapid.IntRange(0, 3).Draw(t, "pods"); a[env] == 0 {
			delete(a, env)
		}
		r.put(t, app, a)
	case kind == "edit" && r.built[app] != nil:
		r.write(t, r.tree(app)+"/base/kustomization.yaml", "# mine\n")
		r.edited[app] = true
	case kind == "foreign" && r.built[app] != nil:
		file := r.tree(app) + "/base/notes.md"
		r.foreign[file] = fmt.Sprint("mine ", len(r.foreign))
		r.write(t, file, r.foreign[file])
	}
}

// kill lets another process build, and kills it somewhere. What it got done is
// done: each tree is the old or the new one.
func (r *repository) kill(t *rapid.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STATEFULC_BUILD="+r.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
	cmd.Process.Kill()
	cmd.Wait()
	for app := range union(r.apps, r.built) {
		if r.edited[app] || !r.isBuilt(app) {
			continue
		}
		if a, there := r.apps[app]; there {
			r.built[app] = maps.Clone(a)
		} else {
			delete(r.built, app)
		}
	}
}

// isBuilt asks the command whether a tree is what it is to be.
func (r *repository) isBuilt(app string) bool {
	var said bytes.Buffer
	if _, there := r.apps[app]; !there {
		_, err := os.Stat(filepath.Join(r.dir, r.tree(app), tree.Inventory))
		return err != nil
	}
	return run([]string{"build", "--check", filepath.Join(r.dir, app)}, &said, &said) == 0
}

func union(a, b map[string]application) map[string]application {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func (r *repository) checkAndBuild(t *rapid.T, force bool) {
	before := r.snapshot(t)
	if code, said := r.build(t, "--check"); (code == 1) != r.differs() {
		t.Fatalf("check: exit code %d; apps %v, built %v, edited %v\n%s", code, r.apps, r.built, r.edited, said)
	}
	r.checkShards(t)
	if diff := cmp.Diff(before, r.snapshot(t)); diff != "" {
		t.Fatalf("check wrote: %s", diff)
	}
	var flags []string
	if force {
		flags = []string{"--force"}
	}
	code, said := r.build(t, flags...)
	if r.know(force); (code == 1) != (len(r.edited) > 0) {
		t.Fatalf("build: exit code %d; edited %v\n%s", code, r.edited, said)
	}
	after := r.snapshot(t)
	if _, said := r.build(t); !strings.Contains(said, " 0 changed") {
		t.Fatalf("the second build: %s", said)
	}
	if diff := cmp.Diff(after, r.snapshot(t)); diff != "" {
		t.Fatalf("the second build wrote: %s", diff)
	}
	r.isAsBelieved(t, after)
}

// checkShards lets several machines check their parts: together they say what
// one check does.
func (r *repository) checkShards(t *rapid.T) {
	want, whole := r.findings(t)
	var got []string
	code, n := 0, rapid.IntRange(1, 3).Draw(t, "shards")
	for i := range n {
		one, part := r.findings(t, "--shard", fmt.Sprintf("%d/%d", i+1, n))
		code, got = max(code, one), append(got, part...)
	}
	slices.Sort(got)
	slices.Sort(whole)
	if diff := cmp.Diff(whole, got); diff != "" || code != want {
		t.Fatalf("%d shards: exit code %d, not %d: -whole +shards\n%s", n, code, want, diff)
	}
}

// findings are those of a check, a line each.
func (r *repository) findings(t *rapid.T, flags ...string) (code int, lines []string) {
	var stdout, stderr bytes.Buffer
	code = run(append([]string{"build", "--check", "--format", "github", r.dir + "/..."}, flags...), &stdout, &stderr)
	if code > 1 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	return code, slices.Collect(strings.Lines(stdout.String()))
}

// isAsBelieved compares what is on the disk with the model: whose trees there
// are, which files are others', and that nothing is left beside them.
func (r *repository) isAsBelieved(t *rapid.T, files map[string]string) {
	trees := map[string]bool{}
	for file := range files {
		if app, ok := strings.CutSuffix(file, "/"+tree.Inventory); ok {
			trees[app] = true
		}
		if strings.Contains(file, ".statefulc/") {
			t.Fatalf("left behind: %s", file)
		}
	}
	want := map[string]bool{}
	for app := range r.built {
		want[r.tree(app)] = true
	}
	if diff := cmp.Diff(want, trees); diff != "" {
		t.Fatalf("trees: -model +disk\n%s", diff)
	}
	for file, text := range r.foreign {
		if files[file] != text {
			t.Fatalf("%s is %q, not %q", file, files[file], text)
		}
	}
}
