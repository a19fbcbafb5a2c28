package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// peer is a program that statefulc is compared with.
type peer struct{ name, path, version string }

// peers are the last versions that Go 1.26 builds, but for kustomize: it is the
// one whose library statefulc proves with.
var peers = []peer{
	{"kustomize", "sigs.k8s.io/kustomize/kustomize/v5", "v5.8.1"},
	{"helm", "helm.sh/helm/v4/cmd/helm", "v4.3.2"},
	{"cue", "cuelang.org/go/cmd/cue", "v0.17.1"},
	{"timoni", "github.com/stefanprodan/timoni/cmd/timoni", "v0.25.2"}, // the module proxy does not have it
}

// toolbox are the programs by name, and why there are not all.
type toolbox struct {
	paths    map[string]string
	missing  map[string]error
	measured string // which statefulc
}

// install builds statefulc, unless one is given, and the peers.
func install(bin, statefulc string) (*toolbox, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	t := &toolbox{paths: map[string]string{}, missing: map[string]error{}, measured: statefulc}
	if t.paths["statefulc"], err = filepath.Abs(statefulc); statefulc == "" {
		t.paths["statefulc"] = filepath.Join(bin, "statefulc")
		err = goTool(bin, "build", "-trimpath", "-ldflags=-s -w", "-o", t.paths["statefulc"], "./cmd/statefulc")
		t.measured = revision()
	}
	if err != nil {
		return nil, err
	}
	for _, p := range peers {
		t.paths[p.name] = filepath.Join(bin, p.name)
		if err := goTool(bin, "install", "-trimpath", "-ldflags=-s -w", p.path+"@"+p.version); err != nil {
			t.missing[p.name] = err
		}
	}
	return t, nil
}

func goTool(bin string, args ...string) error {
	fmt.Fprintln(os.Stderr, "go", strings.Join(args, " "))
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New(lastLine(out))
	}
	return nil
}

// String says which versions are compared, and what is not.
func (t *toolbox) String() string {
	var have, lack strings.Builder
	for _, p := range peers {
		if err := t.missing[p.name]; err != nil {
			fmt.Fprintf(&lack, "%s %s cannot be installed: %v\n", p.name, p.version, err)
		} else {
			fmt.Fprintf(&have, ", %s %s", p.name, p.version)
		}
	}
	return "statefulc " + t.measured + have.String() + ".\n" + lack.String()
}

// revision is what Git calls the files of this directory.
func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "of no revision"
	}
	return strings.TrimSpace(string(out))
}

func lastLine(text []byte) string {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return strings.TrimSpace(string(lines[len(lines)-1]))
}
