package source

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue/errors"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
)

// This file says why a package cannot be imported, or is none.

var (
	notThere    = regexp.MustCompile(`^cannot find package "([^"]+)"`)
	nameless    = regexp.MustCompile(`no files in package directory with package name "([^"]+)"`)
	relative    = regexp.MustCompile(`^relative import paths not allowed \("([^"]+)"\)`)
	builtin     = regexp.MustCompile(`^builtin package "([^"]+)" undefined`)
	unnamedPath = regexp.MustCompile(`^cannot determine package name for "([^"]+)"`)
	twiceSaid   = regexp.MustCompile(`^(\S+) redeclared as imported package name`)
	badQuotes   = regexp.MustCompile(`parser returned invalid quoted string: <'?([^'>]*)'?>`)
)

// unimported says why an import failed.
func (l *directory) unimported(d *diag.Diagnostic, e errors.Error) {
	reason := innermost(e)
	d.Message = "import failed: " + reason
	d.Fix = fmt.Sprintf("Import %q, packages of CUE's standard library or of the same module; nothing is fetched.", schema.ImportPath)
	switch m := notThere.FindStringSubmatch(reason); {
	case strings.Contains(reason, "import cycle"):
		d.Message = "import failed: the two packages import each other"
		d.Fix = "Put what both need into a package of its own."
	case m != nil && nameless.MatchString(reason):
		l.nameless(d, m[1], nameless.FindStringSubmatch(reason)[1])
	case m != nil:
		d.Message, _, _ = strings.Cut(d.Message, ": cannot find module providing") // says the same again
		if best := l.packageLike(m[1]); best != "" {
			d.Fix = best
		}
	case relative.MatchString(reason):
		if best := l.packageLike(relative.FindStringSubmatch(reason)[1]); best != "" {
			d.Fix = best
		}
	case unnamedPath.MatchString(reason):
		if best := l.packageLike(unnamedPath.FindStringSubmatch(reason)[1]); best != "" {
			d.Fix = best
		}
	default: // of the file that is imported
		d.Message = reason
		l.ungrammatical(d)
	}
}

// innermost is the error that made an import fail.
func innermost(e errors.Error) string {
	for _, inner := range errors.Errors(errors.Unwrap(e)) {
		if t := innermost(inner); t != "" && t != "import failed" {
			return t
		}
	}
	return text(e)
}

// nameless says which file of a package has no package clause, or another's.
func (l *directory) nameless(d *diag.Diagnostic, imported, name string) {
	dir, ok := l.dirOf(imported)
	if !ok {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.cue"))
	for _, file := range files {
		at := diag.Pos{File: l.display(file), Line: 1, Col: 1}
		switch own := packageOf(file); {
		case err != nil:
		case own == "":
			related := []diag.Related{{Pos: d.Pos, Message: "imported here"}}
			d.Pos, d.Related = at, related
			d.Message, d.Fix = clauseless(file, name)
			return
		case own != name:
			d.Message = fmt.Sprintf("import failed: %s is of package %s, not %s", filepath.Base(file), own, name)
			d.Fix = fmt.Sprintf("Import %q, or write `package %s` in it.", imported+":"+own, name)
		}
	}
}

// modulePath is the path that imports of the module begin with; "" outside of any.
func (l *directory) modulePath() string {
	file := filepath.Join(l.root, moduleFile)
	text, err := os.ReadFile(file)
	if err != nil || !l.inside {
		return ""
	}
	return l.disk.moduleOf(text, file).path
}

// dirOf is where the module has a package.
func (l *directory) dirOf(imported string) (string, bool) {
	imported, _, _ = strings.Cut(imported, ":")
	below, ok := strings.CutPrefix(imported, l.modulePath()+"/")
	return filepath.Join(l.root, filepath.FromSlash(below)), ok
}

// packageLike is the remedy for the path of a package that is not there: the
// one of the same name, or of one that is like it.
func (l *directory) packageLike(imported string) string {
	same, known := l.samePackage(imported)
	if same != "" {
		return fmt.Sprintf("Did you mean %q?", same)
	}
	return diag.DidYouMean(imported, known)
}

// importedAs is the path that is meant, if no other is as like it; else "".
func (l *directory) importedAs(imported string) string {
	same, known := l.samePackage(imported)
	if nearest, isAlone := diag.Nearest(imported, known); same == "" && isAlone {
		return nearest
	}
	return same
}

// samePackage is the path of a package of the same name, "" if there is none, and
// the paths of all.
func (l *directory) samePackage(imported string) (same string, known []string) {
	known = append(l.packages(), slices.Sorted(maps.Values(library))...)
	for _, k := range known {
		if clean := path.Clean("/" + imported); strings.HasSuffix("/"+k, strings.TrimLeft(clean, ".")) && k != imported {
			return k, known
		}
	}
	return "", known
}

// mostPackages is how many directories are looked at for the one that was meant.
const mostPackages = 1000

// packages are those of the module, by the paths that import them.
func (l *directory) packages() (out []string) {
	module := l.modulePath()
	if module == "" {
		return nil
	}
	seen := 0
	_ = filepath.WalkDir(l.root, func(at string, entry fs.DirEntry, err error) error { // what cannot be read is none
		switch {
		case err != nil || !entry.IsDir():
			return nil
		case seen >= mostPackages:
			return fs.SkipAll
		case at != l.root && (strings.ContainsAny(entry.Name()[:1], "._") || entry.Name() == "cue.mod"):
			return fs.SkipDir
		}
		seen++
		if files, err := filepath.Glob(filepath.Join(at, "*.cue")); err == nil && len(files) > 0 && at != l.root && at != l.abs {
			if rel, err := filepath.Rel(l.root, at); err == nil {
				out = append(out, module+"/"+filepath.ToSlash(rel))
			}
		}
		return nil
	})
	return out
}
