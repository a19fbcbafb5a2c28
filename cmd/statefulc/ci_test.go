package main

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/schema"
)

const top = "../../"

// hook is an entry of .pre-commit-hooks.yaml.
type hook struct {
	ID, Name, Description, Entry, Language, Files string
	PassFilenames                                 *bool `json:"pass_filenames"`
}

// action is action.yml.
type action struct {
	Name, Description string
	Inputs            map[string]input
	Runs              struct {
		Using string
		Steps []step
	}
}

type input struct {
	Description string
	Default     any
}

type step struct {
	ID, If, Uses, Shell, Run string
	Env, With                map[string]any
}

// job is that of templates/statefulc.yml.
type job struct {
	Stage, Image string
	Variables    map[string]string
	Script       []string
}

func TestHooks(t *testing.T) {
	hooks := readHooks(t)
	if ids := slices.Sorted(maps.Keys(hooks)); !slices.Equal(ids, []string{"statefulc-build", "statefulc-check"}) {
		t.Errorf("there are %v", ids)
	}
	for id, h := range hooks {
		if h.Language != "golang" || h.PassFilenames == nil || *h.PassFilenames || h.Name == "" || h.Description == "" {
			t.Errorf("%s: %+v", id, h)
		}
		files := regexp.MustCompile(h.Files)
		for file, want := range map[string]bool{
			"statefulc.cue":                                    true,
			"apps/nats/nats.cue":                               true,
			"cue.mod/module.cue":                               true,
			"apps/nats/deploy/statefulc.sum":                   true,
			"apps/nats/deploy/base/service-nats.yaml":          true,
			"gitops/apps/nats/overlays/dev/kustomization.yaml": true,
			"apps/nats/deploy/rendered/dev/service-nats.yaml":  true,
			"README.md":                        false,
			".github/workflows/statefulc.yaml": false,
			"clusters/prod/database.yaml":      false,
		} {
			if files.MatchString(file) != want {
				t.Errorf("%s: %s starts it: %t", id, file, !want)
			}
		}
	}
}

// What runs statefulc builds it with the Go that it needs.
func TestActionHasTheRightGo(t *testing.T) {
	mod := string(readTop(t, "go.mod"))
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(mod)[1]
	if a := readAction(t); a.Runs.Using != "composite" || a.Runs.Steps[0].With["go-version"] != want {
		t.Errorf("%s, Go %v; go.mod wants %s", a.Runs.Using, a.Runs.Steps[0].With["go-version"], want)
	}
	if inputs, _ := readTemplate(t); inputs["image"].Default != "golang:"+want {
		t.Errorf("GitLab has %v; go.mod wants %s", inputs["image"].Default, want)
	}
}

// Both say what an input is, and so does the page.
func TestInputsAreDocumented(t *testing.T) {
	page := string(readTop(t, "docs/ci.md"))
	template, _ := readTemplate(t)
	for _, inputs := range []map[string]input{readAction(t).Inputs, template} {
		for name, in := range inputs {
			if in.Description == "" || in.Default == nil || !strings.Contains(page, "`"+name+"`") {
				t.Errorf("%s: %+v, or docs/ci.md does not name it", name, in)
			}
		}
	}
}

// What init writes names what is there.
func TestScaffoldFitsHooksAndTemplate(t *testing.T) {
	var config struct {
		Repos []struct{ Hooks []struct{ ID string } }
	}
	parse(t, template("pre-commit.yaml"), &config)
	if id := config.Repos[0].Hooks[0].ID; readHooks(t)[id].Entry == "" {
		t.Errorf("no hook %s", id)
	}
	var workflow struct {
		Jobs map[string]struct{ Steps []step }
	}
	parse(t, template("github.yaml"), &workflow)
	if uses := workflow.Jobs["check"].Steps[1].Uses; uses != "statefulc/statefulc@main" {
		t.Errorf("uses %s", uses)
	}
	var pipeline struct {
		Include []struct {
			Remote string
			Inputs map[string]string
		}
	}
	parse(t, template("gitlab.yaml"), &pipeline)
	_, path, _ := strings.Cut(pipeline.Include[0].Remote, "/main/")
	readTop(t, path)
	inputs, _ := readTemplate(t)
	for name := range pipeline.Include[0].Inputs {
		if inputs[name].Description == "" {
			t.Errorf("the template has no input %s", name)
		}
	}
}

// What build and init generate is collapsed where it is reviewed, and nothing
// that anybody writes.
func TestGeneratedFilesAreCollapsed(t *testing.T) {
	script := exec.Command("bash", "-ec", `git init -q && statefulc init && statefulc build apps/nats && git add -A &&
		git ls-files | git check-attr --stdin linguist-generated gitlab-generated`)
	script.Dir = t.TempDir()
	out, err := script.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(out)))
	if len(lines) < 40 {
		t.Errorf("only %d lines", len(lines))
	}
	for _, line := range lines {
		file, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		generated := strings.HasPrefix(file, "apps/nats/deploy/") || strings.HasPrefix(file, schema.VendorDir)
		if strings.HasSuffix(value, ": set") != generated {
			t.Errorf("%s: %s", file, value)
		}
	}
}

func TestReference(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3": "v1.2.3", "v1.2.3-rc.1": "v1.2.3-rc.1", "v0.1.0-beta2": "v0.1.0-beta2",
		"": "main", "(devel)": "main", "v0.0.0-20261123035947-6eda62abcdef": "main", "v1.2.3+dirty": "main",
		"v1.2.4-0.20261123035947-6eda62abcdef": "main", "v1.2.3-rc.1.0.20261123035947-6eda62abcdef": "main",
	} {
		if got := reference(version); got != want {
			t.Errorf("%q: %s, want %s", version, got, want)
		}
	}
}

func readHooks(t *testing.T) map[string]hook {
	t.Helper()
	var list []hook
	parse(t, readTop(t, ".pre-commit-hooks.yaml"), &list)
	hooks := map[string]hook{}
	for _, h := range list {
		hooks[h.ID] = h
	}
	return hooks
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	parse(t, readTop(t, "action.yml"), &a)
	return a
}

func readTemplate(t *testing.T) (map[string]input, job) {
	t.Helper()
	head, body, two := strings.Cut(string(readTop(t, "templates/statefulc.yml")), "\n---\n")
	if !two {
		t.Fatal("no second document")
	}
	var spec struct {
		Spec struct{ Inputs map[string]input }
	}
	parse(t, []byte(head), &spec)
	jobs := map[string]job{}
	parse(t, []byte(body), &jobs)
	return spec.Spec.Inputs, jobs["statefulc"]
}

func parse(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func readTop(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(top + file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
