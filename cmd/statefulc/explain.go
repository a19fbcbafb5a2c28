package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/explain"
	"github.com/statefulc/statefulc/pipeline"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [RULE|FIELD]",
		Short: "Say what a rule or a field of the language is",
		Long: `Print the document of a rule, or what there is to know of a field: what it means, its
type, its default and an example. Without an argument all rules and definitions are
listed. A field is named by its path, with or without the keys of maps, by its definition,
or alone if that is enough; a name that several fields have lists them.

What is not known is an error: the exit code is 2.`,
		Example: `  statefulc explain quorum-budget
  statefulc explain groups.storage.size
  statefulc explain Group.replicas
  statefulc explain replicas`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			book, err := explain.New(pipeline.Rules())
			if err != nil {
				return err
			}
			text := book.Contents()
			if len(args) == 1 {
				if text, err = book.Find(args[0]); err != nil {
					return err
				}
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
}
