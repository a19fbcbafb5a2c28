package source

import (
	"github.com/statefulc/statefulc/schema"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"github.com/google/go-cmp/cmp"
)

// The language as it is read from the text has the definitions and fields that
// CUE sees.
func TestLanguageIsTheSchema(t *testing.T) {
	read, err := Language()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Definition{}
	for _, d := range read {
		byName[d.Name] = d
		if d.Doc == "" || (d.Type == "") == (len(d.Fields)+len(d.Parts) == 0) {
			t.Errorf("%s needs a comment, and fields or a type: %+v", d.Name, d)
		}
	}
	all, err := newShared(schema.Files()).definitions.Fields(cue.Definitions(true))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for all.Next() {
		name := strings.TrimPrefix(all.Selector().String(), "#")
		d, ok := byName[name]
		if !ok {
			t.Errorf("%s was not read", name)
			continue
		}
		seen++
		if d.Type != "" {
			continue
		}
		if diff := cmp.Diff(cueFields(t, all.Value()), fieldNames(byName, d)); diff != "" {
			t.Errorf("%s: -schema +read\n%s", name, diff)
		}
	}
	if seen != len(read) {
		t.Errorf("%d definitions were read, and the schema has %d", len(read), seen)
	}
}

// fieldNames are all fields of a definition, those of its parts too, without
// what is nested in them.
func fieldNames(all map[string]Definition, d Definition) []string {
	var out []string
	for _, f := range d.Fields {
		if !strings.Contains(f.Name, ".") {
			out = append(out, f.Name)
		}
	}
	for _, part := range d.Parts {
		out = append(out, fieldNames(all, all[part])...)
	}
	slices.Sort(out)
	return out
}
