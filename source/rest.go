package source

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"cuelang.org/go/cue"

	"github.com/statefulc/statefulc/spec"
)

// part is a field of an application that can be judged without what is refused
// of it: without an entry, or without all.
type part struct {
	// What stands for a refused entry where others are judged by whether there
	// is one of its name. nil: nothing.
	standIn func(entry cue.Value) map[string]any
	whole   bool // it is no map
}

var parts = map[string]part{
	"groups":         {},
	"jobs":           {},
	"services":       {},
	"objects":        {},
	"patches":        {},
	"labels":         {},
	"secrets":        {standIn: fitting(map[string]any{"keys": []string{}})}, // with the keys that are referred to
	"storageClasses": {standIn: fitting(map[string]any{"provisioner": "example.com"})},
	"waive":          {standIn: fitting(map[string]any{"reason": "refused"})},
	"kubernetes":     {whole: true},
	"clients":        {whole: true},
	"egress":         {whole: true},
	"pullSecrets":    {whole: true},
}

// fitting makes a stand-in of the fields of an entry that fit, and of those
// that it needs.
func fitting(needed map[string]any) func(cue.Value) map[string]any {
	return func(entry cue.Value) map[string]any {
		out := map[string]any{}
		for name, value := range needed {
			out[name] = value
		}
		for name, value := range accepted(entry) {
			out[name] = value
		}
		return out
	}
}

// rest are the environments without what is refused, so that one run tells all
// that the later stages know of the rest. A mistake that is in no part may have
// to do with anything: then nothing is left of an environment.
func (l *directory) rest(bundle cue.Value) (out []spec.Environment) {
	if !bundle.Exists() {
		return nil
	}
	for name, v := range l.variants(bundle) {
		r := &remains{directory: l, app: map[string]any{}, refused: map[string]bool{}}
		text, ok := r.text(v)
		if !ok {
			continue
		}
		if env, err := l.decode(name, bundle, v, text); err == nil { // else what is refused is in what seems to fit
			env.Refused, env.Unsure = r.out, append(r.unsure, l.cut.unsure...)
			out = append(out, env)
		}
	}
	slices.SortFunc(out, func(a, b spec.Environment) int { return byName(a.Name, b.Name) })
	return out
}

// remains is an application without what is refused.
type remains struct {
	*directory
	app     map[string]any
	refused map[string]bool // secrets that have a stand-in; all that are referred to: ""
	out     []spec.Path     // what is left out
	unsure  []spec.Path     // what has a stand-in
}

// text is the JSON of an application without what is refused.
func (r *remains) text(v cue.Value) ([]byte, bool) {
	fields, err := v.Fields()
	for err == nil && fields.Next() {
		name, ok := fields.Selector().Unquoted(), true
		if name == lost {
			return nil, false // it may have been anything
		}
		if known, names := r.step(r.directory.app(), name); known.Exists() {
			ok = r.keep(name, fields.Value())
		} else {
			r.loseMeant(name, names)
		}
		if !ok {
			return nil, false
		}
	}
	if err != nil || r.app["name"] == nil {
		return nil, false
	}
	if all := v.LookupPath(cue.ParsePath("groups")); r.app["groups"] == nil || len(r.app["groups"].(map[string]any)) == 0 && all.Validate(cue.Concrete(true)) != nil {
		r.lose("groups")
	}
	text, err := json.Marshal(r.app)
	if err == nil && len(r.refused) > 0 {
		text, err = r.declared(text)
	}
	return text, err == nil
}

// keep takes what fits of a field; false if nothing can be judged then.
func (r *remains) keep(name string, v cue.Value) bool {
	part, isPart := parts[name]
	fits := v.Validate(cue.Concrete(true)) == nil
	entries, err := v.Fields()
	list, isList := r.elements(spec.Path{name}, v, r.schemaAt(spec.Path{name}))
	switch {
	case fits && (part.whole || !isPart):
		r.app[name] = v
	case isPart && isList:
		r.app[name] = list
	case !isPart:
		return false
	case err != nil || part.whole:
		r.lose(name)
	default:
		r.app[name] = r.entries(name, part, entries, labels(v))
	}
	return true
}

// entries are those of a part that fit, and what stands for the others.
func (r *remains) entries(name string, part part, all *cue.Iterator, known []string) map[string]any {
	out := map[string]any{}
	for all.Next() {
		if !all.Selector().IsString() {
			continue // of a list, which has elements
		}
		key, entry := all.Selector().Unquoted(), all.Value()
		in := spec.Path{name, key}
		isKey := r.schemaAt(in).Exists()
		if isKey && entry.Validate(cue.Concrete(true)) == nil {
			out[key] = entry
			continue
		}
		if isKey && (name == "groups" || name == "jobs") {
			if rest, ok := r.container(in, entry); ok {
				out[key] = rest
				r.doubt(in, entry, known)
				continue
			}
		}
		if isKey && (name == "services" || name == "secrets") {
			if rest, ok := r.partly(in, entry); ok {
				out[key] = rest
				continue
			}
		}
		if target := accepted(entry)["target"]; isKey && name == "patches" && target.Exists() {
			out[key] = map[string]any{"target": target} // nothing is applied
		}
		if isKey && part.standIn != nil {
			rest := part.standIn(entry)
			maps.DeleteFunc(rest, func(field string, _ any) bool { return !r.schemaAt(in.Join(field)).Exists() })
			out[key] = rest
		}
		switch {
		case name == "secrets" && !isKey:
			r.lose(name) // whoever refers to it may name it better
		case name == "secrets":
			r.refused[key] = true
			r.unsure = append(r.unsure, in)
		case part.standIn == nil:
			r.miss(in)
		case name != "waive":
			r.unsure = append(r.unsure, in)
		}
	}
	return out
}

// partly takes what fits of a Service or a secret, if that is one: the groups that
// it names are known then, or the keys that it has.
func (r *remains) partly(in spec.Path, v cue.Value) (map[string]cue.Value, bool) {
	out := accepted(v)
	maps.DeleteFunc(out, func(field string, _ cue.Value) bool { return !r.schemaAt(in.Join(field)).Exists() })
	if !fits(r.schemaAt(in), out) {
		return nil, false
	}
	for _, field := range labels(v) {
		if known, names := r.step(r.schemaAt(in), field); !known.Exists() {
			r.unknown(in, field, names, func(other string) bool { return isStated(lookup(v, []string{other})) })
		} else if _, isThere := out[field]; !isThere {
			r.miss(in.Join(field))
		}
	}
	return out, true
}

// lose leaves out a part as a whole.
func (r *remains) lose(name string) {
	switch r.miss(spec.Path{name}); name {
	case "secrets":
		r.refused[""] = true
	case "groups":
		r.app[name] = map[string]any{}
	}
}

// loseMeant leaves out a field that is not known, and with it the one that it
// may be meant to be.
func (r *remains) loseMeant(name string, known []string) {
	for _, other := range known {
		if _, isPart := parts[other]; isPart && meant(name, []string{other}) != "" {
			r.lose(other)
		}
	}
}

// declared gives secrets that are refused the keys that are referred to.
func (r *remains) declared(text []byte) ([]byte, error) {
	var app map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // 64 bits do not fit a float
	if err := decoder.Decode(&app); err != nil {
		return nil, err
	}
	secrets, ok := app["secrets"].(map[string]any)
	if !ok {
		secrets = map[string]any{}
	}
	eachReference(app, func(name string, keys ...string) {
		if r.refused[name] || r.refused[""] {
			secret, ok := secrets[name].(map[string]any)
			if !ok {
				secret = map[string]any{}
			}
			own, _ := secret["keys"].([]any)
			for _, key := range keys {
				if !slices.Contains(own, any(key)) {
					own = append(own, key)
				}
			}
			secret["keys"], secrets[name] = append([]any{}, own...), secret
		}
	})
	app["secrets"] = secrets
	return json.Marshal(app)
}

// eachReference visits the secrets that something refers to, with the key.
func eachReference(x any, visit func(name string, keys ...string)) {
	switch x := x.(type) {
	case []any:
		for _, elem := range x {
			eachReference(elem, visit)
		}
	case map[string]any:
		name, isText := x["secret"].(string)
		if key, ok := x["key"].(string); ok && isText {
			visit(name, key)
		}
		mounted, _ := x["secretFiles"].(map[string]any)
		for _, name := range mounted {
			if name, ok := name.(string); ok {
				visit(name)
			}
		}
		for _, below := range x {
			eachReference(below, visit)
		}
	}
}

// accepted are the fields that CUE takes.
func accepted(v cue.Value) map[string]cue.Value {
	out := map[string]cue.Value{}
	fields, err := v.Fields()
	for err == nil && fields.Next() {
		if fields.Selector().IsString() && fields.Value().Validate(cue.Concrete(true)) == nil {
			out[fields.Selector().Unquoted()] = fields.Value()
		}
	}
	return out
}
