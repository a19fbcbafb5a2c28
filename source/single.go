package source

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
)

// This file reads files that are of no package: the one that marks a repository,
// and the module's. They are mended like a package's, and what is wrong with
// their values is told in the same words.

// newSingle is a directory that is looked at for one file of it.
func newSingle(file, shown string, with *shared, disk *disk, definition cue.Value) *directory {
	return &directory{shared: with, disk: disk, dir: filepath.Dir(shown), abs: filepath.Dir(file), root: filepath.Dir(file), single: definition}
}

// lookAt evaluates a file alone.
func (l *directory) lookAt(file string) (out loaded) {
	text, err := l.textOf(file)
	if err != nil {
		return loaded{err: err}
	}
	syntax, err := l.parse(file, text, parser.NewConfig())
	if l.unreadable = err; err != nil {
		return loaded{found: l.firstSlips(l.refused(cue.Value{}, err, nil))}
	}
	l.files, l.stated = []*ast.File{syntax}, l.ctx.BuildFile(syntax)
	if l.unreadable = ofText(l.stated.Err()); l.unreadable != nil {
		return loaded{found: l.refused(cue.Value{}, l.unreadable, nil)}
	}
	whole := l.stated.Unify(l.single)
	if err := whole.Validate(cue.Concrete(true)); err != nil {
		out.found = l.refused(whole, err, nil)
	}
	return out
}

// definitionOfModule is what a module file says, in the words of who writes one.
// CUE has its own, which it does not show.
const definitionOfModule = `close({
	// The path that imports of the module's packages begin with, "example.com/shop@v0".
	module?: string
	// The version of CUE that the module is written in, {version: "` + schema.LanguageVersion + `"} or later.
	language!: close({
		// That of CUE that the module is written in, "` + schema.LanguageVersion + `" or later.
		version!: =~"^v0[.][0-9]+[.][0-9]+"
	})
	source?: close({kind!: "self" | "git"})
	description?: string
	deps?: [string]: {...}
	custom?: {...}
})`

// ofModule is what is wrong with the module file; nil if CUE takes it.
func (l *directory) ofModule() diag.List {
	file, refused := l.moduleRefused()
	if refused == nil {
		return nil
	}
	one := newSingle(file, l.display(file), l.shared, l.disk, l.ctx.CompileString(definitionOfModule))
	found := one.load(func() loaded { return one.lookAt(file) }).found
	if !found.HasErrors() {
		found = append(found, one.refusedByCUE(file, refused))
	}
	return found
}

// moduleRefused is what CUE has against the module file.
func (l *directory) moduleRefused() (file string, refused error) {
	file = filepath.Join(l.root, moduleFile)
	text, err := l.textOf(file)
	if err != nil || !l.inside {
		return file, nil // who reads it says so
	}
	return file, l.disk.moduleOf(text, file).refused
}

// refusedByCUE says what CUE alone has against a module file, at the field that
// it is about.
func (l *directory) refusedByCUE(file string, err error) diag.Diagnostic {
	reason := err.Error()
	if _, inner, ok := strings.Cut(reason, file+": "); ok {
		reason = inner
	}
	d := diag.Diagnostic{Rule: rule, Message: reason, Fix: "State values as they are: nothing is computed in the file, and nothing is imported."}
	at := cue.Path{}
	switch {
	case strings.Contains(reason, "language version"):
		at, d.Fix = cue.ParsePath("language.version"), fmt.Sprintf("State the version that the module is written in: `language: version: %q`.", schema.LanguageVersion)
	case strings.Contains(reason, "module path"):
		at, d.Fix = cue.ParsePath("module"), "State a path of lower case letters, digits, dashes and dots, with the name of a domain first: `module: \"example.com/shop@v0\"`."
	case strings.Contains(reason, "module"), strings.Contains(reason, "version"):
		at, d.Fix = cue.ParsePath("deps"), "Leave the dependencies out: nothing is fetched."
	}
	d.Path = at.String()
	d.Pos = cmp.Or(l.position(l.stated.LookupPath(at).Pos()), diag.Pos{File: l.display(file), Line: 1, Col: 1})
	return d
}

// withoutUnfound leaves out packages that are not found: if nobody knows what
// the module is called, they may be its own.
func (l *directory) withoutUnfound(found diag.List) diag.List {
	if !l.inside || l.modulePath() != "" {
		return found
	}
	return slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
		return strings.HasPrefix(d.Message, "import failed: cannot find package")
	})
}
