package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const fine = "package app\nimport \"statefulc.dev/v1\"\nbase: v1.#App & {name: \"db\", groups: db: {image: \"db:1\", replicas: 1, placement: \"any\"}}\n"

// write makes files; a text that is empty makes a directory.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// What is no text of a size that people write is a finding with the file's
// name, whether the package has it, a parent, or one that is imported.
func TestFilesThatAreNoSpecs(t *testing.T) {
	for _, c := range []struct {
		name, file, want string
		make             func(path string) error
	}{
		{"pipe", "mod/app/x.cue", "x.cue is no file but a pipe", func(p string) error { return syscall.Mkfifo(p, 0o644) }},
		{"pipe of a parent", "mod/x.cue", "x.cue is no file but a pipe", func(p string) error { return syscall.Mkfifo(p, 0o644) }},
		{"pipe that is imported", "mod/lib/x.cue", "x.cue is no file but a pipe", func(p string) error { return syscall.Mkfifo(p, 0o644) }},
		{"device", "mod/app/x.cue", "x.cue is no file but a device", func(p string) error { return os.Symlink("/dev/zero", p) }},
		{"a gigabyte", "mod/app/x.cue", "the file has 1048576 KiB, and 1024 are the most", func(p string) error { return sized(p, 1<<30) }},
		{"many files", "mod/app/x.cue", "with this file the spec has more than 8192 KiB", func(p string) error {
			for i := range 17 {
				if err := sized(fmt.Sprint(strings.TrimSuffix(p, ".cue"), i, ".cue"), 1<<19); err != nil {
					return err
				}
			}
			return nil
		}},
		{"bytes", "mod/app/x.cue", `a byte that is no UTF-8: "\xe9"`, func(p string) error {
			return os.WriteFile(p, []byte("package app\n_x: \"\uFFFDcaf\xe9\"\n"), 0o644)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{
				"mod/cue.mod/module.cue": "module: \"example.com@v0\"\nlanguage: version: \"v0.14.0\"\n",
				"mod/app/app.cue":        strings.Replace(fine, "import ", "import _ \"example.com/lib\"\nimport ", 1),
				"mod/lib/lib.cue":        "package lib\n",
			})
			if err := c.make(filepath.Join(dir, c.file)); err != nil {
				t.Fatal(err)
			}
			_, found, err := Load(filepath.Join(dir, "mod/app"))
			if err != nil || len(found) == 0 {
				t.Fatalf("%v, %v", found, err)
			}
			if d := found[0]; !strings.HasPrefix(d.Message, c.want) || !strings.HasPrefix(filepath.Base(d.Pos.File), "x") || d.Fix == "" {
				t.Errorf("%v: %s; want %s", d.Pos, d.Message, c.want)
			}
			if c.name == "bytes" && (found[0].Pos.Line != 2 || found[0].Pos.Col != 12) {
				t.Errorf("%v; want 2:12", found[0].Pos)
			}
		})
	}
}

// sized makes a file of that many zeros, and takes no room for them.
func sized(path string, size int64) error {
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		return err
	}
	return os.Truncate(path, size)
}

// What takes too long is given up, and the next directory is read by another
// CUE context. The sum takes CUE five seconds and little memory.
func TestTooLong(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"long/a.cue": strings.Replace(fine, "replicas: 1", "replicas: 1"+strings.Repeat("+0", 20_000), 1),
		"fine/a.cue": fine,
	})
	l := &Loader{Patience: 200 * time.Millisecond}
	if _, _, err := l.Load(filepath.Join(dir, "long")); !errors.Is(err, ErrTooLong) {
		t.Fatal(err)
	}
	l.Patience = 0
	if got, found, err := l.Load(filepath.Join(dir, "fine")); err != nil || len(found) > 0 || len(got) != 1 {
		t.Fatal(got, found, err)
	}
}

// What was found before that is told all the same.
func TestTooLongWhenMended(t *testing.T) {
	dir := t.TempDir()
	long := "cpu: two, replicas: len([for a in list.Range(0, 500, 1) for b in list.Range(0, 500, 1) for c in list.Range(0, 20, 1) if a+b+c < 0 {a}])"
	write(t, dir, map[string]string{"a.cue": strings.NewReplacer("replicas: 1", long, "import", "import \"list\"\nimport").Replace(fine)})
	_, found, err := (&Loader{Patience: 400 * time.Millisecond}).Load(dir)
	if !errors.Is(err, ErrTooLong) && !errors.Is(err, ErrHindered) {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Message != `reference "two" not found` {
		t.Error(found)
	}
}

func TestPanicOfCUE(t *testing.T) {
	out := guarded("app", func() loaded { panic("unreachable") })
	if !out.givenUp || out.err == nil || out.err.Error() != "app: CUE fails on it, a bug: unreachable" {
		t.Fatal(out)
	}
}

// Of several loads the one that began first is blamed for the memory, and none
// while one that was given up goes on: that one has it.
func TestWhoIsToBlame(t *testing.T) {
	var w work
	first, second := w.begin(), w.begin()
	if w.overdrawn(first, allowed(2)) {
		t.Error("each may have its part")
	}
	if w.overdrawn(second, allowed(2)+1) {
		t.Error("the second is blamed for what the first has")
	}
	if !w.overdrawn(first, allowed(2)+1) {
		t.Error("the first is not blamed")
	}
	if out := w.giveUp(first, "a", "now"); !errors.Is(out.err, ErrTooLong) || !out.givenUp {
		t.Error(out)
	}
	if w.overdrawn(second, allowed(5)) {
		t.Error("the second is blamed while the first goes on")
	}
	if out := w.giveUp(second, "b", "later"); !errors.Is(out.err, ErrHindered) || !out.givenUp {
		t.Error(out)
	}
	w.end(first)
	w.end(second)
	if w.overdrawn(second, allowed(5)) {
		t.Error("what is over is blamed")
	}
}

// More text may take longer.
func TestPatience(t *testing.T) {
	if got := new(Loader).patience(16 << 10); got != 800*time.Millisecond {
		t.Error(got)
	}
	if got := new(Loader).patience(64 << 10); got != 3800*time.Millisecond {
		t.Error(got)
	}
	if got := (&Loader{Patience: time.Hour}).patience(64 << 10); got != time.Hour {
		t.Error(got)
	}
}
