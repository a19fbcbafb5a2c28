// Package validate judges a spec and the objects made of it. The API server's
// own verdict comes first; the rules after it say what the server cannot know.
//
// Rules only report. They neither change an object nor print, sort or count:
// positions come from the index, order from diag.
package validate

import (
	"fmt"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// Rule is one thing that can be wrong. It looks either at the spec or at the
// objects.
type Rule struct {
	ID       string // in words
	Doc      string // what it reports, why, and what to do
	Severity diag.Severity
	Spec     func(*Pass)
	Objects  func(*Pass)
}

// Pass is one rule at work on one environment.
type Pass struct {
	Env     spec.Environment
	Objects *manifest.Set // nil while the spec is judged

	rule  Rule
	found diag.List
}

// Spec applies the rules on specs.
func Spec(env spec.Environment) diag.List {
	return run(env, nil, func(r Rule) func(*Pass) { return r.Spec })
}

// Objects applies the rules on objects.
func Objects(env spec.Environment, set *manifest.Set) diag.List {
	return run(env, set, func(r Rule) func(*Pass) { return r.Objects })
}

func run(env spec.Environment, set *manifest.Set, part func(Rule) func(*Pass)) diag.List {
	var found diag.List
	for _, r := range Rules {
		if judge := part(r); judge != nil {
			p := &Pass{Env: env, Objects: set, rule: r}
			judge(p)
			found = append(found, p.found...)
		}
	}
	return found
}

// At reports a finding at a path of the spec.
func (p *Pass) At(path spec.Path, message, fix string) {
	p.found = append(p.found, diag.Diagnostic{
		Rule:     p.rule.ID,
		Severity: p.rule.Severity,
		Pos:      p.Env.Index.Find(path).Pos,
		Path:     path.String(),
		Message:  message,
		Fix:      fix,
	})
}

// On reports a finding on a field of an object, at the place of the spec that
// the field came from.
func (p *Pass) On(o *manifest.Object, f manifest.Field, severity diag.Severity, message, fix string) {
	d := diag.Diagnostic{
		Rule:     p.rule.ID,
		Severity: severity,
		Object:   o.Ref().String(),
		Field:    f.String(),
		Message:  fmt.Sprintf("%v: %v: %s", o.Ref(), f, message),
		Fix:      fix,
	}
	for i, path := range o.Trace(f) {
		pos := p.Env.Index.Find(path).Pos
		if i == 0 {
			d.Pos, d.Path = pos, path.String()
			continue
		}
		d.Related = append(d.Related, diag.Related{Pos: pos, Message: path.String() + " is part of it"})
	}
	p.found = append(p.found, d)
}
