package tree

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is what a user believes of a tree: what is to be there, what was
// written last, and what is there.
type model struct {
	want, ours, disk map[string]string
	listed           bool // there is an inventory
}

// The paths and texts that are drawn. Some have the first line of what is
// generated, whoever wrote them.
var (
	drawnPaths = rapid.SampledFrom([]string{"base/a.yaml", "base/b.yaml", "overlays/dev/a.yaml", "overlays/prod/a.yaml", "overlays/prod/deep/er.txt", "c.yaml"})
	drawnTexts = rapid.SampledFrom([]string{header + "1\n", header + "2\n", header, "mine\n", ""})
	drawnFiles = rapid.MapOfN(drawnPaths, rapid.SampledFrom([]string{header + "1\n", header + "2\n", header + "3\n"}), 0, 4)
)

// isOurs reports whether a file counts as written by statefulc, and whether
// it is known to be untouched.
func (m *model) isOurs(path string) (ours, untouched bool) {
	text, there := m.disk[path]
	if m.listed {
		was, ours := m.ours[path]
		return ours, ours && there && was == text
	}
	return there && len(m.want) > 0 && isLegacy(path) && strings.HasPrefix(text, header), false
}

// changes is what check has to say, by path.
func (m *model) changes() map[string]Kind {
	out := map[string]Kind{}
	for path := range m.all() {
		want, wanted := m.want[path]
		text, there := m.disk[path]
		ours, untouched := m.isOurs(path)
		switch {
		case wanted && !there:
			out[path] = Missing
		case wanted && text == want || !wanted && !(there && ours):
		case wanted && untouched:
			out[path] = Stale
		case wanted && !ours:
			out[path] = Foreign
		case untouched:
			out[path] = Orphan
		default:
			out[path] = Edited
		}
	}
	if len(out) == 0 {
		switch {
		case !m.listed && len(m.want) > 0:
			out[Inventory] = Missing
		case m.listed && len(m.want) == 0:
			out[Inventory] = Orphan
		case m.listed && !maps.Equal(m.ours, m.want):
			out[Inventory] = Stale
		}
	}
	return out
}

func (m *model) all() map[string]bool {
	out := map[string]bool{}
	for _, texts := range []map[string]string{m.want, m.ours, m.disk} {
		for path := range texts {
			out[path] = true
		}
	}
	return out
}

// build is what building does to the model; false if it is refused.
func (m *model) build(force bool) bool {
	for _, kind := range m.changes() {
		if !force && (kind == Edited || kind == Foreign) {
			return false
		}
	}
	for path := range m.all() {
		if ours, _ := m.isOurs(path); ours {
			if _, wanted := m.want[path]; !wanted {
				delete(m.disk, path)
			}
		}
	}
	maps.Copy(m.disk, m.want)
	m.ours, m.listed = maps.Clone(m.want), len(m.want) > 0
	return true
}

// texts are the files of the tree, without the inventory.
func texts(t *rapid.T, dir string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == Inventory {
			return err
		}
		text, err := os.ReadFile(file)
		out[filepath.ToSlash(strings.TrimPrefix(file, dir+"/"))] = string(text)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return out
}

// Whatever happens to a tree, check agrees with the model, files of others are
// never touched, and a second build writes nothing.
func TestTreesAsTheModel(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &model{want: map[string]string{}, ours: map[string]string{}, disk: map[string]string{}}
		tree := &Tree{Dir: filepath.Join(dir, "deploy"), Of: "..", Header: header}
		t.Repeat(map[string]func(*rapid.T){
			"want": func(t *rapid.T) {
				m.want = drawnFiles.Draw(t, "files")
				tree.Files = map[string][]byte{}
				for path, text := range m.want {
					tree.Files[path] = []byte(text)
				}
			},
			"put": func(t *rapid.T) {
				path, text := drawnPaths.Draw(t, "path"), drawnTexts.Draw(t, "text")
				file := filepath.Join(tree.Dir, path)
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				os.Remove(file) // as editors and git do
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				m.disk[path] = text
			},
			"delete": func(t *rapid.T) {
				path := drawnPaths.Draw(t, "path")
				os.Remove(filepath.Join(tree.Dir, path))
				delete(m.disk, path)
			},
			"lose the inventory": func(t *rapid.T) {
				os.Remove(filepath.Join(tree.Dir, Inventory))
				m.ours, m.listed = map[string]string{}, false
			},
			"killed": func(t *rapid.T) { killed(t, tree, m, rapid.Bool().Draw(t, "late")) },
			"build": func(t *rapid.T) {
				force := rapid.Bool().Draw(t, "force")
				_, bad, err := tree.Build(force)
				if err != nil {
					t.Fatal(err)
				}
				if built := m.build(force); built != (len(bad) == 0) {
					t.Fatalf("built: %v; refused: %q", built, said(tree, bad))
				} else if built {
					writesNothing(t, tree)
				}
			},
			"": func(t *rapid.T) {
				if diff := cmp.Diff(m.disk, texts(t, tree.Dir)); diff != "" {
					t.Fatalf("-model +disk\n%s", diff)
				}
				at, err := tree.Compare()
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]Kind{}
				for _, c := range at.Changes {
					got[c.Path] = c.Kind
				}
				if diff := cmp.Diff(m.changes(), got); diff != "" {
					t.Fatalf("check: -model +said\n%s", diff)
				}
			},
		})
	})
}

// killed is a build that ends before the trees change places, or just after.
func killed(t *rapid.T, tree *Tree, m *model, late bool) {
	at, err := tree.Compare()
	if err != nil {
		t.Fatal(err)
	}
	if at.clean() || len(at.refused(false)) > 0 {
		return
	}
	s, err := tree.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer s.held.Close() // the system does it
	if err := s.stage(at); err != nil {
		t.Fatal(err)
	}
	if !late {
		return
	}
	if _, err := os.Lstat(s.next()); err != nil {
		return // all of it goes
	}
	if s.exists {
		_, err = s.exchange()
	} else {
		err = os.Rename(s.next(), s.place)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.build(false)
}

// writesNothing builds again: no file and no directory is another one.
func writesNothing(t *rapid.T, tree *Tree) {
	stat := func() []os.FileInfo {
		var out []os.FileInfo
		err := filepath.WalkDir(filepath.Dir(tree.Dir), func(file string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			out = append(out, info)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if tree.isBeingWritten() {
		t.Fatal("something was left behind")
	}
	before := stat()
	if w, bad, err := tree.Build(false); err != nil || len(bad) > 0 || w.Changed || w.Written+w.Pruned+w.Adopted > 0 {
		t.Fatalf("the second build: %+v %q %v", w, said(tree, bad), err)
	}
	if !slices.EqualFunc(before, stat(), func(a, b os.FileInfo) bool { return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) }) {
		t.Fatal("the second build wrote something")
	}
}
