package compiler

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/spec"
)

// A value is read back as it was stated, and written as sigs.k8s.io/yaml writes it
// where that can be read back too.
func TestYAMLIsTheLibrarys(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "yes", "1", "0x1F", "1e3", "null", "~", "a: b", "- a", "a\nb\n", " a", "2026-11-28", "$x", "é\t", "#"}))
	texts = texts.Filter(func(s string) bool { return s != "<<" }) // of which yaml makes a merge, whoever prints it
	numbers := rapid.OneOf(
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Uint64(), func(n uint64) any { return n }),
		rapid.Map(rapid.Float64(), func(n float64) any { return n }),
		rapid.Map(rapid.SampledFrom([]string{"1.0", "1e3", "1E+30", "-0", "0.10", "123456789012345678901234567890"}), func(n string) any { return json.Number(n) }),
	)
	scalars := rapid.OneOf(rapid.Map(texts, func(s string) any { return s }), numbers, rapid.SampledFrom([]any{nil, true, false}))
	values := rapid.Deferred(func() *rapid.Generator[any] { return scalars })
	for range 3 {
		below := values
		values = rapid.OneOf(below,
			rapid.Map(rapid.SliceOfN(below, 0, 3), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(texts, below, 0, 3), func(m map[string]any) any { return m }))
	}
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(rapid.MapOfN(texts, values, 0, 3).Draw(t, "tree"))
		if err != nil {
			t.Fatal(err)
		}
		var tree spec.Tree
		if err := tree.UnmarshalJSON(text); err != nil {
			t.Fatal(err)
		}
		got := asYAML(tree)
		if diff := cmp.Diff(decoded(t, text), decoded(t, asJSONText(t, []byte(got)))); diff != "" {
			t.Fatalf("%s is not read back: -stated +read\n%s", text, diff)
		}
		want, err := yaml.JSONToYAML(text)
		if err != nil || !cmp.Equal(decoded(t, text), decoded(t, asJSONText(t, want))) {
			return // the library reads JSON as YAML, which has other line breaks and control characters
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: -sigs.k8s.io/yaml +ours\n%s", text, diff)
		}
	})
}

func asJSONText(t *rapid.T, text []byte) []byte {
	out, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

func decoded(t *rapid.T, text []byte) (out any) {
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}
