package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/schema"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it was built with",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return fmt.Errorf("the binary has no build information")
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "statefulc %s\nschema %s\n", info.Main.Version, schema.ImportPath)
			for _, dep := range info.Deps {
				switch dep.Path {
				case "k8s.io/kubernetes", "sigs.k8s.io/kustomize/api", "cuelang.org/go":
					fmt.Fprintf(out, "%s %s\n", dep.Path, dep.Version)
				}
			}
			return nil
		},
	}
}

// version is that of the main module; empty if the binary does not say.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}
