package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
)

// mistakes are the specs of testdata/mistakes, each with one mistake that people make.
func mistakes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/mistakes/*.cue")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d mistakes: %v", len(files), err)
	}
	return files
}

// fixes are the words that a spec wants the remedy on a line to have, behind
// what is wanted there:
//
//	replica: 3 // want `cue: unknown field "replica"` fix `Did you mean "replicas"?`
func fixes(text string) map[int][]string {
	out := map[int][]string{}
	for i, line := range strings.Split(text, "\n") {
		for _, m := range fix.FindAllStringSubmatch(line, -1) {
			out[i+1] = append(out[i+1], m[1])
		}
	}
	return out
}

var fix = regexp.MustCompile("fix `([^`]*)`")

// remedied reports whether a finding on the line says what is wanted.
func remedied(found diag.List, line int, words string) bool {
	return slices.ContainsFunc(found, func(d diag.Diagnostic) bool {
		return d.Pos.Line == line && strings.Contains(d.Fix, words)
	})
}

func TestMistakes(t *testing.T) {
	p := &pipeline.Pipeline{Options: options}
	for _, file := range mistakes(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".cue"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			result, err := p.Vet(specDir(t, string(text)))
			if err != nil {
				t.Fatal(err)
			}
			found := inQuestion(result.Found, file, string(text))
			if diff := cmp.Diff(wanted(string(text)), reported(found)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for line, all := range fixes(string(text)) {
				for _, words := range all {
					if !remedied(found, line, words) {
						t.Errorf("line %d: no remedy says %s", line, words)
					}
				}
			}
			for _, d := range found {
				var out bytes.Buffer
				if err := diag.Formats[0].Print(&out, diag.List{d}, &diag.Context{}); err != nil {
					t.Fatal(err)
				}
				if n := bytes.Count(out.Bytes(), []byte("\n")); n > 3 {
					t.Errorf("%d lines:\n%s", n, out.String())
				}
				t.Logf("%d:%d %s: %s\n      FIX %s", d.Pos.Line, d.Pos.Col, d.Rule, d.Message, d.Fix)
			}
		})
	}
}
