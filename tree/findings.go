package tree

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/statefulc/statefulc/diag"
)

// Rules are how a tree can differ from what it is to be. None can be waived: a
// waiver is of what a spec says.
var Rules = []diag.Rule{
	{
		ID:    "tree-missing",
		Final: true,
		What:  "A generated file that is not there, reported by build --check.",
		Why:   "It was deleted, or the spec was changed and not built. What is applied is not what the spec says.",
		Fix:   "Run statefulc build, and commit what it writes.",
	},
	{
		ID:    "tree-stale",
		Final: true,
		What:  "A generated file that is as it was written, while the spec, or another statefulc, makes something else of it now. Reported by build --check.",
		Why:   "What is applied is not what the spec says, and whoever builds next has this change in their diff.",
		Fix:   "Run statefulc build, and commit what it writes.",
	},
	{
		ID:    "tree-edited",
		Final: true,
		What:  "A generated file that is not as it was written: its hash is not the one in statefulc.sum. Building stops too, and writes nothing of this application.",
		Why: `Someone changed it by hand, or a merge did. Generating it again would undo what they wanted, without a word. Without a
statefulc.sum, as older versions wrote none, nobody knows; files with the first line of generated ones count as edited then,
unless they are what would be written.`,
		Fix: "Say it in the spec, under patches if there is no field for it, and run statefulc build --force, which replaces the file.",
	},
	{
		ID:    "tree-orphan",
		Final: true,
		What:  "A generated file, or the whole tree of an application, that is no longer made. Reported by build --check. A tree whose application still has a package, without a base, is kept, and building reports it too.",
		Why:   "An engine that reads the directory would still apply it. And a base that is misspelt must not delete what runs.",
		Fix:   "Run statefulc build, which deletes it, and commit that; a tree that is kept is deleted by statefulc build --force.",
	},
	{
		ID:    "tree-foreign",
		Final: true,
		What:  "A file that statefulc did not write and that is where it has to write one; or a directory or a link in such a place. Building stops too, and writes nothing of this application.",
		Why:   "What statefulc did not write, it does not touch. A link is not followed: it may lead out of the tree.",
		Fix:   "Move it away. statefulc build --force replaces a file; a directory or a link is yours to move.",
	},
}

// Findings are what there is to say of changes. A tree that is not there at
// all is one of them, and so is one whose application is gone.
func (t *Tree) Findings(changes []Change) diag.List {
	if all := t.whole(changes); all != nil {
		return diag.List{*all}
	}
	var out diag.List
	for _, c := range changes {
		d := diag.Diagnostic{Rule: Rules[c.Kind].ID, Pos: diag.Pos{File: t.shown(c.Path)}}
		d.Message, d.Fix = t.say(c)
		if c.Old != nil && c.Path != Inventory {
			d.Pos.Line, d.Pos.Col = firstChange(c.Old, c.New), 1
		}
		out = append(out, d)
	}
	return out
}

// whole is the finding for a tree of which nothing is there, or is wanted.
func (t *Tree) whole(changes []Change) *diag.Diagnostic {
	all := func(k Kind) bool {
		return len(changes) > 1 && !slices.ContainsFunc(changes, func(c Change) bool { return c.Kind != k })
	}
	d := &diag.Diagnostic{Pos: diag.Pos{File: t.Dir}}
	switch {
	case all(Missing) && len(changes) == len(t.Files):
		d.Rule, d.Message, d.Fix = Rules[Missing].ID, fmt.Sprintf("none of %d files is there", len(changes)), buildIt
	case all(Orphan) && len(t.Files) == 0:
		d.Rule, d.Message, d.Fix = Rules[Orphan].ID, fmt.Sprintf("%d files, and no application is built to here", len(changes)), pruneIt
	default:
		return nil
	}
	return d
}

const (
	buildIt   = "Run `statefulc build`, and commit what it writes."
	pruneIt   = "Run `statefulc build`, which deletes what is no longer made, and commit that."
	replaceIt = "Say in the spec what was meant, then run `statefulc build --force`, which replaces the file."
)

// Kept is the finding for a tree of an application that is none any more, while
// its directory is still there with something in it: a base that is misspelt must
// not delete what runs.
func (t *Tree) Kept(application string) diag.Diagnostic {
	return diag.Diagnostic{
		Rule:    Rules[Orphan].ID,
		Pos:     diag.Pos{File: t.Dir},
		Message: fmt.Sprintf("%s states no base, and its files are still here", application),
		Fix:     "State its base; if it is no application any more, run `statefulc build --force`, which deletes them.",
	}
}

// say is what a change is, and what to do.
func (t *Tree) say(c Change) (message, fix string) {
	switch {
	case c.Kind == Missing:
		return "it is not there", buildIt
	case c.Kind == Stale && c.Path == Inventory:
		return "it does not list what is there", buildIt
	case c.Kind == Stale:
		return "it is not what the spec says now", buildIt
	case c.Kind == Orphan:
		return "it is no longer made", pruneIt
	case c.Kind == Edited && c.Lost:
		return fmt.Sprintf("it is not what would be written, and without %s nobody knows whether it was edited", Inventory), replaceIt
	case c.Kind == Edited && c.New == nil:
		return "it was edited by hand, and is no longer made", "Say in the spec what was meant, then run `statefulc build --force`, which deletes the file."
	case c.Kind == Edited:
		return "it was edited by hand", replaceIt
	case c.Old == nil:
		return fmt.Sprintf("%s is in the way", named(c.Is)), "Move it away: statefulc replaces files only, and follows no link."
	}
	return "it is in the way, and statefulc did not write it", "Move it away, or run `statefulc build --force`, which replaces it."
}

// named is what a mode is of.
func named(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode.IsRegular():
		return "a file in the place of a directory"
	}
	return "a special file"
}

// firstChange is the first line that differs; the first, if the file goes.
func firstChange(old, want []byte) int {
	if want == nil {
		return 1
	}
	was, will := bytes.Split(lf(old), []byte("\n")), bytes.Split(want, []byte("\n"))
	for i, line := range was {
		if i >= len(will) || !bytes.Equal(line, will[i]) {
			return i + 1
		}
	}
	return len(was)
}

// Diff is the text of changes, from what is there to what would be. The
// inventory is left out: nobody reads hashes.
func (t *Tree) Diff(changes []Change) []byte {
	var out []byte
	for _, c := range changes {
		if c.Path == Inventory || c.Old == nil && c.New == nil {
			continue
		}
		out = append(out, c.diff(filepath.ToSlash(t.shown(c.Path)))...)
	}
	return out
}

func (c Change) diff(name string) []byte {
	from, to := name, name
	if c.Old == nil {
		from = "/dev/null"
	}
	if c.New == nil {
		to = "/dev/null"
	}
	text := diff.Diff(from, lf(c.Old), to, c.New)
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line with the command
	return text
}

// Within are the changes of one environment: those of its overlay, and of the
// base that it is built on.
func Within(changes []Change, environment string) []Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool {
		return !strings.HasPrefix(c.Path, "base/") && !strings.HasPrefix(c.Path, "overlays/"+environment+"/")
	})
}

func (t *Tree) shown(path string) string { return filepath.Join(t.Dir, filepath.FromSlash(path)) }
