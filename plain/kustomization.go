package plain

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var kustomizationNames = konfig.RecognizedKustomizationFileNames()

// kustomization is a directory that kustomize builds.
type kustomization struct {
	dir, file string
	*value
}

// kustomization is the one of a directory; nil if it has none.
func (l *loader) kustomization(dir string) *kustomization {
	dir = filepath.Clean(dir)
	if k, ok := l.kustomizations[dir]; ok {
		return k
	}
	l.kustomizations[dir] = nil
	for _, name := range kustomizationNames {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		k := &kustomization{dir: dir, file: path, value: &value{pos: diag.Pos{File: path, Line: 1, Col: 1}}}
		if documents := l.read(path).documents; len(documents) > 0 && documents[0].isMap() {
			k.value = documents[0]
		}
		l.kustomizations[dir] = k
		return k
	}
	return nil
}

// isComponent reports whether k is a part of others, and cannot be built.
func (k *kustomization) isComponent() bool { return k.get("kind").str() == types.ComponentKind }

// reference is a file or a directory that a kustomization names.
type reference struct {
	*value        // the name
	path   string // where it is, if it is local
	isDir  bool   // may be a directory
	above  bool   // it is not below the kustomization
}

func (k *kustomization) reference(name *value, isDir bool) reference {
	r := reference{value: name, path: filepath.Join(k.dir, filepath.FromSlash(name.str())), isDir: isDir}
	if filepath.IsAbs(name.str()) {
		r.path = filepath.Clean(name.str())
	}
	rel, err := filepath.Rel(k.dir, r.path)
	r.above = err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator))
	return r
}

// The fields of a kustomization with names of files: lists of names, and names
// in lists of maps.
var (
	namedDirs   = []string{"resources", "bases", "components"}
	namedFiles  = []string{"crds", "configurations", "generators", "transformers", "validators", "patchesStrategicMerge"}
	namedInside = []struct{ list, field string }{
		{"patches", "path"}, {"patchesJson6902", "path"}, {"replacements", "path"},
		{"configMapGenerator", "files"}, {"configMapGenerator", "envs"}, {"configMapGenerator", "env"},
		{"secretGenerator", "files"}, {"secretGenerator", "envs"}, {"secretGenerator", "env"},
	}
)

// references are all files and directories that k names.
func (k *kustomization) references() []reference {
	var out []reference
	add := func(v *value, isDir bool) {
		name := v.str()
		if name == "" || strings.Contains(name, "\n") {
			return // what is longer is the thing itself
		}
		out = append(out, k.reference(v, isDir))
	}
	for _, field := range namedDirs {
		for _, v := range k.get(field).elems() {
			add(v, true)
		}
	}
	for _, field := range namedFiles {
		for _, v := range k.get(field).elems() {
			add(v, field == "generators" || field == "transformers" || field == "validators")
		}
	}
	for _, in := range namedInside {
		for _, v := range k.get(in.list).elems() {
			add(v.get(in.field), false)
			for _, file := range v.get(in.field).elems() {
				add(withoutKey(file), false)
			}
		}
	}
	if v := k.get("openapi", "path"); v != nil {
		add(v, false)
	}
	return out
}

// withoutKey is the path of key=path.
func withoutKey(v *value) *value {
	if _, path, ok := strings.Cut(v.str(), "="); ok {
		return &value{pos: v.pos, scalar: path, text: path}
	}
	return v
}

var remoteName = regexp.MustCompile(`://|^git@|^git::|\?ref=|^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[a-z]{2,}[:/]`)

// missing says why kustomize cannot read a reference here; nil if it can.
func (r reference) missing() error {
	if strings.HasPrefix(r.str(), "http://") || strings.HasPrefix(r.str(), "https://") {
		return errRemote
	}
	info, err := os.Stat(r.path)
	switch {
	case err != nil && remoteName.MatchString(r.str()):
		return errRemote
	case err != nil:
		return errors.New("there is no such file")
	case info.IsDir() && !r.isDir:
		return errors.New("it is a directory")
	case !info.IsDir() && !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case !info.IsDir() && r.above:
		return errors.New("kustomize reads no files above a kustomization")
	}
	return nil
}

var errRemote = errors.New("it is in another repository, and not fetched")

// check reports what is wrong with k itself.
func (l *loader) check(k *kustomization) {
	for _, m := range manifest.MisfitsOf(reflect.TypeFor[types.Kustomization](), k.tree(), k.written) {
		message := m.Message
		if i := strings.LastIndex(message, " is a "); i > 0 && m.Path[0] == "secretGenerator" {
			message = "it" + message[i:] // not the value
		}
		l.found = append(l.found, diag.Diagnostic{Rule: unbuilt, Pos: k.locate(m.Path), Field: m.Field.String(), Message: message, Fix: m.Fix})
	}
	for _, r := range k.references() {
		switch err := r.missing(); {
		case errors.Is(err, errRemote):
			l.report(remote, r.pos, r.str()+": "+err.Error(), "Vendor it, or see to it that it is checked where it is.")
		case err != nil:
			l.report(unbuilt, r.pos, r.str()+": "+err.Error(), "Name what is there, a file below or a directory.")
		}
	}
	for field := range generated {
		for _, g := range k.get(field).elems() {
			for _, literal := range g.get("literals").elems() {
				if i := strings.Index(literal.str(), "="); literal.str() != "" && i <= 0 {
					l.report(unbuilt, literal.pos, "a literal without a key", "Write key=value.")
				}
			}
		}
	}
	for _, field := range []string{"helmCharts", "helmChartInflationGenerator"} {
		if v := k.get(field); v != nil {
			l.report(remote, v.pos, field+": charts are not rendered here", "Check what `kustomize build --enable-helm` prints.")
		}
	}
}

// within are k and those that it refers to, k first, each once.
func (l *loader) within(k *kustomization) []*kustomization {
	out := []*kustomization{k}
	seen := map[*kustomization]bool{k: true}
	for i := 0; i < len(out); i++ {
		for _, r := range out[i].references() {
			if below := l.kustomization(r.path); r.isDir && below != nil && !seen[below] {
				seen[below] = true
				out = append(out, below)
			}
		}
	}
	return out
}

// circle reports the first reference that leads from k back to a kustomization
// which refers to it. kustomize would say so without a line.
func (l *loader) circle(k *kustomization, above []*kustomization, done map[*kustomization]bool) {
	above = append(above, k)
	done[k] = true
	for _, r := range k.references() {
		below := l.kustomization(r.path)
		switch {
		case !r.isDir || below == nil:
		case slices.Contains(above, below):
			l.report(unbuilt, r.pos, r.str()+": it refers to this kustomization, directly or through others", "Leave one of the references out.")
		case !done[below]:
			l.circle(below, above, done)
		}
	}
}
