package main

import (
	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/pipeline"
)

func vetCommand() *cobra.Command {
	var r reporting
	cmd := &cobra.Command{
		Use:     "vet [DIR...]",
		Aliases: []string{"lint"},
		Short:   "Check specs and the objects they compile to, and write nothing",
		Long: `Check the spec in each directory (default: the current one): what CUE and the schema
refuse, what the API server would refuse of the objects, and what the rules know.
Silent if all is well.

With another --format than text, findings are data, on standard output: one document
for all directories, also when there is nothing to say.`,
		Example: `  statefulc vet apps/*
  statefulc vet --format sarif --strict apps/* >statefulc.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.check(); err != nil {
				return err
			}
			return r.each(cmd, directories(args), vetOne)
		},
	}
	r.addFlags(cmd)
	return cmd
}

func vetOne(p *pipeline.Pipeline, dir string) outcome {
	result, err := p.Vet(dir)
	if err != nil {
		return outcome{err: err}
	}
	return outcome{found: result.Found}
}
