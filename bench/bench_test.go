package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"

	"github.com/statefulc/statefulc/overlay"
	"github.com/statefulc/statefulc/pipeline"
)

// The applications are clean, differ, and are of the size that the tables say.
// The CUE package makes the objects of their production; that the chart does is
// compared by the benchmark, which has Helm.
func TestApplications(t *testing.T) {
	specs, peers := t.TempDir(), t.TempDir()
	if err := repository(specs, 4); err != nil {
		t.Fatal(err)
	}
	if err := peerFiles(peers, 4); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		a := applicationOf(i)
		result, err := pipeline.Build(a.spec(specs), pipeline.Options{})
		if err != nil || len(result.Found) > 0 {
			t.Fatal(a.Name, err, result.Found)
		}
		made := 0
		for _, env := range result.Environments {
			stream := overlay.Print(env.Objects)
			all, err := objects(stream)
			if err != nil {
				t.Fatal(err)
			}
			made += len(all)
			if env.Name != "prod" {
				continue
			}
			if err := same(stream, exported(t, peers, a)); err != nil {
				t.Errorf("cue of %s: %v", a.Name, err)
			}
		}
		if made != 24 {
			t.Errorf("%s: %d objects", a.Name, made)
		}
	}
}

// exported is what `cue export` prints.
func exported(t *testing.T, peers string, a application) []byte {
	t.Helper()
	config := &load.Config{Dir: peers + "/cue", Env: append(os.Environ(), "CUE_REGISTRY=none")}
	v := cuecontext.New().BuildInstance(load.Instances([]string{"./apps/" + a.Name}, config)[0])
	stream, err := v.LookupPath(cue.ParsePath("stream")).String()
	if err != nil {
		t.Fatal(err)
	}
	return []byte(stream)
}

func TestNamesDiffer(t *testing.T) {
	names := map[string]bool{}
	for i := range 2000 {
		names[applicationOf(i).Name] = true
	}
	if len(names) != 2000 {
		t.Errorf("%d names", len(names))
	}
}

func TestSame(t *testing.T) {
	const a, b = "kind: A\nmetadata: {name: a}\nx: 1\n", "kind: B\nmetadata: {name: b}\n"
	for stream, want := range map[string]string{
		"---\n# b\n" + b + "---\n" + a: "",
		a:                              "B/b is not the same, or not there",
		strings.Replace(a, "1", "2", 1) + "---\n" + b:               "A/a is not the same, or not there",
		a + "---\n" + b + "---\n" + strings.ReplaceAll(b, "b", "c"): "3 objects, not 2",
	} {
		got := ""
		if err := same([]byte(a+"---\n"+b), []byte(stream)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", stream, got, want)
		}
	}
}

// A table says of each row whether its goals are met, and of one that did not
// run why.
func TestTable(t *testing.T) {
	rounds := func(ms ...time.Duration) (all []usage) {
		for _, d := range ms {
			all = append(all, usage{time: d * time.Millisecond, cpu: 2 * d * time.Millisecond, memory: int64(d) << 20})
		}
		return all
	}
	slow := &row{command: "slow", what: "a", rounds: rounds(30, 10, 20)}
	gone := &row{command: "gone", what: "b", err: os.ErrNotExist}
	got := table("Two", []*row{
		slow,
		{command: "fast", what: "c", rounds: rounds(3, 2, 2), goal: goal{times: 0.1, than: slow, memory: 3 << 20}},
		{command: "late", what: "d", rounds: rounds(1500), goal: goal{within: time.Second}},
		gone,
		{command: "fast", what: "e", rounds: rounds(10), goal: goal{times: 1, than: gone}},
	})
	want := `
Two:

| command | | time | ratio | CPU | memory | target |
|---|---|--:|--:|--:|--:|---|
| ` + "`slow`" + ` | a | 20 ms | 1.00 | 40 ms | 30 MB |  |
| ` + "`fast`" + ` | c | 2 ms | 0.10 | 4 ms | 3 MB | under 3 MB: missed; at most 0.1 × ` + "`slow`" + `: 0.10, met |
| ` + "`late`" + ` | d | 1.5 s | 50.00 | 3 s | 1500 MB | under 1 s: missed |
| ` + "`gone`" + ` | b: did not run, file does not exist | | | | |  |
| ` + "`fast`" + ` | e | 10 ms | 0.33 | 20 ms | 10 MB | at most 1 × ` + "`gone`" + `: not measured |
`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
