package source

import (
	"encoding/json"
	"fmt"
	"slices"

	"cuelang.org/go/cue"

	"github.com/statefulc/statefulc/spec"
)

// This file leaves fields out of groups, jobs and their helpers. A finding that
// could follow from that is not told: see [spec.Environment].

// needed stands for what a container has to state. Rules know nothing of the
// image.
var needed = map[string]any{"image": "refused:0", "replicas": 3, "placement": "strict"}

// container takes what fits of a group, a job or a helper; false if the rest
// cannot be judged.
func (r *remains) container(in spec.Path, v cue.Value) (map[string]any, bool) {
	schema, out := r.schemaAt(in), map[string]any{}
	var unknown, all []string
	fields, err := v.Fields()
	if err != nil {
		return nil, false
	}
	for fields.Next() {
		name, value := fields.Selector().Unquoted(), fields.Value()
		known, names := r.step(schema, name)
		if !known.Exists() {
			unknown = append(unknown, name)
			all = names
			continue
		}
		if x, ok := r.field(in.Join(name), len(in), value, known); ok {
			out[name] = x
		} else if name == "waive" {
			r.unsure = append(r.unsure, in.Join(name))
		} else if name == "name" {
			return nil, false
		}
	}
	for name, x := range needed {
		if _, stated := out[name]; !stated && schema.LookupPath(cue.MakePath(cue.Str(name).Required())).Exists() {
			out[name] = x
			r.miss(in.Join(name))
			// what nobody knows is most likely what is missing
			unknown = slices.DeleteFunc(unknown, func(other string) bool { return other[:1] == name[:1] && meant(other, all) == "" })
		}
	}
	for _, name := range unknown {
		r.unknown(in, name, all, func(field string) bool { return isStated(out[field]) })
	}
	return out, true
}

// unknown leaves out a field that is not known. What it is meant to be is
// missing; if nobody knows, that may be anything, but what is stated.
func (r *remains) unknown(in spec.Path, name string, known []string, isStated func(string) bool) {
	r.miss(in.Join(name))
	isMeant := false
	for _, other := range known {
		if meant(name, []string{other}) == "" {
			continue
		}
		isMeant = true
		if at := in.Join(other); isStated(other) && r.isMap(at) {
			r.miss(at.Join(name)) // what is stated of it is there
		} else {
			r.miss(at)
		}
	}
	for _, other := range known {
		if !isMeant && !isStated(other) && !slices.Contains([]string{"waive", "init", "sidecars"}, other) {
			r.miss(in.Join(other))
		}
	}
}

// isMap reports whether a field has entries with names of the user's.
func (r *remains) isMap(in spec.Path) bool {
	schema := r.schemaAt(in)
	_, names := r.step(schema, "")
	return len(names) == 0 && schema.IncompleteKind() == cue.StructKind
}

// doubt leaves open whether an entry is another one, whose name is like its own:
// it lacks what that may have.
func (r *remains) doubt(in spec.Path, v cue.Value, all []string) {
	key := in[len(in)-1]
	others := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == key })
	schema := r.schemaAt(in)
	_, names := r.step(schema, "")
	if meant(key, others) != "" && slices.ContainsFunc(names, func(name string) bool {
		return schema.LookupPath(cue.MakePath(cue.Str(name).Required())).Exists() && !lookup(v, []string{name}).Exists()
	}) {
		r.miss(in)
	}
}

// miss remembers that something is left out.
func (r *remains) miss(path spec.Path) { r.out = append(r.out, path) }

// isStated reports whether something is in a field: a map and a list that nobody
// states are there too.
func isStated(field any) bool {
	if rest, ok := field.(map[string]any); ok {
		return len(rest) > 0
	}
	v, ok := field.(cue.Value)
	switch {
	case !ok || !v.Exists():
		return !ok && field != nil
	case v.IncompleteKind() == cue.StructKind:
		return len(labels(v)) > 0
	case v.IncompleteKind() == cue.ListKind:
		return v.LookupPath(cue.MakePath(cue.Index(0))).Exists()
	}
	return true
}

// field takes what fits of a field, or of something in it. At depth in its path
// is the name of the field of the container.
func (r *remains) field(in spec.Path, depth int, v, schema cue.Value) (any, bool) {
	if len(in) == depth+1 && in[depth] == "racks" && len(labels(v)) == 0 {
		r.miss(in) // what dns is made of
		return nil, false
	}
	if v.Validate(cue.Concrete(true)) == nil {
		return v, true
	}
	name := in[depth]
	if len(in) == depth+2 && (name == "init" || name == "sidecars") {
		if out, ok := r.container(in, v); ok {
			return out, true
		}
		r.miss(in)
		return nil, false
	}
	if list, ok := r.elements(in, v, schema); ok {
		return list, true
	}
	fields, err := v.Fields()
	out := map[string]any{}
	if _, names := r.step(schema, ""); err != nil && len(names) > 0 {
		return r.choice(in, depth, v, schema)
	}
	if err != nil || schema.IncompleteKind() != cue.StructKind {
		if x := standIn(in[depth:], out); x != nil {
			r.unsure = append(r.unsure, in)
			return x, true
		}
		r.miss(in)
		return nil, false
	}
	for fields.Next() {
		key := fields.Selector().Unquoted()
		below := in.Join(key)
		known, names := r.step(schema, key)
		if !known.Exists() {
			r.unknown(in, key, names, func(field string) bool { return v.LookupPath(cue.MakePath(cue.Str(field))).Exists() })
		} else if x, ok := r.field(below, depth, fields.Value(), known); ok {
			out[key] = x
			r.doubt(below, fields.Value(), labels(v))
		}
	}
	if name == "dns" {
		return out, len(out) >= 4
	}
	if fits(schema, out) {
		return out, true
	}
	if x := standIn(in[depth:], out); x != nil && fits(schema, x) {
		for name := range x.(map[string]any) {
			if _, isThere := out[name]; !isThere {
				r.miss(in.Join(name))
			}
		}
		return x, true
	}
	r.miss(in)
	return nil, false
}

// instead are what stands for an element that is refused of a list whose
// elements are judged one by one.
var instead = map[string]map[string]any{
	"static":  {"nfs": map[string]any{"server": "refused", "path": "/refused"}},
	"clients": {"cidr": "192.0.2.0/24"},
	"egress":  {"cidr": "192.0.2.0/24", "ports": []int{443}},
}

// elements are those of a list that fit, and what stands for the others; false
// if it is not known which these are.
func (r *remains) elements(in spec.Path, v, schema cue.Value) (out []any, ok bool) {
	standIn, isKnown := instead[in[len(in)-1]]
	if !isKnown || schema.IncompleteKind() != cue.ListKind {
		return nil, false
	}
	var refused []spec.Path
	for i := 0; ; i++ {
		element := v.LookupPath(cue.MakePath(cue.Index(i)))
		if !element.Exists() {
			break
		}
		if element.Validate(cue.Concrete(true)) == nil {
			out = append(out, element)
			continue
		}
		out, refused = append(out, standIn), append(refused, in.Join(fmt.Sprint(i)))
	}
	if len(refused) == 0 || !fits(schema, out) {
		return nil, false
	}
	r.unsure = append(r.unsure, refused...)
	return out, true
}

// choice takes what fits of a value that states one of several things. While it
// is refused CUE has no struct of it, but its fields.
func (r *remains) choice(in spec.Path, depth int, v, schema cue.Value) (any, bool) {
	_, names := r.step(schema, "")
	out := map[string]any{}
	for _, key := range names {
		value := lookup(v, []string{key})
		if known, _ := r.step(schema, key); value.Exists() {
			if x, ok := r.field(in.Join(key), depth, value, known); ok {
				out[key] = x
			}
		}
	}
	if len(out) == 0 || !fits(schema, out) { // of no struct nothing is left, and nothing may fit
		r.miss(in)
		return nil, false
	}
	return out, true
}

// standIn is what stands for an entry of a container that others name, with
// what fits of it; nil for all else. At the beginning of the path is the field.
func standIn(in spec.Path, of map[string]any) any {
	switch {
	case len(in) == 2 && in[0] == "env":
		return ""
	case len(in) == 3 && in[0] == "ports":
		return 50000 + sum(in[2])
	case len(in) == 2 && in[0] == "storage":
		out := map[string]any{"mount": "/refused/" + in[1], "size": "1Gi"}
		for name, x := range of {
			out[name] = x
		}
		return out
	case len(in) == 2 && in[0] == "scratch":
		return map[string]any{}
	}
	return nil
}

// sum is a number that names seldom share.
func sum(name string) (n int) {
	for _, c := range name {
		n = (n*31 + int(c)) % 9973
	}
	return n
}

// fits reports whether the schema takes a value.
func fits(schema cue.Value, x any) bool {
	text, err := json.Marshal(x)
	return err == nil && schema.Unify(schema.Context().CompileBytes(text)).Validate(cue.Concrete(true)) == nil
}
