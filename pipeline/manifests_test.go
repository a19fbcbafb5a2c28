package pipeline_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/plain"
)

// Each entry of testdata/manifests is checked by itself: a file, or a directory.
// A line that is wrong says so as the specs of TestFindings do, in a comment:
//
//	replicas: -1 # want `api-server: StatefulSet/db: spec.replicas: …`
//
// All findings have to be wanted. "# kubernetes: 1.34" is the version that
// it is for; backquotes in messages are written as apostrophes.
func TestManifests(t *testing.T) {
	cases, err := filepath.Glob("../testdata/manifests/*")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	seen := map[string]bool{}
	for _, path := range cases {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want, version := wantedBelow(t, path)
			found, err := pipeline.VetManifests(path, version, options.Today)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range found {
				if d.Pos.Line == 0 || d.Fix == "" {
					t.Errorf("a finding without an address or a remedy: %+v", d)
				}
				got = append(got, fmt.Sprintf("%s:%d: %s: %s", d.Pos.File, d.Pos.Line, d.Rule, strings.ReplaceAll(d.Message, "`", "'")))
				seen[d.Rule] = true
			}
			for _, file := range filesBelow(t, path) {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				inFile := slices.DeleteFunc(slices.Clone(found), func(d diag.Diagnostic) bool { return d.Pos.File != file })
				for line, all := range fixes(string(text)) {
					for _, words := range all {
						if !remedied(inFile, line, words) {
							t.Errorf("%s:%d: no remedy says %s", file, line, words)
						}
					}
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	for _, r := range plain.Rules {
		if !seen[r.ID] || r.Why == "" {
			t.Errorf("rule %s: needs a reason, and a case in testdata/manifests", r.ID)
		}
	}
}

var targetVersion = regexp.MustCompile(`# kubernetes: (\S+)`)

// wantedBelow are the findings that the files of a case ask for.
func wantedBelow(t *testing.T, root string) (want []string, version string) {
	t.Helper()
	for _, path := range filesBelow(t, root) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range wanted(string(text)) {
			want = append(want, path+":"+w)
		}
		if m := targetVersion.FindSubmatch(text); m != nil {
			version = string(m[1])
		}
	}
	slices.Sort(want)
	return want, version
}

// filesBelow are the files of a case.
func filesBelow(t *testing.T, root string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What the compiler writes has nothing that the same rules find in the files.
func TestExamplesAreSoundAsFiles(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*/deploy")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, dir := range dirs {
		found, err := pipeline.VetManifests(dir, "", options.Today)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found {
			t.Errorf("%v: %s [%s]", d.Pos, d.Message, d.Rule)
		}
	}
}

// A mistake in a compiled file is found in it, in whichever environment it is.
func TestMistakesInCompiledFilesAreFound(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deploy")
	if err := os.CopyFS(dir, os.DirFS("../examples/cassandra/deploy")); err != nil {
		t.Fatal(err)
	}
	for file, change := range map[string][2]string{
		"base/statefulset-cassandra.yaml":                       {"serviceName: ", "serviceNaem: "},
		"base/service-cassandra.yaml":                           {"port: 9042", "port: 90420"},
		"overlays/prod/patch-statefulset-cassandra.yaml":        {"memory: 32Gi", "memory: 32Gib"},
		"overlays/prod/patch-statefulset-cassandra-claims.yaml": {"value: 1Ti", "value: 1Tib"},
		"overlays/prod/kustomization.yaml":                      {"resources:", "resource:"},
		"overlays/dev/patch-statefulset-cassandra.yaml":         {"apiVersion: apps/v1", "apiVersion: apps/v1\nspecs: {}"},
		"base/poddisruptionbudget-cassandra.yaml":               {"maxUnavailable: 1", "maxUnavailable: {}"},
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := filepath.Join(dir, file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}()
			before, after, ok := strings.Cut(string(text), change[0])
			if !ok {
				t.Fatalf("%s has no %q", file, change[0])
			}
			if err := os.WriteFile(path, []byte(before+change[1]+after), 0o644); err != nil {
				t.Fatal(err)
			}
			found, err := pipeline.VetManifests(dir, "", options.Today)
			if err != nil {
				t.Fatal(err)
			}
			line := strings.Count(before, "\n") + 1 + strings.Count(change[1], "\n")
			if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Pos.File == path && d.Pos.Line == line }) {
				t.Errorf("nothing at line %d: %v", line, reported(found))
			}
		})
	}
}

// What is no file is not read, links do not lead in circles, and what is too
// large is said to be.
func TestStrangeDirectories(t *testing.T) {
	dir := t.TempDir()
	run := func(what string, err error) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	config := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
	run("file", os.WriteFile(dir+"/good.yaml", fmt.Appendf(nil, config, "good"), 0o644))
	run("pipe", exec.Command("mkfifo", dir+"/pipe.yaml").Run())
	run("link", os.Symlink(dir, dir+"/again"))
	run("link", os.Symlink("nowhere", dir+"/dangling.yaml"))
	run("hidden", os.Mkdir(dir+"/.git", 0o755))
	run("hidden", os.WriteFile(dir+"/.git/bad.yaml", []byte("apiVersion: [kind"), 0o644))
	run("garbage", os.WriteFile(dir+"/garbage.yaml", []byte("apiVersion\x00kind\xff\xfe"), 0o644))
	run("values", os.WriteFile(dir+"/values.yaml", []byte("a: {{ b\n"), 0o644))
	run("huge", os.WriteFile(dir+"/huge.yaml", []byte(strings.Repeat("# much\n", 2<<20)), 0o644))
	run("kustomization", os.Mkdir(dir+"/k", 0o755))
	run("kustomization", os.WriteFile(dir+"/k/kustomization.yaml", []byte("resources: [pipe.yaml, ../good.yaml, https://example.com/a.yaml, 'github.com/example/x//y?ref=v1']\n"), 0o644))
	run("pipe", exec.Command("mkfifo", dir+"/k/pipe.yaml").Run())

	found, err := pipeline.VetManifests(dir, "", options.Today)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range found {
		got = append(got, strings.TrimPrefix(d.Pos.File, dir+"/")+": "+strings.ReplaceAll(d.Message, dir, "DIR"))
	}
	want := []string{
		"garbage.yaml: the file is no text in UTF-8",
		"huge.yaml: the file has 14 MB, more than the 8 that are read",
		"k/kustomization.yaml: pipe.yaml: it is no regular file",
		"k/kustomization.yaml: ../good.yaml: kustomize reads no files above a kustomization",
		"k/kustomization.yaml: https://example.com/a.yaml: it is in another repository, and not fetched",
		"k/kustomization.yaml: github.com/example/x//y?ref=v1: it is in another repository, and not fetched",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Columns are counted in bytes, as everywhere. Were each counted from the
// beginning of its line, this line would take minutes.
func TestColumnsOfManifests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {ä: &a é, b: 5}}\ndata: {a: [" + strings.Repeat("*a, é, ", 60_000) + "]}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := pipeline.VetManifests(file, "", options.Today)
	if err != nil {
		t.Fatal(err)
	}
	b := diag.Pos{File: file, Line: 3, Col: 1 + strings.Index(strings.Split(text, "\n")[2], "5")}
	if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Pos == b }) {
		t.Errorf("nothing at %v: %v", b, reported(found)[:min(3, len(found))])
	}
}

// The other places of a field are told as object and field, as in messages.
func TestRelatedPlacesOfManifests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	text := `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {a: b}},
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: web, image: "a:1"}, {name: web, image: "a:2"}]}}}}`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := pipeline.VetManifests(file, "", options.Today)
	if err != nil {
		t.Fatal(err)
	}
	const want = "Deployment/web: spec.template.spec.containers[0].name is part of it"
	if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return len(d.Related) == 1 && d.Related[0].Message == want }) {
		t.Errorf("no finding says %q: %+v", want, found)
	}
}

// Bytes that are anything give findings or an error, and never a panic.
func FuzzManifests(f *testing.F) {
	files, err := filepath.Glob("../testdata/manifests/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	bomb := "apiVersion: v1\nkind: ConfigMap\na: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 8), c-1)
	}
	for _, text := range []string{
		"", "\xff", "---\n---\n", "%YAML 1.2\n---\na: b", "a: *a", "&a [*a, *a]", "? {a: b}\n: c", "<<: {a: b}\n", bomb,
		strings.Repeat("[", 20_000), strings.Repeat("a: ", 300), "apiVersion: v1\nkind: List\nitems: {}\n", "apiVersion: 1\nkind: 2\n",
		"apiVersion: v1\nkind: Pod\nmetadata: []\n", "apiVersion: v1\nkind: Pod\nmetadata: {name: [1]}\n", "apiVersion: v1\nkind: Pod\nmetadata: {name: 1.5, labels: {? [a] : b}}\n",
		"apiVersion: a/b/c\nkind: Pod\nmetadata: {name: a}\n", "apiVersion: v1\nkind: ServiceList\nmetadata: {name: a}\n", "kind: !!binary aGk=\napiVersion: !!int x\n",
		"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {template: {spec: {containers: [null, {}, {name: 1}]}}, volumeClaimTemplates: [null]}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		for _, name := range []string{"a.yaml", "kustomization.yaml"} {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
			found, err := pipeline.VetManifests(path, "1.33", options.Today)
			if err == nil && len(found) > 0 && !found[0].Pos.IsValid() {
				t.Errorf("a finding without an address: %+v", found[0])
			}
		}
	})
}
