package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/manifest"
)

// Prove builds base and the overlay of each environment with kustomize and
// compares the objects with the compiled ones. The error names all differences
// by environment, object and field.
//
// [Emit] has proved what it returns; Prove is for files that come from
// elsewhere, such as those that Git holds.
func Prove(files []File, base *manifest.Set, envs map[string]*manifest.Set) error {
	wrong := check(files, baseDir, objects(base))
	for _, env := range slices.Sorted(maps.Keys(envs)) {
		wrong = append(wrong, check(files, overlayDir(env), objects(envs[env]))...)
	}
	return asError(wrong)
}

// mismatch is a way in which a build is not what was compiled. Without a Ref
// it concerns the whole build.
type mismatch struct {
	dir   string
	ref   manifest.Ref
	field manifest.Field
	text  string
}

func (m mismatch) Error() string {
	parts := []string{m.dir}
	if m.ref != (manifest.Ref{}) {
		parts = append(parts, m.ref.String())
	}
	if len(m.field) > 0 {
		parts = append(parts, m.field.String())
	}
	return strings.Join(append(parts, m.text), ": ")
}

func asError(wrong []mismatch) error {
	errs := make([]error, len(wrong))
	for i, m := range wrong {
		errs[i] = m
	}
	return errors.Join(errs...)
}

// suspect reports whether the patch of an object may be to blame: for a build
// that failed, kustomize does not say which one is.
func suspect(wrong []mismatch, ref manifest.Ref) bool {
	return slices.ContainsFunc(wrong, func(m mismatch) bool { return m.ref == ref || m.ref == manifest.Ref{} })
}

// check builds one directory and compares it with the objects that it is to
// give: these, and no others.
func check(files []File, dir string, want []*object) []mismatch {
	built, err := build(files, dir)
	if err != nil {
		return []mismatch{{dir: dir, text: "kustomize can not build it: " + err.Error()}}
	}
	var wrong []mismatch
	for _, o := range want {
		res, ok := built[o.Ref]
		delete(built, o.Ref)
		if !ok {
			wrong = append(wrong, mismatch{dir, o.Ref, nil, "kustomize does not build it"})
			continue
		}
		if field, text := difference(res, o); text != "" {
			wrong = append(wrong, mismatch{dir, o.Ref, field, text})
		}
	}
	for _, ref := range slices.SortedFunc(maps.Keys(built), manifest.Ref.Compare) {
		wrong = append(wrong, mismatch{dir, ref, nil, "kustomize builds it, but it was not compiled"})
	}
	return wrong
}

func build(files []File, dir string) (map[manifest.Ref]*resource.Resource, error) {
	fs := filesys.MakeFsInMemory()
	for _, f := range files {
		if err := fs.WriteFile(f.Path, f.Data); err != nil {
			return nil, err
		}
	}
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, dir)
	if err != nil {
		return nil, err
	}
	built := map[manifest.Ref]*resource.Resource{}
	for _, r := range m.Resources() {
		built[manifest.Ref{Group: r.GetGvk().Group, Kind: r.GetKind(), Namespace: r.GetNamespace(), Name: r.GetName()}] = r
	}
	return built, nil
}

// difference compares what kustomize built with the compiled object. Where the
// two are not the same word for word, it decodes what was built into the type
// of the object, strictly, and compares them as the API server reads them.
func difference(res *resource.Resource, o *object) (manifest.Field, string) {
	if isSame(res.YNode(), o.tree, o.typ) {
		return nil, ""
	}
	data, err := printed(res)
	if err != nil {
		return nil, "kustomize prints what is no YAML: " + err.Error()
	}
	got, ok := reflect.New(o.typ).Interface().(manifest.Resource)
	if !ok {
		return nil, fmt.Sprintf("%v is not an object", o.typ)
	}
	strict, err := kjson.UnmarshalStrict(data, got)
	if err := errors.Join(append(strict, err)...); err != nil {
		return nil, "kustomize builds what does not decode: " + err.Error()
	}
	return firstDifference(o.tree, manifest.Tree(got))
}

// printed is a built object, as JSON, after kustomize has printed it as YAML.
// Its printer writes some characters such that nobody can read them: it breaks
// on U+007F and turns U+0085 into a blank. Without any of these the way over
// YAML is left out, for it takes as long as the build.
func printed(res *resource.Resource) ([]byte, error) {
	data, err := res.MarshalJSON()
	if err != nil || bytes.IndexFunc(data, isEscaped) < 0 {
		return data, err
	}
	text, err := res.AsYAML()
	if err != nil {
		return nil, err
	}
	return yaml.YAMLToJSONStrict(text)
}

// firstDifference names the first field that two trees do not share, and says
// what kustomize made of it; the text is empty if there is none.
func firstDifference(want, got tree) (manifest.Field, string) {
	if reflect.DeepEqual(want, got) {
		return nil, ""
	}
	compiled, built := leaves(want), leaves(got)
	for _, l := range compiled {
		switch text, ok := textAt(built, l.field); {
		case !ok:
			return l.field, "kustomize builds nothing, compiled is " + l.text()
		case text != l.text():
			return l.field, "kustomize builds " + text + ", compiled is " + l.text()
		}
	}
	for _, l := range built {
		if _, ok := textAt(compiled, l.field); !ok {
			return l.field, "kustomize builds " + l.text() + ", nothing was compiled"
		}
	}
	n := 0
	for n+1 < min(len(compiled), len(built)) && compiled[n].field.String() == built[n].field.String() {
		n++
	}
	return compiled[n].field, "kustomize builds another order, or one element twice"
}

type leaf struct {
	field manifest.Field
	value any
}

// text tells the string "2" from the number.
func (l leaf) text() string { return fmt.Sprintf("%#v", l.value) }

// textAt is what the leaves have in a field.
func textAt(leaves []leaf, f manifest.Field) (string, bool) {
	i := slices.IndexFunc(leaves, func(l leaf) bool { return l.field.String() == f.String() })
	if i < 0 {
		return "", false
	}
	return leaves[i].text(), true
}

func leaves(t tree) []leaf {
	var out []leaf
	manifest.Leaves(t, func(f manifest.Field, v any) { out = append(out, leaf{f, v}) })
	return out
}
