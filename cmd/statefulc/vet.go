package main

import (
	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/pipeline"
)

func vetCommand() *cobra.Command {
	var day *today
	cmd := &cobra.Command{
		Use:     "vet [DIR...]",
		Aliases: []string{"lint"},
		Short:   "Check specs and the objects they compile to, and write nothing",
		Long: `Check the spec in each directory (default: the current one): what CUE and the schema
refuse, what the API server would refuse of the objects, and what the rules know.
Silent if all is well.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(directories(args), func(dir string) error {
				result, err := pipeline.Vet(dir, pipeline.Options{Today: day.String()})
				if err != nil {
					return err
				}
				return report(cmd, result.Found)
			})
		},
	}
	day = addTodayFlag(cmd)
	return cmd
}
