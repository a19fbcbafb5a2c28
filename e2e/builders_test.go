package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// builders are the programs that build an overlay for users: the oldest
// kustomize that we promise, the newest that Go 1.26 compiles, and the one in
// kubectl (v0.36 and v0.37 have 5.8.1 in them).
var builders = []*builder{
	kustomizeRelease("v5.4.3"),
	kustomizeRelease("v5.8.1"),
	kubectlRelease("v0.37.2"),
}

// builder is a program in a cache directory of the user, made on first use.
type builder struct {
	name string
	args []string               // before the directory
	path func() (string, error) // of the executable
}

func newBuilder(name string, install func(bin string) *exec.Cmd, args ...string) *builder {
	return &builder{name, args, sync.OnceValues(func() (string, error) { return cached(name, install) })}
}

// prepareBuilders installs those that are not there yet, beside the tests.
func prepareBuilders() {
	for _, b := range builders {
		go b.path()
	}
}

// build is what the program prints for a kustomize directory.
func (b *builder) build(t *testing.T, dir string) string {
	t.Helper()
	program, err := b.path()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd := exec.Command(program, append(b.args, dir)...)
	cmd.Stderr = &said
	built, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s builds not %s: %v\n%s", b.name, dir, err, said.String())
	}
	if said.Len() > 0 {
		t.Errorf("%s warns of %s: %s", b.name, dir, said.String())
	}
	return string(built)
}

// cached is an executable by name, for this version of Go. It is made in a
// directory of its own and then moved, so that nobody finds half of one.
func cached(name string, install func(bin string) *exec.Cmd) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "statefulc-e2e")
	program := filepath.Join(cache, name+"-"+runtime.Version()+"-"+runtime.GOARCH)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", err
	}
	bin, err := os.MkdirTemp(cache, ".install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(bin)
	cmd := install(bin)
	cmd.Dir = bin // outside of any module but its own
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return program, os.Rename(filepath.Join(bin, "program"), program)
}

// kustomizeRelease is the program that users download.
func kustomizeRelease(version string) *builder {
	return newBuilder("kustomize-"+version, func(bin string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", "go install sigs.k8s.io/kustomize/kustomize/v5@"+version+" && mv kustomize program")
		cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
		return cmd
	}, "build")
}

// kubectlRelease is `kubectl kustomize` alone: k8s.io/kubectl has no program,
// and that of k8s.io/kubernetes cannot be installed because of its replaces. A
// module that wants k8s.io/kubectl alone gets the kustomize that is pinned there.
func kubectlRelease(version string) *builder {
	const program = `package main

import (
	"os"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/kubectl/pkg/cmd/kustomize"
)

func main() {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	if kustomize.NewCmdKustomize(streams).Execute() != nil {
		os.Exit(1)
	}
}
`
	return newBuilder("kubectl-"+version, func(bin string) *exec.Cmd {
		module := "module kubectl\n\ngo 1.26\n\nrequire k8s.io/kubectl " + version + "\n"
		cmd := exec.Command("go", "build", "-mod=mod", "-o", "program", ".")
		cmd.Env = append(os.Environ(), "GOFLAGS=")
		for name, text := range map[string]string{"go.mod": module, "main.go": program} {
			if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o666); err != nil {
				cmd.Err = err
			}
		}
		return cmd
	})
}
