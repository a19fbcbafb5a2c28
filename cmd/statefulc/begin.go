package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/tree"
)

//go:embed scaffold
var scaffold embed.FS

// part is a file of a new repository.
type part struct {
	path, template string
	example        bool   // left out where there are specs
	top            bool   // read at the top of a git repository only
	ci             ciFlag // for this CI only; all, if it is ""
}

// parts come with the schema and its module file, and .gitattributes.
var parts = []part{
	{path: source.RepositoryFile, template: "statefulc.cue"},
	{path: "apps/nats/nats.cue", template: "nats.cue", example: true},
	{path: ".pre-commit-config.yaml", template: "pre-commit.yaml", top: true},
	{path: ".github/workflows/statefulc.yaml", template: "github.yaml", top: true, ci: "github"},
	{path: ".gitlab-ci.yml", template: "gitlab.yaml", top: true, ci: "gitlab"},
}

const attributesFile = ".gitattributes"

// beginning is a repository that is not written yet.
type beginning struct {
	root  string
	files map[string][]byte // to write
	kept  []string          // are there, with another text or the same
}

// begin makes root a repository. Everything is written, or nothing.
func begin(cmd *cobra.Command, root string, ci ciFlag) error {
	b := &beginning{root: root, files: map[string][]byte{}}
	specs, err := b.hasSpecs()
	if err != nil {
		return err
	}
	top := above(root, ".git")
	below := top != "" && top != above(root, ".")
	for _, p := range parts {
		if p.example && specs || p.top && below || p.ci != "" && p.ci != ci {
			continue
		}
		if err := b.add(p.path, template(p.template)); err != nil {
			return err
		}
	}
	if err := b.addModule(); err != nil {
		return err
	}
	appended, err := b.addAttributes()
	if err != nil {
		return err
	}
	talk := cmd.ErrOrStderr()
	if appended > 0 {
		fmt.Fprintf(talk, "%s: is there; %d lines are appended to it\n", b.shown(attributesFile), appended)
	}
	if _, err := tree.Put(root, b.files); err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	fmt.Fprint(talk, b.String())
	if specs {
		fmt.Fprintf(talk, "%s has CUE files: no example\n", root)
	}
	if below {
		fmt.Fprintf(talk, "%s is below the top of a git repository, %s: no hooks and no CI\n", root, shown(root, top))
	}
	fmt.Fprintf(talk, "next: %s\n", b.next())
	return nil
}

// template is the text of a file, for this version of statefulc.
func template(name string) []byte {
	text, err := scaffold.ReadFile("scaffold/" + name)
	if err != nil {
		panic(err) // the names are in a table
	}
	return bytes.ReplaceAll(text, []byte("@REF@"), []byte(reference(version())))
}

var released = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-(alpha|beta|rc)\.?[0-9]+)?$`)

// reference is where hooks and CI get statefulc from: the release that writes
// them, or main, from a binary that is of no release.
func reference(version string) string {
	if released.MatchString(version) {
		return version
	}
	return "main"
}

// add takes a file that is not there. One that is there is kept.
func (b *beginning) add(file string, text []byte) error {
	there, err := b.look(file)
	switch {
	case err != nil:
		return err
	case there != nil:
		b.kept = append(b.kept, file)
	default:
		b.files[file] = text
	}
	return nil
}

// look is what is in a file's place; nil if nothing is. A directory there, or a
// file in the place of a directory that it is to be in, is an error.
func (b *beginning) look(file string) (fs.FileInfo, error) {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if info, err := os.Stat(b.shown(dir)); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("nothing was written: %s is in the way: it is no directory", b.shown(dir))
		}
	}
	info, err := os.Lstat(b.shown(file))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("nothing was written: %s is in the way: it is a directory", b.shown(file))
	}
	return info, err
}

// addModule takes the module file and the schema, which is not there, or there
// would be nothing to begin.
func (b *beginning) addModule() error {
	files := vendored()
	files["cue.mod/module.cue"] = []byte(schema.ModuleFile)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if err := b.add(file, files[file]); err != nil {
			return err
		}
	}
	return nil
}

// addAttributes takes .gitattributes, or the lines that the one that is there
// lacks, and returns their number. A link is kept: git does not read it.
func (b *beginning) addAttributes() (appended int, err error) {
	wanted := template("gitattributes")
	there, err := b.look(attributesFile)
	if err != nil {
		return 0, err
	}
	if there == nil || !there.Mode().IsRegular() {
		return 0, b.add(attributesFile, wanted)
	}
	old, err := os.ReadFile(b.shown(attributesFile))
	if err != nil {
		return 0, err
	}
	text, appended := lacking(old, wanted)
	if appended == 0 {
		return 0, b.add(attributesFile, wanted)
	}
	b.files[attributesFile] = text
	return appended, nil
}

// lacking is a text with the lines of another that it lacks at its end, and
// their number.
func lacking(text, wanted []byte) ([]byte, int) {
	had := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		had[strings.TrimRight(line, "\r\n")] = true
	}
	out, n := slices.Clone(text), 0
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\n")) {
		out = append(out, '\n')
	}
	for line := range strings.Lines(string(wanted)) {
		if !had[strings.TrimSuffix(line, "\n")] {
			out, n = append(out, line...), n+1
		}
	}
	return out, n
}

// hasSpecs reports whether there are CUE files. Hidden directories count as
// little as for CUE.
func (b *beginning) hasSpecs() (found bool, err error) {
	err = filepath.WalkDir(b.root, func(file string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && file == b.root:
			return fs.SkipAll
		case err != nil:
			return err
		case e.IsDir() && file != b.root && (e.Name() == "cue.mod" || strings.ContainsAny(e.Name()[:1], "._")):
			return fs.SkipDir
		case !e.IsDir() && filepath.Ext(file) == ".cue" && e.Name() != source.RepositoryFile:
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found, err
}

// String says what was written and kept. The schema is one line.
func (b *beginning) String() string {
	written := map[string]bool{}
	for file := range b.files {
		if path.Dir(file) == schema.VendorDir {
			file = schema.VendorDir
		}
		written[file] = true
	}
	var out strings.Builder
	for _, file := range slices.Sorted(maps.Keys(written)) {
		fmt.Fprintf(&out, "%s: written\n", b.shown(file))
	}
	for _, file := range b.kept {
		fmt.Fprintf(&out, "%s: kept as it is\n", b.shown(file))
	}
	return out.String()
}

// next is what to do now.
func (b *beginning) next() string {
	if filepath.Clean(b.root) == "." {
		return "statefulc build"
	}
	return fmt.Sprintf("cd %s && statefulc build", b.root)
}

func (b *beginning) shown(file string) string { return filepath.Join(b.root, filepath.FromSlash(file)) }

// ciFlag is the value of --ci.
type ciFlag string

func (c *ciFlag) String() string { return string(*c) }
func (c *ciFlag) Type() string   { return "CI" }

func (c *ciFlag) Set(name string) error {
	if name != "github" && name != "gitlab" && name != "none" {
		return errors.New("there are github, gitlab, none")
	}
	*c = ciFlag(name)
	return nil
}
