// Command statefulc compiles specs of stateful applications, written in CUE,
// to Kubernetes objects as a kustomize base and overlays.
//
// It holds flags, files on disk, printing and exit codes; what happens to a
// spec is told in package pipeline. Standard output is data, standard error is
// talk. It exits with 0, with 1 for findings, and with 2 if it could not run.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func main() {
	// CUE makes garbage faster than it keeps data: half the time is the
	// collector's at the default of 100.
	debug.SetGCPercent(400)
	// Then there is four times as much garbage as data, and package source would
	// take it for data when it looks whether CUE has to be given up, at 512 MiB
	// and more with more cores. Each worker keeps 30 to 60 MiB.
	debug.SetMemoryLimit(400<<20 + 64<<20*int64(max(0, runtime.GOMAXPROCS(0)-2)))
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// errFindings ends a run that has said all there is to say: exit code 1.
var errFindings = errors.New("findings")

func run(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if cause := recover(); cause != nil {
			fmt.Fprintf(stderr, "statefulc: %v\n", bug(cause))
			code = 2
		}
	}()
	root := command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	switch err := root.Execute(); {
	case err == nil:
		return 0
	case errors.Is(err, errFindings):
		return 1
	default:
		fmt.Fprintf(stderr, "statefulc: %v\n", err)
		return 2
	}
}

// bug is what is said of a panic, without its stack.
func bug(cause any) error {
	return fmt.Errorf("internal error: %v\nThis is a bug of statefulc; what it happened with was not written. Please report it with the spec.", cause)
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "statefulc",
		Short:         "Compile specs of stateful applications to kustomize bases and overlays",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(buildCommand(), vetCommand(), explainCommand(), initCommand(), versionCommand())
	return root
}

// directories are a command's arguments; the current one without any.
func directories(args []string) []string {
	if len(args) == 0 {
		return []string{"."}
	}
	return args
}
