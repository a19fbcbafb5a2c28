package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/validate"
)

// Each file of testdata/schema (what CUE refuses), testdata/report (what the
// compiler does) and testdata/validate (what the rules do) is a whole spec. A line
// that is wrong says in a comment what it wants to be told:
//
//	replicas: 5000 // want `cue: 5000 does not fit <=1000`
//
// All that is reported has to be wanted, and at its line.
func TestFindings(t *testing.T) {
	var files []string
	for _, pattern := range []string{"schema/*.cue", "report/*.cue", "validate/*/*.cue"} {
		found, err := filepath.Glob("../testdata/" + pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, "../testdata/"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := specDir(t, string(text))
			result, err := pipeline.Build(dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted(string(text)), reported(result.Found)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for _, d := range result.Found {
				if d.Fix == "" {
					t.Errorf("nobody says what to do about: %s", d.Message)
				}
			}
		})
	}
}

// Every rule has a document, an id of its own, a case that fails and one that
// passes.
func TestRulesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range validate.Rules {
		if r.Doc == "" || seen[r.ID] || (r.Spec == nil) == (r.Objects == nil) {
			t.Errorf("rule %q: needs an id of its own, a document, and one of Spec and Objects", r.ID)
		}
		seen[r.ID] = true
		cases, err := filepath.Glob(filepath.Join("../testdata/validate", r.ID, "*.cue"))
		if err != nil {
			t.Fatal(err)
		}
		fails, passes := 0, 0
		for _, file := range cases {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(wanted(string(text))) > 0 {
				fails++
			} else {
				passes++
			}
		}
		if fails == 0 || passes == 0 {
			t.Errorf("rule %s: %d cases that fail and %d that pass in testdata/validate/%s", r.ID, fails, passes, r.ID)
		}
	}
}

// Everything that the compiler reports has a case that fails.
func TestReportsAreComplete(t *testing.T) {
	sources, err := filepath.Glob("../compiler/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`report\("([a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
			wants := 0
			if cases, err := os.ReadFile("../testdata/report/" + m[1] + ".cue"); err == nil {
				wants = len(wanted(string(cases)))
			}
			if wants == 0 {
				t.Errorf("%s reports %s, and testdata/report/%s.cue wants nothing", filepath.Base(file), m[1], m[1])
			}
		}
	}
}

var want = regexp.MustCompile("want `([^`]*)`")

// wanted are the findings that a spec asks for, as line: rule: message.
func wanted(text string) []string {
	var out []string
	for i, line := range strings.Split(text, "\n") {
		for _, m := range want.FindAllStringSubmatch(line, -1) {
			out = append(out, fmt.Sprintf("%d: %s", i+1, m[1]))
		}
	}
	return out
}

func reported(found diag.List) []string {
	var out []string
	for _, d := range found {
		out = append(out, fmt.Sprintf("%d: %s: %s", d.Pos.Line, d.Rule, d.Message))
	}
	return out
}

// specDir is a directory with one file.
func specDir(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}
