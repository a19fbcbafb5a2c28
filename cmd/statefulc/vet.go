package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/pipeline"
)

type vetOptions struct {
	manifests  bool
	kubernetes string
	selecting
	caching
	reporting
}

func vetCommand() *cobra.Command {
	var o vetOptions
	cmd := &cobra.Command{
		Use:     "vet [DIR|DIR/...]...",
		Aliases: []string{"lint"},
		Short:   "Check specs and the objects they compile to, and write nothing",
		Long: `Check the spec in each directory: what CUE and the schema refuse, what the API server
would refuse of the objects, and what the rules know. Silent if all is well. DIR/... are
all applications below DIR; without an argument it is all of the repository that
statefulc.cue marks, and without that file the current directory.

With --manifests the arguments hold no specs but Kubernetes objects, as YAML files
and kustomizations; the rules on objects are the same. Each argument is judged by
itself; below it, a kustomization is built unless another one refers to it.

With another --format than text, findings are data, on standard output: one document
for all directories, also when there is nothing to say.`,
		Example: `  statefulc vet ./...
  statefulc vet --format sarif --strict ./... >statefulc.sarif
  statefulc vet --manifests --kubernetes 1.34 clusters/prod/*`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.kubernetes != "" && !o.manifests {
				return errors.New("--kubernetes is for --manifests; a spec says itself which version it is for")
			}
			if o.manifests && o.shard.divides() {
				return errors.New("--shard is for specs; name the manifests of each part")
			}
			if err := o.contradiction(); err != nil {
				return err
			}
			if o.manifests {
				return o.report(cmd, each(asTargets(args), pipeline.Options{}, o.vetManifests), "")
			}
			s, err := o.choose(args)
			if err != nil {
				return err
			}
			return vetAll(cmd, s, &o.caching, &o.reporting)
		},
	}
	cmd.Flags().BoolVar(&o.manifests, "manifests", false, "check Kubernetes objects in YAML files and kustomize directories")
	cmd.Flags().StringVar(&o.kubernetes, "kubernetes", "", "version of the cluster that manifests are for, 1.35 or 1.35.4 (default the newest known)")
	o.selecting.addFlag(cmd)
	o.caching.addFlag(cmd)
	o.addFlags(cmd)
	return cmd
}

// vetAll checks applications, and says what is wrong with the files that mark
// their repositories.
func vetAll(cmd *cobra.Command, s *selection, c *caching, r *reporting) error {
	options := pipeline.Options{Today: r.day.String()}
	if err := c.remember(&options); err != nil {
		return err
	}
	outcomes := each(s.targets, options, vetOne)
	if len(s.found) > 0 {
		outcomes = append(outcomes, outcome{found: s.found})
	}
	return r.report(cmd, outcomes, "")
}

// asTargets are arguments as they are; the current directory without any.
func asTargets(args []string) []target {
	if len(args) == 0 {
		args = []string{"."}
	}
	var out []target
	for _, arg := range args {
		out = append(out, target{dir: arg})
	}
	return out
}

func (o *vetOptions) vetManifests(_ *pipeline.Pipeline, t target) outcome {
	found, err := pipeline.VetManifests(t.dir, o.kubernetes, o.day.String())
	return outcome{found: found, err: err}
}

func vetOne(p *pipeline.Pipeline, t target) outcome {
	result, err := p.Vet(t.dir)
	if err != nil {
		return failed(result, err)
	}
	return outcomeOf(result)
}

func outcomeOf(result *pipeline.Result) outcome {
	out := outcome{found: result.Found}
	for _, env := range result.Environments {
		out.environments = append(out.environments, env.Name)
	}
	return out
}
