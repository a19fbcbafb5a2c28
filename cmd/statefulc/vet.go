package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/pipeline"
)

type vetOptions struct {
	manifests  bool
	kubernetes string
	reporting
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
and kustomizations; the rules on objects are the same. Each argument is judged by
itself; below it, a kustomization is built unless another one refers to it.

With another --format than text, findings are data, on standard output: one document
for all directories, also when there is nothing to say.`,
		Example: `  statefulc vet apps/*
  statefulc vet --format sarif --strict apps/* >statefulc.sarif
  statefulc vet --manifests --kubernetes 1.34 clusters/prod/*`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.kubernetes != "" && !o.manifests {
				return errors.New("--kubernetes is for --manifests; a spec says itself which version it is for")
			}
			if err := o.check(); err != nil {
				return err
			}
			return o.each(cmd, directories(args), o.vet)
		},
	}
	cmd.Flags().BoolVar(&o.manifests, "manifests", false, "check Kubernetes objects in YAML files and kustomize directories")
	cmd.Flags().StringVar(&o.kubernetes, "kubernetes", "", "version of the cluster that manifests are for (default the newest known)")
	o.addFlags(cmd)
	return cmd
}

func (o *vetOptions) vet(p *pipeline.Pipeline, dir string) outcome {
	if o.manifests {
		found, err := pipeline.VetManifests(dir, o.kubernetes)
		return outcome{found: found, err: err}
	}
	result, err := p.Vet(dir)
	if err != nil {
		return outcome{err: err}
	}
	return outcome{found: result.Found}
}
