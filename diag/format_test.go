package diag_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	cuejson "cuelang.org/go/encoding/json"
	"cuelang.org/go/encoding/jsonschema"
	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/diag"
)

// sample has a finding of every shape.
var sample = diag.List{
	{Rule: "nowhere", Message: "message 1", Fix: "Do 1."},
	{Rule: "no-line", Severity: diag.Warning, Pos: diag.Pos{File: "deploy/old"}, Message: "message 2"},
	{
		Rule: "quorum", Severity: diag.Info, Pos: at(1, 1), Path: "groups.db.replicas", Object: "StatefulSet/db", Field: "spec.replicas",
		Message: "message 3: 100%, a < b", Fix: "Do 3\nor that.",
	},
	{
		Rule: "a,b:c", Pos: at(2, 4), Message: "message\n4", Fix: "Do 4.",
		Related: []diag.Related{{at(3, 2), "the first"}, {diag.Pos{File: "schema/v1.cue", Line: 5, Col: 6}, "the second"}, {at(1, 1), "the third"}},
	},
	{Rule: "no-text", Pos: diag.Pos{File: "gone.cue", Line: 7, Col: 8}, Message: "message 5"},
}

var rules = []diag.Rule{
	{ID: "other", What: "Something else.", Fix: "Nothing."},
	{ID: "quorum", Severity: diag.Warning, What: "A quorum.", Why: "It is one.", Source: "a book", Fix: "Change it."},
}

func at(line, col int) diag.Pos { return diag.Pos{File: "app/app.cue", Line: line, Col: col} }

// context knows the text of one file.
func context(lines ...string) *diag.Context {
	return &diag.Context{
		Dir:   "/work/repo",
		Rules: rules,
		Tool:  "v1.2.3",
		Lines: func(file string) []string {
			if file == "app/app.cue" {
				return lines
			}
			return nil
		},
	}
}

func printed(t *testing.T, format string, l diag.List, c *diag.Context) string {
	t.Helper()
	var b strings.Builder
	for _, f := range diag.Formats {
		if f.Name != format {
			continue
		}
		if err := f.Print(&b, l, c); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	t.Fatalf("no format %s", format)
	return ""
}

func TestEveryFormatSaysEachFindingOnce(t *testing.T) {
	var l diag.List
	for i := range 30 {
		l = append(l, diag.Diagnostic{
			Rule: "rule", Severity: diag.Severity(i % 3), Pos: at(i, 1),
			Message: fmt.Sprintf("message %d!", i), Fix: fmt.Sprintf("Remedy %d!", i),
			Related: []diag.Related{{at(1, 1), fmt.Sprintf("relation %d!", i)}, {diag.Pos{File: "b.cue"}, fmt.Sprintf("other %d!", i)}},
		})
	}
	for _, f := range diag.Formats {
		for _, source := range []bool{false, true} {
			c := context("one", "two")
			c.Source, c.Color = source, source
			text := printed(t, f.Name, l, c)
			for i := range l {
				for _, part := range []string{"message", "Remedy", "other", "relation"} {
					// SARIF names a related place beside the text that links to it.
					want := 1
					if f.Name == "sarif" && part == "relation" {
						want = 2
					}
					if said := fmt.Sprintf("%s %d!", part, i); strings.Count(text, said) != want {
						t.Errorf("%s says %q %d times", f.Name, said, strings.Count(text, said))
					}
				}
			}
		}
	}
}

// Documents are there, and whole, when nothing was found; text is silent.
func TestNothingFound(t *testing.T) {
	want := map[string]string{"text": "", "github": "", "json": "{\n  \"version\": 1,\n  \"findings\": []\n}\n"}
	for format, text := range want {
		if got := printed(t, format, nil, &diag.Context{Source: true}); got != text {
			t.Errorf("%s: %q", format, got)
		}
	}
	if text := printed(t, "sarif", nil, context()); !strings.Contains(text, `"results": []`) || !strings.Contains(text, `"rules": []`) {
		t.Error(text)
	}
}

const sampleText = `-: error: message 1 [nowhere]
    Do 1.
deploy/old: warning: message 2 [no-line]
app/app.cue:1:1: info: message 3: 100%, a < b [quorum]
    Do 3 or that.
app/app.cue:2:4: error: message 4 [a,b:c]
    app/app.cue:3:2: the first; schema/v1.cue:5:6: the second; app/app.cue:1:1: the third
    Do 4.
gone.cue:7:8: error: message 5 [no-text]
`

func TestText(t *testing.T) {
	got := printed(t, "text", sample, context("one", "two and more", "three"))
	if diff := cmp.Diff(sampleText, got); diff != "" {
		t.Error(diff)
	}
}

const sampleSource = `-: error: message 1 [nowhere]
    Do 1.
deploy/old: warning: message 2 [no-line]
app/app.cue:1:1: info: message 3: 100%, a < b [quorum]
    one
    ^
    Do 3 or that.
app/app.cue:2:4: error: message 4 [a,b:c]
    two and more
       ^
    app/app.cue:3:2: the first
    schema/v1.cue:5:6: the second
    app/app.cue:1:1: the third
    Do 4.
gone.cue:7:8: error: message 5 [no-text]
3 errors, 1 warning, 1 info
`

func TestTextWithSource(t *testing.T) {
	c := context("one", "two and more", "three")
	c.Source = true
	if diff := cmp.Diff(sampleSource, printed(t, "text", sample, c)); diff != "" {
		t.Error(diff)
	}
}

// Colour adds codes and changes nothing else.
func TestColor(t *testing.T) {
	c := context("one", "two and more", "three")
	c.Source, c.Color = true, true
	text := printed(t, "text", sample, c)
	for _, code := range []string{"1", "2", "1;31", "1;33", "1;36", "0"} {
		if !strings.Contains(text, "\x1b["+code+"m") {
			t.Errorf("no %s", code)
		}
		text = strings.ReplaceAll(text, "\x1b["+code+"m", "")
	}
	if diff := cmp.Diff(sampleSource, text); diff != "" {
		t.Error(diff)
	}
}

func TestCaret(t *testing.T) {
	long := strings.Repeat("x", 201)
	for _, c := range []struct {
		name, line string
		col        int
		want       string // below the first line
	}{
		{"first", "image: 1", 1, "image: 1\n^"},
		{"tabs", "\t\timage:\t1", 10, "\t\timage:\t1\n\t\t      \t^"},
		{"umlauts", "größe: ä", 10, "größe: ä\n       ^"},
		{"combining", "e\u0301: x", 6, "e\u0301: x\n   ^"},
		{"wide", "\"日本\": 1", 11, "\"日本\": 1\n        ^"},
		{"emoji", "🐘: 1", 7, "🐘: 1\n    ^"},
		{"inside a letter", "ä", 2, "ä\n^"},
		{"no UTF-8", "\xff\xfe: 1", 5, "\uFFFD\uFFFD: 1\n    ^"},
		{"end", "ab", 3, "ab\n  ^"},
		{"after the end", "ab", 9, "ab\n  ^"},
		{"escape", "a\x1b[2J: 1", 6, "a\uFFFD[2J: 1\n     ^"},
		{"long", long, 1, ""},
		{"no column", "ab", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := diag.List{{Rule: "r", Pos: at(1, c.col), Message: "m"}}
			with := context(c.line)
			with.Source = true
			_, text, _ := strings.Cut(printed(t, "text", found, with), "\n")
			text = strings.TrimSuffix(text, "1 error\n")
			var got []string
			for line := range strings.Lines(text) {
				got = append(got, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "    "))
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const sampleGitHub = `::error title=nowhere::message 1%0ADo 1.
::warning file=deploy/old,title=no-line::message 2
::notice file=app/app.cue,line=1,col=1,title=quorum::message 3: 100%25, a < b%0ADo 3%0Aor that.
::error file=app/app.cue,line=2,col=3,title=a%2Cb%3Ac::message%0A4%0Aapp/app.cue:3:2: the first%0Aschema/v1.cue:5:6: the second%0Aapp/app.cue:1:1: the third%0ADo 4.
::error file=gone.cue,line=7,title=no-text::message 5
`

// The column is that of an editor: é is one character, of two bytes.
func TestGitHub(t *testing.T) {
	got := printed(t, "github", sample, context("one", "té x", "three"))
	if diff := cmp.Diff(sampleGitHub, got); diff != "" {
		t.Error(diff)
	}
}

// What means something to GitHub does not, in a name or a text.
func TestGitHubEscapes(t *testing.T) {
	got := printed(t, "github", diag.List{{Rule: "r", Pos: diag.Pos{File: "a,b:c%.cue", Line: 1, Col: 1}, Message: "50%25: a,\r\n::error::b"}}, context())
	const want = "::error file=a%2Cb%3Ac%25.cue,line=1,title=r::50%2525: a,%0D%0A::error::b\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// log is what of a SARIF log is looked at here.
type log struct {
	Runs []struct {
		Tool struct {
			Driver struct{ Rules []struct{ ID string } }
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Level               string
			Message             struct{ Text string }
			Locations           []location
			RelatedLocations    []location
			PartialFingerprints map[string]string
		}
	}
}

type location struct {
	ID               int
	PhysicalLocation struct {
		ArtifactLocation struct{ URI, URIBaseID string }
		Region           *struct{ StartLine, StartColumn int }
	}
}

func sarif(t *testing.T, l diag.List, c *diag.Context) log {
	t.Helper()
	var out log
	if err := json.Unmarshal([]byte(printed(t, "sarif", l, c)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// The schema is that of OASIS, as github.com/securego/gosec/v2 v2.30.0 has it in
// report/sarif/testdata. CUE reads it, so that no validator is needed.
func sarifSchema(t *testing.T) func(document string) error {
	t.Helper()
	text, err := os.ReadFile("../testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	ctx := cuecontext.New()
	expr, err := cuejson.Extract("sarif-schema-2.1.0.json", text)
	if err != nil {
		t.Fatal(err)
	}
	file, err := jsonschema.Extract(ctx.BuildExpr(expr), &jsonschema.Config{})
	if err != nil {
		t.Fatal(err)
	}
	schema := ctx.BuildFile(file)
	if err := schema.Err(); err != nil {
		t.Fatal(err)
	}
	return func(document string) error {
		expr, err := cuejson.Extract("log", []byte(document))
		if err != nil {
			return err
		}
		return schema.Unify(ctx.BuildExpr(expr)).Validate(cue.Concrete(true), cue.Final())
	}
}

func TestSARIFFitsItsSchema(t *testing.T) {
	valid := sarifSchema(t)
	text := printed(t, "sarif", sample, context("one", "two and more", "three"))
	if err := valid(text); err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
	if err := valid(printed(t, "sarif", nil, context())); err != nil {
		t.Errorf("nothing found: %v", err)
	}
	for old, new := range map[string]string{
		`"level": "error"`:    `"level": "bad"`,
		`"startLine": 2`:      `"startLine": 0`,
		`"version": "2.1.0"`:  `"version": "2.2.0"`,
		`"ruleId"`:            `"rule-id"`,
		`"text": "message 1`:  `"txt": "message 1`,
		`"name": "statefulc"`: `"name": 1`,
	} {
		if !strings.Contains(text, old) {
			t.Errorf("no %s in the log", old)
		}
		if valid(strings.Replace(text, old, new, 1)) == nil {
			t.Errorf("the schema takes %s", new)
		}
	}
}

// Rules are those that results speak of; places that cannot be opened are
// told in the text.
func TestSARIF(t *testing.T) {
	run := sarif(t, sample, context("one", "té x", "three")).Runs[0]
	for _, r := range run.Results {
		if id := run.Tool.Driver.Rules[r.RuleIndex].ID; id != r.RuleID {
			t.Errorf("%s has the index of %s", r.RuleID, id)
		}
	}
	if n := len(run.Tool.Driver.Rules); n != len(sample) {
		t.Errorf("%d rules", n)
	}
	four := run.Results[3]
	want := "message\n4.\n[app/app.cue:3:2](1): the first\nschema/v1.cue:5:6: the second\n[app/app.cue:1:1](2): the third\nDo 4."
	if diff := cmp.Diff(want, four.Message.Text); diff != "" {
		t.Error(diff)
	}
	if n := len(four.RelatedLocations); n != 2 || four.RelatedLocations[0].ID != 1 || four.RelatedLocations[1].ID != 2 {
		t.Errorf("related: %+v", four.RelatedLocations)
	}
	if region := four.Locations[0].PhysicalLocation.Region; region.StartLine != 2 || region.StartColumn != 3 {
		t.Errorf("region: %+v", *region)
	}
	for i, uri := range []string{".", "deploy/old"} { // code scanning takes no result without a line
		at := run.Results[i].Locations[0].PhysicalLocation
		if at.ArtifactLocation.URI != uri || at.Region == nil || at.Region.StartLine != 1 || at.Region.StartColumn != 0 {
			t.Errorf("%s: %+v", uri, at)
		}
	}
}

func TestSARIFAddressesFiles(t *testing.T) {
	for file, want := range map[string][2]string{
		"app/app.cue":              {"app/app.cue", "%SRCROOT%"},
		"./app/../b/ä b#1%.cue":    {"b/%C3%A4%20b%231%25.cue", "%SRCROOT%"},
		"a:b.cue":                  {"./a:b.cue", "%SRCROOT%"},
		"/work/repo/app/app.cue":   {"app/app.cue", "%SRCROOT%"},
		"../other/app.cue":         {"file:///work/other/app.cue", ""},
		"/somewhere/else here.cue": {"file:///somewhere/else%20here.cue", ""},
	} {
		l := diag.List{{Pos: diag.Pos{File: file}}}
		got := sarif(t, l, context()).Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation
		if got.URI != want[0] || got.URIBaseID != want[1] {
			t.Errorf("%s: %+v", file, got)
		}
	}
}

// A finding that moves in its file is the same one; another rule, file, path or
// message makes another.
func TestSARIFFingerprints(t *testing.T) {
	fingerprint := func(d diag.Diagnostic) string {
		return sarif(t, diag.List{d}, context()).Runs[0].Results[0].PartialFingerprints["statefulcFinding/v1"]
	}
	d := diag.Diagnostic{Rule: "r", Pos: at(1, 1), Path: "p", Message: "m", Fix: "F."}
	was := fingerprint(d)
	moved := d
	moved.Pos, moved.Fix = at(30, 2), "G."
	if was == "" || fingerprint(moved) != was {
		t.Errorf("%q became %q", was, fingerprint(moved))
	}
	for i, change := range []func(*diag.Diagnostic){
		func(d *diag.Diagnostic) { d.Rule = "s" },
		func(d *diag.Diagnostic) { d.Pos.File = "b.cue" },
		func(d *diag.Diagnostic) { d.Path = "q" },
		func(d *diag.Diagnostic) { d.Message = "n" },
	} {
		other := d
		change(&other)
		if fingerprint(other) == was {
			t.Errorf("change %d: the same fingerprint", i)
		}
	}
}

// In another checkout a finding is the same one, also if it is of a file beside
// the directory, and if a tool names the directory.
func TestSARIFFingerprintsInOtherCheckouts(t *testing.T) {
	fingerprint := func(root string) string {
		c := context()
		c.Dir = root + "/apps/db"
		d := diag.Diagnostic{Rule: "r", Pos: diag.Pos{File: root + "/lib/lib.cue", Line: 1, Col: 1}, Message: "x: previous declaration at " + root + "/lib/lib.cue:4:2"}
		return sarif(t, diag.List{d}, c).Runs[0].Results[0].PartialFingerprints["statefulcFinding/v1"]
	}
	if one, other := fingerprint("/home/one/repo"), fingerprint("/var/lib/ci/repo"); one != other {
		t.Errorf("%s and %s", one, other)
	}
}

func TestMessagesHaveNoDirectories(t *testing.T) {
	l := diag.List{{Message: "x redeclared\n\tprevious\tdeclaration at /home/one/repo/apps/db/db.cue:4:2, /home/one/repo/lib/lib.cue"}}
	const want = "x redeclared; previous declaration at db.cue:4:2, ../../lib/lib.cue"
	if got := l.Local("/home/one/repo/apps/db")[0].Message; got != want {
		t.Errorf("%q", got)
	}
}

// The same findings are the same bytes.
func TestFormatsAreDeterministic(t *testing.T) {
	for _, f := range diag.Formats {
		first := printed(t, f.Name, sample, context("one", "two", "three"))
		if again := printed(t, f.Name, sample, context("one", "two", "three")); again != first {
			t.Errorf("%s: %s", f.Name, cmp.Diff(first, again))
		}
	}
}
