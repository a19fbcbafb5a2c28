// Package validate judges a spec and the objects made of it. The API server's
// own verdict comes first; the rules after it say what the server cannot know.
//
// Rules only report. They neither change an object nor print, sort or count:
// positions come from the index, order from diag.
package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// Rule is one thing that can be wrong, and how it is found. It looks at the
// spec, at the objects, or at both; on objects it judges whatever Kubernetes objects
// there are, also those that no spec was compiled to.
type Rule struct {
	diag.Rule

	Spec    func(*SpecPass)
	Objects func(*ObjectsPass)
}

// objectsThere are the fields of a spec that say which objects there are and how
// they are called. Of most objects that a rule compares it is the user's own that
// are wrong, or patched.
const objectsThere = "objects patches groups.* groups.*.stable groups.*.racks.* groups.*.storage.* jobs.* jobs.*.schedule"

// setsThere are the fields of a group that say whether it has StatefulSets, and
// which.
const setsThere = "stable racks.* storage.*"

// pass is one rule at work.
type pass struct {
	rule  diag.Rule
	index *spec.Index
	found diag.List
}

// SpecPass is one rule at work on the spec of one environment.
type SpecPass struct {
	pass
	App *spec.App
}

// ObjectsPass is one rule at work on the objects of one environment.
type ObjectsPass struct {
	pass
	Kubernetes string // the version that they are for: 1.37, or 1.35.4
	Set        *manifest.Set
	Verdicts   *Verdicts
}

// Spec applies the rules on specs.
func Spec(env spec.Environment) diag.List {
	var found diag.List
	for _, r := range Rules {
		if r.Spec != nil {
			p := &SpecPass{pass: pass{rule: r.Rule, index: env.Index}, App: env.App}
			r.Spec(p)
			found = append(found, p.found...)
		}
	}
	return found
}

// Objects applies the rules on objects. The index says where the places are
// that the objects' links lead to. The version is that of the cluster they are
// for; "" is the newest that is known. Verdicts are shared by sets that have
// objects in common.
func Objects(set *manifest.Set, index *spec.Index, kubernetes string, verdicts *Verdicts) diag.List {
	var found diag.List
	for _, r := range Rules {
		if r.Objects != nil {
			p := &ObjectsPass{pass: pass{rule: r.Rule, index: index}, Kubernetes: cmp.Or(kubernetes, apiserver.Newest), Set: set, Verdicts: verdicts}
			r.Objects(p)
			found = append(found, p.found...)
		}
	}
	return found
}

// At reports a finding at a path of the spec.
func (p *SpecPass) At(path spec.Path, message, fix string) {
	p.found = append(p.found, diag.Diagnostic{
		Rule:     p.rule.ID,
		Severity: p.rule.Severity,
		Pos:      p.index.Find(path).Pos,
		Path:     path.String(),
		Message:  message,
		Fix:      fix,
		Scope:    [][]string{path},
	})
}

// On reports a finding on a field of an object, at the place of the spec that
// the field came from.
func (p *ObjectsPass) On(o *manifest.Object, f manifest.Field, message, fix string) {
	p.as(p.rule.Severity, o, f, message, fix)
}

// as is On for a rule whose findings differ in severity.
func (p *ObjectsPass) as(severity diag.Severity, o *manifest.Object, f manifest.Field, message, fix string) {
	d := diag.Diagnostic{
		Rule:     p.rule.ID,
		Severity: severity,
		Object:   o.Ref().String(),
		Field:    f.String(),
		Message:  fmt.Sprintf("%v: %v: %s", o.Ref(), f, message),
		Fix:      fix,
	}
	if of := o.Trace(nil); len(of) > 0 {
		d.Scope = append(d.Scope, of[0])
	}
	for i, path := range o.Trace(f) {
		path = p.element(path, f)
		pos := p.index.Find(path).Pos
		if i == 0 {
			d.Pos, d.Path, d.Scope = pos, path.String(), append(d.Scope, path)
			continue
		}
		other := diag.Related{Pos: pos, Message: p.index.Print(path) + " is part of it"}
		if pos != d.Pos && !slices.Contains(d.Related, other) {
			d.Related = append(d.Related, other)
		}
	}
	p.found = append(p.found, d)
}

// by says by which fields of a group what was found last is judged, beside what
// its rule reads. Of what no group was compiled to there are none.
func (p *ObjectsPass) by(of *manifest.Object, fields string) {
	d := &p.found[len(p.found)-1]
	if from := of.Trace(nil); isCompiled(of) {
		for field := range strings.FieldsSeq(fields) {
			d.By = append(d.By, from[0].Join(strings.Split(field, ".")...))
		}
	}
}

// element is the element of a list that a field leads to, where the link is to
// the list: it is compiled as it is written.
func (p *ObjectsPass) element(list spec.Path, f manifest.Field) spec.Path {
	if len(list) == 0 || len(f) < 2 || !f[len(f)-1].Key || f[len(f)-2].Name != list[len(list)-1] {
		return list
	}
	if path := list.Join(f[len(f)-1].Name); p.index.Locate(path).IsValid() {
		return path
	}
	return list
}
