package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/source"
)

// reporting is how findings are to be printed and what they stop: the flags
// that vet and build share.
type reporting struct {
	format formatFlag
	source bool
	strict bool
	day    *today
}

// asText is how a command reports that lets nobody choose.
func asText() *reporting { return &reporting{format: formatFlag(diag.Formats[0])} }

func (r *reporting) addFlags(cmd *cobra.Command) {
	r.format = asText().format
	cmd.Flags().Var(&r.format, "format", "how to print findings: "+strings.Join(formatNames(), ", "))
	cmd.Flags().BoolVar(&r.source, "show-source", false, "with text, show the line of each finding, as in a terminal")
	cmd.Flags().BoolVar(&r.strict, "strict", false, "warnings stop the run too")
	r.day = addTodayFlag(cmd)
	var completions []string
	for _, f := range diag.Formats {
		completions = append(completions, cobra.CompletionWithDesc(f.Name, f.What))
	}
	if err := cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(completions, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// contradiction is what flags have against each other.
func (r *reporting) contradiction() error {
	if r.source && r.format.Data {
		return fmt.Errorf("--show-source is for text; --format %s is for programs", r.format.Name)
	}
	return nil
}

// stop reports whether nothing may be written because of what was found.
func (r *reporting) stop(found diag.List) bool {
	return found.HasErrors() || r.strict && found.HasWarnings()
}

// outcome is what there is to say of one directory.
type outcome struct {
	found        diag.List
	environments []string
	changed      bool   // the tree, or it would
	talk         string // of what was written
	data         []byte // what was asked for
	err          error  // it could not be done
}

// failed is what there is to say of a directory that could not be read to its end.
func failed(result *pipeline.Result, err error) outcome {
	out := outcome{err: err}
	if result != nil {
		out.found = result.Found
	}
	return out
}

// errSkipped stands for a directory that nothing was done with.
var errSkipped = errors.New("not looked at")

// each does something with each application, as many at a time as there are
// cores, also after one that cannot be read or has findings. After one that CUE
// is given up on nothing else begins: it goes on, and takes the time and the
// memory that the others would be blamed for.
func each(targets []target, options pipeline.Options, do func(p *pipeline.Pipeline, t target) outcome) []outcome {
	outcomes := make([]outcome, len(targets))
	for i := range outcomes {
		outcomes[i].err = errSkipped
	}
	var taken atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(targets)) {
		workers.Go(func() {
			p := &pipeline.Pipeline{Options: options}
			for i := int(taken.Add(1)) - 1; i < len(targets); i = int(taken.Add(1)) - 1 {
				outcomes[i] = guarded(func() outcome { return do(p, targets[i]) })
				if errors.Is(outcomes[i].err, source.ErrTooLong) {
					taken.Add(int64(len(targets)))
				}
			}
		})
	}
	workers.Wait()
	return outcomes
}

// guarded turns a panic into an error: it would end the process, and with it
// the work on other directories.
func guarded(do func() outcome) (out outcome) {
	defer func() {
		if cause := recover(); cause != nil {
			out = outcome{err: bug(cause)}
		}
	}()
	return do()
}

// report prints what was found everywhere as one list, then the talk, the
// last words and what was asked for, in the order of the directories; the error is errFindings if a
// finding stopped something. If nothing was found and every directory failed, no
// document is printed: it would say that all is well.
func (r *reporting) report(cmd *cobra.Command, outcomes []outcome, last string) error {
	var found diag.List
	var talk strings.Builder
	var failed []error
	skipped := 0
	var data []byte
	for _, o := range outcomes {
		data = append(data, o.data...)
		found = append(found, o.found...)
		talk.WriteString(o.talk)
		switch {
		case errors.Is(o.err, errSkipped), errors.Is(o.err, source.ErrHindered):
			skipped++
		case o.err != nil:
			failed = append(failed, o.err)
		}
	}
	if len(outcomes) == 0 || len(failed)+skipped < len(outcomes) || len(found) > 0 {
		if err := r.print(cmd, found.Sorted()); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(cmd.ErrOrStderr(), talk.String()+last); err != nil {
		return err
	}
	if _, err := cmd.OutOrStdout().Write(data); err != nil {
		return err
	}
	if len(failed) == 0 && r.stop(found) {
		return errFindings
	}
	if skipped > 0 {
		failed = append(failed, fmt.Errorf("%s not looked at: CUE goes on with the one that is given up, and cannot be stopped; mend that and run again", plural(skipped, "application")))
	}
	return errors.Join(failed...)
}

// print puts documents where data goes, and text where talk does.
func (r *reporting) print(cmd *cobra.Command, found diag.List) error {
	out := cmd.ErrOrStderr()
	if r.format.Data {
		out = cmd.OutOrStdout()
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	return r.format.Print(out, found.Local(dir), &diag.Context{
		Lines:  reader(),
		Source: r.source || isTerminal(out),
		Color:  isTerminal(out) && wantsColor(),
		Dir:    dir,
		Rules:  pipeline.Rules(),
		Tool:   version(),
	})
}

// reader reads files by lines. It remembers the last one: findings come by file.
func reader() func(string) []string {
	var last string
	var lines []string
	return func(file string) []string {
		if file != last {
			last, lines = file, readLines(file)
		}
		return lines
	}
}

// readLines is nil for what cannot be read, or is no file: the schema in the
// binary, a directory.
func readLines(file string) []string {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.SplitSeq(string(text), "\n") {
		lines = append(lines, strings.TrimSuffix(line, "\r"))
	}
	return lines
}

// isTerminal takes the null device for one too: nobody sees the difference.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// wantsColor heeds https://no-color.org. A console of Windows would have to be
// asked to understand colours.
func wantsColor() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && runtime.GOOS != "windows"
}

// formatFlag is the value of --format.
type formatFlag diag.Format

func (f *formatFlag) String() string { return f.Name }
func (f *formatFlag) Type() string   { return "FORMAT" }

func (f *formatFlag) Set(name string) error {
	for _, known := range diag.Formats {
		if known.Name == name {
			*f = formatFlag(known)
			return nil
		}
	}
	message := "there are " + strings.Join(formatNames(), ", ")
	if hint := diag.DidYouMean(name, formatNames()); hint != "" {
		message += "; d" + strings.TrimPrefix(hint, "D")
	}
	return errors.New(message)
}

func formatNames() []string {
	var names []string
	for _, f := range diag.Formats {
		names = append(names, f.Name)
	}
	return names
}
