package main

import (
	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/pipeline"
)

func vetCommand() *cobra.Command {
	var r reporting
	cmd := &cobra.Command{
		Use:     "vet [DIR|DIR/...]...",
		Aliases: []string{"lint"},
		Short:   "Check specs and the objects they compile to, and write nothing",
		Long: `Check the spec in each directory: what CUE and the schema refuse, what the API server
would refuse of the objects, and what the rules know. Silent if all is well. DIR/... are
all applications below DIR; without an argument it is all of the repository that
statefulc.cue marks, and without that file the current directory.

With another --format than text, findings are data, on standard output: one document
for all directories, also when there is nothing to say.`,
		Example: `  statefulc vet ./...
  statefulc vet --format sarif --strict ./... >statefulc.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.contradiction(); err != nil {
				return err
			}
			s, err := choose(args)
			if err != nil {
				return err
			}
			if len(s.found) > 0 {
				return r.report(cmd, []outcome{{found: s.found}}, "")
			}
			return r.report(cmd, r.each(s.targets, vetOne), "")
		},
	}
	r.addFlags(cmd)
	return cmd
}

func vetOne(p *pipeline.Pipeline, t target) outcome {
	result, err := p.Vet(t.dir)
	if err != nil {
		return outcome{err: err}
	}
	return outcome{found: result.Found}
}
