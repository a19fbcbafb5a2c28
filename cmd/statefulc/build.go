package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/source"
)

type buildOptions struct {
	output      string
	environment string
	layout      layoutFlag
	reporting
}

func buildCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:     "build [DIR...]",
		Aliases: []string{"generate"},
		Short:   "Compile specs and write kustomize bases and overlays",
		Long: `Compile the spec in each directory (default: the current one) and write base/ and
overlays/<env>/ into deploy/ beside it. Files are written only where they differ,
and none at all if anything is wrong.

With --layout rendered it also writes rendered/<env>/: all objects of each environment,
the base included, one in a file, for reviewers and for engines without kustomize.

With -o - the objects of one environment are printed instead.`,
		Example: `  statefulc build apps/cassandra
  statefulc build apps/cassandra -o - --env prod | kubectl diff -f -`,
		RunE: func(cmd *cobra.Command, args []string) error { return build(cmd, directories(args), &o) },
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "directory to write to, or - for standard output (default deploy/ beside the spec)")
	cmd.Flags().StringVar(&o.environment, "env", source.BaseName, "environment to print with -o -")
	addLayoutFlag(cmd, &o.layout)
	o.addFlags(cmd)
	return cmd
}

func build(cmd *cobra.Command, dirs []string, o *buildOptions) error {
	if o.output != "" && len(dirs) > 1 {
		return errors.New("-o takes the output of one directory; without it each gets a deploy/ of its own")
	}
	if cmd.Flags().Changed("env") && o.output != "-" {
		return errors.New("--env chooses what -o - prints; all environments are written")
	}
	if cmd.Flags().Changed("layout") && o.output == "-" {
		return errors.New("--layout chooses which files are written; -o - prints the objects of one environment")
	}
	if o.output == "-" && o.format.Data {
		return fmt.Errorf("-o - and --format %s both print to standard output", o.format.Name)
	}
	if err := o.check(); err != nil {
		return err
	}
	return o.each(cmd, dirs, func(p *pipeline.Pipeline, dir string) outcome { return buildOne(cmd, p, dir, o) })
}

func buildOne(cmd *cobra.Command, p *pipeline.Pipeline, dir string, o *buildOptions) (out outcome) {
	p.Layout = overlay.Layout(o.layout)
	result, err := p.Build(dir)
	if err != nil {
		return outcome{err: err}
	}
	out.found = result.Found
	switch {
	case o.stop(result.Found):
	case o.output == "-":
		out.err = printEnvironment(cmd, result, o.environment)
	case o.output == "":
		out.talk, out.err = writeTree(filepath.Join(dir, "deploy"), result)
	default:
		out.talk, out.err = writeTree(o.output, result)
	}
	return out
}

func printEnvironment(cmd *cobra.Command, result *pipeline.Result, name string) error {
	var names []string
	for _, env := range result.Environments {
		if env.Name == name {
			_, err := cmd.OutOrStdout().Write(overlay.Print(env.Objects))
			return err
		}
		names = append(names, env.Name)
	}
	return fmt.Errorf("no environment %q; there are %s", name, strings.Join(names, ", "))
}

// writeTree writes the files below dir, and returns what there is to say of it.
func writeTree(dir string, result *pipeline.Result) (talk string, err error) {
	files := map[string][]byte{}
	for _, f := range result.Files {
		files[f.Path] = f.Data
	}
	written, err := write(dir, files)
	if err != nil {
		return "", fmt.Errorf("nothing was written: %w", err)
	}
	talk = fmt.Sprintf("%s: %d files, %d written\n", dir, len(files), written)
	for _, file := range leftovers(dir, files) {
		talk += fmt.Sprintf("%s: no longer made, delete it\n", file)
	}
	return talk, nil
}
