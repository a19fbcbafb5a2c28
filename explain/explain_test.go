package explain

import (
	"cmp"
	"go/format"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue/parser"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/spec"
)

func newBook(t *testing.T) *Book {
	t.Helper()
	b, err := New(pipeline.Rules())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The table of examples and the pages of the documentation are what the specs,
// the rules and the schema say now. UPDATE=1 rewrites them, all in one run.
func TestPagesAreCurrent(t *testing.T) {
	b := newBook(t)
	b.Examples = examplesOf(t, b)
	table, err := format.Source([]byte(tableOf(b.Examples)))
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		"examples.go":      string(table),
		"../docs/rules.md": b.RulesPage(),
		"../docs/spec.md":  b.SpecPage(),
	} {
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		old, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(strings.Split(string(old), "\n"), strings.Split(text, "\n")); diff != "" {
			t.Errorf("%s: run UPDATE=1 go test ./explain; -old +new\n%s", file, diff)
		}
	}
}

// Every rule, every definition and every field can be asked for, and what is
// said is all that its text says; an example is CUE.
func TestEverythingIsExplained(t *testing.T) {
	b := newBook(t)
	for _, r := range b.Rules {
		text := words(find(t, b, r.ID))
		for _, part := range []string{r.ID, r.Severity.String(), r.What, r.Why, r.Source, r.Fix} {
			if !strings.Contains(text, words(part)) {
				t.Errorf("%s is not told: %s", r.ID, part)
			}
		}
		if strings.Contains(text, "waive: ") == r.Final {
			t.Errorf("%s: it is told how to waive it, though it cannot be, or is not", r.ID)
		}
	}
	for _, d := range b.Definitions {
		if text := words(find(t, b, "#"+d.Name)); !strings.Contains(text, words(d.Doc)) || !strings.Contains(text, words(d.Type)) {
			t.Errorf("#%s is not told: %s", d.Name, text)
		}
	}
	for _, p := range b.places() {
		for _, asked := range []string{p.key(), "#" + p.key()} {
			text := words(find(t, b, asked))
			if !strings.HasPrefix(text, p.key()+": ") || !strings.Contains(text, words(p.Doc)) || !strings.Contains(text, words(b.Examples[p.key()])) {
				t.Errorf("%s is not told: %s", asked, text)
			}
			if d, ok := defaultOf(p); ok && !strings.Contains(text, words(d.Value+": "+d.Why)) {
				t.Errorf("%s: the default is not told: %s", asked, text)
			}
		}
		if !strings.Contains(find(t, b, p.Name), p.key()) && b.definition(p.Name).Name == "" {
			t.Errorf("%s alone does not lead to %s", p.Name, p.key())
		}
		if b.Examples[p.key()] == "" {
			t.Errorf("%s has no example", p.key())
		}
		if _, err := parser.ParseFile("", b.Examples[p.key()]); err != nil && !p.Computed && p.key() != "Bundle.base" {
			t.Errorf("%s: the example is no CUE: %v", p.key(), err)
		}
	}
}

// A default that belongs to no field would be told nowhere.
func TestDefaultsHaveFields(t *testing.T) {
	b := newBook(t)
	for _, d := range spec.Defaults {
		if !slices.ContainsFunc(b.places(), func(p place) bool { return p.Definition == d.Type && p.Name == d.Field }) {
			t.Errorf("no field %s.%s", d.Type, d.Field)
		}
	}
}

func TestPathsLeadToFields(t *testing.T) {
	b := newBook(t)
	for asked, want := range map[string]string{
		"groups.replicas":                          "Group.replicas",
		"groups.*.replicas":                        "Group.replicas",
		"groups.db.replicas":                       "Group.replicas",
		"groups.name.replicas":                     "Group.replicas",
		"groups.db":                                "App.groups",
		"groups.storage.size":                      "Storage.size",
		"groups.*.storage.*.size":                  "Storage.size",
		"groups.db.sidecars.log.storage.data.size": "Storage.size",
		"base.groups.db.storage.data.size":         "Storage.size",
		"overlays.prod.groups.db.replicas":         "Group.replicas",
		"Init.image":                               "Container.image",
		"groups.db.dns.seeds":                      "Group.dns.seeds",
		"seeds":                                    "Group.dns.seeds",
		"clients.0.cidr":                           "Client.cidr",
		"egress.0.cidr":                            "Client.cidr",
		"groups.db.ports.client.sql":               "Container.ports",
		"groups.db.env.PASSWORD.secret":            "KeyRef.secret",
		`labels."example.com/team"`:                "App.labels",
		`groups.db.waive."quorum-size".until`:      "Waiver.until",
		`groups.db.files."/etc/a.conf".yaml.x.y`:   "File.yaml",
	} {
		if text := find(t, b, asked); !strings.HasPrefix(text, want+": ") {
			t.Errorf("%s is not %s: %s", asked, want, text)
		}
	}
	for _, asked := range []string{"", ".", "groups.db.replicsa", "Group.", "#", `"`, "no-such-rule", "App.groups.db.storage.data.sizes"} {
		if text, err := b.Find(asked); err == nil {
			t.Errorf("%q is explained: %s", asked, text)
		}
	}
}

// A field that is misspelt is taken for a key, and that is said.
func TestAMisspeltFieldIsTold(t *testing.T) {
	b := newBook(t)
	if text := words(find(t, b, "groups.storage.sise")); !strings.Contains(text, `sise is taken for a name that you gave: #Storage has no field of that name. Did you mean "size"?`) {
		t.Error(text)
	}
	if text := find(t, b, "groups.storage.data"); strings.Contains(text, "is taken for") {
		t.Error(text)
	}
}

func find(t *testing.T, b *Book, asked string) string {
	t.Helper()
	text, err := b.Find(asked)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// words are a text without line breaks.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

var (
	linked  = regexp.MustCompile(`\]\((spec\.md)?#([^)]*)\)`)
	anchors = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// Links of the pages lead to headings that there are, once.
func TestLinksLead(t *testing.T) {
	b := newBook(t)
	pages := map[string]string{"rules.md": b.RulesPage(), "spec.md": b.SpecPage()}
	known := map[string]int{}
	for name, text := range pages {
		for _, m := range anchors.FindAllStringSubmatch(text, -1) {
			known[name+"#"+strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")]++
		}
	}
	for name, text := range pages {
		links := linked.FindAllStringSubmatch(text, -1)
		for _, m := range links {
			if to := cmp.Or(m[1], name) + "#" + m[2]; known[to] != 1 {
				t.Errorf("%s: %d headings are %s", name, known[to], to)
			}
		}
		if len(links) == 0 {
			t.Errorf("%s has no links", name)
		}
	}
}
