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
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Vendor the schema, for cue vet and editors",
		Long: `Write the schema of this statefulc to cue.mod/pkg/statefulc.dev/v1 of the CUE module
that DIR (default: the current one) is in; without a module, DIR becomes one.
Commit these files. statefulc itself does not need them: it compiles by its own.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return vendorSchema(cmd, directories(args)[0]) },
	}
}

func vendorSchema(cmd *cobra.Command, dir string) error {
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	root, found, err := source.ModuleRoot(dir)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for name, text := range schema.Files() {
		files[schema.VendorDir+"/"+name] = text
	}
	if !found {
		files["cue.mod/module.cue"] = []byte(schema.ModuleFile)
	}
	written, err := tree.Put(shown(dir, root), files)
	if err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d files, %d written\n", filepath.Join(shown(dir, root), "cue.mod"), len(files), written)
	return nil
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
