package main

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/overlay"
)

// layoutFlag is the value of --layout; "" if there is none.
type layoutFlag overlay.Layout

func addLayoutFlag(cmd *cobra.Command, f *layoutFlag) {
	var names []string
	for _, l := range overlay.Layouts {
		names = append(names, string(l))
	}
	cmd.Flags().Var(f, "layout", "which files to write: "+strings.Join(names, ", ")+" (default that of statefulc.cue, else "+names[0]+")")
	if err := cmd.RegisterFlagCompletionFunc("layout", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// or is the layout that was asked for, or else the one that a repository states.
func (f layoutFlag) or(stated overlay.Layout) overlay.Layout {
	return cmp.Or(overlay.Layout(f), stated, overlay.Layouts[0])
}

func (f *layoutFlag) String() string { return string(*f) }
func (f *layoutFlag) Type() string   { return "LAYOUT" }

func (f *layoutFlag) Set(name string) error {
	l, err := overlay.ParseLayout(name)
	*f = layoutFlag(l)
	return err
}
