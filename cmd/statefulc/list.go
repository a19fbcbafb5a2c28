package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/source"
)

type listOptions struct {
	since string
	json  bool
	selecting
}

func listCommand() *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list [DIR|DIR/...]...",
		Short: "Print the directories of applications, or of those that changed",
		Long: `Print the directory of each application, one on a line. DIR/... are all applications
below DIR; without an argument it is all of the repository that statefulc.cue marks, and
without that file the current directory.

--changed-since REV leaves out those that nothing has touched since the branch left REV
(git's merge base of REV and HEAD), what is not committed included: neither their CUE
files, nor those of their packages in parent directories, nor what they import, nor the
repository's statefulc.cue, nor their output. An application that is gone is not printed;
build without arguments prunes what is left of it.`,
		Example: `  statefulc list --changed-since origin/main | xargs -r statefulc build --check
  statefulc list --changed-since origin/main --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return list(cmd, args, &o) },
	}
	cmd.Flags().StringVar(&o.since, "changed-since", "", "only applications that changed since a `REV` of git")
	cmd.Flags().BoolVar(&o.json, "json", false, "print one list as JSON, for a matrix of jobs")
	o.addFlag(cmd)
	return cmd
}

func list(cmd *cobra.Command, args []string, o *listOptions) error {
	s, err := o.choose(args)
	if err != nil {
		return err
	}
	if len(s.found) > 0 {
		return asText().report(cmd, []outcome{{found: s.found}}, "")
	}
	if cmd.Flags().Changed("changed-since") {
		changed, err := changedSince(o.since)
		if err != nil {
			return err
		}
		var loader source.Loader
		s.targets = slices.DeleteFunc(s.targets, func(t target) bool { return !changed.isTouched(t, &loader) })
	}
	dirs := []string{}
	for _, t := range s.targets {
		dirs = append(dirs, filepath.ToSlash(t.dir))
	}
	if o.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(dirs)
	}
	for _, dir := range dirs {
		fmt.Fprintln(cmd.OutOrStdout(), dir)
	}
	return nil
}
