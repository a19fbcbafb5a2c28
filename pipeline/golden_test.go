package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/statefulc/statefulc/compiler"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/pipeline"
)

// Each pass has a file in testdata/compile: a spec, and what the pass makes of
// it. Lines of its comment say which fields are shown, of the base:
//
//	show StatefulSet/db spec.template.spec.volumes
//
// They are written with their values and with the paths of the spec that they
// came from, so that a wrong link is seen too. UPDATE=1 rewrites them.
func TestPasses(t *testing.T) {
	for _, pass := range compiler.Passes {
		t.Run(pass.Name, func(t *testing.T) {
			if pass.Doc == "" {
				t.Error("nobody says what it makes")
			}
			file := filepath.Join("../testdata/compile", pass.Name+".txtar")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			archive := txtar.Parse(text)
			if len(archive.Files) != 2 || archive.Files[1].Name != "want" {
				t.Fatal("a golden has a spec and then what is wanted")
			}
			dir := specDir(t, string(archive.Files[0].Data))
			result := checkLaws(t, dir)
			for _, d := range inQuestion(result.Found, "") { // a small spec may be warned about
				t.Errorf("%v: %s", d.Pos, d.Message)
			}
			if t.Failed() {
				return
			}
			got := shown(t, result.Environments[0], string(archive.Comment))
			if os.Getenv("UPDATE") != "" {
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// ARCHITECTURE.md lists the passes as passes.go does.
func TestPassesAreInTheHouse(t *testing.T) {
	house, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, pass := range compiler.Passes {
		fmt.Fprintf(&rows, "| %s | %s |\n", pass.Name, pass.Doc)
	}
	if !strings.Contains(string(house), rows.String()) {
		t.Errorf("ARCHITECTURE.md has not these rows:\n%s", rows.String())
	}
}

func shown(t *testing.T, env pipeline.Environment, comment string) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(comment) {
		asked, ok := strings.CutPrefix(strings.TrimSpace(line), "show ")
		if !ok {
			continue
		}
		ref, field, _ := strings.Cut(asked, " ")
		n := 0
		for _, o := range env.Objects.Objects {
			// A Job's name ends in a hash of what it does.
			if name := o.Ref().String(); name == ref || strings.HasPrefix(name, "Job/") && strings.HasPrefix(name, ref+"-") {
				n += showObject(&out, o, manifest.ParseField(field))
			}
		}
		if n == 0 {
			t.Errorf("nothing to show for %q", asked)
		}
	}
	return out.String()
}

func showObject(out *strings.Builder, o *manifest.Object, of manifest.Field) (n int) {
	manifest.Leaves(o.Tree(), func(f manifest.Field, v any) {
		if !of.Covers(f) {
			return
		}
		n++
		var from []string
		for _, path := range o.Trace(f) {
			from = append(from, path.String())
		}
		fmt.Fprintf(out, "%v %v: %v < %s\n", o.Ref(), f, v, strings.Join(from, ", "))
	})
	return n
}
