package pipeline_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/spec"
)

// Several mistakes in one spec are all reported, and nothing else is. The
// files of some mistakes are one package, each with a group and whatever else
// it has under a name of its own: db is db1, db2.
//
// What cannot be told in the same run is in [untold], and nowhere else.
func TestSeveralMistakes(t *testing.T) {
	dir, p := t.TempDir(), &pipeline.Pipeline{Options: options}
	singles := apart(t)
	few(t, "25")
	rapid.Check(t, func(t *rapid.T) {
		drawn := drawMistakes(t, singles)
		var want diag.List
		for i, m := range drawn {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.cue", i)), []byte(unnamed(renamed(m.text, i), m, drawn)), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, d := range m.found {
				d.Pos.File = fmt.Sprintf("f%d.cue", i)
				want = append(want, renamedFinding(d, i))
			}
		}
		defer removeFiles(t, dir)
		result, err := p.Vet(dir)
		if err != nil {
			t.Fatal(err)
		}
		placed(t, dir, result.Found)
		got := addressed(inQuestionOf(drawn, result.Found))
		told := addressed(inQuestionOf(drawn, toldBeside(result, want, nil)))
		all := addressed(inQuestionOf(drawn, want))
		if missed := without(told, got); len(missed) > 0 {
			t.Errorf("missed: %s", cmp.Diff(told, got))
		}
		if invented := without(got, all); len(invented) > 0 {
			t.Errorf("invented: %s", cmp.Diff(all, got))
		}
	})
}

// So are several mistakes in one group, each in a field of its own: all but what
// is judged by what CUE refuses.
func TestSeveralMistakesInAGroup(t *testing.T) {
	dir, p := t.TempDir(), &pipeline.Pipeline{Options: options}
	singles := slices.DeleteFunc(apart(t), func(m single) bool { return !m.isInGroup() })
	few(t, "25")
	rapid.Check(t, func(t *rapid.T) {
		var fields, names []string
		var found diag.List
		stated := map[string][]string{} // by file
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(singles)-1), 2, 6, rapid.ID).Draw(t, "mistakes") {
			m := singles[i]
			if slices.ContainsFunc(m.fields(), func(f string) bool { return slices.Contains(fields, f) }) {
				continue
			}
			fields, names = append(fields, m.fields()...), append(names, m.name)
			stated[m.name+".cue"] = m.fields()
			if err := os.WriteFile(filepath.Join(dir, m.name+".cue"), []byte(m.text), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, d := range m.found {
				d.Pos.File = m.name + ".cue"
				found = append(found, d)
			}
		}
		defer removeFiles(t, dir)
		result, err := p.Vet(dir)
		if err != nil {
			t.Fatal(err)
		}
		placed(t, dir, result.Found)
		got, all := addressed(result.Found), addressed(found)
		if slices.ContainsFunc(found, isUnread) { // what is missing may be what was cut
			found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return isLacking.MatchString(d.Message) })
		}
		want := addressed(toldBeside(result, found, stated))
		if missed := without(unplaced(want), unplaced(got)); len(missed) > 0 {
			t.Errorf("%v: missed: %v", names, missed)
		}
		if astray := without(addressed(ofCUE(found)), got); len(astray) > 0 {
			t.Errorf("%v: told elsewhere: %v", names, astray)
		}
		if invented := without(unplaced(got), unplaced(all)); len(invented) > 0 {
			t.Errorf("%v: invented: %v", names, invented)
		}
	})
}

// placed wants every finding in the text of its file: what is put behind it to
// read on is nobody's.
func placed(t interface{ Errorf(string, ...any) }, dir string, found diag.List) {
	for _, d := range found {
		text, err := os.ReadFile(filepath.Join(dir, filepath.Base(d.Pos.File)))
		if err == nil && d.Pos.Line > 1+strings.Count(string(text), "\n") {
			t.Errorf("behind the end of its file: %+v", d)
		}
	}
}

// ofCUE is what CUE refuses: each mistake at the line of its own file.
func ofCUE(found diag.List) diag.List {
	return slices.DeleteFunc(slices.Clone(found), func(d diag.Diagnostic) bool { return d.Rule != "cue" })
}

// toldBeside is what is told of the findings of several mistakes: what CUE
// refuses, and what no environment has to leave open while it does. What is
// judged by a field that another file states may be otherwise.
func toldBeside(result *pipeline.Result, found diag.List, stated map[string][]string) diag.List {
	return slices.DeleteFunc(slices.Clone(found), func(d diag.Diagnostic) bool {
		return untold(d, found, len(result.Environments) == 0) || d.Rule != "cue" && slices.ContainsFunc(result.Environments, func(env pipeline.Environment) bool {
			for file, fields := range stated {
				for _, name := range fields {
					if file != d.Pos.File {
						env.Refused = append(env.Refused[:len(env.Refused):len(env.Refused)], spec.Path{"groups", "db", name})
					}
				}
			}
			return len(env.Told(diag.List{d})) == 0
		})
	})
}

// few makes rapid check as often as a test that runs each time can afford, and
// each time the same, so that a change is what makes it fail; unless flags say
// otherwise: -rapid.checks, -rapid.seed.
func few(t *testing.T, checks string) {
	t.Helper()
	for _, f := range []struct{ name, usual, here string }{{"rapid.checks", "100", checks}, {"rapid.seed", "0", "1"}} {
		if flag.Lookup(f.name).Value.String() != f.usual {
			continue
		}
		if err := flag.Set(f.name, f.here); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(f.name, f.usual) })
	}
}

// isInGroup reports whether all that is wrong is in fields of a group that has all that it needs.
func (m single) isInGroup() bool {
	if strings.Count(m.text, "replicas:") != 1 {
		return false
	}
	for _, needed := range []string{`image: "postgres:18.1"`, `replicas: 3`, `placement: "spread"`} {
		if !slices.ContainsFunc(strings.Split(m.text, "\n"), func(line string) bool { return slices.Equal(strings.Fields(line), strings.Fields(needed)) }) {
			return false
		}
	}
	return !slices.ContainsFunc(m.found, func(d diag.Diagnostic) bool { return !strings.HasPrefix(d.Path, "groups.db.") && !isUnread(d) })
}

// fields are those of the group that the spec states beside what each has.
func (m single) fields() (out []string) {
	file, err := parser.ParseFile("app.cue", m.text)
	if err != nil {
		return nil
	}
	var inGroup func(x ast.Expr, depth int)
	inGroup = func(x ast.Expr, depth int) {
		switch x := x.(type) {
		case *ast.BinaryExpr:
			inGroup(x.Y, depth)
		case *ast.Alias:
			inGroup(x.Expr, depth)
		}
		body, ok := x.(*ast.StructLit)
		for i := 0; ok && i < len(body.Elts); i++ {
			field, isField := body.Elts[i].(*ast.Field)
			if !isField {
				continue
			}
			switch name, _, _ := ast.LabelName(field.Label); {
			case depth == 2 && !slices.Contains([]string{"image", "replicas", "placement"}, name):
				out = append(out, name)
			case depth < 2 && slices.Contains([]string{"groups", "db"}, name):
				inGroup(field.Value, depth+1)
			}
		}
	}
	for _, decl := range file.Decls {
		if field, ok := decl.(*ast.Field); ok {
			inGroup(field.Value, 0)
		}
	}
	return out
}

// untold reports whether a finding has to wait until others are mended, whatever
// it is judged by: nothing may be left to judge, or nobody knows what was to be
// there.
func untold(d diag.Diagnostic, all diag.List, isNothingLeft bool) bool {
	return slices.ContainsFunc(all, func(other diag.Diagnostic) bool {
		inItself := isUnread(other) && strings.HasSuffix(other.Message, "would be in itself")
		switch {
		case d.Rule == "cue":
			return inItself && isLacking.MatchString(d.Message) // what was to be there may have had it
		case d.Rule == "waiver-unused":
			return other.Severity == diag.Error
		case d.Rule == "data-outside-claims" && other.Rule == "one-of" && strings.Contains(other.Path, ".files."):
			return true // the file may say where it is
		}
		return inItself || isNothingLeft
	})
}

var isLacking = regexp.MustCompile(` (is missing|is not stated|has no value.*)$`)

// isUnread reports whether a finding is about a file that CUE cannot read.
func isUnread(d diag.Diagnostic) bool {
	return d.Rule == "cue" && d.Path == "" && !strings.HasPrefix(d.Message, "undefined field")
}

// hiding are the mistakes that would hide others, by their place among all: CUE
// cannot read them, or they are of what all names are made of.
func hiding(all []single) (out []int) {
	for i, m := range all {
		if slices.ContainsFunc(m.found, func(d diag.Diagnostic) bool {
			return isUnread(d) || d.Rule == "cue" && slices.Contains([]string{"name", "namespace", "domain"}, d.Path)
		}) {
			out = append(out, i)
		}
	}
	return out
}

// single is a mistake and what is said of it when it is alone.
type single struct {
	mistake
	found diag.List
	whole []string // fields of the application that are not maps of things with names
}

// lonely are mistakes that are none beside another file's group.
var lonely = map[string]string{
	"missing_name":         "others state it",
	"missing_groups":       "others state some",
	"reference_optional":   "others may state it",
	"clients_without_port": "others have a port",
	"typo_base":            "others have a base",
	"base_left_out":        "others have a base",
	"secrets_list":         "others have secrets by their names",
	"overlay_list":         "others have overlays by their names",
	"groups_list":          "others have groups by their names",
	"waive_list":           "others have waivers by their rules",
	"racks_empty":          "no name of a pod is known then, and what is wrong with one is not",
}

// apart are the mistakes of the corpus, each with what is found of it alone.
func apart(t *testing.T) []single {
	t.Helper()
	readSingles.Do(func() { readSingles.all = singles(t) })
	return slices.Clone(readSingles.all)
}

var readSingles struct {
	sync.Once
	all []single
}

func singles(t *testing.T) []single {
	t.Helper()
	var out []single
	p := &pipeline.Pipeline{Options: options}
	unseen := maps.Clone(lonely)
	for _, m := range mistakes(t) {
		if lonely[m.name] != "" {
			delete(unseen, m.name)
			continue
		}
		result, err := p.Vet(specDir(t, m.text))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, single{m, result.Found, wholes(m.text)})
	}
	for name := range unseen {
		t.Errorf("%s is no mistake of the corpus", name)
	}
	return out
}

var named = []string{"name", "groups", "services", "secrets", "jobs", "objects", "patches", "storageClasses", "labels", "waive"}

// wholes are the fields of a base that two files cannot both state.
func wholes(text string) (out []string) {
	file, err := parser.ParseFile("app.cue", text)
	if err != nil {
		return nil
	}
	for _, decl := range file.Decls {
		field, ok := decl.(*ast.Field)
		if !ok {
			continue
		}
		ast.Walk(field.Value, func(n ast.Node) bool {
			inner, ok := n.(*ast.Field)
			if ok {
				if name, _, _ := ast.LabelName(inner.Label); !slices.Contains(named, name) {
					out = append(out, name)
				}
			}
			return !ok
		}, nil)
	}
	return out
}

// drawMistakes draws some that can be in one package.
func drawMistakes(t *rapid.T, all []single) []single {
	var out []single
	drawn := rapid.SliceOfNDistinct(rapid.IntRange(0, len(all)-1), 2, 6, rapid.ID).Draw(t, "mistakes")
	if rapid.Bool().Draw(t, "hiding") {
		drawn = append(drawn, rapid.SampledFrom(hiding(all)).Draw(t, "one that would hide others"))
	}
	for n, i := range drawn {
		if slices.Contains(drawn[:n], i) {
			continue
		}
		clash := func(o single) bool {
			return slices.ContainsFunc(o.whole, func(f string) bool { return slices.Contains(all[i].whole, f) })
		}
		if !slices.ContainsFunc(out, clash) {
			out = append(out, all[i])
			t.Log(all[i].name)
		}
	}
	return out
}

var db = regexp.MustCompile(`\b(db|bd)\b`)

// renamed gives the group of each file a name of its own, and the name that it
// is misspelt by.
func renamed(text string, i int) string { return db.ReplaceAllString(text, fmt.Sprint("${1}", i)) }

// renamedFinding is a finding in the group by its other name.
func renamedFinding(d diag.Diagnostic, i int) diag.Diagnostic {
	d.Path, d.Object, d.Message = renamed(d.Path, i), renamed(d.Object, i), renamed(d.Message, i)
	for _, paths := range []*[][]string{&d.Scope, &d.By} {
		*paths = slices.Clone(*paths)
		for n, path := range *paths {
			path = slices.Clone(path)
			for k := range path {
				path[k] = renamed(path[k], i)
			}
			(*paths)[n] = path
		}
	}
	return d
}

// unnamed leaves the name of the application to the mistake that is about it.
func unnamed(text string, own single, drawn []single) string {
	isOfName := func(m single) bool {
		return slices.ContainsFunc(m.found, func(d diag.Diagnostic) bool { return d.Rule == "cue" && d.Path == "name" })
	}
	if isOfName(own) || !slices.ContainsFunc(drawn, isOfName) {
		return text
	}
	return shopName.ReplaceAllString(text, "$1// it has another name")
}

var shopName = regexp.MustCompile(`(?m)^(\s+)name:\s+"shop"$`)

// inQuestionOf are errors, and what the specs want beside.
func inQuestionOf(drawn []single, found diag.List) diag.List {
	var text strings.Builder
	for _, m := range drawn {
		text.WriteString(m.text)
	}
	return inQuestion(found, text.String()).Sorted()
}

func addressed(found diag.List) []string {
	var out []string
	for _, d := range found {
		out = append(out, fmt.Sprintf("%s:%d: %s: %s", filepath.Base(d.Pos.File), d.Pos.Line, d.Rule, d.Message))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unplaced are findings without their place: each file states what a group
// needs. With storage it is no Deployment.
func unplaced(addressed []string) (out []string) {
	for _, s := range addressed {
		_, message, _ := strings.Cut(s, ": ")
		out = append(out, called.ReplaceAllString(message, "groups.db: "))
	}
	return out
}

// called is how a group's workload is called, if that is known.
var called = regexp.MustCompile(`(StatefulSet|Deployment)/shop-db(-[a-z0-9]+)?: `)

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

func removeFiles(t *rapid.T, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.cue"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}
