package arch

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/statefulc/statefulc/"

// floors are all packages and those of ours that each may import: only what
// is listed, never a room beside it. See ARCHITECTURE.md.
var floors = map[string][]string{
	"diag":   {},
	"schema": {},
	"spec":   {"diag"},

	"manifest":  {"spec", "diag"},
	"apiserver": {"manifest", "spec", "diag"},

	"source":   {"spec", "diag", "schema"},
	"compiler": {"manifest", "spec", "diag"},
	"validate": {"manifest", "apiserver", "spec", "diag"},
	"overlay":  {"manifest", "spec", "diag"},
	"plain":    {"manifest", "spec", "diag"},
	"tree":     {"diag"},

	"pipeline": {"source", "compiler", "validate", "overlay", "plain", "tree", "apiserver", "manifest", "spec", "diag"},

	"explain": {"source", "spec", "diag"},

	"internal/collector": {},

	"cmd/statefulc": {"internal/collector", "pipeline", "explain", "overlay", "tree", "source", "schema", "diag"},

	"internal/arch": {},
	"bench":         {},
}

// owners are modules that only one room may know; kustomize is for two, one
// writes what the other reads.
var owners = map[string]string{
	"cuelang.org/go":                  "source",
	"k8s.io/kubernetes":               "apiserver",
	"k8s.io/apiserver":                "apiserver",
	"k8s.io/apiextensions-apiserver":  "apiserver",
	"sigs.k8s.io/kustomize/":          "overlay plain",
	"github.com/spf13/cobra":          "cmd/statefulc",
	"golang.org/x/sys/":               "tree",
	"github.com/rogpeppe/go-internal": "tree pipeline cmd/statefulc",
}

type listed struct {
	ImportPath, Dir, Doc string
	Imports, GoFiles     []string
}

// packages lists the module's packages by their path in it.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,GoFiles", "./...")
	list.Dir = filepath.Join("..", "..")
	text, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimPrefix(p.ImportPath, module)] = p
	}
}

func TestImportsGoDown(t *testing.T) {
	for name, p := range packages(t) {
		allowed, ok := floors[name]
		if !ok {
			t.Errorf("%s has no floor: give it a row in the table", name)
		}
		for _, path := range p.Imports {
			if ours, found := strings.CutPrefix(path, module); found && !slices.Contains(allowed, ours) {
				t.Errorf("%s may not import %s", name, ours)
			}
			for prefix, owner := range owners {
				if strings.HasPrefix(path, prefix) && !slices.Contains(strings.Fields(owner), name) {
					t.Errorf("%s imports %s: only %s knows it", name, path, owner)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for name, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", name)
		}
	}
}

// writers are the functions of package os that change the disk.
var writers = []string{
	"Chmod", "Chtimes", "Create", "CreateTemp", "Link", "Mkdir", "MkdirAll", "MkdirTemp", "OpenFile",
	"Remove", "RemoveAll", "Rename", "Symlink", "Truncate", "WriteFile",
}

// TestOnlyTreeAndTheCommandWrite reads the code for calls that change the disk or
// read the clock, and for init functions, of which the house has none. The
// benchmark, which is no part of the compiler, may do both.
func TestOnlyTreeAndTheCommandWrite(t *testing.T) {
	for name, p := range packages(t) {
		for _, file := range p.GoFiles {
			files := token.NewFileSet()
			parsed, err := parser.ParseFile(files, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "os" && slices.Contains(writers, n.Sel.Name) && name != "cmd/statefulc" && name != "tree" && name != "bench" {
						t.Errorf("%v: only tree and cmd/statefulc write files", files.Position(n.Pos()))
					}
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && n.Sel.Name == "Now" && name != "cmd/statefulc" && name != "bench" {
						t.Errorf("%v: only cmd/statefulc reads the clock", files.Position(n.Pos()))
					}
				case *ast.FuncDecl:
					if n.Name.Name == "init" && n.Recv == nil {
						t.Errorf("%v: tables, not init functions", files.Position(n.Pos()))
					}
				}
				return true
			})
		}
	}
}
