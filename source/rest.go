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

// rest are the environments without what is refused, so that one run tells all
// that the later stages know of the rest. A mistake that is in no entry of
// parts may have to do with anything: then nothing is left, as where an
// environment has no group.
func (l *directory) rest(bundle cue.Value, bad diag.List) ([]spec.Environment, error) {
	refused := map[string]bool{} // groups.db
	for _, d := range bad {
		at, ok := entryOf(d.Path)
		if d.Severity == diag.Error && !ok {
			return nil, nil
		}
		refused[at] = true
	}
	var out []spec.Environment
	for name, v := range l.variants(bundle) {
		text, ok := remaining(v, refused)
		if !ok {
			continue
		}
		env, err := l.decode(name, v, text)
		if err != nil {
			return nil, err
		}
		out = append(out, env)
	}
	slices.SortFunc(out, byName)
	return out, nil
}

// entryOf is the entry of parts that a path, as a finding has it, is in.
func entryOf(path string) (string, bool) {
	part, below, _ := strings.Cut(path, ".")
	if _, ok := parts[part]; !ok || below == "" {
		return "", false
	}
	name := below
	if below[0] == '"' {
		if end := strings.Index(below[1:], `"`); end >= 0 {
			name = below[:end+2]
		}
	} else {
		name, _, _ = strings.Cut(below, ".")
	}
	return part + "." + name, true
}

// remaining is the JSON of an application without what is refused.
func remaining(v cue.Value, refused map[string]bool) ([]byte, bool) {
	app, gone := map[string]any{}, []string{}
	fields, err := v.Fields()
	for err == nil && fields.Next() {
		name := fields.Selector().Unquoted()
		if _, isPart := parts[name]; !isPart {
			if fields.Value().Validate(cue.Concrete(true)) != nil {
				return nil, false
			}
			app[name] = fields.Value()
			continue
		}
		entries, all := accepted(name, fields.Value(), refused)
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

// accepted are the entries of a part that nothing is said about.
func accepted(part string, v cue.Value, refused map[string]bool) (out map[string]cue.Value, all bool) {
	out, all = map[string]cue.Value{}, true
	fields, err := v.Fields()
	for err == nil && fields.Next() {
		name := fields.Selector().Unquoted()
		if refused[spec.Path{part, name}.String()] || fields.Value().Validate(cue.Concrete(true)) != nil {
			all = false
			continue
		}
		out[name] = fields.Value()
	}
	return out, all && err == nil
}
