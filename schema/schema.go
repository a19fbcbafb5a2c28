// Package schema carries the language of statefulc, the CUE package
// statefulc.dev/v1, in the binary: no registry and no network are needed to
// read a spec.
//
// It holds text and does not evaluate it; package source does.
package schema

import (
	"embed"
	"io/fs"
)

// ImportPath is what a spec imports.
const ImportPath = "statefulc.dev/v1"

// VendorDir is where CUE looks for an imported package that no registry
// serves, relative to the root of a CUE module. What `statefulc init` writes
// there makes `cue vet` and editors work on a spec.
const VendorDir = "cue.mod/pkg/" + ImportPath

// ModuleFile is the cue.mod/module.cue of a directory that has none.
const ModuleFile = `module: "statefulc.local@v0"
language: version: "` + LanguageVersion + `"
`

// LanguageVersion is that of CUE in which the schema is written, and a spec
// outside of a module.
const LanguageVersion = "v0.14.0"

//go:embed v1/*.cue
var files embed.FS

// Files are the package's files by name: app.cue.
func Files() map[string][]byte {
	names, err := fs.Glob(files, "v1/*.cue")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	out := map[string][]byte{}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it was listed a line above
		}
		out[name[len("v1/"):]] = text
	}
	return out
}
