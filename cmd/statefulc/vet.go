package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
)

type vetOptions struct {
	manifests  bool
	kubernetes string
}

func vetCommand() *cobra.Command {
	var o vetOptions
	cmd := &cobra.Command{
		Use:     "vet [DIR...]",
		Aliases: []string{"lint"},
		Short:   "Check specs and the objects they compile to, and write nothing",
		Long: `Check the spec in each directory (default: the current one): what CUE and the schema
refuse, what the API server would refuse of the objects, and what the rules know.
Silent if all is well.

With --manifests the arguments hold no specs but Kubernetes objects, as YAML files
and kustomizations: the rules on objects are the same. Each argument is judged by
itself; below it, a kustomization is built unless another one refers to it.`,
		Example: `  statefulc vet apps/cassandra
  statefulc vet --manifests --kubernetes 1.34 clusters/prod/*`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.kubernetes != "" && !o.manifests {
				return errors.New("--kubernetes is for --manifests; a spec says itself which version it is for")
			}
			return each(directories(args), func(dir string) error {
				found, err := vet(dir, o)
				if err != nil {
					return err
				}
				return report(cmd, found)
			})
		},
	}
	cmd.Flags().BoolVar(&o.manifests, "manifests", false, "check Kubernetes objects in YAML files and kustomize directories")
	cmd.Flags().StringVar(&o.kubernetes, "kubernetes", "", "version of the cluster that manifests are for (default the newest known)")
	return cmd
}

func vet(dir string, o vetOptions) (diag.List, error) {
	if o.manifests {
		return pipeline.VetManifests(dir, o.kubernetes)
	}
	result, err := pipeline.Vet(dir)
	if err != nil {
		return nil, err
	}
	return result.Found, nil
}
