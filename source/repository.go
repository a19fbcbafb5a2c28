package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	cueerrors "cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// RepositoryFile marks the root of a repository of applications. It is no part
// of the CUE package that it lies beside.
const RepositoryFile = "statefulc.cue"

// Repository is a directory of applications, and what its file says of them.
type Repository struct {
	Root string // in full
	spec.Repository
}

// FindRepository is the repository that dir is in: nil if it is in none. What
// the user has to mend is in the list, and then there is none either.
func FindRepository(dir string) (*Repository, diag.List, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	for root := abs; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, RepositoryFile))
		if err == nil {
			return readRepository(dir, root, text)
		}
		if _, lost := errors.AsType[*fs.PathError](err); !lost || !isNone(err) {
			return nil, nil, err
		}
		if root == filepath.Dir(root) {
			return nil, nil, nil
		}
	}
}

// isNone reports whether an error says that there is no file, also because
// there is no directory.
func isNone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || strings.HasSuffix(err.Error(), "not a directory")
}

// readRepository unifies the text with #Repository.
func readRepository(dir, root string, text []byte) (*Repository, diag.List, error) {
	r := &Repository{Root: root}
	l := &directory{shared: &shared{ctx: cuecontext.New()}, dir: dir}
	var err error
	if l.abs, err = filepath.Abs(dir); err != nil {
		return nil, nil, err
	}
	definition := l.ctx.CompileBytes(schema.Files()["repository.cue"]).LookupPath(cue.MakePath(cue.Def("#Repository")))
	if err := definition.Err(); err != nil {
		panic("source: the schema: " + err.Error())
	}
	stated := l.ctx.CompileBytes(text, cue.Filename(filepath.Join(root, RepositoryFile)))
	if found := l.repositoryErrors(definition, stated); len(found) > 0 {
		return nil, found, nil
	}
	return r, nil, definition.Unify(stated).Decode(&r.Repository)
}

// repositoryErrors are unknown fields first: CUE does not mention them while a
// value is wrong.
func (l *directory) repositoryErrors(definition, stated cue.Value) diag.List {
	var out diag.List
	fields, err := stated.Fields()
	for err == nil && fields.Next() {
		name := fields.Selector().Unquoted()
		if known, names := step(definition, name); !known.Exists() {
			d := l.ofRepository(name, "unknown field \""+name+"\"", l.position(fields.Value().Pos()))
			d.Fix = diag.OneOf(name, names, "")
			out = append(out, d)
		}
	}
	if out != nil {
		return out
	}
	byPath := map[string][]cueerrors.Error{}
	for _, e := range cueerrors.Errors(definition.Unify(stated).Validate(cue.Concrete(true))) {
		path := slices.DeleteFunc(slices.Clone(e.Path()), func(label string) bool { return label == "#Repository" })
		name := strings.Join(path, ".")
		byPath[name] = append(byPath[name], e)
	}
	for name, all := range byPath {
		best, alternatives := bestOf(all)
		d := l.ofRepository(name, plainly(text(best)), l.usersOf(best))
		if clash, ok := clashOf(text(best)); ok && len(alternatives) > 1 {
			d.Message = fmt.Sprintf("%s is none of %s", aKind(clash.value), strings.Join(alternatives, ", "))
			d.Fix = diag.DidYouMean(strings.Trim(clash.value, `"`), unquoted(alternatives))
		}
		if !d.Pos.IsValid() { // of a value that is missing
			d.Pos = l.position(stated.LookupPath(cue.ParsePath(name)).Pos())
			d.Message = name + " has no value"
		}
		if known, _ := step(definition, name); d.Fix == "" && name != "" && known.Exists() {
			d.Fix = sentence("State a value that fits "+name, doc(known))
		}
		d.Fix = cmp.Or(d.Fix, "CUE cannot read the file; see the line.")
		out = append(out, d)
	}
	return out.Sorted()
}

func (l *directory) ofRepository(path, message string, pos diag.Pos) diag.Diagnostic {
	return diag.Diagnostic{Rule: rule, Path: path, Message: message, Pos: pos}
}

// usersOf is the first place that an error names in a file.
func (l *directory) usersOf(e cueerrors.Error) diag.Pos {
	for _, pos := range append([]token.Pos{e.Position()}, e.InputPositions()...) {
		if pos.Filename() != "" {
			return l.position(pos)
		}
	}
	return diag.Pos{}
}
