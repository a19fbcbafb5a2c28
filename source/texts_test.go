package source

import (
	"encoding/json"
	"github.com/statefulc/statefulc/schema"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An environment says as JSON what CUE says of it.
func TestTexts(t *testing.T) {
	files, err := filepath.Glob("../testdata/[fg]*/*.cue")
	if err != nil {
		t.Fatal(err)
	}
	shared, disk, environments := newShared(schema.Files()), new(disk), 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		write(t, dir, map[string]string{"a.cue": string(text)})
		d, err := newDirectory(dir, shared, disk)
		if err != nil {
			t.Fatal(err)
		}
		bundle, found, err := d.evaluate()
		if err != nil || found.HasErrors() {
			continue // of those that CUE takes there are enough
		}
		print := &texts{base: map[string]printed{}}
		variants := d.variants(bundle)
		for _, name := range slices.SortedFunc(maps.Keys(variants), byName) {
			ours, err := print.of(variants[name])
			if err != nil {
				t.Fatal(file, err)
			}
			cues, err := variants[name].MarshalJSON()
			if err != nil {
				t.Fatal(file, err)
			}
			if diff := cmp.Diff(parsed(t, cues), parsed(t, ours)); diff != "" {
				t.Errorf("%s: %s: -CUE's +ours\n%s", file, name, diff)
			}
			environments++
		}
	}
	if environments < 30 {
		t.Errorf("%d environments are too few", environments)
	}
}

func parsed(t *testing.T, text []byte) (out any) {
	t.Helper()
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}
