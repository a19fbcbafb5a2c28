package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/overlay"
)

// layoutFlag is the value of --layout.
type layoutFlag overlay.Layout

func addLayoutFlag(cmd *cobra.Command, f *layoutFlag) {
	*f = layoutFlag(overlay.Layouts[0])
	var names []string
	for _, l := range overlay.Layouts {
		names = append(names, string(l))
	}
	cmd.Flags().Var(f, "layout", "which files to write: "+strings.Join(names, ", "))
	if err := cmd.RegisterFlagCompletionFunc("layout", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

func (f *layoutFlag) String() string { return string(*f) }
func (f *layoutFlag) Type() string   { return "LAYOUT" }

func (f *layoutFlag) Set(name string) error {
	l, err := overlay.ParseLayout(name)
	*f = layoutFlag(l)
	return err
}
