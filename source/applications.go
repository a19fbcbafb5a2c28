package source

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
)

// Applications are the directories below dir, itself among them, that hold an
// application: a package that states a base, in its own files or in those of
// the same package in parents, of which CUE makes it a part. A directory whose
// package goes on below it is such a parent, and one that states no base is a
// library. So it is found without evaluating anything.
//
// A file that cannot be parsed counts, so that its error is told. Left out are
// hidden directories and those that begin with _, as CUE has it, repositories
// of their own, and what skip says: it is asked once for each directory.
func Applications(dir string, skip func(dir string, entries []fs.DirEntry) bool) ([]string, error) {
	s := &search{start: dir, skip: skip}
	root, inside, err := ModuleRoot(dir)
	if err != nil {
		return nil, err
	}
	above := packages{}
	if inside {
		if above, err = packagesBetween(root, dir); err != nil {
			return nil, err
		}
	}
	_, err = s.walk(dir, inside, above)
	slices.Sort(s.found)
	return s.found, err
}

// packages tells of each package, by name, whether it states a base. The name
// is "" for files without a package clause.
type packages map[string]bool

func (p packages) add(other packages) packages {
	out := packages{}
	for _, from := range []packages{p, other} {
		for name, states := range from {
			out[name] = out[name] || states
		}
	}
	return out
}

// HasPackage reports whether there is anything in a directory that CUE reads: an
// application without a base is a library, or a mistake.
func HasPackage(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(packagesOf(dir, entries)) > 0
}

// packagesBetween are those of the directories from root down to dir, without it.
func packagesBetween(root, dir string) (packages, error) {
	out := packages{}
	abs, err := filepath.Abs(dir)
	for err == nil && abs != root {
		abs = filepath.Dir(abs)
		var entries []fs.DirEntry
		if entries, err = os.ReadDir(abs); err == nil {
			out = out.add(packagesOf(abs, entries))
		}
	}
	return out, err
}

type search struct {
	start string
	skip  func(dir string, entries []fs.DirEntry) bool
	found []string
}

// walk searches a directory, and returns the packages in it and below it, which
// those above are then only parents of.
func (s *search) walk(dir string, inside bool, above packages) (packages, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if has(entries, RepositoryFile) && dir != s.start && !s.isRoot(dir) || s.skip(dir, entries) {
		return nil, nil
	}
	module := has(entries, "cue.mod") && isModule(dir)
	if inside = inside || module; module || !inside {
		above = nil
	}
	own := packagesOf(dir, entries)
	stated := above.add(own)
	delete(stated, "") // is no package, and has no parents
	below := packages{}
	for _, e := range entries {
		if !e.IsDir() || strings.ContainsAny(e.Name()[:1], "._") || e.Name() == "cue.mod" {
			continue
		}
		seen, err := s.walk(filepath.Join(dir, e.Name()), inside, stated)
		if err != nil {
			return nil, err
		}
		below = below.add(seen)
	}
	if isApplication(own, stated, below) {
		s.found = append(s.found, dir)
	}
	if module || !inside {
		return nil, nil
	}
	return own.add(below), nil
}

// isRoot reports whether dir is where the search began, in other words.
func (s *search) isRoot(dir string) bool { return filepath.Clean(s.start) == filepath.Clean(dir) }

func isApplication(own, stated, below packages) bool {
	for name, states := range own {
		_, parent := below[name]
		if name == "" && states && len(own) == 1 || stated[name] && !parent {
			return true
		}
	}
	return false
}

func has(entries []fs.DirEntry, name string) bool {
	_, found := slices.BinarySearchFunc(entries, name, func(e fs.DirEntry, name string) int { return strings.Compare(e.Name(), name) })
	return found
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, moduleFile))
	return err == nil
}

// packagesOf are the packages whose files are in a directory. Files that CUE
// leaves out are left out.
func packagesOf(dir string, entries []fs.DirEntry) packages {
	out := packages{}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".cue") || name == RepositoryFile || strings.ContainsAny(name[:1], "._") || isTooling(name) {
			continue
		}
		pkg, states := "", true // what cannot be read is told by who loads it
		if text, err := readRegular(filepath.Join(dir, name)); err == nil {
			pkg, states = packageIn(name, text)
		}
		if pkg != ignored {
			out[pkg] = out[pkg] || states
		}
	}
	return out
}

// readRegular reads a file that is one: a pipe would never end.
func readRegular(file string) ([]byte, error) {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return nil, cmp.Or(err, fs.ErrInvalid)
	}
	return os.ReadFile(file)
}

// ignored stands for the package of a file with @ignore().
const ignored = "_"

// packageIn is the package of a file, and whether the file states a base. The
// tokens up to the base are enough for most; a file without one is parsed.
func packageIn(name string, text []byte) (pkg string, states bool) {
	if pkg, found := scan(name, text); found {
		return pkg, true
	}
	file, err := parser.ParseFile(name, text)
	if file == nil {
		return "", true
	}
	for _, decl := range file.Decls {
		if a, ok := decl.(*ast.Attribute); ok && strings.HasPrefix(a.Text, "@ignore(") {
			return ignored, false
		}
	}
	return file.PackageName(), err != nil || stateBase(file.Decls)
}

// scan reads a file up to a field base or overlays at its top. It finds none in
// a file that begins with something else than a package clause.
func scan(name string, text []byte) (pkg string, found bool) {
	var s scanner.Scanner
	s.Init(token.NewFile(name, -1, len(text)), text, func(token.Pos, string, []interface{}) {}, 0)
	if _, _, lit := s.Scan(); lit != "package" {
		return "", false
	}
	_, _, pkg = s.Scan()
	depth, label, start := 0, "", false // what may be a label, and whether a declaration starts here
	for {
		_, tok, lit := s.Scan()
		switch tok {
		case token.EOF, token.INTERPOLATION, token.ILLEGAL, token.ATTRIBUTE:
			return "", false // the parser knows
		case token.LBRACE, token.LBRACK, token.LPAREN:
			depth++
		case token.RBRACE, token.RBRACK, token.RPAREN:
			depth--
		case token.COLON:
			if depth == 0 && isBundleField(label) {
				return pkg, true
			}
		}
		if label = ""; start {
			label = lit
		}
		start = tok == token.COMMA // of a line's end too
	}
}

func isBundleField(label string) bool {
	label = strings.Trim(label, `"`)
	return label == BaseName || label == "overlays"
}

// stateBase reports whether declarations may state a base or overlays, also by
// embedding what nobody knows without evaluating it.
func stateBase(decls []ast.Decl) bool {
	return slices.ContainsFunc(decls, func(decl ast.Decl) bool {
		switch decl := decl.(type) {
		case *ast.Field:
			return isBundleField(labelOf(decl)) && decl.Constraint == token.ILLEGAL || isMeantAsBase(decl)
		case *ast.EmbedDecl:
			return embedsBase(decl.Expr)
		case *ast.Comprehension:
			return embedsBase(decl.Value)
		}
		return false
	})
}

// isMeantAsBase reports whether a field is like a base and says that it is an
// application: its name is misspelt, or it has a question mark.
func isMeantAsBase(field *ast.Field) bool {
	name := labelOf(field)
	meant, _ := diag.Nearest(name, []string{BaseName})
	return !isApart(name) && (name == BaseName || meant != "") && !all(field.Value, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name, _, err := ast.LabelName(selector.Sel)
		return err != nil || name != "#App"
	})
}

// meanBase reports whether a field at the top of some files is meant as the base.
func meanBase(files []*ast.File) bool {
	return slices.ContainsFunc(files, func(file *ast.File) bool { return slices.ContainsFunc(fieldsIn(file.Decls), isMeantAsBase) })
}

func embedsBase(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.StructLit:
		return stateBase(e.Elts)
	case *ast.BinaryExpr:
		return embedsBase(e.X) || embedsBase(e.Y)
	}
	return true
}
