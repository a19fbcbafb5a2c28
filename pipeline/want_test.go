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

// Each file of testdata/schema and testdata/validate is a whole spec. A line
// that is wrong says in a comment what it wants to be told:
//
//	replicas: 5000 // want `cue: 5000 does not fit <=1000`
//
// All that is reported has to be wanted, and at its line.
func TestFindings(t *testing.T) {
	files, err := filepath.Glob("../testdata/schema/*.cue")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Glob("../testdata/validate/*/*.cue")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, rules...) {
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
				if d.Fix == "" && !strings.Contains(file, "syntax") {
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
