package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestMain lets the test binary be the command, also to be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STATEFULC_VERSIONS"); dir != "" {
		versionsBuilt(dir)
	}
	if dir := os.Getenv("STATEFULC_BUILD"); dir != "" {
		os.Exit(run([]string{"build", dir + "/..."}, os.Stdout, os.Stderr))
	}
	testscript.Main(ownCache{m}, map[string]func(){"statefulc": main})
}

// ownCache are tests that leave the user's cache alone.
type ownCache struct{ *testing.M }

func (m ownCache) Run() int {
	dir, err := os.MkdirTemp("", "statefulc-cache-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv(cacheVariable, dir)
	return m.M.Run()
}

// TestScripts runs the command as a user would; see testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(cacheVariable, filepath.Join(env.WorkDir, ".cache"))
			if binary, err := exec.LookPath("statefulc"); err == nil {
				env.Setenv("STATEFULC", binary)
			}
			return nil
		},
	})
}

// A bug of ours is said in a line or two, without a stack, and ends the run
// with 2.
func TestBugsAreSaid(t *testing.T) {
	var said strings.Builder
	broken := writerFunc(func([]byte) (int, error) { panic("the printer is broken") })
	if code := run([]string{"version"}, broken, &said); code != 2 {
		t.Errorf("exit code %d", code)
	}
	if text := said.String(); !strings.Contains(text, "internal error: the printer is broken") || strings.Contains(text, "goroutine") {
		t.Errorf("said: %s", text)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// The documents show what scripts have seen.
func TestDocumentsShowWhatWasRun(t *testing.T) {
	for _, c := range []struct{ document, script, file string }{
		{"README.md", "findings", "want"},
		{"docs/findings.md", "formats", "want.source"},
		{"docs/findings.md", "formats", "want.json"},
		{"docs/findings.md", "formats", "want.github"},
	} {
		document, err := os.ReadFile("../../" + c.document)
		if err != nil {
			t.Fatal(err)
		}
		script, err := txtar.ParseFile("../../testdata/script/" + c.script + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		want := "```\n" // never in a document by itself
		for _, f := range script.Files {
			if f.Name == c.file {
				want = string(f.Data)
			}
		}
		if !strings.Contains(string(document), "\n"+want+"```") {
			t.Errorf("%s does not show\n%s", c.document, want)
		}
	}
}
