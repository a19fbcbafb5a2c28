// Package source reads a directory of CUE files into one typed spec per
// environment, and remembers where every value was written.
//
// It is the only package that knows CUE. It uses no network: the import
// statefulc.dev/v1 is served from the binary, whatever the user's module has
// vendored. It says what CUE refuses and where, and judges nothing itself.
package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/load"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// BaseName is the name of the environment that the others refine.
const BaseName = "base"

// ErrNoFiles says that a directory holds no CUE package.
var ErrNoFiles = errors.New("no CUE files; a spec is a CUE package with a base")

// Load reads one directory, see [Loader.Load].
func Load(dir string) ([]spec.Environment, diag.List, error) { return new(Loader).Load(dir) }

// Loader reads directories one after the other and keeps what they share, the
// schema. The zero value is ready; it is not for several goroutines at once.
type Loader struct {
	Patience time.Duration // how long CUE may take for a directory; 0: 0.8 s, and a second more for each 16 KiB beyond the first

	schemas
	disk  *disk
	loads int
	looks int // evaluations, of which a spec with mistakes takes several
}

// Load reads the CUE package in dir, with the files of the same package in its
// parents up to the module's root as CUE itself does, and returns its
// environments: the base first, then the overlays by name.
//
// What the user has to mend is in the list; if it has errors the environments
// are without what is refused, and may be none: they can be judged, and nothing
// else. The error is for what could not be read at all: a directory
// that is not there, [ErrNoFiles], or [ErrTooLong], beside what was found until then. After the last, whatever the
// process loads may be [ErrHindered].
func (l *Loader) Load(dir string) ([]spec.Environment, diag.List, error) {
	l.renew()
	var d *directory
	out := guarded(dir, func() (out loaded) {
		if d, out.err = newDirectory(dir, nil, l.disk); out.err == nil {
			d.schemas = l.schemas
			out.found, out.err = d.readable()
		}
		return out
	})
	if stale := out.found; out.err == nil && !stale.HasErrors() {
		out = bounded(dir, l.patience(d.size), d.inModule)
		if told := d.told.Load(); out.givenUp && told != nil {
			out.found = *told
		}
		if out.err == nil || len(out.found) > 0 {
			out.found = append(stale, out.found...)
		}
	}
	out.found = inWords(out.found)
	if d != nil {
		l.looks += d.looks
	}
	if out.givenUp || l.looks > renewal {
		l.loads, l.looks = 0, 0 // the next one begins anew
	}
	return out.environments, out.found, out.err
}

// renew gives up contexts that have grown. After what was given up all is new.
func (l *Loader) renew() {
	if l.loads == 0 {
		l.schemas = schemas{}
	}
	if l.loads%renewal == 0 {
		l.whole, l.disk = sync.OnceValue(func() *shared { return newShared(schema.Files()) }), new(disk)
	}
	if l.loads%renewal == 1 {
		l.outline = newShared(outlined().files)
	}
	if l.loads == 1 {
		l.judge = newJudge(l.whole())
	}
	l.loads++
}

// inModule evaluates the package, and says what is wrong with what it is told by:
// its clauses, and the module file.
func (l *directory) inModule() loaded {
	disagree := l.disagreeing()
	_, refused := l.moduleRefused()
	if environments, ok := l.quick(); ok && refused == nil && len(disagree) == 0 {
		return loaded{environments: environments}
	}
	l.shared = l.whole()
	out := l.load(l.look)
	out.found = slices.Concat(disagree, l.ofModule(), l.withoutUnfound(out.found))
	return out
}

// load looks, and looks again without what could not be read.
func (l *directory) load(look func() loaded) loaded {
	out := look()
	told, last := out.found, out.found
	l.told.Store(&told)
	evaluated := 0
	for n := 0; n < mostUnread && evaluated < mendings && out.err == nil && l.mend(last); n++ {
		again := look()
		if again.environments != nil {
			evaluated++
		}
		if again.err != nil {
			break
		}
		last = slices.Clone(again.found)
		again.found = slices.DeleteFunc(again.found, func(d diag.Diagnostic) bool {
			return l.followsFromCut(d) || slices.ContainsFunc(out.found, func(told diag.Diagnostic) bool { return repeats(d, told) })
		})
		out.environments, out.found = again.environments, withoutMeant(slices.Concat(out.found, again.found))
	}
	return out
}

// look evaluates the files as they are.
func (l *directory) look() (out loaded) {
	l.looks++
	bundle, bad, err := l.evaluate()
	switch {
	case err != nil:
		return loaded{err: err}
	case bad.HasErrors(), l.cut.files != nil:
		out.environments, l.unnamable = l.rest(bundle), l.refusedNames(bundle)
	default:
		if out.environments, out.err = l.environments(bundle); out.err != nil {
			bad = l.overlooked(bundle, map[string]*complaint{})
		}
	}
	if bad.HasErrors() { // also where CUE has taken a field that is not known
		out.err = nil
	}
	conditions := l.conditions(bundle)
	out.environments, out.found = without(conditions, out.environments), l.unmet(conditions, bad)
	return out
}

// directory is one directory on its way from text to values.
type directory struct {
	*shared
	schemas
	disk *disk

	dir    string // as the user wrote it: positions begin with it
	abs    string
	root   string // of the CUE module; abs itself outside of any
	inside bool   // dir is in a CUE module

	single cue.Value // what a file has to be that is looked at alone
	stated cue.Value // what it says

	size    int64    // of its text, with all that it imports of the module
	apart   []string // files of these directories that are none of CUE's: they mark a repository, or are of another package
	clauses clauses  // of its own files

	files    []*ast.File       // of the package
	imported []*build.Instance // by the package

	packageValues map[string]cue.Value // of those and of CUE's library, as far as somebody asked

	told       atomic.Pointer[diag.List] // before it is mended
	unnamable  []string                  // names of the application that are refused
	names      renaming                  // of fields that are misspelt
	looks      int                       // how often it was evaluated
	unfound    int                       // names that nothing has, so far
	unreadable error                     // why the files cannot be loaded
	brackets   soughtBrackets            // in the text that was asked for last
	signs      map[string]signsOf        // that are wrong, by file
	cut        mended                    // the files without what was so
}

func newDirectory(dir string, with *shared, disk *disk) (*directory, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, &fs.PathError{Op: "load", Path: dir, Err: errors.New("not a directory")}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	d := &directory{shared: with, disk: disk, dir: dir, abs: abs}
	d.root, d.inside, err = ModuleRoot(dir)
	return d, err
}

// ModuleRoot is the directory of the CUE module that dir is in, in full; dir
// itself, and not found, if it is in none.
func ModuleRoot(dir string) (root string, found bool, err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", false, err
	}
	for root := abs; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, moduleFile)); err == nil {
			return root, true, nil
		}
		if root == filepath.Dir(root) {
			return abs, false, nil
		}
	}
}

// moduleFile makes a directory a CUE module.
var moduleFile = filepath.Join("cue.mod", "module.cue")

// evaluate loads the package and unifies it with #Bundle.
func (l *directory) evaluate() (cue.Value, diag.List, error) {
	instance, found, err := l.instance()
	if err != nil || found.HasErrors() {
		return cue.Value{}, found, err
	}
	if v, ok := l.accepted(instance); ok {
		return v, nil, nil
	}
	if found := l.readOtherwise(); found != nil {
		return cue.Value{}, found, nil
	}
	// What is refused is built anew, first without #Bundle, so that what is no
	// bundle at all is told in a line.
	if instance, found, err = l.instance(); err != nil || found.HasErrors() {
		return cue.Value{}, found, err
	}
	bad := append(l.mendApp(instance.Files), l.mendDefinitions(instance.Files)...)
	v := l.ctx.BuildInstance(instance)
	if l.cut.files != nil && !v.LookupPath(cue.ParsePath(BaseName)).Exists() && ofText(v.Err()) == nil && !meanBase(instance.Files) {
		return cue.Value{}, bad, nil // it may be a library, and no spec
	}
	bad = append(bad, l.topLevel(v, instance.Files)...)
	if !v.LookupPath(cue.ParsePath(BaseName)).Exists() && bad.HasErrors() && ofText(v.Err()) == nil {
		return cue.Value{}, bad, nil
	}
	v = v.Unify(l.bundle)
	if err := v.Validate(cue.Concrete(true)); err != nil {
		if found := l.recursions(v, err); found != nil {
			return cue.Value{}, append(bad, found...), nil
		}
		l.unreadable = ofText(err)
		return v, append(bad, withoutMeant(l.refused(v, err, bad))...), nil
	}
	return v, bad, nil
}

// accepted evaluates a package with #Bundle embedded in it: evaluating it alone
// and unifying it then would take twice the time. It says nothing of what is
// wrong.
func (l *directory) accepted(instance *build.Instance) (cue.Value, bool) {
	if !slices.Contains(instance.Imports, l.schema) {
		instance.Imports = append(instance.Imports, l.schema)
	}
	if instance.AddSyntax(embedBundle(instance.PkgName)) != nil {
		return cue.Value{}, false
	}
	v := l.ctx.BuildInstance(instance)
	if v.Validate(cue.Concrete(true)) != nil || !v.LookupPath(cue.ParsePath(BaseName)).Exists() {
		return cue.Value{}, false
	}
	return v, l.topLevel(v, nil) == nil
}

// instance loads the package's files. The schema that it imports is the one
// that is built already.
func (l *directory) instance() (*build.Instance, diag.List, error) {
	instance, ok := l.alone()
	if !ok {
		instance = load.Instances([]string{"."}, l.withImports())[0]
	}
	if l.unreadable = instance.Err; instance.Err != nil {
		found, err := l.unloadable(instance.Err)
		return nil, found, err
	}
	l.files, l.imported = slices.Clone(instance.Files), instance.Imports
	if found := l.inItself(l.files); found != nil {
		return nil, found, nil
	}
	l.adopt(instance)
	return instance, nil, nil
}

// alone loads the package without looking for what it imports, which takes
// a tenth of all the time for it: there is nothing to look for if that is the
// schema and CUE's own library, which are there already. False if there is more,
// or anything is wrong.
func (l *directory) alone() (*build.Instance, bool) {
	if l.unimportable() != "" {
		return nil, false // whatever it imports today
	}
	config := l.config()
	config.SkipImports = true
	instance := load.Instances([]string{"."}, config)[0]
	for _, path := range instance.ImportPaths {
		first, _, _ := strings.Cut(path, "/")
		switch {
		case path == schema.ImportPath:
			instance.Imports = append(instance.Imports, l.schema)
		case strings.Contains(first, "."):
			return nil, false
		}
	}
	return instance, instance.Err == nil
}

// unloadable tells what the user wrote wrong from what could not be read.
func (l *directory) unloadable(err error) (diag.List, error) {
	if _, none := errors.AsType[*load.NoFilesError](err); none || strings.Contains(err.Error(), "matched no packages") {
		return nil, fmt.Errorf("%s: %w", l.dir, ErrNoFiles)
	}
	if name := l.unimportable(); name != "" {
		return diag.List{{
			Rule:    rule,
			Pos:     diag.Pos{File: l.dir},
			Message: fmt.Sprintf("%q cannot be in an import path, and CUE finds no imports from there", name),
			Fix:     "Rename the directory: letters, digits, dots, dashes and underscores.",
		}}, nil
	}
	found := withoutMeant(l.firstSlips(l.refused(cue.Value{}, err, nil)))
	if slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Pos.Line > 0 }) {
		return found, nil
	}
	return nil, fmt.Errorf("%s: %w", l.dir, err)
}

// unimportable is the name of a directory between the module's root and this
// one that CUE takes in no path; "" if there is none.
func (l *directory) unimportable() string {
	below, err := filepath.Rel(l.root, l.abs)
	for name := range strings.SplitSeq(filepath.ToSlash(below), "/") {
		if err == nil && below != "." && !importable.MatchString(name) {
			return name
		}
	}
	return ""
}

var importable = regexp.MustCompile(`^[A-Za-z0-9_~-]([A-Za-z0-9._~-]*[A-Za-z0-9_~-])?$`)

// config reads from the disk, but for the module file, files that are mended and
// those that are none of CUE's.
func (l *directory) config() *load.Config {
	overlay := map[string]load.Source{}
	if l.inside {
		overlay[filepath.Join(l.root, moduleFile)] = l.module()
	}
	l.cut.sources(overlay)
	for _, file := range l.apart {
		overlay[file] = load.FromString("") // of no package
	}
	return &load.Config{Dir: l.abs, ModuleRoot: l.root, Overlay: overlay, ParseFile: l.parse}
}

// withImports is config where the schema can be imported, for which there has
// to be a module.
func (l *directory) withImports() *load.Config {
	config := l.config()
	config.Env = environ()
	maps.Copy(config.Overlay, standIns(l.root))
	if !l.inside {
		config.Overlay[filepath.Join(l.root, moduleFile)] = load.FromString(schema.ModuleFile)
	}
	return config
}

// module is the module file without its dependencies: CUE would ask a registry
// for them, even for those that nothing imports, and the schema needs none.
func (l *directory) module() load.Source {
	file := filepath.Join(l.root, moduleFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return load.FromBytes(text) // CUE says that it is empty
	}
	return load.FromBytes(l.disk.moduleOf(text, file).alone)
}

// environments decodes the bundle.
func (l *directory) environments(bundle cue.Value) ([]spec.Environment, error) {
	var out []spec.Environment
	print := &texts{base: map[string]printed{}}
	if l.shared == l.outline {
		print.judge = l.judge
	}
	variants := l.variants(bundle)
	for _, name := range slices.SortedFunc(maps.Keys(variants), byName) {
		text, err := print.of(variants[name])
		if err != nil {
			return nil, err
		}
		env, err := l.decode(name, bundle, variants[name], text)
		if err != nil {
			return nil, err
		}
		out = append(out, env)
	}
	return out, nil
}

// variants are the values of the environments by name.
func (l *directory) variants(bundle cue.Value) map[string]cue.Value {
	out := map[string]cue.Value{BaseName: bundle.LookupPath(cue.ParsePath(BaseName))}
	fields, err := bundle.LookupPath(cue.ParsePath("overlays")).Fields()
	for err == nil && fields.Next() {
		if name := label(fields.Selector()); name != BaseName { // of a spec that is refused
			out[name] = fields.Value()
		}
	}
	return out
}

// byName puts the base first.
func byName(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == BaseName:
		return -1
	case b == BaseName:
		return 1
	}
	return strings.Compare(a, b)
}

// decode reads one. A field that package spec lacks is an error, not silence:
// cue.Value.Decode would drop it.
func (l *directory) decode(name string, bundle, v cue.Value, text []byte) (spec.Environment, error) {
	app := new(spec.App)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(app); err != nil {
		return spec.Environment{}, fmt.Errorf("%s: %s: the schema and package spec differ: %w", l.dir, name, err)
	}
	if err := app.FillDefaults(); err != nil {
		return spec.Environment{}, err
	}
	return spec.Environment{Name: name, App: app, Index: l.index(bundle.LookupPath(cue.ParsePath(BaseName)), v)}, nil
}

// staleVendored compares what `statefulc init` once wrote with the schema of
// this binary. The compiler does not read it; cue vet and editors do.
func (l *directory) staleVendored() diag.List {
	if !l.disk.isStale(l.vendored()) {
		return nil
	}
	return diag.List{{
		Rule:     staleSchema,
		Severity: diag.Warning,
		Pos:      diag.Pos{File: l.display(l.vendored())},
		Message:  "the vendored schema is not the one of this statefulc, which compiles by its own",
		Fix:      "Run `statefulc init` to renew it, so that cue vet and editors agree.",
	}}
}

// vendored is where the module has its copy of the schema, if it has one.
func (l *directory) vendored() string {
	return filepath.Join(l.root, filepath.FromSlash(schema.VendorDir))
}
