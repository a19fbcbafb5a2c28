package plain

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// build makes a unit of what kustomize builds.
func (l *loader) build(dir string) {
	within := l.within(l.kustomization(dir))
	for _, k := range within {
		l.check(k)
		for _, file := range l.filesOf(k) {
			l.read(file)
		}
		l.built[k] = true
	}
	l.circle(within[0], nil, map[*kustomization]bool{})
	u := newUnit(dir)
	l.units = append(l.units, u)
	t := &tracer{loader: l, root: dir, within: within, patches: l.patches(within)}
	built, err := t.run(t.unscaled(u))
	t.unpulled(u)
	idle := t.idle(u, built)
	switch {
	case err == nil:
	case t.isPartial():
		u.report(remote, diag.Warning, within[0].pos, "nothing of it is checked, for kustomize does not build the part that is here: "+t.said(err), "Check what `kustomize build` prints.")
		return
	case idle || t.isReported(): // it is that
		return
	default:
		u.report(unbuilt, diag.Error, within[0].pos, "kustomize does not build it: "+t.said(err), "See what kustomize says.")
		return
	}
	for _, b := range built {
		u.claims(b)
		u.containers(b)
		u.add(b.value)
	}
	u.selectors(t)
}

// isPartial reports whether some objects are not here, or not as files.
func (t *tracer) isPartial() bool {
	return slices.ContainsFunc(t.within, func(k *kustomization) bool {
		return k.get("helmCharts") != nil || k.get("generators") != nil || k.get("helmChartInflationGenerator") != nil ||
			slices.ContainsFunc(k.references(), func(r reference) bool { return errors.Is(r.missing(), errRemote) })
	})
}

// isReported reports whether there are errors in the files of a kustomization.
func (t *tracer) isReported() bool {
	return slices.ContainsFunc(t.within, func(k *kustomization) bool { return t.hasErrors(k.file) || t.isBroken(k) })
}

// isBroken reports whether a file that k names is not there, or cannot be read.
func (t *tracer) isBroken(k *kustomization) bool {
	return slices.ContainsFunc(k.references(), func(r reference) bool { return r.missing() != nil || t.hasErrors(r.path) })
}

func (t *tracer) hasErrors(file string) bool {
	return slices.ContainsFunc(t.found, func(d diag.Diagnostic) bool { return d.Severity == diag.Error && d.Pos.File == file })
}

// idle reports patches of objects that are not there: those that name theirs
// stop the build, those with a target do nothing, without a word.
func (t *tracer) idle(u *unit, built []*built) (stops bool) {
	if t.isPartial() || slices.ContainsFunc(t.within, t.isBroken) {
		return false
	}
	kinds := t.names()
	for _, b := range built {
		kind := b.value.get("kind").str()
		kinds[kind] = append(kinds[kind], b.value.get("metadata", "name").str())
	}
	for _, p := range t.patches {
		if p.isNeeded(kinds) {
			continue
		}
		kind, name := p.aim()
		at := p.value
		for _, narrower := range []*value{p.target, kind, name} {
			if narrower != nil {
				at = narrower
			}
		}
		rule := idlePatch
		if p.target == nil {
			rule, stops = unbuilt, true
		}
		u.report(rule, diag.Error, at.pos, fmt.Sprintf("there is no %s to patch", strings.TrimSuffix(kind.str()+"/"+name.str(), "/")),
			diag.OneOf(name.str(), kinds[kind.str()], "Name an object that the kustomization has."))
	}
	return stops
}

// isNeeded reports whether p has an object, of kinds with names.
func (p patch) isNeeded(kinds map[string][]string) bool {
	for kind, names := range kinds {
		if p.isOf(kind, names...) {
			return true
		}
	}
	return false
}

// names are those of all objects, as they are written, by kind.
func (t *tracer) names() map[string][]string {
	out := map[string][]string{}
	for _, k := range t.within {
		for _, file := range t.filesOf(k) {
			for _, v := range flat(t.read(file).documents) {
				kind := v.get("kind").str()
				out[kind] = append(out[kind], v.get("metadata", "name").str())
			}
		}
		for field, kind := range generated {
			for _, g := range k.get(field).elems() {
				out[kind] = append(out[kind], g.get("name").str())
			}
		}
	}
	return out
}

// generated are the kinds that generators make.
var generated = map[string]string{"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}

// filesOf are the files of resources that k names.
func (l *loader) filesOf(k *kustomization) []string {
	var out []string
	for _, r := range k.references() {
		info, err := os.Stat(r.path)
		if r.isDir && r.missing() == nil && err == nil && !info.IsDir() {
			out = append(out, r.path)
		}
	}
	return out
}

// addresses are those of kustomize's memory.
var addresses = regexp.MustCompile(`&\{0x[0-9a-fx ]*\}`)

// said is an error of kustomize without the directories and the memory of this
// machine, and without what literals hold, which may be a secret.
func (t *tracer) said(err error) string {
	text := addresses.ReplaceAllString(strings.Join(strings.Fields(err.Error()), " "), "…")
	if abs, err := filepath.Abs(t.root); err == nil {
		for up := ""; filepath.Dir(abs) != abs; abs, up = filepath.Dir(abs), up+"../" {
			text = strings.ReplaceAll(text, abs+string(filepath.Separator), up)
		}
	}
	for _, k := range t.within {
		for field := range generated {
			for _, g := range k.get(field).elems() {
				for _, literal := range g.get("literals").elems() {
					_, value, _ := strings.Cut(literal.str(), "=")
					for _, secret := range []string{literal.str(), value} {
						if len(secret) > 3 {
							text = strings.ReplaceAll(text, secret, "…")
						}
					}
				}
			}
		}
	}
	return text
}

// run builds a kustomization. It is asked to say of each object which file it
// came from; these notes are taken off by trace. What is reported already, and
// would stop the build, is left out.
//
// kustomize keeps the schema that the field openapi names in a variable of the
// process, so one is built, and traced by that schema, after the other.
func (t *tracer) run(without map[diag.Pos]bool) ([]*built, error) {
	building.Lock()
	defer building.Unlock()
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk{filesys.MakeFsOnDisk(), without}, t.root)
	if err != nil {
		return nil, err
	}
	var out []*built
	for _, r := range m.Resources() {
		out = append(out, t.trace(r))
	}
	return out, nil
}

var building sync.Mutex

// disk is the disk as kustomize is to see it: kustomizations without what is
// not here, so that it has no reason to use the network, and in today's
// spelling, so that it does not complain on standard error. It reads regular
// files only: a pipe would never end.
type disk struct {
	filesys.FileSystem
	without map[diag.Pos]bool // replicas, by realPos
}

func (d disk) ReadFile(path string) ([]byte, error) {
	data, err := readRegular(path)
	if err != nil || !slices.Contains(kustomizationNames, filepath.Base(path)) {
		return data, err
	}
	documents, read := parse(path, data)
	if read.found.HasErrors() || len(documents) != 1 || !documents[0].isMap() {
		return data, nil // kustomize says why
	}
	k := &kustomization{dir: filepath.Dir(path), file: path, value: documents[0]}
	k.prune()
	k.modernize()
	if v := k.get("replicas"); v != nil {
		v.list = slices.DeleteFunc(v.list, func(r *value) bool { return d.without[realPos(r.pos)] })
	}
	k.entries["buildMetadata"] = &value{isList: true, list: []*value{{scalar: types.OriginAnnotations}}}
	return json.Marshal(k.tree())
}

// prune removes what cannot be read here, and was reported.
func (k *kustomization) prune() {
	gone := map[*value]bool{}
	for _, r := range k.references() {
		gone[r.value] = r.missing() != nil
	}
	isGone := func(v *value) bool { return gone[v] }
	for _, field := range slices.Concat(namedDirs, namedFiles) {
		if v := k.get(field); v != nil {
			v.list = slices.DeleteFunc(v.list, isGone)
		}
	}
	for _, in := range namedInside {
		list := k.get(in.list)
		if list == nil {
			continue
		}
		list.list = slices.DeleteFunc(list.list, func(v *value) bool {
			files := v.get(in.field)
			if files == nil {
				return false
			}
			files.list = slices.DeleteFunc(files.list, func(v *value) bool {
				return k.reference(withoutKey(v), false).missing() != nil
			})
			return gone[files]
		})
	}
	if gone[k.get("openapi", "path")] {
		delete(k.entries, "openapi")
	}
	delete(k.entries, "helmCharts")
	delete(k.entries, "helmChartInflationGenerator")
}

// modernize writes the fields that kustomize warns of as `kustomize edit fix`
// does.
func (k *kustomization) modernize() {
	move := func(from, to string, as func(*value) *value) {
		old := k.entries[from]
		delete(k.entries, from)
		if len(old.elems()) == 0 {
			return
		}
		list := &value{isList: true, list: slices.Clone(k.get(to).elems())}
		for _, v := range old.elems() {
			list.list = append(list.list, as(v))
		}
		k.entries[to] = list
	}
	same := func(v *value) *value { return v }
	move("bases", "resources", same)
	move("imageTags", "images", same)
	move("patchesStrategicMerge", "patches", func(v *value) *value {
		if strings.Contains(v.str(), "\n") {
			return entry("patch", v)
		}
		return entry("path", v)
	})
	move("patchesJson6902", "patches", same)
	if common := k.entries["commonLabels"]; common.isMap() {
		pairs := entry("pairs", common)
		pairs.entries["includeSelectors"] = &value{scalar: true}
		k.entries["commonLabels"] = &value{isList: true, list: []*value{pairs}}
		move("commonLabels", "labels", same)
	}
}

func entry(key string, v *value) *value { return &value{entries: map[string]*value{key: v}} }

// built is an object that kustomize built, and what it was made of.
type built struct {
	*tracer
	tree      map[string]any
	value     *value // the same, with places
	origin    *value // as it is in its file; nil if it was generated
	generator diag.Pos
	patches   []patch                 // of this object, the outermost first
	schema    *openapi.ResourceSchema // what kustomize knows of its kind; nil if that is nothing
}

// tracer finds where the fields of built objects were written.
type tracer struct {
	*loader
	root    string
	within  []*kustomization // the outermost first
	patches []patch
}

func (t *tracer) trace(r *resource.Resource) *built {
	b := &built{tracer: t, generator: t.within[0].pos}
	origin, err := r.GetOrigin()
	name, kind := r.GetName(), r.GetKind()
	if err == nil && origin != nil {
		b.origin, b.generator = t.source(origin, kind, name)
		_ = r.SetOrigin(nil)
	}
	if tree, err := r.Map(); err == nil {
		b.tree = tree
	}
	b.tree = normal(b.tree)
	b.schema = openapi.SchemaForResourceType(kyaml.TypeMeta{APIVersion: r.GetApiVersion(), Kind: kind})
	for _, p := range t.patches {
		if p.isOf(kind, name, b.origin.get("metadata", "name").str()) {
			b.patches = append(b.patches, p)
		}
	}
	b.value = valueOf(b.tree, nil, b.where)
	return b
}

// normal is a tree as JSON has it, with int64 for int.
func normal(tree map[string]any) map[string]any {
	text, err := json.Marshal(tree)
	if err != nil {
		panic(fmt.Sprintf("plain: kustomize built what is no JSON: %v", err)) // maps, lists and scalars
	}
	return unmarshal(text)
}

// source finds an object in the file that it came from. Its name may have been
// changed on the way.
func (t *tracer) source(origin *resource.Origin, kind, name string) (*value, diag.Pos) {
	if origin.ConfiguredIn != "" {
		return nil, t.generatorOf(filepath.Join(t.root, origin.ConfiguredIn), kind, name)
	}
	path := filepath.Join(t.root, origin.Path)
	best := &value{}
	for _, v := range flat(t.read(path).documents) {
		if v.get("kind").str() != kind {
			continue
		}
		own := v.get("metadata", "name").str()
		if own == name {
			return v, v.pos
		}
		if strings.Contains(name, own) && len(own) > len(best.get("metadata", "name").str()) {
			best = v
		}
	}
	if best.entries == nil {
		return nil, diag.Pos{File: path, Line: 1, Col: 1}
	}
	return best, best.pos
}

// flat are the objects of documents, those of lists too.
func flat(documents []*value) []*value {
	var out []*value
	for _, v := range documents {
		if items := v.get("items"); isListKind(v.get("kind").str()) && items != nil {
			out = append(out, flat(items.elems())...)
			continue
		}
		out = append(out, v)
	}
	return out
}

// generatorOf is the place of the generator that made an object.
func (t *tracer) generatorOf(file, kind, name string) diag.Pos {
	k := t.kustomization(filepath.Dir(file))
	if k == nil {
		return t.within[0].pos
	}
	for field, of := range generated {
		for _, g := range k.get(field).elems() {
			if own := g.get("name").str(); of == kind && own != "" && strings.Contains(name, own) {
				return g.pos
			}
		}
	}
	return k.pos
}

// where finds the place of a field. A scalar is where the outermost patch
// states it; a map or a list where its object has it first, or where a patch
// replaces it. What nobody states is at the nearest thing above it.
func (b *built) where(f manifest.Field, v any) diag.Pos {
	origin, depth := b.find(f)
	isThere := depth == len(f) && origin != nil && origin.scalar == nil
	for _, p := range b.patches {
		if pos, ok := p.replaced(f, b.tree, b.schema); ok {
			return pos
		}
		if pos, ok := p.find(f, b.tree); ok && !isThere {
			return pos
		}
	}
	if isThere {
		return origin.pos
	}
	if depth == len(f) && origin != nil && print(origin.scalar) == print(v) {
		return origin.pos
	}
	if pos, ok := b.set(f, v); ok {
		return pos
	}
	if origin != nil {
		return origin.pos
	}
	return b.generator
}

func (b *built) find(f manifest.Field) (*value, int) {
	if b.origin == nil {
		return nil, 0
	}
	return b.origin.find(f)
}

// set finds a scalar among what kustomizations set in objects by other means
// than patches.
func (b *built) set(f manifest.Field, v any) (diag.Pos, bool) {
	if len(f) == 0 {
		return diag.Pos{}, false
	}
	last := f[len(f)-1].Name
	for _, k := range b.within {
		for _, s := range k.settings(f.String(), last, print(v)) {
			return s.pos, true
		}
	}
	return diag.Pos{}, false
}

// settings are the places where k sets a field that ends with last to a value.
func (k *kustomization) settings(field, last, v string) []*value {
	var out []*value
	add := func(at *value) {
		if at != nil {
			out = append(out, at)
		}
	}
	switch {
	case last == "namespace" && k.get("namespace").str() == v:
		add(k.get("namespace"))
	case last == "image":
		for _, image := range k.get("images").elems() {
			if isSetTo(image, v) {
				add(image)
			}
		}
	case field == "spec.replicas":
		for _, r := range k.get("replicas").elems() {
			if print(r.get("count").tree()) == v {
				add(r.get("count"))
			}
		}
	case field == "metadata.name":
		add(k.get("namePrefix"))
		add(k.get("nameSuffix"))
	}
	for _, from := range []string{"commonLabels", "commonAnnotations"} {
		add(k.get(from, last))
	}
	for _, labels := range k.get("labels").elems() {
		add(labels.get("pairs", last))
	}
	return out
}

// isSetTo reports whether an entry of images makes what a container has.
func isSetTo(image *value, v string) bool {
	name := image.get("newName").str()
	if name == "" {
		name = image.get("name").str()
	}
	return name != "" && strings.HasPrefix(v, name)
}
