package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// runner plays the part of a machine that runs a check: a git repository that
// init began and build built, and a go that "installs" the statefulc under test.
type runner struct {
	t     *testing.T
	dir   string // the repository
	temp  string
	env   map[string]string
	calls string // a file: what go was asked for
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	t.Parallel()
	binary, err := exec.LookPath("statefulc")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(top)
	if err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	r := &runner{t: t, dir: filepath.Join(base, "repository"), temp: filepath.Join(base, "temp"), calls: filepath.Join(base, "calls")}
	r.write(filepath.Join(base, "bin", "go"), `#!/bin/sh
echo "$@" >>"$CALLS"
case "$1" in
env) echo go1.26 ;;
list) echo v1.2.3 ;;
install) mkdir -p "$GOBIN" && cp "$STATEFULC" "$GOBIN/statefulc" ;;
esac
`)
	r.write(filepath.Join(r.temp, "output"), "")
	r.env = map[string]string{
		"PATH": filepath.Join(base, "bin") + ":" + os.Getenv("PATH"), "HOME": base, "CALLS": r.calls, "STATEFULC": binary,
		"GITHUB_ACTION_PATH": filepath.Join(root, "templates"), // one file is enough to hash
		"GITHUB_OUTPUT":      filepath.Join(r.temp, "output"), "RUNNER_TEMP": r.temp, "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
		"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1",
		"CI_PROJECT_DIR": r.dir,
	}
	if err := os.Mkdir(r.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if out, code := r.bash("git init -q && statefulc init && statefulc build && git add -A", nil); code != 0 {
		t.Fatal(out)
	}
	return r
}

func (r *runner) write(file, text string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o777); err != nil {
		r.t.Fatal(err)
	}
}

// bash runs a script as GitHub and GitLab do, in the repository.
func (r *runner) bash(script string, env map[string]string) (out string, code int) {
	r.t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir = r.dir
	for _, vars := range []map[string]string{r.env, env} {
		for name, value := range vars {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// asked is what go was asked for, but for its version.
func (r *runner) asked() string {
	text, err := os.ReadFile(r.calls)
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "env GOVERSION\n", "")
}

// warn has a waiver that nothing needs: a warning, and the same output.
func (r *runner) warn() {
	r.write(filepath.Join(r.dir, "apps/nats/more.cue"), "package nats\n\nbase: waive: \"quorum-size\": reason: \"none\"\n")
}

// edit changes a generated file by hand.
func (r *runner) edit() {
	file := filepath.Join(r.dir, "apps/nats/deploy/overlays/dev/kustomization.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	edited := bytes.Replace(text, []byte("count: 1"), []byte("count: 2"), 1)
	if bytes.Equal(edited, text) {
		r.t.Fatal("nothing to edit")
	}
	r.write(file, string(edited))
}

// run runs the action as GitHub would: steps that use other actions are noted,
// the others are run. It returns what they said, the exit code, and what the
// other actions were given.
func (r *runner) run(with map[string]string, cached bool) (said string, code int, used map[string]map[string]string) {
	r.t.Helper()
	a := readAction(r.t)
	values := map[string]string{}
	for name, in := range a.Inputs {
		values["inputs."+name], _ = in.Default.(string)
	}
	for name, value := range with {
		if _, known := a.Inputs[name]; !known {
			r.t.Fatalf("no input %s", name)
		}
		values["inputs."+name] = value
	}
	used = map[string]map[string]string{}
	for _, s := range a.Runs.Steps {
		if !r.holds(s.If, values, code) {
			continue
		}
		if s.Uses != "" {
			used[s.Uses] = r.fill(s.With, values)
			if values["steps.cache.outputs.cache-hit"] = ""; cached {
				values["steps.cache.outputs.cache-hit"] = "true"
			}
			continue
		}
		if s.Shell != "bash" {
			r.t.Errorf("a step has no shell, as a composite action's must: %s", s.Run)
		}
		out, status := r.bash(s.Run, r.fill(s.Env, values))
		said, code = said+out, max(code, status)
		maps.Copy(values, r.outputs(s.ID))
	}
	return said, code, used
}

// outputs are those of a step; the file is empty again then.
func (r *runner) outputs(id string) map[string]string {
	text, err := os.ReadFile(r.env["GITHUB_OUTPUT"])
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(r.env["GITHUB_OUTPUT"], "")
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		out["steps."+id+".outputs."+name] = value
	}
	return out
}

var expression = regexp.MustCompile(`\$\{\{ *([^ }]+) *\}\}`)

// fill puts in what expressions mean.
func (r *runner) fill(of map[string]any, values map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range of {
		text, ok := value.(string)
		if !ok {
			continue // a boolean has no expression
		}
		out[name] = expression.ReplaceAllStringFunc(text, func(e string) string {
			return r.value(expression.FindStringSubmatch(e)[1], values)
		})
	}
	return out
}

// value is that of a name. An input or a step that is not there is a mistake;
// an output that is not there is empty.
func (r *runner) value(name string, values map[string]string) string {
	value, known := values[name]
	if !known && !strings.HasPrefix(name, "steps.check.outputs.") {
		r.t.Fatalf("nobody says what %s is", name)
	}
	return value
}

// holds understands the conditions that the action has. A step without
// !cancelled() is not run after one that failed.
func (r *runner) holds(condition string, values map[string]string, code int) bool {
	condition = strings.TrimSuffix(strings.TrimPrefix(condition, "${{ "), " }}")
	rest, always := strings.CutPrefix(condition, "!cancelled() && ")
	if code != 0 && !always {
		return false
	}
	if rest == "" {
		return true
	}
	name, literal, ok := strings.Cut(rest, " != ")
	if !ok {
		r.t.Fatalf("the test does not understand %s", condition)
	}
	return r.value(name, values) != strings.Trim(literal, "'")
}

const upload = "github/codeql-action/upload-sarif@v4"

func TestActionPasses(t *testing.T) {
	r := newRunner(t)
	said, code, used := r.run(nil, false)
	if code != 0 || strings.Contains(said, "::error") {
		t.Errorf("%d: %s", code, said)
	}
	if got := r.asked(); got != "install ./cmd/statefulc\n" {
		t.Errorf("go was asked for %s", got)
	}
	saved := used["actions/cache/save@v4"]
	if key := saved["key"]; !regexp.MustCompile(`^statefulc-Linux-X64-go1.26-[0-9a-f]{40}$`).MatchString(key) || used["actions/cache/restore@v4"]["key"] != key {
		t.Errorf("key %q", key)
	}
	if _, err := os.Stat(filepath.Join(saved["path"], "statefulc")); err != nil {
		t.Error(err)
	}
	if used[upload] != nil {
		t.Errorf("nobody wanted %v", used[upload])
	}

	results := used["actions/cache@v4"]
	if !strings.HasPrefix(results["key"], results["restore-keys"]) || !strings.HasSuffix(results["key"], "-77-1") {
		t.Errorf("results: %v", results)
	}
	if _, err := os.Stat(filepath.Join(results["path"], "trim.txt")); err != nil {
		t.Error(err)
	}

	// It is not compiled again.
	r.write(r.calls, "")
	if said, code, used = r.run(nil, true); code != 0 || r.asked() != "" || used["actions/cache/save@v4"] != nil {
		t.Errorf("%d, go was asked for %s: %s", code, r.asked(), said)
	}
}

func TestActionInstallsAVersion(t *testing.T) {
	r := newRunner(t)
	if said, code, _ := r.run(map[string]string{"version": "latest", "applications": "apps/nats apps/..."}, false); code != 0 {
		t.Errorf("%d: %s", code, said)
	}
	want := "list -m -f {{.Version}} github.com/statefulc/statefulc@latest\ninstall github.com/statefulc/statefulc/cmd/statefulc@v1.2.3\n"
	if got := r.asked(); got != want {
		t.Errorf("go was asked for %s", got)
	}
}

func TestActionAnnotates(t *testing.T) {
	r := newRunner(t)
	r.edit()
	said, code, _ := r.run(nil, false)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"::error file=apps/nats/deploy/overlays/dev/kustomization.yaml,line=", "title=tree-edited::",
		"\n::group::what statefulc build would change\n", "\n-  count: 2\n+  count: 1\n", "\n::endgroup::\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

func TestActionIsStrictOnDemand(t *testing.T) {
	r := newRunner(t)
	r.warn()
	for strict, want := range map[string]int{"false": 0, "true": 1} {
		if said, code, _ := r.run(map[string]string{"strict": strict}, false); code != want || !strings.Contains(said, "::warning ") {
			t.Errorf("strict %s: %d: %s", strict, code, said)
		}
	}
}

// Each application is in one part, and a part without any passes.
func TestActionChecksAPart(t *testing.T) {
	r := newRunner(t)
	r.edit()
	failed, keys := 0, map[string]bool{}
	for _, shard := range []string{"1/3", "2/3", "3/3"} {
		_, code, used := r.run(map[string]string{"shard": shard}, false)
		failed += code
		keys[used["actions/cache@v4"]["restore-keys"]] = true
	}
	if failed != 1 || len(keys) != 3 {
		t.Errorf("%d failed, %v", failed, keys)
	}
}

func TestActionUploads(t *testing.T) {
	r := newRunner(t)
	r.edit()
	_, code, used := r.run(map[string]string{"sarif": "true"}, false)
	if code != 1 || used[upload] == nil {
		t.Fatalf("%d, uploaded %v", code, used[upload])
	}
	text, err := os.ReadFile(used[upload]["sarif_file"])
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Runs []struct{ Results []any } }
	if err := json.Unmarshal(text, &document); err != nil || len(document.Runs) != 1 || len(document.Runs[0].Results) != 1 {
		t.Errorf("%v: %s", err, text)
	}

	// What could not run has nothing to upload, and fails all the same.
	if said, code, used := r.run(map[string]string{"sarif": "true", "applications": "gone"}, false); code != 2 || used[upload] != nil {
		t.Errorf("%d, uploaded %v: %s", code, used[upload], said)
	}
}

func TestGitLabJob(t *testing.T) {
	for name, c := range map[string]struct {
		with map[string]string
		do   func(*runner)
		code int
		says string
	}{
		"passes":  {code: 0, says: "1 application, 0 differ"},
		"warns":   {code: 0, do: (*runner).warn, says: "warning: "},
		"strict":  {code: 1, do: (*runner).warn, with: map[string]string{"strict": "true"}, says: "warning: "},
		"one":     {code: 0, with: map[string]string{"applications": "apps/nats"}},
		"edited":  {code: 1, do: (*runner).edit, says: "+  count: 1"},
		"nothing": {code: 2, with: map[string]string{"applications": "gone"}, says: "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t)
			if c.do != nil {
				c.do(r)
			}
			for range 2 { // the second time it is in the cache
				if said, code := r.gitlab(c.with); code != c.code || !strings.Contains(said, c.says) {
					t.Errorf("%d: %s", code, said)
				}
			}
			list := "list -m -f {{.Version}} github.com/statefulc/statefulc@latest\n"
			if got, want := r.asked(), list+"install github.com/statefulc/statefulc/cmd/statefulc@v1.2.3\n"+list; got != want {
				t.Errorf("go was asked for %s", got)
			}
		})
	}
}

var interpolation = regexp.MustCompile(`\$\[\[ inputs\.(\w+) \]\]`)

// gitlab runs the job of the template.
func (r *runner) gitlab(with map[string]string) (string, int) {
	inputs, job := readTemplate(r.t)
	values := map[string]string{}
	for name, in := range inputs {
		text, err := json.Marshal(in.Default)
		if err != nil {
			r.t.Fatal(err)
		}
		values[name] = strings.Trim(string(text), `"`)
	}
	maps.Copy(values, with)
	env := map[string]string{}
	for name, value := range job.Variables {
		value = strings.ReplaceAll(value, "$CI_PROJECT_DIR", r.dir)
		env[name] = interpolation.ReplaceAllStringFunc(value, func(e string) string { return values[interpolation.FindStringSubmatch(e)[1]] })
	}
	return r.bash(strings.Join(job.Script, "\n"), env)
}

// The hooks' entries, as pre-commit runs them: at the top, without file names.
func TestHooksRun(t *testing.T) {
	r := newRunner(t)
	check, build := readHooks(t)["statefulc-check"].Entry, readHooks(t)["statefulc-build"].Entry
	if said, code := r.bash(check, nil); code != 0 {
		t.Errorf("%d: %s", code, said)
	}
	r.write(filepath.Join(r.dir, "apps/nats/more.cue"), "package nats\n\nbase: groups: nats: env: TZ: \"UTC\"\n")
	if said, code := r.bash(check, nil); code != 1 || !strings.Contains(said, "[tree-stale]") {
		t.Errorf("%d: %s", code, said)
	}
	if said, code := r.bash(build, nil); code != 0 {
		t.Errorf("%d: %s", code, said)
	}
	if said, code := r.bash(check, nil); code != 0 {
		t.Errorf("%d: %s", code, said)
	}
	// pre-commit fails a hook that changed files that git knows.
	if said, code := r.bash("git diff --quiet", nil); code != 1 {
		t.Errorf("build changed nothing: %s", said)
	}
}
