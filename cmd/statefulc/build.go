package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/tree"
)

type buildOptions struct {
	output      string
	environment string
	layout      layoutFlag
	check       bool
	diff        bool
	force       bool
	unchecked   bool
	selecting
	caching
	reporting
}

func buildCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:     "build [DIR|DIR/...]...",
		Aliases: []string{"generate"},
		Short:   "Compile specs and write kustomize bases and overlays",
		Long: `Compile the spec in each directory and write base/ and overlays/<env>/ into deploy/
beside it, or below the output directory that statefulc.cue states. DIR/... are all
applications below DIR; without an argument it is all of the repository that
statefulc.cue marks, and without that file the current directory.

A tree is replaced as a whole or not at all: not if anything is wrong with the spec,
if a generated file was edited, or if a file that statefulc did not write is in the
way. What it wrote is listed in statefulc.sum; what it wrote and no longer makes is
deleted. Files of others stay. The tree of an application that states no base any more,
but is still there, is deleted with --force only.

--check writes nothing; the exit code is 1 if the output is not what would be written.
--diff does the same and prints the difference. With --env they look at one
environment: its overlay, and the base that it is built on.

With --layout rendered it also writes rendered/<env>/: all objects of each environment,
the base included, one in a file, for reviewers and for engines without kustomize.

With -o - the objects of one environment are printed instead.`,
		Example: `  statefulc build apps/cassandra
  statefulc build --check --format github ./...
  statefulc build apps/cassandra -o - --env prod | kubectl diff -f -`,
		RunE: func(cmd *cobra.Command, args []string) error { return build(cmd, args, &o) },
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "directory to write to, or - for standard output (default deploy/ beside the spec)")
	cmd.Flags().StringVar(&o.environment, "env", source.BaseName, "environment to print with -o -, or to look at with --check and --diff")
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing, and fail if the output is not what would be written")
	cmd.Flags().BoolVarP(&o.diff, "diff", "d", false, "as --check, and print what would change")
	cmd.Flags().BoolVar(&o.force, "force", false, "replace generated files that were edited, and files in the way")
	addLayoutFlag(cmd, &o.layout)
	cmd.Flags().BoolVar(&o.unchecked, "unchecked", false, "leave out rules on objects and the proof, to measure what they cost")
	if err := cmd.Flags().MarkHidden("unchecked"); err != nil {
		panic(err)
	}
	o.selecting.addFlag(cmd)
	o.caching.addFlag(cmd)
	o.addFlags(cmd)
	return cmd
}

func build(cmd *cobra.Command, args []string, o *buildOptions) error {
	o.check = o.check || o.diff
	if !cmd.Flags().Changed("env") && o.output != "-" {
		o.environment = ""
	}
	if cmd.Flags().Changed("layout") && o.output == "-" {
		return errors.New("--layout chooses which files are written; -o - prints the objects of one environment")
	}
	if err := o.contradiction(); err != nil {
		return err
	}
	s, err := o.choose(args)
	if err != nil {
		return err
	}
	if len(s.found) > 0 { // nobody knows where to write
		return vetAll(cmd, s, &o.caching, &o.reporting)
	}
	if o.output != "" {
		if len(args) > 1 || len(s.targets) != 1 {
			return errors.New("-o takes the output of one directory; without it each gets a deploy/ of its own")
		}
		s.divert(o.output)
	}
	options := pipeline.Options{Today: o.day.String(), Unchecked: o.unchecked}
	if o.output != "-" { // which prints objects, that are not remembered
		if err := o.remember(&options); err != nil {
			return err
		}
	}
	outcomes := each(s.targets, options, func(p *pipeline.Pipeline, t target) outcome { return o.buildOne(cmd, p, t) })
	if err := o.knowsEnvironment(outcomes, s.others, options); err != nil {
		return err
	}
	gone := o.prune(s)
	all, last := append(outcomes, gone...), ""
	if s.many && o.output != "-" {
		last = o.summary(all, len(outcomes))
	}
	if o.unchecked {
		last += "unchecked: nothing of it was judged or proved, so it is for no cluster\n"
	}
	return o.report(cmd, all, last)
}

// contradiction is what flags have against each other.
func (o *buildOptions) contradiction() error {
	switch {
	case o.environment != "" && o.output != "-" && !o.check:
		return errors.New("--env chooses what -o - prints and --check looks at; all environments are written")
	case o.output == "-" && o.format.Data:
		return fmt.Errorf("-o - and --format %s both print to standard output", o.format.Name)
	case o.diff && o.format.Data:
		return fmt.Errorf("--diff and --format %s both print to standard output", o.format.Name)
	case o.output == "-" && o.check:
		return errors.New("-o - writes no files that --check could look at")
	case o.output != "" && o.shard.divides():
		return errors.New("--shard takes some of many applications, and -o the output of one")
	case o.force && o.check:
		return errors.New("--check writes nothing, so there is nothing to --force")
	}
	return o.reporting.contradiction()
}

func (o *buildOptions) buildOne(cmd *cobra.Command, p *pipeline.Pipeline, at target) (out outcome) {
	p.Layout = o.layout.or(at.layout)
	result, err := p.Build(at.dir)
	if err != nil {
		return failed(result, err)
	}
	out = outcomeOf(result)
	switch {
	case o.stop(result.Found):
	case o.output == "-":
		out.err = printEnvironment(cmd, result, o.environment)
	default:
		files := map[string][]byte{}
		for _, f := range result.Files {
			files[f.Path] = f.Data
		}
		o.place(&tree.Tree{Dir: at.tree, Of: at.of, Header: overlay.Header, Files: files}, &out)
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
	return noEnvironment(name, names)
}

func noEnvironment(name string, known []string) error {
	return fmt.Errorf("no environment %q; there are %s", name, strings.Join(known, ", "))
}

// place makes a tree what it is to be, or with --check says what would change.
func (o *buildOptions) place(t *tree.Tree, out *outcome) {
	if o.check {
		o.compare(t, out)
		return
	}
	written, refused, err := t.Build(o.force)
	switch {
	case err != nil:
		out.err = err
	case len(refused) > 0:
		out.found = append(out.found, t.Findings(refused)...)
		out.talk = string(t.Diff(refused))
	default:
		out.changed = written.Changed
		out.talk = fmt.Sprintf("%s: %s\n", t.Dir, written)
	}
}

func (o *buildOptions) compare(t *tree.Tree, out *outcome) {
	at, err := t.Compare()
	if err != nil {
		out.err = err
		return
	}
	changes := at.Changes
	if o.environment != "" {
		changes = tree.Within(changes, o.environment)
	}
	out.changed = len(changes) > 0
	out.found = append(out.found, t.Findings(changes)...)
	if o.diff {
		out.data = t.Diff(changes)
	}
}

// prune removes the trees of applications that are gone, and what killed builds
// left where nothing is built any more.
func (o *buildOptions) prune(s *selection) (outcomes []outcome) {
	for _, gone := range s.gone {
		var out outcome
		t := &tree.Tree{Dir: gone.tree, Header: overlay.Header}
		if !o.force && !s.isApplication(gone.dir) && source.HasPackage(gone.dir) {
			outcomes = append(outcomes, outcome{changed: o.check, found: diag.List{t.Kept(gone.dir)}})
			continue
		}
		o.place(t, &out)
		if out.changed && !o.check {
			s.removeEmpty(filepath.Dir(gone.tree))
		}
		outcomes = append(outcomes, out)
	}
	for _, dir := range s.stale {
		if !o.check {
			outcomes = append(outcomes, outcome{err: tree.Clean(dir)})
		}
	}
	return outcomes
}

// knowsEnvironment fails if no application has the environment that is asked
// for; one of many need not have it, and a shard of them neither: then those of
// other shards are asked.
func (o *buildOptions) knowsEnvironment(outcomes []outcome, others []target, options pipeline.Options) error {
	if !o.check || o.environment == "" {
		return nil
	}
	known := environmentsOf(outcomes)
	if !slices.Contains(known, o.environment) && len(others) > 0 {
		known = environmentsOf(append(outcomes, each(others, options, vetOne)...))
	}
	if len(known) == 0 || slices.Contains(known, o.environment) {
		return nil
	}
	return noEnvironment(o.environment, known)
}

// environmentsOf are the names of all of them, each once.
func environmentsOf(outcomes []outcome) (names []string) {
	for _, out := range outcomes {
		names = append(names, out.environments...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// summary leaves out what there is to say of those of many applications that
// did not change, and counts.
func (o *buildOptions) summary(outcomes []outcome, applications int) string {
	changed, bad := 0, 0
	for i := range outcomes {
		switch out := &outcomes[i]; {
		case out.changed:
			changed++
		case out.err != nil || o.stop(out.found):
			bad++
		default:
			out.talk = ""
		}
	}
	does, has := "changed", "errors"
	if o.check {
		does = "differ"
	}
	if o.strict {
		has = "errors or warnings"
	}
	return fmt.Sprintf("%s, %s %s, %s with %s\n", plural(applications, "application"), thousands(changed), does, thousands(bad), has)
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}

// thousands is 1,000.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
