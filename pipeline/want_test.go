package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/compiler"
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
// and, behind it, what the remedy has to name: fix `words`. Backquotes in messages
// are written as apostrophes.
// All that is reported has to be wanted, and at its line: what a small spec is
// warned about beside that is mended in it, or waived.
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
			result, err := carried(dir, (*pipeline.Pipeline).Build)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted(string(text)), reported(result.Found)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for line, all := range fixes(string(text)) {
				for _, words := range all {
					if !remedied(result.Found, line, words) {
						t.Errorf("line %d: no remedy says %s", line, words)
					}
				}
			}
			placed(t, dir, result.Found)
			for _, d := range result.Found {
				if !slices.ContainsFunc(pipeline.Rules(), func(r diag.Rule) bool { return r.ID == d.Rule }) {
					t.Errorf("no rule is called %s", d.Rule)
				}
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
	for _, r := range pipeline.Rules() {
		if seen[r.ID] || r.What == "" || r.Fix == "" {
			t.Errorf("rule %q: needs an id of its own, what it reports and what to do", r.ID)
		}
		seen[r.ID] = true
	}
	for _, r := range validate.Rules {
		if r.Spec == nil && r.Objects == nil || r.Why == "" {
			t.Errorf("rule %s: needs Spec or Objects, and a reason", r.ID)
		}
		if r.Reads == (diag.Reads{}) {
			t.Errorf("rule %s: needs what it reads", r.ID)
		}
		hasCases(t, r.Rule)
	}
	for _, r := range validate.WaiverRules {
		hasCases(t, r)
	}
}

// hasCases wants cases that fail by the rule, and some that pass it.
func hasCases(t *testing.T, r diag.Rule) {
	t.Helper()
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
		if slices.ContainsFunc(wanted(string(text)), func(w string) bool { return strings.Contains(w, ": "+r.ID+": ") }) {
			fails++
		} else {
			passes++
		}
	}
	if fails == 0 || passes == 0 {
		t.Errorf("rule %s: %d cases that fail and %d that pass in testdata/validate/%s", r.ID, fails, passes, r.ID)
	}
}

// Everything that the compiler reports has a row in its table, and every row a
// case that fails.
func TestReportsAreComplete(t *testing.T) {
	known := map[string]bool{}
	for _, r := range compiler.Reports {
		known[r.ID] = true
		if r.Reads == (diag.Reads{}) {
			t.Errorf("%s: needs what it reads", r.ID)
		}
		text, err := os.ReadFile("../testdata/report/" + r.ID + ".cue")
		if err != nil || !strings.Contains(strings.Join(wanted(string(text)), "\n"), ": "+r.ID+": ") {
			t.Errorf("nothing in testdata/report/%s.cue wants %s", r.ID, r.ID)
		}
	}
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
			if !known[m[1]] {
				t.Errorf("%s reports %s, which has no row in compiler.Reports", filepath.Base(file), m[1])
			}
		}
	}
}

// options are those of every test: a day that does not move.
var options = pipeline.Options{Today: "2026-11-23", Patience: time.Minute}

// pipelines are lent to tests: one that is used again has the schema.
var pipelines = sync.Pool{New: func() any { return &pipeline.Pipeline{Options: options} }}

// carried is what becomes of a directory.
func carried(dir string, as func(*pipeline.Pipeline, string) (*pipeline.Result, error)) (*pipeline.Result, error) {
	p := pipelines.Get().(*pipeline.Pipeline)
	defer pipelines.Put(p)
	return as(p, dir)
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
		out = append(out, fmt.Sprintf("%d: %s: %s", d.Pos.Line, d.Rule, strings.ReplaceAll(d.Message, "`", "'")))
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
