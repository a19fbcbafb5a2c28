//go:build unix

package tree

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	switch dir := os.Getenv("TREE_DIR"); os.Getenv("TREE_CHILD") {
	case "":
		os.Exit(m.Run())
	case "builds":
		buildForEver(dir)
	case "full":
		buildOnFullDisk(dir)
	}
}

// child starts the test binary as another process.
func child(t testing.TB, what, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TREE_CHILD="+what, "TREE_DIR="+dir)
	return cmd
}

// versions are two states of an application that differ in every way: files
// that change, stay, come and go, in directories that do.
func versions(dir string) [2]*Tree {
	one := files("base/a.yaml", "1", "base/same.yaml", "same", "base/gone.yaml", "gone", "overlays/dev/x.yaml", "1")
	two := files("base/a.yaml", "2", "base/same.yaml", "same", "overlays/prod/x.yaml", "2", "overlays/prod/y.yaml", "2")
	for i := range 20 {
		one[fmt.Sprintf("base/%d.yaml", i)] = []byte(strings.Repeat("one\n", 1000))
		two[fmt.Sprintf("base/%d.yaml", i)] = []byte(strings.Repeat("two\n", 1000))
	}
	return [2]*Tree{{Dir: dir, Of: "..", Header: header, Files: one}, {Dir: dir, Of: "..", Header: header, Files: two}}
}

func buildForEver(dir string) {
	for trees := versions(dir); ; {
		for _, tree := range trees {
			if _, bad, err := tree.Build(false); err != nil || len(bad) > 0 {
				fmt.Println(said(tree, bad), err)
				os.Exit(1)
			}
		}
	}
}

// Killed at any moment, a build leaves the old tree or the new one, and the
// next build nothing beside it.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deploy")
	trees := versions(dir)
	put(t, dir+"/base/notes.md", "mine")
	put(t, dir+"/docs/own.md", "mine")
	want := [2]map[string]string{}
	for i, tree := range trees {
		build(t, tree, false)
		want[i] = disk(t, dir)
	}
	caught := 0
	for range 200 {
		cmd := child(t, "builds", dir)
		var said strings.Builder
		cmd.Stdout = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if said.Len() > 0 {
			t.Fatalf("a build failed: %s", &said)
		}
		if (&Tree{Dir: dir}).isBeingWritten() {
			caught++
		}
		if got := disk(t, dir); !cmp.Equal(got, want[0]) && !cmp.Equal(got, want[1]) {
			t.Fatalf("neither the old tree nor the new one: -new +got\n%s", cmp.Diff(want[1], got))
		}
		if rand.IntN(4) == 0 {
			i := rand.IntN(2)
			build(t, trees[i], false)
			same(t, "after the next build", want[i], disk(t, dir))
			if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
				t.Fatalf("left behind: %v %v", entries, err)
			}
		}
		if t.Failed() {
			return
		}
	}
	if caught < 10 {
		t.Errorf("only %d of 200 were killed while they wrote", caught)
	}
}

// Two builds at once wait for each other: readers see one tree or the other,
// and at the end nothing is left beside it.
func TestTwoAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "deploy")
	trees := versions(dir)
	var builders sync.WaitGroup
	for i := range 4 {
		builders.Go(func() {
			for range 25 {
				if _, bad, err := trees[i%2].Build(false); err != nil || len(bad) > 0 {
					t.Errorf("%q %v", said(trees[i%2], bad), err)
				}
			}
		})
	}
	builders.Wait()
	got := disk(t, dir)
	build(t, trees[0], false)
	one := disk(t, dir)
	build(t, trees[1], false)
	if two := disk(t, dir); !cmp.Equal(got, one) && !cmp.Equal(got, two) {
		t.Errorf("a mixture: %s", cmp.Diff(one, got))
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// buildOnFullDisk builds where no file may have more than a few bytes: writing
// fails half way, as on a disk that is full.
func buildOnFullDisk(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 2000, Max: 2000}); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	_, _, err := versions(dir)[1].Build(false)
	fmt.Println(err)
}

func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deploy")
	for _, tree := range []*Tree{{}, versions(dir)[0]} { // the first and the second build
		if tree.Dir != "" {
			build(t, tree, false)
		}
		before := disk(t, filepath.Dir(dir))
		said, err := child(t, "full", dir).CombinedOutput()
		if err != nil || !strings.Contains(string(said), "nothing was written: write ") || !strings.Contains(string(said), "file too large") {
			t.Errorf("%v: %s", err, said)
		}
		same(t, "on a full disk", before, disk(t, filepath.Dir(dir)))
	}
}

// Where nothing can be written, nothing is, and the error says where. The
// directories of /proc cannot be written by root either.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/file", "mine")
	for _, place := range []string{dir + "/file/deploy", dir + "/file/apps/a", "/proc/self/deploy"} {
		tree := &Tree{Dir: place, Header: header, Files: files("base/a.yaml", "a")}
		_, _, err := tree.Build(true)
		if err == nil || !strings.Contains(err.Error(), filepath.Dir(place)) && !strings.Contains(err.Error(), dir+"/file") {
			t.Errorf("%s: %v", place, err)
		}
	}
	same(t, "beside it", map[string]string{"file": "mine"}, disk(t, dir))
}

// What cannot be exchanged stays as it is: here a directory that was replaced
// by a file after it was read.
func TestFailedExchange(t *testing.T) {
	tree := newTree(t, "base/a.yaml", "a")
	build(t, tree, false)
	tree.Files = files("base/a.yaml", "new")
	s, err := tree.lock()
	if err != nil {
		t.Fatal(err)
	}
	at, err := tree.Compare()
	if err = errors.Join(err, s.stage(at), os.RemoveAll(tree.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.commit(at); err == nil || !strings.HasPrefix(err.Error(), "nothing was written: ") {
		t.Errorf("%v", err)
	}
	s.unlock()
	same(t, "beside it", map[string]string{}, disk(t, filepath.Dir(tree.Dir)))
}
