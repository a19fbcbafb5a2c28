package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"
	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/schema"
)

// renewal is after how many directories a CUE context is given up. A context
// only grows. Measured over a thousand generated specs, on two cores: 1.8 GB
// and growing with a context for each hundred, 0.45 GB and constant with one
// for each 24; with one for each sixteen it took a thirtieth more time.
const renewal = 24

// shared is the schema in a CUE context, which the values of all that is
// loaded with it belong to.
type shared struct {
	ctx    *cue.Context
	schema *build.Instance

	definitions cue.Value // the package statefulc.dev/v1
	bundle      cue.Value // its #Bundle
	application cue.Value // its #App
	all         []definition

	steps map[stepFrom]stepTo
}

// newShared builds the schema. It is part of the binary and tested: what is
// wrong with it is a bug, so it panics.
func newShared(files map[string][]byte) *shared {
	overlay := map[string]load.Source{filepath.Join(schemaRoot, moduleFile): load.FromString(schema.ModuleFile)}
	for name, text := range files {
		overlay[schemaDir+name] = load.FromBytes(text)
	}
	config := &load.Config{Dir: schemaRoot, ModuleRoot: schemaRoot, Overlay: overlay, Env: environ()}
	l := &shared{ctx: cuecontext.New(), schema: load.Instances([]string{schema.ImportPath}, config)[0], all: readDefinitions()}
	l.definitions = l.ctx.BuildInstance(l.schema)
	if err := l.definitions.Err(); err != nil {
		panic(fmt.Sprintf("source: the schema: %v", err))
	}
	l.bundle = l.definitions.LookupPath(cue.MakePath(cue.Def("#Bundle")))
	l.application = l.definitions.LookupPath(cue.MakePath(cue.Def("#App")))
	return l
}

// schemaRoot is where the schema seems to be on the disk, and is not: the
// files of the binary are laid over it.
var (
	schemaRoot = filepath.Join(string(filepath.Separator), "statefulc.dev")
	schemaDir  = filepath.Join(schemaRoot, filepath.FromSlash(schema.VendorDir)) + string(filepath.Separator)
)

// standIns are empty files where the module in root would have vendored the
// schema, and win over vendored ones. They let CUE find the import, without
// network; [shared.adopt] puts the schema in its place.
func standIns(root string) map[string]load.Source {
	out := map[string]load.Source{}
	for name := range schema.Files() {
		out[filepath.Join(root, filepath.FromSlash(schema.VendorDir), name)] = load.FromString("package v1\n")
	}
	return out
}

// adopt makes a package, and those that it imports, import the schema that is
// built already; a copy of it where the import names a version.
func (l *shared) adopt(in *build.Instance) {
	for i, imported := range in.Imports {
		path, version, _ := strings.Cut(imported.ImportPath, "@")
		switch {
		case path != schema.ImportPath:
			l.adopt(imported)
		case version == "":
			in.Imports[i] = l.schema
		default:
			versioned := *l.schema
			versioned.ImportPath = imported.ImportPath
			in.Imports[i] = &versioned
		}
	}
}

// environ keeps CUE from asking a registry.
func environ() []string { return append(os.Environ(), "CUE_REGISTRY=none") }

// embedBundle is a file that makes a package a bundle.
func embedBundle(pkg string) *ast.File {
	file, err := parser.ParseFile(bundleFile, fmt.Sprintf("package %s\nimport bundle_ %q\nbundle_.#Bundle\n", pkg, schema.ImportPath))
	if err != nil {
		panic(fmt.Sprintf("source: package %q: %v", pkg, err)) // CUE has read a file with this clause
	}
	return file
}

// bundleFile is the name of the file that nobody wrote.
const bundleFile = "statefulc.dev/bundle.cue"
