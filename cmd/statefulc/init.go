package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/schema"
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
	root, found := moduleRoot(dir)
	files := map[string][]byte{}
	for name, text := range schema.Files() {
		files[schema.VendorDir+"/"+name] = text
	}
	if !found {
		files["cue.mod/module.cue"] = []byte(schema.ModuleFile)
	}
	written, err := write(root, files)
	if err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d files, %d written\n", filepath.Join(root, "cue.mod"), len(files), written)
	return nil
}

// moduleRoot is the directory of the CUE module that dir is in, or dir itself.
func moduleRoot(dir string) (root string, found bool) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir, false
	}
	for root, shown := abs, dir; ; root, shown = filepath.Dir(root), filepath.Join(shown, "..") {
		if _, err := os.Stat(filepath.Join(root, "cue.mod", "module.cue")); err == nil {
			return shown, true
		}
		if root == filepath.Dir(root) {
			return dir, false
		}
	}
}
