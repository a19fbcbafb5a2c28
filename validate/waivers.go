package validate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// WaiverRules are what can be wrong with waivers. They judge what the others
// found, so they are not among [Rules].
var WaiverRules = []diag.Rule{waiverUnknown, waiverExpired, waiverUnused}

var waiverUnknown = diag.Rule{
	ID:    "waiver-unknown",
	Final: true,
	What:  "A waiver of a rule that there is not, or of one that cannot be waived.",
	Why: `What the API server or the compiler refuses is refused all the same. A waiver of a misspelled rule would do nothing, and
its reason would be believed.`,
	Fix: "Name a rule of statefulc explain that can be waived.",
}

var waiverExpired = diag.Rule{
	ID:       "waiver-expired",
	Severity: diag.Warning,
	Final:    true,
	What:     "A waiver whose last day is over.",
	Why: `What it accepted is reported again. The day is compared with today's in UTC, or with the one given by --today; the output
never depends on it.`,
	Fix: "Mend what it accepted and delete it, or state a later day.",
}

var waiverUnused = diag.Rule{
	ID:       "waiver-unused",
	Severity: diag.Warning,
	Final:    true,
	What:     "A waiver of something that is not found, in any environment or overlay.",
	Why:      "It would hide the finding from whoever brings the mistake back.",
	Fix:      "Delete it, or move it to the thing that the finding is about.",
}

// Waivers are what a spec accepts, over all its environments: one that the
// base states is used if one of them needs it. Or they are what the comments of
// manifests accept.
type Waivers struct {
	Rules []diag.Rule // all that there are
	Today string      // 2026-11-23; "": no waiver is over
	Until string      // the last day, from Today, on which all that was judged is judged the same; "": any day

	statements []*statement
}

// statement is a waiver where its reason is written, which is one place for
// all environments that take it from the base.
type statement struct {
	rule   string
	reason diag.Pos
	counts bool            // it was used, or is complained about
	unused diag.Diagnostic // what to say if it never counts
}

// waiver is a statement in one environment, or in a file.
type waiver struct {
	*statement
	covers func(diag.Diagnostic) bool
}

// Judge leaves out the findings of an environment that it waives, and says
// which of its waivers do not count.
func (w *Waivers) Judge(env spec.Environment, found diag.List) diag.List {
	var out diag.List
	var valid []waiver
	statedBy(env.App, func(beside spec.Path, rule string, stated spec.Waiver) {
		path := beside.Join("waive", rule)
		one := waiver{w.statement(env, path, rule), covering(rule, beside)}
		w.holdUntil(stated.Until)
		if bad := w.refuse(rule, stated.Until); bad != nil {
			one.counts = true
			if bad.ID == waiverExpired.ID {
				path = path.Join("until")
			}
			out = append(out, about(bad.Rule, env, path, bad.message, bad.fix))
			return
		}
		valid = append(valid, one)
	})
	return append(out, without(found, valid)...)
}

// JudgeFiles is Judge for comments of manifests. Of those in files that others
// may use as well, nobody knows whether they are needed.
func (w *Waivers) JudgeFiles(comments []diag.Waiver, isShared func(file string) bool, found diag.List) diag.List {
	var out diag.List
	var valid []waiver
	for _, c := range comments {
		at := func(r diag.Rule, message, fix string) diag.Diagnostic {
			return diag.Diagnostic{Rule: r.ID, Severity: r.Severity, Pos: c.Pos, Message: message, Fix: fix}
		}
		if bad := w.refuse(c.Rule, c.Until); bad != nil {
			out = append(out, at(bad.Rule, bad.message, bad.fix))
			continue
		}
		s := &statement{rule: c.Rule, counts: isShared(c.Pos.File), unused: at(waiverUnused, unusedMessage(c.Rule), waiverUnused.Fix)}
		w.statements, valid = append(w.statements, s), append(valid, waiver{s, c.Covers})
	}
	return append(out, without(found, valid)...)
}

// holdUntil takes note of a day on which the judgement may change.
func (w *Waivers) holdUntil(last string) {
	switch {
	case last == "":
	case last < w.Today: // today is told
		w.Until = w.Today
	case w.Until == "" || last < w.Until:
		w.Until = last
	}
}

// Unused are the waivers that no environment needed. It is for when all have
// been judged, and nothing was left out of their objects.
func (w *Waivers) Unused() diag.List {
	var out diag.List
	for _, s := range w.statements {
		if !s.counts {
			out = append(out, s.unused)
		}
	}
	return out
}

func (w *Waivers) statement(env spec.Environment, path spec.Path, rule string) *statement {
	reason := env.Index.Find(path.Join("reason")).Pos
	for _, s := range w.statements {
		if s.rule == rule && s.reason == reason {
			return s
		}
	}
	s := &statement{rule: rule, reason: reason, unused: about(waiverUnused, env, path, unusedMessage(rule), waiverUnused.Fix)}
	w.statements = append(w.statements, s)
	return s
}

func unusedMessage(rule string) string { return "nothing is found here by " + rule }

// refusal is why a waiver does not count.
type refusal struct {
	diag.Rule
	message, fix string
}

// refuse says why a waiver does not count; nil if it does.
func (w *Waivers) refuse(rule, until string) *refusal {
	at := slices.IndexFunc(w.Rules, func(r diag.Rule) bool { return r.ID == rule })
	switch {
	case at < 0:
		return &refusal{waiverUnknown, fmt.Sprintf("there is no rule %q", rule), diag.OneOf(rule, w.waivable(), waiverUnknown.Fix)}
	case w.Rules[at].Final:
		return &refusal{waiverUnknown, fmt.Sprintf("findings of %s cannot be waived", rule), "Mend what it reports, and delete the waiver."}
	case until != "" && until < w.Today:
		return &refusal{waiverExpired, fmt.Sprintf("%s is waived until %s, and today is %s", rule, until, w.Today), waiverExpired.Fix}
	}
	return nil
}

func (w *Waivers) waivable() (ids []string) {
	for _, r := range w.Rules {
		if !r.Final {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func about(rule diag.Rule, env spec.Environment, path spec.Path, message, fix string) diag.Diagnostic {
	p := SpecPass{pass: pass{rule: rule, index: env.Index}}
	p.At(path, message, fix)
	return p.found[0]
}

// without leaves out what is waived. It looks at all waivers: each that covers
// a finding is used.
func without(found diag.List, waivers []waiver) diag.List {
	return slices.DeleteFunc(slices.Clone(found), func(d diag.Diagnostic) bool {
		waived := false
		for _, w := range waivers {
			if w.covers(d) {
				w.counts, waived = true, true
			}
		}
		return waived
	})
}

// covering is for the findings of a rule about the thing that a waiver stands
// beside, or about what is below. A field of a group's object is the group's
// too, where its value came from elsewhere: from the application's labels.
func covering(rule string, beside spec.Path) func(diag.Diagnostic) bool {
	return func(d diag.Diagnostic) bool {
		return d.Rule == rule && slices.ContainsFunc(d.Scope, func(path []string) bool {
			return len(path) >= len(beside) && slices.Equal(path[:len(beside)], beside)
		})
	}
}

// waiverVisitor is called with the thing that a waiver stands beside, and the
// rule.
type waiverVisitor func(beside spec.Path, rule string, w spec.Waiver)

// statedBy visits all waivers of an application.
func statedBy(app *spec.App, visit waiverVisitor) {
	visit.all(nil, app.Waive)
	eachKey(app.Groups, spec.Path{"groups"}, func(at spec.Path, g *spec.Group) {
		visit.container(at, g.Container)
		eachKey(g.Init, at.Join("init"), func(at spec.Path, c spec.Init) { visit.container(at, c.Container) })
		eachKey(g.Sidecars, at.Join("sidecars"), func(at spec.Path, c spec.Sidecar) { visit.container(at, c.Container) })
	})
	eachKey(app.Jobs, spec.Path{"jobs"}, func(at spec.Path, j *spec.Job) { visit.container(at, j.Container) })
	eachKey(app.Services, spec.Path{"services"}, func(at spec.Path, s spec.Service) { visit.all(at, s.Waive) })
	eachKey(app.StorageClasses, spec.Path{"storageClasses"}, func(at spec.Path, c spec.StorageClass) { visit.all(at, c.Waive) })
	eachKey(app.Secrets, spec.Path{"secrets"}, func(at spec.Path, s spec.Secret) { visit.all(at, s.Waive) })
	eachKey(app.Patches, spec.Path{"patches"}, func(at spec.Path, p spec.Patch) { visit.all(at, p.Waive) })
}

func (visit waiverVisitor) container(at spec.Path, c spec.Container) {
	visit.all(at, c.Waive)
	eachKey(c.Storage, at.Join("storage"), func(at spec.Path, s spec.Storage) { visit.all(at, s.Waive) })
}

func (visit waiverVisitor) all(beside spec.Path, waive map[string]spec.Waiver) {
	for _, rule := range slices.Sorted(maps.Keys(waive)) {
		visit(beside, rule, waive[rule])
	}
}

// eachKey visits the values of a map by their keys, with their paths.
func eachKey[T any](m map[string]T, at spec.Path, visit func(spec.Path, T)) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		visit(at.Join(key), m[key])
	}
}
