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

// beside are fields of a container that are judged by another one of it. What
// is found of them while that is refused may follow from it.
var beside = map[string][]string{
	"replicas":    {"autoscale", "claims", "disruption", "env", "args", "command", "files", "image", "perPod", "placement", "quorum", "racks", "snapshots", "start", "storage", "update"},
	"racks":       {"autoscale", "claims", "disruption", "env", "args", "command", "files", "image", "perPod", "placement", "quorum", "replicas", "snapshots", "start", "storage", "update", "nodes"},
	"first":       {"env", "args", "command", "files", "perPod", "snapshots", "storage", "racks"},
	"placement":   {"replicas", "quorum", "nodes", "disruption", "racks"},
	"ports":       {"startup", "ready", "live", "service", "perPod", "metrics", "env", "args", "command", "files", "sidecars", "init"},
	"storage":     {"image", "env", "args", "command", "files", "snapshots", "init", "sidecars", "scratch", "tls", "secretFiles", "claims", "update", "grace", "placement", "replicas", "start", "stable", "autoscale"},
	"scratch":     {"image", "env", "args", "command", "files", "init", "sidecars", "storage", "readOnlyRoot"},
	"stable":      {"storage", "claims", "update", "start", "snapshots", "perPod", "replicas", "image", "racks", "autoscale"},
	"env":         {"args", "command", "startup", "ready", "live", "onStart", "onStop", "files", "env", "image", "start", "tls", "init", "sidecars", "scratch"},
	"args":        {"image", "env", "files", "start", "ready", "live"},
	"command":     {"image", "env", "args", "files", "start", "ready", "live"},
	"files":       {"image", "env", "args", "command", "start", "ready", "live", "init", "sidecars"},
	"secretFiles": {"image", "env", "args", "command", "init", "sidecars"},
	"tls":         {"image", "env", "args", "command", "init", "sidecars"},
	"image":       {"env", "args", "command", "files", "start", "ready", "live"},
	"memory":      {"autoscale", "hugepages", "env", "args", "command", "files"},
	"cpu":         {"autoscale", "hugepages", "cpuLimit"},
	"cpuLimit":    {"autoscale", "cpu"},
	"hugepages":   {"memory", "cpu"},
	"init":        {"env", "image", "storage", "scratch", "sidecars"},
	"sidecars":    {"env", "image", "ports", "startup", "ready", "live", "service", "perPod", "metrics", "autoscale", "storage", "scratch", "init"},
	"mounts":      {"image", "env", "args", "command", "files"},
	"start":       {"startup", "ready", "live", "image", "env", "update", "quorum"},
	"update":      {"start", "quorum", "autoscale", "racks"},
	"quorum":      {"replicas", "placement", "disruption", "start", "update", "autoscale"},
	"disruption":  {"replicas", "quorum"},
	"autoscale":   {"replicas", "quorum", "snapshots", "perPod", "storage", "update", "racks"},
	"grace":       {"onStop", "image", "storage"},
	"onStop":      {"grace", "image"},
	"startup":     {"live", "ready"},
	"ready":       {"startup", "live", "update"},
	"live":        {"startup", "ready"},
	"user":        {"group", "privileged", "capabilities", "storage"},
	"privileged":  {"capabilities"},
	"hostNetwork": {"ports", "perPod", "service", "placement", "replicas"},
	"metrics":     {"ports"},
	"claims":      {"storage"},
	"nodes":       {"racks", "placement", "storage"},
}

// inPod are fields of which nothing but the pod is made: there are as many
// objects without them.
var inPod = []string{
	"image", "command", "args", "env", "cpu", "cpuLimit", "memory", "scratch", "startup", "ready", "live", "onStart", "onStop",
	"user", "group", "capabilities", "privileged", "readOnlyRoot", "nodes", "tolerate", "priority", "grace", "hugepages", "sysctls", "settle",
	"start", "update", "claims", "placement", "shareProcess", "mounts",
}

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
		known, names := step(schema, name)
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
			r.miss(in.Join(name), len(in))
			// what nobody knows is most likely what is missing
			unknown = slices.DeleteFunc(unknown, func(other string) bool { return other[:1] == name[:1] && meant(other, all) == "" })
		}
	}
	for _, name := range unknown {
		r.unknown(in, name, all, out)
	}
	return out, true
}

// unknown leaves out a field of a container that is not known. What it is meant
// to be is missing; if nobody knows, that may be anything, but what is stated.
func (r *remains) unknown(in spec.Path, name string, known []string, stated map[string]any) {
	r.out = append(r.out, in.Join(name))
	isMeant := false
	for _, other := range known {
		if meant(name, []string{other}) == "" {
			continue
		}
		isMeant = true
		r.miss(in.Join(other), len(in))
	}
	if !isMeant {
		r.unsure = append(r.unsure, in)
		for _, field := range []string{"ports", "storage"} {
			whole, isWhole := stated[field].(cue.Value)
			rest, _ := stated[field].(map[string]any)
			if len(rest) == 0 && (!isWhole || len(labels(whole)) == 0) { // a map that nobody states is there too
				r.out = append(r.out, in.Join(field))
			}
		}
		r.missOutside("")
	}
}

// miss remembers that something is left out of the container at a depth.
func (r *remains) miss(in spec.Path, depth int) {
	r.out = append(r.out, in)
	r.judged(in, depth)
	r.missOutside(in[depth])
}

// judged remembers what is judged by a field of the container at a depth.
func (r *remains) judged(in spec.Path, depth int) {
	field := in[depth]
	for _, other := range beside[field] {
		r.unsure = append(r.unsure, in[:depth:depth].Join(other))
	}
	if depth > 2 { // of a helper
		for _, other := range slices.Concat(beside[in[2]], beside[field]) {
			r.unsure = append(r.unsure, in[:2:2].Join(other))
		}
	}
}

// missOutside is for what is no container and is judged by them.
func (r *remains) missOutside(field string) {
	if slices.Contains(inPod, field) {
		r.less = true
		return
	}
	r.unsure = append(r.unsure, spec.Path{"patches"}, spec.Path{"services"}, spec.Path{"clients"})
}

// field takes what fits of a field, or of something in it. At depth in its path
// is the name of the field of the container.
func (r *remains) field(in spec.Path, depth int, v, schema cue.Value) (any, bool) {
	if v.Validate(cue.Concrete(true)) == nil {
		return v, true
	}
	name := in[depth]
	if len(in) == depth+2 && (name == "init" || name == "sidecars") {
		if out, ok := r.container(in, v); ok {
			return out, true
		}
		r.miss(in, depth)
		return nil, false
	}
	if list, ok := r.elements(in, v, schema); ok {
		r.judged(in, depth)
		r.missOutside(name)
		return list, true
	}
	fields, err := v.Fields()
	refused, unsure, less := r.out, r.unsure, r.less
	out := map[string]any{}
	if _, names := step(schema, ""); err != nil && len(names) > 0 {
		return r.choice(in, depth, v, schema)
	}
	if err != nil || schema.IncompleteKind() != cue.StructKind {
		if x := standIn(in[depth:], out); x != nil {
			r.unsure = append(r.unsure, in)
			return x, true
		}
		r.miss(in, depth)
		return nil, false
	}
	for fields.Next() {
		key := fields.Selector().Unquoted()
		below := in.Join(key)
		known, names := step(schema, key)
		if !known.Exists() {
			r.miss(below, depth)
			for _, other := range names {
				if meant(key, []string{other}) != "" {
					r.miss(in.Join(other), depth)
				}
			}
		} else if x, ok := r.field(below, depth, fields.Value(), known); ok {
			out[key] = x
		}
	}
	if name == "dns" {
		r.miss(in[:depth:depth].Join("racks"), depth) // what the names of pods are made of
		return out, len(out) >= 4
	}
	if fits(schema, out) {
		return out, true
	}
	if x := standIn(in[depth:], out); x != nil && fits(schema, x) {
		r.out, r.unsure, r.less = refused, append(unsure, in), less
		if _, isThere := out["mount"]; name == "storage" && !isThere {
			r.judged(in, depth)
		}
		return x, true
	}
	r.miss(in, depth)
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
	r.out = append(r.out, refused...)
	return out, true
}

// choice takes what fits of a value that states one of several things. While it
// is refused CUE has no struct of it, but its fields.
func (r *remains) choice(in spec.Path, depth int, v, schema cue.Value) (any, bool) {
	_, names := step(schema, "")
	out := map[string]any{}
	for _, key := range names {
		value := lookup(v, []string{key})
		if known, _ := step(schema, key); value.Exists() {
			if x, ok := r.field(in.Join(key), depth, value, known); ok {
				out[key] = x
			}
		}
	}
	if len(out) == 0 || !fits(schema, out) { // of no struct nothing is left, and nothing may fit
		r.miss(in, depth)
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
