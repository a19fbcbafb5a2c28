package overlay

import (
	"encoding/json"
	"math/rand"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// All that the emitter prints, the API server's parser and kustomize's read
// back as it was.
func FuzzString(f *testing.F) {
	for _, s := range append(unprintable, hard...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if utf8.ValidString(s) { // Kubernetes knows no other strings
			assertRoundTrip(t, s)
		}
	})
}

func TestStringsAtRandom(t *testing.T) {
	alphabet := []rune("ab: #-'\"\n\t{}[],&*!|>%@`0123456789eE.+~yn\\\u00e9\u2603\x01\x7f\u0085\ufeff\u2028 =?<\r/$()_")
	r := rand.New(rand.NewSource(1))
	for range 3000 {
		s := make([]rune, r.Intn(9))
		for i := range s {
			s[i] = alphabet[r.Intn(len(alphabet))]
		}
		assertRoundTrip(t, string(s))
	}
}

func assertRoundTrip(t *testing.T, s string) {
	t.Helper()
	k := s
	if len(k) > 200 {
		k = "k" // a key longer than 1024 bytes is no simple key in YAML
	}
	got := encode(mapping{
		{"value", s},
		{"keys", mapping{{k, s}}},
		{"list", []any{s, mapping{{k, mapping{{k, s}}}}, []any{s}, mapping{}, []any{}, nil, s}},
		{"last", "x"},
	})
	want := tree{
		"value": s,
		"keys":  tree{k: s},
		"list":  []any{s, tree{k: tree{k: s}}, []any{s}, tree{}, []any{}, nil, s},
		"last":  "x",
	}
	var server tree
	if err := yaml.UnmarshalStrict(got, &server); err != nil {
		t.Fatalf("%q: %v\n%s", s, err, got)
	}
	if diff := cmp.Diff(want, server); diff != "" {
		t.Fatalf("sigs.k8s.io/yaml: %q: -want +got\n%s\n%s", s, diff, got)
	}
	if diff := cmp.Diff(want, kustomized(t, got)); diff != "" {
		t.Fatalf("kyaml: %q: -want +got\n%s\n%s", s, diff, got)
	}
}

func kustomized(t *testing.T, text []byte) tree {
	t.Helper()
	node, err := kyaml.Parse(string(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	data, err := node.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var out tree
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodeAsPeopleWrite(t *testing.T) {
	got := encode(mapping{
		{"name", "cassandra"},
		{"image", "docker.io/cassandra:5.0.2"},
		{"version", "5.0.2"},
		{"command", []any{"bash", "-c", "exec cassandra -f"}},
		{"script", "set -e\n\nif true; then\n\texec db\nfi\n"},
		{"env", []any{mapping{{"name", "SEEDS"}, {"value", "$(POD_NAME).cassandra"}}, mapping{{"name", "DEBUG"}, {"value", "true"}}}},
		{"limits", mapping{{"cpu", bare("2")}, {"memory", "8Gi"}}},
		{"maxUnavailable", "25%"},
		{"emptyDir", mapping{}},
		{"readOnly", true},
		{"replicas", int64(3)},
		{"gone", nil},
	})
	want := `name: cassandra
image: docker.io/cassandra:5.0.2
version: "5.0.2"
command:
- bash
- -c
- exec cassandra -f
script: |
  set -e

  if true; then
  	exec db
  fi
env:
- name: SEEDS
  value: $(POD_NAME).cassandra
- name: DEBUG
  value: "true"
limits:
  cpu: 2
  memory: 8Gi
maxUnavailable: 25%
emptyDir: {}
readOnly: true
replicas: 3
gone: null
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
