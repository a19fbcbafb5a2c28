package source

import (
	"encoding/json"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// parts are the maps of an application whose entries can be judged without
// those that are refused, and what is judged by the refused ones too and so
// has to go with them: a Service by the ports of its groups, a patch by the
// objects that there are. Nothing else is judged by whether there are more
// groups, jobs, Services, objects or patches.
var parts = map[string][]string{
	"groups":   {"services", "clients", "patches"},
	"jobs":     {"patches"},
	"services": {"patches"},
	"objects":  {"patches"},
	"patches":  nil,
}

// asides are fields that can be left out whole where they are refused: nothing
// is judged by their absence.
var asides = []string{"kubernetes", "clients", "egress", "pullSecrets"}

// rest are the environments without what is refused, so that one run tells all
// that the later stages know of the rest. A mistake that is in no entry of
// parts may have to do with anything: then nothing is left, as where an
// environment has no group.
func (l *directory) rest(bundle cue.Value, bad diag.List) ([]spec.Environment, error) {
	for _, d := range bad {
		part, _, below := strings.Cut(d.Path, ".")
		if d.Severity == diag.Error && !slices.Contains(asides, part) && (!below || !isPart(part)) {
			return nil, nil
		}
	}
	var out []spec.Environment
	for name, v := range l.variants(bundle) {
		text, ok := remaining(v)
		if !ok {
			continue
		}
		env, err := l.decode(name, bundle, v, text)
		if err != nil {
			return nil, err
		}
		out = append(out, env)
	}
	slices.SortFunc(out, byName)
	return out, nil
}

func isPart(name string) bool {
	_, ok := parts[name]
	return ok
}

// remaining is the JSON of an application without what is refused.
func remaining(v cue.Value) ([]byte, bool) {
	app, gone := map[string]any{}, []string{}
	fields, err := v.Fields()
	for err == nil && fields.Next() {
		name := fields.Selector().Unquoted()
		if !isPart(name) {
			if fields.Value().Validate(cue.Concrete(true)) == nil {
				app[name] = fields.Value()
			} else if !slices.Contains(asides, name) {
				return nil, false
			}
			continue
		}
		entries, all := accepted(fields.Value())
		if app[name] = entries; !all {
			gone = append(gone, parts[name]...)
		}
	}
	for _, name := range gone {
		delete(app, name)
	}
	if groups, ok := app["groups"].(map[string]cue.Value); err != nil || !ok || len(groups) == 0 {
		return nil, false
	}
	text, err := json.Marshal(app)
	return text, err == nil
}

// accepted are the entries of a part that CUE takes.
func accepted(v cue.Value) (out map[string]cue.Value, all bool) {
	out, all = map[string]cue.Value{}, true
	fields, err := v.Fields()
	for err == nil && fields.Next() {
		if fields.Value().Validate(cue.Concrete(true)) != nil {
			all = false
			continue
		}
		out[fields.Selector().Unquoted()] = fields.Value()
	}
	return out, all && err == nil
}
