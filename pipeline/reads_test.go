package pipeline_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/spec"
)

// What a rule reads is what its findings are judged by: whatever else has
// another value, is stated or is not, they are the same, in the same words. The
// specs are those of the tests; a field gets values that it has in others.
//
//	go test ./pipeline -run TestRulesRead -timeout 0 -rapid.checks=100000
func TestRulesRead(t *testing.T) {
	s := allStated(t)
	few(t, "400")
	total, compared := 0, 0
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		c := s.draw(false, func(n int, of string) int { return rapid.IntRange(0, n-1).Draw(rt, of) })
		total++
		wrong, ok := c.judge(t, dir)
		if ok {
			compared++
		}
		for _, w := range wrong {
			rt.Errorf("%s: %v is %s: %s", c.of.name, c.path, asData(c.value), w)
		}
	})
	t.Logf("%d changes, %d of them accepted", total, compared)
}

// While CUE refuses something, all is told that is known without it: what is
// found in the spec where that is right, whatever it is, and nothing else. A
// value is refused for its type, or a field for its name.
func TestToldBeside(t *testing.T) {
	s := allStated(t)
	few(t, "150")
	total, compared := 0, 0
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		intn := func(n int, of string) int { return rapid.IntRange(0, n-1).Draw(rt, of) }
		c := s.draw(true, intn)
		wrong, ok := c.beside(t, dir, intn(len(refusals), "refused"))
		total++
		if ok {
			compared++
		}
		for _, w := range wrong {
			rt.Errorf("%s: %v is refused, or %s: %s", c.of.name, c.path, asData(c.value), w)
		}
	})
	t.Logf("%d changes, %d of them refused", total, compared)
}

// refusals are what makes CUE refuse a value, or a field by its name.
var refusals = []func(v any, path spec.Path) any{
	func(v any, path spec.Path) any { return replace(v, path, "?! ") },
	func(v any, path spec.Path) any { return replace(v, path, -1) },
	func(v any, path spec.Path) any { return replace(v, path, tree{}) },
	byName:  misspelt,
	byEntry: func(v any, path spec.Path) any { return replace(v, path.Join("refused"), -1) },
}

const (
	byName  = iota + 3 // the first are by the value
	byEntry            // by one more entry
)

// misspelt is a copy of a tree with a letter more in the last name of a path.
func misspelt(v any, path spec.Path) any {
	name := path[len(path)-1]
	value := valueAt(v, path)
	return replace(replaced(v, path, nil), path[:len(path)-1].Join(name[:1]+"_"+name[1:]), value)
}

// beside compares what is told while the place is refused with what is found if
// it is not, as it was and as it is changed. Not ok if it is not refused.
func (c changed) beside(t *testing.T, dir string, how int) (wrong []string, ok bool) {
	value := valueAt(c.of.tree, c.path)
	_, isMap := value.(tree)
	_, isOfList := valueAt(c.of.tree, c.path[:len(c.path)-1]).([]any)
	if value == nil || isMap && how < byName || !isMap && how == byEntry || isOfList && how == byName {
		return nil, false // what is in it would be gone too, or it has no name
	}
	refused, _ := printTree(refusals[how](c.of.tree, c.path))
	while := vet(t, dir, refused)
	if !slices.ContainsFunc(while.Found, func(d diag.Diagnostic) bool { return d.Rule == "cue" }) || len(while.Environments) == 0 {
		return nil, false
	}
	env := while.Environments[0].Environment
	got := inFull(while.Found)
	if how == byName { // the key of a map is read as one that may be
		name := c.path[len(c.path)-1]
		read := name[:1] + "-" + name[1:]
		for i := range got {
			got[i] = strings.NewReplacer(`"`+read+`"`, name, read, name).Replace(got[i])
		}
	}
	before := told(env, c.of.env, c.of.found)
	if c.isMended() {
		got = slices.DeleteFunc(got, func(s string) bool { return !slices.Contains(before, s) })
	}
	if !isThere(env, c.path) || how == byEntry { // nobody knows what is lacking, or there is one more
		before = slices.DeleteFunc(before, func(s string) bool { return !slices.Contains(got, s) })
	}
	wrong = different(before, got)
	isRead := how == byName && !isThere(env, c.path) // as the name that is meant: nothing is refused then
	hasStandIn := slices.ContainsFunc(env.Unsure, func(p spec.Path) bool { return p.String() == c.path.String() })
	if result, ok := c.vet(t, dir); ok && !(hasStandIn && c.value == nil) && how != byEntry && !isRead {
		after := told(env, result.Environments[0], result.Found)
		if c.isMended() || !isThere(env, c.path) {
			after = slices.DeleteFunc(after, func(s string) bool { return !slices.Contains(got, s) })
		}
		for _, w := range different(after, got) {
			wrong = append(wrong, "if it is changed: "+w)
		}
	}
	return wrong, true
}

// isThere reports whether it is known of a place that it is refused, or has a
// stand-in.
func isThere(env spec.Environment, path spec.Path) bool {
	return slices.ContainsFunc(slices.Concat(env.Refused, env.Unsure), func(p spec.Path) bool {
		n := min(len(p), len(path))
		return slices.Equal(p[:n], path[:n])
	})
}

// changed is a spec with another value at one place; nil: without any.
type changed struct {
	of       *statedSpec
	path     spec.Path
	value    any
	isStated bool // before and after
}

// judge says what is told otherwise of the changed spec, though it is certain
// while the place is refused. Not ok if CUE refuses what it was changed to.
func (c changed) judge(t *testing.T, dir string) (wrong []string, ok bool) {
	result, ok := c.vet(t, dir)
	if !ok {
		return nil, false
	}
	app := *c.of.env.App
	app.Patches = maps.Clone(app.Patches)
	if c.path[0] == "patches" && (len(c.path) == 2 || len(c.path) > 2 && c.path[2] == "target") {
		delete(app.Patches, c.path[1]) // nobody knows what it is for
	}
	refused := spec.Environment{App: &app, Refused: []spec.Path{c.path}}
	if c.isStated {
		refused.Refused, refused.Unsure = nil, refused.Refused
	}
	before, after := told(refused, c.of.env, c.of.found), told(refused, result.Environments[0], result.Found)
	if c.isMended() {
		after = slices.DeleteFunc(after, func(s string) bool { return !slices.Contains(before, s) })
	}
	return different(before, after), true
}

// vet judges what a spec was changed to. Not ok if it is refused: what is wrong
// with it leaves out what else is found.
func (c changed) vet(t *testing.T, dir string) (*pipeline.Result, bool) {
	other, _ := printTree(replaced(c.of.tree, c.path, c.value))
	result := vet(t, dir, other)
	ok := len(result.Environments) > 0 && len(without(errorsOf(result.Found), errorsOf(c.of.found))) == 0
	return result, ok
}

// isMended reports whether there is something wrong with the place before it is
// changed, which may leave out what is found then.
func (c changed) isMended() bool {
	return slices.ContainsFunc(c.of.found, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error && (d.Path == c.path.String() || strings.HasPrefix(d.Path, c.path.String()+"."))
	})
}

// told is what would be told of an environment if something were refused.
func told(refused spec.Environment, env pipeline.Environment, found diag.List) (out []string) {
	app := *env.App
	app.Patches = refused.App.Patches
	env.App, env.Refused, env.Unsure = &app, refused.Refused, refused.Unsure
	return inFull(env.Told(slices.Clone(found)))
}

// inFull are the findings that are not CUE's, with their place in the spec.
func inFull(found diag.List) (out []string) {
	for _, d := range found {
		if d.Rule != "cue" {
			out = append(out, strings.Join([]string{d.Rule, d.Path, d.Message}, " | "))
		}
	}
	return out
}

// different is what is in one list alone.
func different(before, after []string) (out []string) {
	for _, s := range without(before, after) {
		out = append(out, "- "+s)
	}
	for _, s := range without(after, before) {
		out = append(out, "+ "+s)
	}
	return out
}

// errorsOf are errors by rule and place.
func errorsOf(found diag.List) (out []string) {
	for _, d := range found {
		if d.Severity == diag.Error {
			out = append(out, d.Rule+d.Path)
		}
	}
	return out
}

// replaced is a copy of a tree with another value at a path; nil: without any.
func replaced(v any, path spec.Path, value any) any {
	if value != nil {
		return replace(v, path, value)
	}
	above := valueAt(v, path[:len(path)-1])
	if fields, ok := above.(tree); ok {
		fields = maps.Clone(fields)
		delete(fields, path[len(path)-1])
		return replace(v, path[:len(path)-1], fields)
	}
	return v
}

// asData is a value as it would be written.
func asData(v any) string {
	if v == nil {
		return "left out"
	}
	return print(v)
}
