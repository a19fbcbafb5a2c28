package pipeline_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/spec"
)

// Every field of the language counts: the specs of testdata/fields use them
// all. Each value is changed to another one that the schema takes, and each key
// of a map to another key. Then either other objects come out, or the change is
// refused at its line. What is accepted and ignored fails, and so does a field
// that no spec uses.
func TestEveryFieldCounts(t *testing.T) {
	t.Parallel()
	l := readLanguage(t)
	used, keys := map[string]bool{}, map[string]bool{}
	t.Run("spec", func(t *testing.T) {
		for _, file := range fieldSpecs(t) {
			s := readSpec(t, file)
			for _, u := range s.uses {
				used[u.field], keys[s.key(u)] = true, true
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.checkUses(t, l)
			})
		}
	})
	for _, a := range additions {
		used[a.field] = true
		t.Run("add "+a.field, a.check)
	}
	for _, field := range l.fields() {
		if used[field] == (computed[field] != "") {
			t.Errorf("%s: is used: %v; the exception says %q", field, used[field], computed[field])
		}
	}
	for key := range exceptions {
		if !keys[key] {
			t.Errorf("an exception for %s, which no spec has", key)
		}
	}
}

// computed are fields that no spec states, and why.
var computed = map[string]string{
	"Group.name":   "from the key and the application's name",
	"Group.dns":    "from the group's name",
	"DNS.zone":     "from the namespace and the domain",
	"DNS.headless": "from the group's name",
	"DNS.service":  "from the group's name",
	"DNS.peers":    "from the group's name",
	"DNS.hosts":    "from the group's name, replicas and racks",
	"DNS.seeds":    "from hosts",
}

// verdict is what a change of one value does.
type verdict int

const (
	counts    verdict = iota // other objects, or a finding at its line
	elsewhere                // a finding at another line
	ignored                  // nothing
	unfit                    // the schema refuses the value: it says nothing
)

func (v verdict) String() string {
	return [...]string{"counts", "is refused elsewhere", "is accepted and ignored", "does not fit the schema"}[v]
}

// exceptions are values whose change does not count, by spec and path.
var exceptions = map[string]struct {
	verdict verdict
	why     string
}{
	"groups kubernetes":           {elsewhere, "the field that the version lacks is refused"},
	"groups secrets.racks.keys.0": {elsewhere, "the reference to the key is refused"},
	"helpers secrets.db.keys.0":   {elsewhere, "the reference to the key is refused"},
	"stable secrets.db.keys.0":    {elsewhere, "the reference to the key is refused"},
	"stable secrets.db.keys.1":    {elsewhere, "the reference to the key is refused"},
	"stable groups.db.replicas":   {elsewhere, "the list of too few volumes is refused"},
	"stable name":                 {elsewhere, "the patch of what had the name is refused"},
	"stable patches.family":       {ignored, "a name for readers"},
	"stable patches.lifetime":     {ignored, "a name for readers"},
	"stable objects.dashboard":    {ignored, "a name for readers"},
	"stable objects.rule":         {ignored, "a name for readers"},

	`groups groups.grown.waive."quorum-size".reason`: {ignored, "a text for readers"},
	"groups groups.grown.quorum":                     {elsewhere, "the waiver is not needed then"},
	"groups groups.grown.stable":                     {elsewhere, "the quorum is refused"},
}

// others are second values where the automatic one does not fit, by field or
// by spec and path.
var others = map[string]any{
	"App.kubernetes":     "1.33",
	"Job.schedule":       "@weekly",
	"Snapshots.schedule": "@weekly",
	"Waiver.until":       "2026-11-22",

	"helpers groups.db.init.later.order":  -1,
	"helpers groups.db.init.later.mounts": tree{"data": "/data"},
}

// addition is a value added to a spec: for what is only checked, so that its
// change shows nothing, and for what is refused wherever it stands or needs
// something else beside it.
type addition struct {
	field string
	spec  string
	path  spec.Path
	value any
}

var additions = []addition{
	// Checks.
	{"Group.quorum", "groups", spec.Path{"groups", "pair", "quorum"}, true}, // two have no majority to lose
	{"Group.quorum", "stable", spec.Path{"groups", "db", "quorum"}, true},   // the budget takes two of three

	// A waiver of what is not found is itself a finding.
	{"App.waive", "stable", spec.Path{"waive"}, unneeded},
	{"Storage.waive", "plain", spec.Path{"groups", "root", "storage", "data", "waive"}, unneeded},
	{"Init.waive", "helpers", spec.Path{"groups", "db", "init", "prepare", "waive"}, unneeded},
	{"Sidecar.waive", "plain", spec.Path{"groups", "edge", "sidecars", "log", "waive"}, unneeded},
	{"Job.waive", "plain", spec.Path{"jobs", "db", "waive"}, unneeded},
	{"Service.waive", "stable", spec.Path{"services", "all", "waive"}, unneeded},
	{"StorageClass.waive", "stable", spec.Path{"storageClasses", "fast", "waive"}, unneeded},
	{"Secret.waive", "stable", spec.Path{"secrets", "db", "waive"}, unneeded},
	{"Patch.waive", "stable", spec.Path{"patches", "family", "waive"}, unneeded},

	// What another field takes the meaning from.
	{"Group.update", "plain", spec.Path{"groups", "db", "update"}, tree{"canary": 9}},
	{"Group.capabilities", "plain", spec.Path{"groups", "root", "capabilities"}, []any{"IPC_LOCK"}},
	{"App.clients", "plain", spec.Path{"clients"}, []any{tree{"app": "shop"}}},
	{"Probe.port", "plain", spec.Path{"groups", "db", "live", "port"}, "web"},
	{"Probe.tls", "plain", spec.Path{"groups", "db", "live", "tls"}, true},
	{"Certificate.password", "plain", spec.Path{"jobs", "db", "tls", "/tls", "password"}, tree{"secret": "none", "key": "none"}},
	{"Sidecar.storage", "plain", spec.Path{"groups", "edge", "sidecars", "log", "storage"}, tree{"data": tree{"mount": "/data", "size": "1Gi"}}},
	{"Storage.static", "plain", spec.Path{"groups", "root", "storage", "data", "static"}, []any{
		tree{"local": "/a", "node": "a"}, tree{"local": "/b", "node": "b"}, tree{"local": "/c", "node": "c"}}},

	// A container that runs to its end has no life to ask for.
	{"Init.startup", "helpers", spec.Path{"groups", "db", "init", "prepare", "startup"}, tree{"tcp": "debug"}},
	{"Init.ready", "helpers", spec.Path{"groups", "db", "init", "prepare", "ready"}, tree{"tcp": "debug"}},
	{"Init.live", "helpers", spec.Path{"groups", "db", "init", "prepare", "live"}, tree{"tcp": "debug"}},
	{"Init.onStart", "helpers", spec.Path{"groups", "db", "init", "prepare", "onStart"}, []any{"true"}},
	{"Init.onStop", "helpers", spec.Path{"groups", "db", "init", "prepare", "onStop"}, []any{"true"}},
}

var unneeded = tree{"quorum-size": tree{"reason": "a"}}

func (a addition) check(t *testing.T) {
	s := readSpec(t, filepath.Join("../testdata/fields", a.spec+".cue"))
	if v, found := s.with(t, t.TempDir(), a.path, replace(s.tree, a.path, a.value)); v == ignored || v == unfit {
		t.Errorf("%v: %v %v: %v", a.path, a.value, v, found)
	}
}

// checkUses changes each value of the spec, and each key.
func (s *fieldSpec) checkUses(t *testing.T, l *language) {
	dir := t.TempDir()
	for _, u := range s.uses {
		if isLeaf(u.value) {
			want := exceptions[s.key(u)].verdict
			if v, what := s.change(t, dir, l, u); v != want {
				t.Errorf("%s, %s: %s %v; it should be one that %v", u.field, u.path, what, v, want)
			}
		}
		if u.isEntry {
			wanted := exceptions[s.key(u)].verdict == ignored
			if v, found := s.with(t, dir, u.path, rename(s.tree, u.path)); v == unfit || (v == ignored) != wanted {
				t.Errorf("%s, %s: another key %v: %v", u.field, u.path, v, found)
			}
		}
	}
}

// change gives a value of the spec a second one.
func (s *fieldSpec) change(t *testing.T, dir string, l *language, u use) (verdict, string) {
	values := l.seconds(u)
	for _, key := range []string{u.field, s.key(u)} {
		if other, ok := others[key]; ok {
			values = []any{other}
		}
	}
	for _, value := range values {
		if v, found := s.with(t, dir, u.path, replace(s.tree, u.path, value)); v != unfit {
			return v, fmt.Sprintf("the change of %v to %v %v", u.value, value, found)
		}
	}
	return unfit, fmt.Sprintf("any of %v", values)
}

// with judges another tree than the spec's own, which differs at a path.
func (s *fieldSpec) with(t *testing.T, dir string, path spec.Path, changed any) (verdict, []string) {
	t.Helper()
	text, lines := printTree(changed)
	result := vet(t, dir, text)
	found := reported(result.Found)
	at, v := lines[path.String()], ignored
	for _, d := range result.Found {
		switch {
		case d.Severity != diag.Error && s.warned[d.Rule]: // as it was before
			continue
		case d.Rule == "cue":
			return unfit, found
		case at.has(d.Pos.Line):
			return counts, found
		}
		v = elsewhere
	}
	if !result.Found.HasErrors() && !slices.Equal(s.objects, printed(result)) {
		v = counts
	}
	return v, found
}

// printed are the objects of the base with all their fields.
func printed(r *pipeline.Result) (out []string) {
	for _, o := range r.Environments[0].Objects.Objects {
		out = append(out, fmt.Sprintf("%v %v", o.Ref(), o.Tree()))
	}
	return out
}
