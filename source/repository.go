package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

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
// the user has to mend is in the list, and then the file says nothing.
func FindRepository(dir string) (*Repository, diag.List, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	for root := abs; ; root = filepath.Dir(root) {
		_, err := os.ReadFile(filepath.Join(root, RepositoryFile))
		if err == nil {
			return readRepository(dir, root)
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

// readRepository unifies the text with #Repository. What is refused of it is left out.
func readRepository(dir, root string) (*Repository, diag.List, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	file, ctx := filepath.Join(root, RepositoryFile), cuecontext.New()
	definitions := ctx.CompileBytes(schema.Files()["repository.cue"])
	definition := definitions.LookupPath(cue.MakePath(cue.Def("#Repository")))
	if err := definition.Err(); err != nil {
		panic("source: the schema: " + err.Error())
	}
	shown := (&directory{dir: dir, abs: abs}).display(file)
	l := newSingle(file, shown, &shared{ctx: ctx, definitions: definitions}, new(disk), definition)
	out := l.load(func() loaded { return l.lookAt(file) })
	r := &Repository{Root: root}
	if out.err == nil && !out.found.HasErrors() {
		out.err = definition.Unify(l.stated).Decode(&r.Repository)
	}
	return r, inWords(out.found), out.err
}
