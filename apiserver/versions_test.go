package apiserver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1beta2 "k8s.io/api/apps/v1beta2"
	flowcontrolv1beta3 "k8s.io/api/flowcontrol/v1beta3"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/util/feature"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/manifest"
)

// A good object of the corpus says what versions make of it that are older
// than a field, each line up to the one for yet older versions:
//
//	# before 1.35: dropped: <field>
//	# before 1.33: refused: <field>
//
// All versions since [apiserver.Oldest] take one that says nothing, and are
// no harder on one with a fault than [apiserver.Newest].
func TestLacking(t *testing.T) {
	for _, file := range files(t, "*") {
		o, text := object(t, file), read(t, file)
		if o == nil {
			continue
		}
		t.Run(strings.TrimPrefix(file, corpus+"/"), func(t *testing.T) {
			for _, v := range apiserver.Versions() {
				match(t, lacks(t, text, v), briefly(apiserver.Lacking(v, o)))
				if t.Failed() {
					t.Fatalf("by Kubernetes %s", v)
				}
			}
		})
	}
}

// What some patch releases of a version have, the others do not.
func TestPatchReleases(t *testing.T) {
	o := object(t, corpus+"/statefulset/good-with-everything.yaml")
	for version, want := range map[string]bool{"1.34.9": true, "1.35": true, "1.35.0": false, "1.35.3": false, "1.35.4": true, "1.36.0": true, "1.37.2": false} {
		lacks := slices.ContainsFunc(apiserver.Lacking(version, o), func(v apiserver.Verdict) bool { return strings.HasSuffix(v.Field, ".maxUnavailable") })
		if !apiserver.IsKnown(version) || lacks != want {
			t.Errorf("%s: lacks maxUnavailable: %v", version, lacks)
		}
	}
	for _, version := range []string{"", "1", "1.3", "1.30", "1.38", "1.35.", "1.35.x", "1.35.+1", "1.35.01", "1.35.4.1", "v1.35"} {
		if apiserver.IsKnown(version) {
			t.Errorf("%q is known", version)
		}
	}
}

// lacks reads the lines of a file that apply to a version.
func lacks(t *testing.T, text []byte, v string) []expectation {
	t.Helper()
	said, lowest := map[string]expectation{}, map[string]string{}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "# before ")
		if !ok {
			continue
		}
		parts := strings.Split(rest, ": ")
		if len(parts) != 3 {
			t.Fatalf("the line %q is not # before version: kind: field", line)
		}
		before, field := parts[0], parts[2]
		if v < before && (lowest[field] == "" || before < lowest[field]) {
			said[field], lowest[field] = expectation{kind: parts[1], field: field}, before
		}
	}
	return topmost(said)
}

// topmost leaves out what is below a field that is gone.
func topmost(said map[string]expectation) []expectation {
	var out []expectation
	for field, e := range said {
		below := false
		for other := range said {
			below = below || strings.HasPrefix(field, other+".") || strings.HasPrefix(field, other+"[")
		}
		if !below {
			out = append(out, e)
		}
	}
	return out
}

// briefly is the verdicts without what is the same in each.
func briefly(vs []apiserver.Verdict) []apiserver.Verdict {
	for _, v := range vs {
		if !strings.Contains(v.Message, " in Kubernetes 1.") || !strings.Contains(v.Message, "it works since 1.") || !strings.Contains(v.Message, "KEP-") {
			return append(vs, apiserver.Verdict{Message: "no version or no source in " + v.Message})
		}
	}
	return vs
}

// Two gates that let more values pass are on in all that the rules of 1.37
// know, and two fields are stored but then ignored by others.
var unseenByTheRules = []string{
	"spec.template.spec.containers[0].lifecycle.preStop.sleep",
	"spec.template.spec.dnsConfig.searches",
	"spec.template.spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
	"spec.volumeClaimTemplates[0].spec.volumeAttributesClassName",
}

// The rules of 1.37, run with the feature gates of an older version, say what
// the table says. A field that the older version does not even have, they
// drop or refuse.
func TestLackingIsWhatTheRulesSayWithOlderGates(t *testing.T) {
	for _, v := range apiserver.Versions() {
		emulate(t, v)
		for _, file := range files(t, "*") {
			if !strings.Contains(file, "/good") {
				continue
			}
			rules, err := apiserver.CreateYAML(read(t, file))
			if err != nil {
				t.Fatal(err)
			}
			rules = slices.DeleteFunc(rules, func(r apiserver.Verdict) bool { return r.Kind == apiserver.Warned })
			table := apiserver.Lacking(v, object(t, file))
			for _, r := range rules {
				if !slices.ContainsFunc(table, func(l apiserver.Verdict) bool { return agree(l, r) }) {
					t.Errorf("%s %s: only the rules say %v", v, file, r)
				}
			}
			for _, l := range table {
				if !slices.ContainsFunc(rules, func(r apiserver.Verdict) bool { return agree(l, r) }) && !slices.Contains(unseenByTheRules, l.Field) {
					t.Errorf("%s %s: only the table says %v", v, file, l)
				}
			}
		}
	}
}

// agree allows for a fault that is reported at the field above.
func agree(table, rules apiserver.Verdict) bool {
	unknown := table.Kind == apiserver.Refused && rules.Kind == apiserver.Dropped && table.Field == rules.Field
	return strings.HasPrefix(table.Field, rules.Field) && (table.Kind == rules.Kind || unknown)
}

// emulate sets the gates of the process back to an older version, for the
// duration of a test.
func emulate(t *testing.T, v string) {
	t.Helper()
	gates := feature.DefaultMutableFeatureGate
	now := gates.EmulationVersion()
	if err := gates.SetEmulationVersion(version.MustParse(v)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gates.SetEmulationVersion(now); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLackingOfAnUnknownVersion(t *testing.T) {
	for _, v := range []string{"1.30", "1.38", "1", "v1.35", "1.35.x", ""} {
		t.Run(v, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, "is not among [1.31 ") {
					t.Errorf("no panic that lists the versions, but %q", got)
				}
			}()
			apiserver.Lacking(v, statefulSet())
		})
	}
}

// What is in the Go types may be gone from the server, or too new for it.
func TestUnserved(t *testing.T) {
	for _, c := range []struct {
		version, part string
		object        manifest.Resource
	}{
		{"1.37", "1.15 was the last", &appsv1beta2.Deployment{}},
		{"1.31", "", &flowcontrolv1beta3.FlowSchema{}},
		{"1.32", "1.31 was the last", &flowcontrolv1beta3.FlowSchema{}},
		{"1.33", "1.34 is the first", &storagev1.VolumeAttributesClass{}},
		{"1.34", "", &storagev1.VolumeAttributesClass{}},
		{"1.31", "", statefulSet()},
		{"1.31", "", &unstructured.Unstructured{}},
	} {
		got := apiserver.Unserved(c.version, c.object)
		if (c.part == "") != (len(got) == 0) || len(got) > 0 && (!strings.Contains(got[0].Message, c.part) || got[0].Field != "apiVersion") {
			t.Errorf("%s, %T: want %q, got %v", c.version, c.object, c.part, got)
		}
	}
}

func BenchmarkLacking(b *testing.B) {
	set := statefulSet()
	b.ReportAllocs()
	for b.Loop() {
		apiserver.Lacking(apiserver.Oldest, set)
	}
}

// object is what a file holds, nil if it is no object.
func object(t *testing.T, file string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	text, err := yaml.YAMLToJSON(read(t, file))
	if err != nil || u.UnmarshalJSON(text) != nil {
		return nil
	}
	return u
}
