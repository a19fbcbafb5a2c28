package pipeline_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/source"
	"github.com/statefulc/statefulc/spec"
)

// What the schema accepts compiles, or is refused at a line of the spec; it
// never panics, and the laws hold: kustomize builds the overlays back, and the
// API server's rules take every object. 40 specs, or as many as are asked for:
//
//	go test ./pipeline -run TestGeneratedSpecs -v -timeout 0 -rapid.checks=100000
func TestGeneratedSpecs(t *testing.T) {
	// The same specs each time, unless others are asked for: what fails is then
	// what was changed.
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		if err := seed.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	t.Parallel()
	few(t, "40")
	outcomes, total := map[string]int{}, 0
	dir, many := t.TempDir(), new(source.Loader)
	rapid.Check(t, func(t *rapid.T) {
		text, laws := drawSpec(t), checkOnce
		t.Log(text)
		if (gen{t}).oneIn(10, "built twice") {
			laws = checkLaws
		}
		was := outcome(t, dir, text, laws)
		loadedAmongMany(t, many, dir)
		outcomes[was]++
		total++
		if keep := os.Getenv("STATEFULC_KEEP"); keep != "" && was == "built" {
			keepSpec(t, filepath.Join(keep, fmt.Sprint(total)), text)
		}
	})
	t.Logf("of %d specs: %v", total, outcomes)
	if outcomes["built"] < total/2 {
		t.Errorf("only %d of %d specs were built, the generator tests too little: %v", outcomes["built"], total, outcomes)
	}
}

// loadedAmongMany wants a loader that has loaded others to make of a spec what
// one does that is new.
func loadedAmongMany(t *rapid.T, many *source.Loader, dir string) {
	want, wantFound, err := source.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, gotFound, err := many.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantFound, gotFound); diff != "" {
		t.Errorf("-alone +among many\n%s", diff)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(spec.Environment{}, "Index")); diff != "" {
		t.Errorf("-alone +among many\n%s", diff)
	}
}

// keepSpec leaves a spec to e2e, which shows what it becomes to a real API
// server.
func keepSpec(t *rapid.T, dir, text string) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What was found by generation, each as the smallest spec that shows it. What
// is to be refused says so at its line.
func TestCounterExamples(t *testing.T) {
	files, err := filepath.Glob("../testdata/generated/*.cue")
	if err != nil || len(files) == 0 {
		t.Fatalf("no specs: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			result := checkLaws(t, specDir(t, string(text)))
			if diff := cmp.Diff(wanted(string(text)), reported(inQuestion(result.Found, ""))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// outcome is "built", or the rule that refused a spec first. The laws hold
// either way.
func outcome(t fataler, dir, text string, laws func(fataler, string) *pipeline.Result) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(text), 0o644); err != nil {
		t.Fatalf("%v", err)
	}
	for _, d := range laws(t, dir).Found {
		if d.Severity == diag.Error {
			return d.Rule
		}
	}
	return "built"
}

// fields is a struct of the spec.
type fields map[string]any

// drawSpec draws a base and two overlays.
func drawSpec(t *rapid.T) string {
	g := gen{t}
	app := g.app()
	var b strings.Builder
	fmt.Fprintf(&b, "package app\n\nimport \"statefulc.dev/v1\"\n\noverlays: [_]: base\nbase: v1.#App & %s\n", print(app))
	for _, name := range []string{"dev", "prod"} {
		overlay := g.overlay(app)
		g.addTo(overlay, app)
		fmt.Fprintf(&b, "overlays: %s: %s\n", name, print(overlay))
	}
	return b.String()
}

// overlay states other values for some of what the base leaves open.
func (g gen) overlay(base fields) fields {
	out := fields{}
	for _, key := range slices.Sorted(maps.Keys(base)) {
		switch v := base[key].(type) {
		case fields:
			if below := g.overlay(v); len(below) > 0 {
				out[key] = below
			}
		case open:
			if g.bool(key + " varies") {
				out[key] = closed(v.again())
			}
		}
	}
	return out
}

// addTo adds to an overlay what the base does not have: of the application,
// and of one of its groups.
func (g gen) addTo(overlay, base fields) {
	g.addSome(overlay, base, g.appFeatures(base))
	if g.oneIn(10, "one more group") {
		of, _ := overlay["groups"].(fields)
		overlay["groups"] = merge(of, fields{"more": closed(g.group())})
	}
	groups := base["groups"].(fields)
	key := pick(g, "varied group", slices.Sorted(maps.Keys(groups))...)
	group := maps.Clone(groups[key].(fields))
	of, _ := overlay["groups"].(fields)
	below, _ := of[key].(fields)
	below = merge(below, nil)
	g.addSome(below, group, slices.Concat(g.groupFeatures(group), g.stableFeatures(group), g.containerFeatures(group), g.lifeFeatures(group)))
	if len(below) > 0 {
		overlay["groups"] = merge(of, fields{key: below})
	}
}

func merge(a, b fields) fields {
	out := fields{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// addSome adds one of the features now and then.
func (g gen) addSome(overlay, base fields, features []feature) {
	for _, f := range features {
		_, stated := base[f.field]
		if _, again := overlay[f.field]; !stated && !again && g.oneIn(40, f.field+" more") {
			if v := f.draw(); v != nil {
				overlay[f.field] = closed(v)
			}
		}
	}
}

// closed states a value once and for all.
func closed(v any) any {
	switch v := v.(type) {
	case open:
		return closed(v.value)
	case fields:
		out := fields{}
		for key, below := range v {
			out[key] = closed(below)
		}
		return out
	}
	return v
}

// print writes a value as CUE, of which JSON is a part.
func print(v any) string {
	switch v := v.(type) {
	case fields:
		var b strings.Builder
		for _, key := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(&b, "%s: %s, ", print(key), print(v[key]))
		}
		return "{" + b.String() + "}"
	case []any:
		var elems []string
		for _, e := range v {
			elems = append(elems, print(e))
		}
		return "[" + strings.Join(elems, ", ") + "]"
	case open:
		return "*" + print(v.value) + " | _"
	case string:
		return quote(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// quote leaves nothing to the reader of the text: a byte order mark, say, is
// refused by CUE wherever it stands.
func quote(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, "\\U%08x", r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}
