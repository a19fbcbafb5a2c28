// Package compiler makes the Kubernetes objects of an environment.
//
// It is pure: the same spec gives the same objects, byte for byte, and nothing
// is read or written on the way. It does not check what the API server checks,
// and it knows no files: that is validate's and overlay's work.
package compiler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// Pass adds one thing to the objects: it reads the spec, writes objects or
// fields of objects, and links what it wrote to the paths it came from.
type Pass struct {
	Name string
	Doc  string // what it makes; ARCHITECTURE.md says the same
	Run  func(*Context)
}

// Compile makes the objects of an environment, ordered by kind and name. What
// the list reports as an error left something out of them.
func Compile(env spec.Environment) (*manifest.Set, diag.List) {
	c := &Context{App: env.App, index: env.Index, set: new(manifest.Set)}
	byKey(c.App.Groups, func(key string, g *spec.Group) {
		c.Groups = append(c.Groups, &Group{Context: c, Group: g, key: key, path: spec.Path{"groups", key}})
	})
	for _, pass := range Passes {
		pass.Run(c)
	}
	if len(c.Groups) == 0 {
		c.report("no-groups", spec.Path{"groups"}, "the application has no group of pods", "State one under groups.")
	}
	c.set.Sort()
	return c.set, c.found
}

// Context is what passes share: the spec, and what was made of it so far.
type Context struct {
	App    *spec.App
	Groups []*Group // by key
	Pods   []*Pod   // of groups and jobs, from the passes workloads and jobs on

	index  *spec.Index
	set    *manifest.Set
	found  diag.List
	shared map[string]*manifest.Object // by what several pods, a group's racks, have one of

	lacksVolumes bool // some PersistentVolumes are left out
}

// Group is a group of the spec.
type Group struct {
	*Context
	*spec.Group

	key  string
	path spec.Path
}

// report is a mistake of the user that the schema cannot see.
func (c *Context) report(rule string, path spec.Path, message, fix string) {
	c.found = append(c.found, diag.Diagnostic{
		Rule:    rule,
		Pos:     c.index.Find(path).Pos,
		Path:    path.String(),
		Message: message,
		Fix:     fix,
		Scope:   [][]string{path},
	})
}

// by says that what was reported last is judged by something, beside what its
// row reads.
func (c *Context) by(path spec.Path) {
	told := &c.found[len(c.found)-1]
	told.By = append(told.By, path)
}

// The labels that every object has. Those of the app and the group select
// pods; a selector cannot be changed later, so nothing else enters one but the
// rack, which cannot change either.
const (
	labelApp       = "app.kubernetes.io/name"
	labelGroup     = "app.kubernetes.io/component"
	labelManagedBy = "app.kubernetes.io/managed-by"
	labelRack      = "statefulc.dev/rack"
	labelPeers     = "statefulc.dev/peers" // on headless Services alone
)

// selector are the labels that the group's pods have and no others do.
func (g *Group) selector() map[string]string {
	return map[string]string{labelApp: g.App.Name, labelGroup: g.key}
}

// labels of an object: the user's, then ours.
func (c *Context) labels(ours map[string]string) map[string]string {
	out := maps.Clone(c.App.Labels)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, ours)
	return out
}

// add puts an object of the group into the set.
func (g *Group) add(r manifest.Resource) *manifest.Object {
	return g.Context.add(r, g.path, g.selector())
}

// add labels an object and puts it into the set. All that is not linked more
// closely came from a path. An object of a name that is taken is reported, and
// goes on outside of the set.
func (c *Context) add(r manifest.Resource, of spec.Path, labels map[string]string) *manifest.Object {
	labels = maps.Clone(labels)
	labels[labelManagedBy] = "statefulc"
	r.SetLabels(c.labels(labels))
	o := &manifest.Object{Value: r}
	if other := c.set.Find(o.Ref()); other != nil {
		c.report("object-name", of, fmt.Sprintf("two objects would be %v", o.Ref()), fmt.Sprintf("The other is made of %v; change one of the names.", other.Trace(nil)[0]))
	} else {
		o = c.set.Add(r)
	}
	o.From("", of)
	o.From("metadata.namespace", spec.Path{"namespace"})
	c.linkLabels(o, "metadata.labels")
	return o
}

// once makes an object for the first of several pods that have it in common.
func (c *Context) once(of spec.Path, name string, make func() *manifest.Object) *manifest.Object {
	key := of.Join(name).String()
	if c.shared[key] == nil {
		if c.shared == nil {
			c.shared = map[string]*manifest.Object{}
		}
		c.shared[key] = make()
	}
	return c.shared[key]
}

// ofApp are the labels of an object that belongs to no group.
func (c *Context) ofApp() map[string]string { return map[string]string{labelApp: c.App.Name} }

func (c *Context) linkLabels(o *manifest.Object, field string) {
	o.From(fmt.Sprintf("%s[%s]", field, labelApp), spec.Path{"name"})
	byKey(c.App.Labels, func(key, _ string) {
		o.From(fmt.Sprintf("%s[%s]", field, key), spec.Path{"labels", key})
	})
}

// named is the metadata of a namespaced object.
func (c *Context) named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: c.App.Namespace}
}

// kind is the TypeMeta of an object, from "apps/v1 StatefulSet".
func kind(s string) metav1.TypeMeta {
	version, name, _ := strings.Cut(s, " ")
	return metav1.TypeMeta{APIVersion: version, Kind: name}
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// byKey calls do for each entry of a map, in order.
func byKey[V any](m map[string]V, do func(string, V)) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		do(key, m[key])
	}
}
