package source

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// This file says what was meant by a name that nothing has. CUE finds such
// names before it evaluates, so here are the texts only.

// library are packages of CUE's standard library, by the names that specs use them by.
var library = map[string]string{
	"base64": "encoding/base64", "hex": "encoding/hex", "json": "encoding/json", "list": "list", "math": "math", "net": "net",
	"path": "path", "regexp": "regexp", "sha256": "crypto/sha256", "strconv": "strconv", "strings": "strings", "struct": "struct",
	"template": "text/template", "time": "time", "v1": schema.ImportPath, "yaml": "encoding/yaml",
}

// usage is where a name stands: in which field, and as what.
type usage struct {
	in        *scope
	field     spec.Path // of the application
	whole     bool      // it is the whole value, or one of several: it may be a text without quotes
	isIndexed bool      // the whole value is an element of it: exec ["a"]
	let       string    // the let clause that it stands in
	imports   []string  // the names of the file's imports
}

// unknown says what was meant by a name that nothing has.
func (l *directory) unknown(d *diag.Diagnostic, e errors.Error, name string) {
	files, file := l.packageAt(e.Position())
	if l.unfound++; file == nil || l.unfound > mostUnread {
		d.Fix = "Define it."
		return
	}
	use := usageAt(files, file, e.Position())
	if field, fix := l.misspelt(use.in, name); field != nil {
		d.Pos, d.Message, d.Fix = l.position(field.Pos()), fmt.Sprintf("unknown field %q", fieldName(field)), fix
		l.names.misspelt([]diag.Pos{d.Pos}, name)
		return
	}
	at := l.schemaAt(use.field)
	if text, pos := l.unquotedAt(file, e.Position(), use); text != "" && (!at.Exists() || at.IncompleteKind()&cue.StringKind != 0) {
		d.Pos, d.Message, d.Fix = l.position(pos), text+" stands without quotes", fmt.Sprintf("Write it in quotes: %q.", text)
		return
	}
	isText := use.whole && at.Exists() && at.IncompleteKind()&cue.StringKind != 0
	fits := isText && at.Unify(l.ctx.Encode(name)).Validate(cue.Concrete(true)) == nil
	isTruth := use.whole && at.Exists() && at.IncompleteKind()&cue.BoolKind != 0
	quoted := fmt.Sprintf("Write it in quotes: %q.", name)
	truth := append(habits[name], strings.ToLower(name))[0]
	known := append(use.in.names(), use.imports...)
	slices.Sort(known)
	known = slices.Compact(known)
	definition := "#" + strings.TrimPrefix(name, "#")
	imported, isPackage := library[name]
	switch best := diag.DidYouMean(name, known); {
	case use.isIndexed && isFieldOf(at, name):
		d.Fix = fmt.Sprintf("Put a colon between a name and its value: `%s: …`.", name)
	case use.let == name:
		d.Fix = "A let clause cannot refer to itself: give it another name."
	case (truth == "true" || truth == "false") && use.whole && (isTruth || strings.EqualFold(name, truth)):
		d.Fix = fmt.Sprintf("Write %s.", truth)
	case fits && len(literals(at)) > 0: // one of a few words
		d.Fix = quoted
	case schemaIn(file) != "" && slices.Contains(labels(l.definitions), definition):
		d.Fix = fmt.Sprintf("Did you mean \"%s.%s\"?", schemaIn(file), definition)
	case isPackage && !use.whole:
		d.Fix = fmt.Sprintf("Add `import %q` below the package clause.", imported)
	case fits && declares(files, name):
		d.Fix = quoted
	case isText && meant(name, literals(at)) != "":
		d.Fix = meant(name, literals(at))
	case elsewhere(files, file, name) != "":
		d.Fix = elsewhere(files, file, name)
	case best != "":
		d.Fix = best
	case fits:
		d.Fix = quoted
	case isText, use.whole && !at.Exists():
		d.Fix = fmt.Sprintf("Write it in quotes if it is a text, %q; else define it.", name)
	case !use.whole && diag.DidYouMean(name, slices.Sorted(maps.Keys(library))) != "":
		d.Fix = diag.DidYouMean(name, slices.Sorted(maps.Keys(library)))
	case use.whole && at.IncompleteKind()&(cue.StructKind|cue.ListKind) == 0:
		d.Fix = l.advice(use.field, literals(at))
	default:
		d.Fix = strings.TrimSpace(fmt.Sprintf("Define it, as `let %s = …` or a hidden field. %s", strings.TrimLeft(name, "_#"), diag.Known(known, "")))
	}
}

// unquotedAt is a value that holds a place and seems to be a text, as nothing that
// it names is there: $(ZONE), or my-name; "" if it is another thing.
func (l *directory) unquotedAt(file *ast.File, pos token.Pos, use usage) (text string, at token.Pos) {
	known := append(use.in.names(), use.imports...)
	all, err := l.textOf(pos.Filename())
	read := func(e ast.Expr) {
		if e == nil || err != nil || e.Pos().Offset() > pos.Offset() || e.End().Offset() <= pos.Offset() || e.End().Offset() > len(all) {
			return
		}
		at, text = e.Pos(), string(all[e.Pos().Offset():e.End().Offset()])
		isApart := false
		ast.Walk(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				isApart = isApart || slices.Contains(known, n.Name) || slices.Contains(predeclared, n.Name)
			case *ast.SelectorExpr, *ast.IndexExpr, *ast.StructLit, *ast.ListLit, *ast.Comprehension:
				isApart = true
			case *ast.BinaryExpr:
				isApart = isApart || n.Op != token.SUB && n.Op != token.QUO
			case *ast.CallExpr:
				called, isIdent := n.Fun.(*ast.Ident)
				isApart = isApart || !isIdent || called.Name != "$"
			}
			return !isApart
		}, nil)
		if _, isName := e.(*ast.Ident); isApart || isName || strings.ContainsAny(text, " \t\n\"'") {
			text = ""
		}
	}
	ast.Walk(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			read(n.Value)
		case *ast.ListLit:
			for _, e := range n.Elts {
				read(e)
			}
		}
		return true
	}, nil)
	return text, at
}

// isFieldOf reports whether a name is that of a field.
func isFieldOf(v cue.Value, name string) bool {
	return v.Exists() && slices.Contains(labels(v), name)
}

// misspelt is a field beside the ones that a name is looked for in, which the
// schema does not know and which is like that name: `group: db:` where
// groups.db is referred to.
func (l *directory) misspelt(in *scope, name string) (*ast.Field, string) {
	for s := in; s != nil; s = s.up {
		at := l.schemaAt(s.application())
		if !s.held || !at.Exists() {
			continue
		}
		_, known := l.step(at, "")
		if len(s.path) == 0 {
			known = topFields
		}
		if !slices.Contains(known, name) {
			continue
		}
		for _, decl := range s.decls {
			field, ok := decl.(*ast.Field)
			if !ok || slices.Contains(known, fieldName(field)) || isApart(fieldName(field)) {
				continue
			}
			if fix := diag.DidYouMean(fieldName(field), []string{name}); fix != "" {
				return field, fix
			}
		}
	}
	return nil, ""
}

// application is where in the application a struct is.
func (s *scope) application() spec.Path {
	in, _ := application(s.path)
	return in
}

// elsewhere is the remedy for what another file has for itself: imports and let clauses.
func elsewhere(files []*ast.File, own *ast.File, name string) string {
	for _, file := range files {
		if file == own {
			continue
		}
		if imported := imports(file)[name]; imported != "" {
			return fmt.Sprintf("Add `import %q` below the package clause: each file has its own.", imported)
		}
		for _, decl := range file.Decls {
			if let, ok := decl.(*ast.LetClause); ok && let.Ident.Name == name {
				return fmt.Sprintf("Make it a hidden field, `_%s: …`: %s has it as a let clause, which other files do not see.", name, filepath.Base(file.Filename))
			}
		}
	}
	return ""
}

// imports are the paths that a file imports, by the names that it has for them.
func imports(file *ast.File) map[string]string {
	out := map[string]string{}
	for spec := range file.ImportSpecs() {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name, _, _ := strings.Cut(path.Base(imported), "@")
		if _, after, ok := strings.Cut(name, ":"); ok {
			name = after
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		out[name] = imported
	}
	return out
}

// packageAt are the files of the package that a place is in, and its own.
func (l *directory) packageAt(pos token.Pos) (files []*ast.File, own *ast.File) {
	files = l.files
	isOwn := func(f *ast.File) bool { return f.Filename == pos.Filename() }
	if !slices.ContainsFunc(files, isOwn) {
		files = l.filesBeside(pos.Filename())
	}
	if at := slices.IndexFunc(files, isOwn); at >= 0 {
		return files, files[at]
	}
	return nil, nil
}

// filesBeside are those in the directory of a file that CUE can read, of the
// same package.
func (l *directory) filesBeside(name string) (files []*ast.File) {
	all, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*.cue"))
	pkg := packageOf(name)
	for _, file := range all {
		if err != nil || packageOf(file) != pkg {
			continue
		}
		text, err := l.textOf(file)
		if err != nil {
			continue
		}
		if syntax, err := parser.ParseFile(file, text); err == nil {
			files = append(files, syntax)
		}
	}
	return files
}

// packageOf is the package that a file is of; "" if it says none, or cannot be read.
func packageOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	syntax, err := parser.ParseFile(file, text, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return syntax.PackageName()
}

// usageAt finds the name at a place of a file.
func usageAt(files []*ast.File, file *ast.File, pos token.Pos) (use usage) {
	use.in = topOf(files)
	use.imports = slices.Sorted(maps.Keys(imports(file)))
	whole := map[ast.Node]bool{}
	walkIn(files, file, func(n ast.Node, in *scope) {
		holds := n.Pos().HasAbsPos() && n.Pos().Offset() <= pos.Offset() && pos.Offset() < n.End().Offset()
		switch n := n.(type) {
		case *ast.Field:
			whole[n.Value] = true
			if holds {
				use.field, _ = application(append(in.path[:len(in.path):len(in.path)], fieldName(n)))
			}
		case *ast.Alias:
			whole[n.Expr] = whole[n]
		case *ast.ListLit:
			for _, elem := range n.Elts {
				whole[elem] = true
			}
			if holds {
				use.field = append(use.field[:len(use.field):len(use.field)], "0")
			}
		case *ast.BinaryExpr:
			whole[n.X], whole[n.Y] = whole[n] && n.Op == token.OR, whole[n] && n.Op == token.OR
		case *ast.IndexExpr:
			use.isIndexed = use.isIndexed || whole[n] && n.X.Pos().Offset() == pos.Offset()
		case *ast.UnaryExpr:
			whole[n.X] = whole[n] && n.Op == token.MUL
		case *ast.LetClause:
			if holds {
				use.let = n.Ident.Name
			}
		case *ast.Ident:
			if holds {
				use.in, use.whole = in, whole[n]
			}
		}
	})
	return use
}

// declares reports whether some field has the name: `secrets: pw: …`.
func declares(files []*ast.File, name string) (found bool) {
	for _, file := range files {
		ast.Walk(file, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			found = found || ok && fieldName(field) == name
			return !found
		}, nil)
	}
	return found
}

// names are all that can be referred to from a scope.
func (s *scope) names() (out []string) {
	for ; s != nil; s = s.up {
		out = append(out, slices.Sorted(maps.Keys(s.bound))...)
		for _, decl := range s.decls {
			switch decl := decl.(type) {
			case *ast.LetClause:
				out = append(out, decl.Ident.Name)
			case *ast.Field:
				if alias := aliasOf(decl); alias != "" {
					out = append(out, alias)
				}
				if _, isIdent := decl.Label.(*ast.Ident); isIdent {
					out = append(out, fieldName(decl))
				}
			}
		}
	}
	return out
}

// typeSelected is a selection from a word of CUE's where a package was meant
// that nothing uses: `string.Join`.
func (l *directory) typeSelected(d *diag.Diagnostic, e errors.Error, unused string) bool {
	_, file := l.packageAt(e.Position())
	if file == nil {
		return false
	}
	found := false
	ast.Walk(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && !found {
			if x, ok := s.X.(*ast.Ident); ok && slices.Contains(predeclared, x.Name) && diag.DidYouMean(x.Name, []string{unused}) != "" {
				d.Pos, d.Message, d.Fix = l.position(x.Pos()), fmt.Sprintf("%s is a type, and no package", x.Name), fmt.Sprintf("Did you mean %q?", unused)
				found = true
			}
		}
		return !found
	}, nil)
	return found
}

// predeclared are words of CUE's own.
var predeclared = []string{"bool", "bytes", "float", "int", "len", "number", "or", "and", "string", "uint"}

// withoutMeant leaves out that a name is not used where that name was meant by
// one that nothing has.
func withoutMeant(found diag.List) (out diag.List) {
	for _, d := range found {
		if m := unfound.FindStringSubmatch(d.Message); m != nil && library[m[1]] != "" && slices.ContainsFunc(found, func(o diag.Diagnostic) bool {
			return o.Pos.File == d.Pos.File && strings.HasPrefix(o.Message, "import failed") && o.Fix == fmt.Sprintf("Did you mean %q?", library[m[1]])
		}) {
			continue
		}
		if fromMisnamed(d, found) {
			continue
		}
		if name := unusedName(d.Message); name != "" {
			same := func(o diag.Diagnostic) bool { return o.Pos.File == d.Pos.File && unfound.MatchString(o.Message) }
			if slices.ContainsFunc(found, func(o diag.Diagnostic) bool {
				return same(o) && (o.Fix == fmt.Sprintf("Did you mean %q?", name) || strings.HasPrefix(o.Fix, fmt.Sprintf("Did you mean \"%s.", name)))
			}) {
				continue
			}
			at := slices.IndexFunc(found, func(o diag.Diagnostic) bool {
				if !same(o) {
					return false
				}
				letter := unfound.FindStringSubmatch(o.Message)[1] // too short to be like anything
				return len(letter) == 1 && (len(name) == 1 || strings.HasPrefix(name, letter))
			})
			if at >= 0 {
				found[at].Fix = fmt.Sprintf("Did you mean %q?", name)
				if i := slices.IndexFunc(out, func(o diag.Diagnostic) bool { return o.Pos == found[at].Pos }); i >= 0 {
					out[i].Fix = found[at].Fix
				}
				continue
			}
		}
		out = append(out, d)
	}
	return out
}

// fromMisnamed reports whether a finding follows from a field by another name than
// the one that was meant: `group: db:` has no names computed, and in the
// overlays groups.db lacks all that it has.
func fromMisnamed(d diag.Diagnostic, found diag.List) bool {
	return slices.ContainsFunc(found, func(o diag.Diagnostic) bool {
		unknown, mistaken := misnamed.FindStringSubmatch(o.Message), meantName.FindStringSubmatch(o.Fix)
		if unknown == nil || mistaken == nil || o.Path != unknown[1] {
			return false
		}
		below := strings.HasPrefix(d.Path, unknown[1]+".") && undefined.MatchString(d.Message)
		return below || strings.HasPrefix(d.Path, mistaken[1]+".") && strings.HasSuffix(d.Message, " is missing")
	})
}

var (
	misnamed  = regexp.MustCompile(`^unknown field "([^"]+)"$`)
	meantName = regexp.MustCompile(`^Did you mean "([^"]+)"\?$`)
)

// unusedName is the name that a message says is not used.
func unusedName(message string) string {
	if m := unused.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	if m := idle.FindStringSubmatch(message); m != nil {
		return cmp.Or(m[2], path.Base(m[1]))
	}
	return ""
}

// importedBy is the value of what an expression selects from a package.
func (l *directory) importedBy(e ast.Expr, in *scope) (cue.Value, bool) {
	switch e := e.(type) {
	case *ast.Ident:
		_, file := l.packageAt(e.Pos())
		if file == nil || in.lookup(e.Name) != nil {
			return cue.Value{}, false
		}
		return l.packageValue(imports(file)[e.Name])
	case *ast.SelectorExpr:
		x, ok := l.importedBy(e.X, in)
		name, _, err := ast.LabelName(e.Sel)
		if !ok || err != nil {
			return cue.Value{}, false
		}
		v := field(x, name)
		return v, v.Exists()
	}
	return cue.Value{}, false
}

// field is one of a struct's, or a definition in it.
func field(v cue.Value, name string) cue.Value {
	if strings.HasPrefix(name, "#") {
		return v.LookupPath(cue.MakePath(cue.Def(name)))
	}
	return v.LookupPath(cue.MakePath(cue.Str(name)))
}

// packageValue is that of a package which this one imports.
func (l *directory) packageValue(imported string) (v cue.Value, ok bool) {
	if v, ok := l.packageValues[imported]; ok {
		return v, v.Exists()
	}
	at := slices.IndexFunc(l.imported, func(in *build.Instance) bool { return in.ImportPath == imported })
	switch {
	case at >= 0:
		v = l.ctx.BuildInstance(l.imported[at])
	case imported != schema.ImportPath && slices.Contains(slices.Collect(maps.Values(library)), imported):
		v = l.ctx.CompileString(fmt.Sprintf("import p %q\nx: p", imported)).LookupPath(cue.MakePath(cue.Str("x")))
	}
	if l.packageValues == nil {
		l.packageValues = map[string]cue.Value{}
	}
	if v.Err() != nil {
		v = cue.Value{}
	}
	l.packageValues[imported] = v
	return v, v.Exists()
}
