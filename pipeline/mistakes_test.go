package pipeline_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/schema"
)

// Each file of testdata/mistakes has one mistake that people make. Behind what
// it wants to be told, a line says what the remedy has to name:
//
//	replica: 3 // want `cue: unknown field "replica"` fix `Did you mean "replicas"?`
//
// Beside it is what `cue vet -c` says of the same file; `make mistakes` writes
// that anew. The score of both is in docs/mistakes.md.
func TestMistakes(t *testing.T) {
	p := &pipeline.Pipeline{Options: options}
	var score scores
	for _, m := range mistakes(t) {
		t.Run(m.name, func(t *testing.T) {
			found := m.judge(t, p)
			said := m.vetted(t)
			score.add(m, found, said)
		})
	}
	t.Logf("\n%s", &score)
	golden(t, "../docs/mistakes.md", strings.Replace(mistakesPage, "TABLE\n", score.String()+"\n", 1))
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if count := fmt.Sprintf("(docs/mistakes.md) on %d mistakes", score.mistakes); !strings.Contains(string(readme), count) {
		t.Errorf("README.md does not say %q", count)
	}
}

// mistake is a spec with one.
type mistake struct {
	name, file, text string
	wants            []string // 10: cue: unknown field "replica"
	fixes            map[int][]string
}

// inQuestion are the errors, and all findings of a rule that a text asks for:
// what else a small spec is warned about is not what it is there for.
func inQuestion(found diag.List, text string) diag.List {
	return slices.DeleteFunc(slices.Clone(found), func(d diag.Diagnostic) bool {
		return d.Severity != diag.Error && !strings.Contains(text, "want `"+d.Rule+": ")
	})
}

func mistakes(t *testing.T) []mistake {
	t.Helper()
	files, err := filepath.Glob("../testdata/mistakes/*.cue")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d mistakes: %v", len(files), err)
	}
	var out []mistake
	for _, file := range files {
		out = append(out, readMistake(t, file))
	}
	return out
}

func readMistake(t *testing.T, file string) mistake {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".cue")
	return mistake{name: name, file: file, text: string(text), wants: wanted(string(text)), fixes: fixes(string(text))}
}

// fixes are what remedies have to name, by line.
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

// judge compares what is found with what is wanted.
func (m mistake) judge(t *testing.T, p *pipeline.Pipeline) diag.List {
	result, err := p.Vet(specDir(t, m.text))
	if err != nil {
		t.Fatal(err)
	}
	found := inQuestion(result.Found, m.text)
	if diff := cmp.Diff(m.wants, reported(found)); diff != "" || len(m.wants) == 0 {
		t.Errorf("-want +got\n%s", diff)
	}
	for line, all := range m.fixes {
		for _, words := range all {
			if !remedied(found, line, words) {
				t.Errorf("line %d: no remedy says %s", line, words)
			}
		}
	}
	for _, d := range found {
		text := asText(t, d)
		t.Logf("%s", text)
		if n := strings.Count(text, "\n"); n > 3 || d.Fix == "" {
			t.Errorf("%d lines, remedy %q", n, d.Fix)
		}
	}
	return found
}

// asText is a finding as a log shows it.
func asText(t *testing.T, d diag.Diagnostic) string {
	t.Helper()
	var out bytes.Buffer
	if err := diag.Formats[0].Print(&out, diag.List{d}, &diag.Context{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// remedied reports whether a finding on the line says what to do in these words.
func remedied(found diag.List, line int, words string) bool {
	return slices.ContainsFunc(found, func(d diag.Diagnostic) bool {
		return d.Pos.Line == line && strings.Contains(d.Fix, words)
	})
}

// lines are those where the user should look.
func (m mistake) lines() []string {
	var out []string
	for _, w := range m.wants {
		line, _, _ := strings.Cut(w, ":")
		out = append(out, line)
	}
	return out
}

// suggestion is the word that was meant, if the mistake is the spelling of one.
func (m mistake) suggestion() string {
	for _, all := range m.fixes {
		for _, words := range all {
			if strings.HasPrefix(words, "Did you mean ") {
				return words
			}
		}
	}
	return ""
}

// vetted is what `cue vet -c` says, given the vendored schema. With CUE in the
// environment, the path of a cue, it is asked.
func (m mistake) vetted(t *testing.T) string {
	file := strings.TrimSuffix(m.file, ".cue") + ".vet"
	if cue := os.Getenv("CUE"); cue != "" {
		if err := os.WriteFile(file, vetWith(t, cue, m.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; make mistakes writes it", err)
	}
	return string(said)
}

func vetWith(t *testing.T, cue, text string) []byte {
	t.Helper()
	dir := specDir(t, text)
	files := map[string][]byte{"cue.mod/module.cue": []byte(schema.ModuleFile)}
	for name, text := range schema.Files() {
		files[filepath.Join(schema.VendorDir, name)] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	vet := exec.Command(cue, "vet", "-c", ".")
	vet.Dir, vet.Env = dir, append(os.Environ(), "CUE_REGISTRY=none")
	out, err := vet.CombinedOutput()
	if _, refused := err.(*exec.ExitError); err != nil && !refused {
		t.Fatal(err)
	}
	return out
}

// scores are how statefulc and cue vet do.
type scores struct {
	mistakes, spellings int
	statefulc, cue      score
}

// score counts mistakes that are reported; that are, with the line where to
// look, or with that before any other; and those of spelling for which the
// right word is named.
type score struct {
	found, placed, first, meant int
}

func (s *scores) add(m mistake, found diag.List, said string) {
	s.mistakes++
	if m.suggestion() != "" {
		s.spellings++
	}
	var ours strings.Builder
	for _, d := range found {
		fmt.Fprintf(&ours, "./app.cue:%d:%d %s\n", d.Pos.Line, d.Pos.Col, d.Fix)
	}
	s.statefulc.add(m, ours.String())
	s.cue.add(m, said)
}

// add reads what a tool says. A line counts as named wherever it stands in it.
func (s *score) add(m mistake, said string) {
	if said != "" {
		s.found++
	}
	if !slices.ContainsFunc(m.lines(), func(line string) bool { return !strings.Contains(said, "./app.cue:"+line+":") }) {
		s.placed++
	}
	if place := place.FindString(said); slices.ContainsFunc(m.lines(), func(line string) bool { return strings.HasPrefix(place, "./app.cue:"+line+":") }) {
		s.first++
	}
	if words := m.suggestion(); words != "" && strings.Contains(said, words) {
		s.meant++
	}
}

var place = regexp.MustCompile(`\./[-./\w]+\.cue:[0-9]+:[0-9]+`)

func (s *scores) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| | `statefulc vet` | `cue vet -c` |\n|---|---|---|\n")
	row := func(what string, of, ours, theirs int) {
		fmt.Fprintf(&b, "| %s | %d of %d | %d of %d |\n", what, ours, of, theirs, of)
	}
	row("the mistake is reported", s.mistakes, s.statefulc.found, s.cue.found)
	row("the line to mend is named first", s.mistakes, s.statefulc.first, s.cue.first)
	row("the line to mend is named", s.mistakes, s.statefulc.placed, s.cue.placed)
	row("the word that was meant is named", s.spellings, s.statefulc.meant, s.cue.meant)
	return b.String()
}

const mistakesPage = `# Mistakes that people make

Each file of [testdata/mistakes](../testdata/mistakes) is a small spec with one mistake. The line to mend says what a user
should be told. It was written before statefulc was asked; where statefulc said it worse, it was changed in most cases, and where it said it
as well, or much work would have made it a little better, its words were taken. So its own column is what a test keeps, not how it does on
mistakes that nobody thought of. Beside each file is what ` + "`cue vet -c`" + ` says of it, with
the same schema; what it cannot know are the rules that are not in the schema. A line counts as named if it stands anywhere in the text.

TABLE
Whatever is found is said in three lines at most, with what to do about it.

This page is written by ` + "`make mistakes`" + `.
`

// golden compares a text with a file, or writes it.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" || os.Getenv("CUE") != "" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("make mistakes writes it; -want +got\n%s", diff)
	}
}
