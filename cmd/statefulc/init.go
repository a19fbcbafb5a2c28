package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/tree"
)

func initCommand() *cobra.Command {
	ci := ciFlag("github")
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a repository, or renew its copy of the schema",
		Long: `Make DIR (default: the current one), or the CUE module that it is in, a repository that
builds at once: statefulc.cue, which marks the root, an example application, the schema
in cue.mod/pkg for cue vet and editors, a .gitattributes that collapses generated files,
and the files that run statefulc build --check before commits and in CI.

What is there already is kept, and named; lines that a .gitattributes lacks are appended
to it. There is no example where there are CUE files. Hooks and CI are left out below the
top of a git repository, where nobody looks for them.

Where statefulc.cue or the schema is there, the schema is renewed and nothing else is
touched. statefulc itself does not read it: it compiles by its own.`,
		Example: `  statefulc init platform && cd platform && statefulc build
  statefulc init --ci gitlab`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return initialize(cmd, directories(args)[0], ci) },
	}
	cmd.Flags().Var(&ci, "ci", "whose CI is to check the repository: github, gitlab, none")
	return cmd
}

// initialize begins a repository, or renews the schema of one.
func initialize(cmd *cobra.Command, dir string, ci ciFlag) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	root, inside, err := source.ModuleRoot(dir)
	if err != nil {
		return err
	}
	marked := above(root, source.RepositoryFile)
	if info, err := os.Stat(filepath.Join(marked, source.RepositoryFile)); marked != "" && err == nil && info.IsDir() {
		return fmt.Errorf("nothing was written: %s is in the way: it is a directory", filepath.Join(shown(dir, marked), source.RepositoryFile))
	}
	if marked != "" && !inside {
		root = marked
	}
	if marked != "" || isThere(filepath.Join(root, filepath.FromSlash(schema.VendorDir))) {
		return renew(cmd, shown(dir, root), inside)
	}
	return begin(cmd, shown(dir, root), ci)
}

// renew writes the schema, and a module file if root is not in a module.
func renew(cmd *cobra.Command, root string, inside bool) error {
	files := vendored()
	if !inside {
		files["cue.mod/module.cue"] = []byte(schema.ModuleFile)
	}
	written, err := tree.Put(root, files)
	if err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d files, %d written\n", filepath.Join(root, "cue.mod"), len(files), written)
	return nil
}

// vendored are the schema's files where CUE looks for them.
func vendored() map[string][]byte {
	files := map[string][]byte{}
	for name, text := range schema.Files() {
		files[schema.VendorDir+"/"+name] = text
	}
	return files
}

// above is the nearest directory, from dir upwards, that has an entry; "" if
// there is none.
func above(dir, name string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for ; !isThere(filepath.Join(abs, name)); abs = filepath.Dir(abs) {
		if abs == filepath.Dir(abs) {
			return ""
		}
	}
	return abs
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// shown is root as the user would write it, from dir.
func shown(dir, root string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return root
	}
	rel, err := filepath.Rel(abs, root)
	if err != nil {
		return root
	}
	return filepath.Join(dir, rel)
}
