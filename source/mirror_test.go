package source

import (
	"github.com/statefulc/statefulc/schema"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/spec"
)

// mirrored are the structs of package spec by the definition that each
// mirrors.
var mirrored = map[string]reflect.Type{
	"#Repository":    reflect.TypeFor[spec.Repository](),
	"#App":           reflect.TypeFor[spec.App](),
	"#Waiver":        reflect.TypeFor[spec.Waiver](),
	"#Service":       reflect.TypeFor[spec.Service](),
	"#Client":        reflect.TypeFor[spec.Client](),
	"#Egress":        reflect.TypeFor[spec.Egress](),
	"#Secret":        reflect.TypeFor[spec.Secret](),
	"#SecretStore":   reflect.TypeFor[spec.SecretStore](),
	"#Patch":         reflect.TypeFor[spec.Patch](),
	"#Target":        reflect.TypeFor[spec.Target](),
	"#Group":         reflect.TypeFor[spec.Group](),
	"#Rack":          reflect.TypeFor[spec.Rack](),
	"#Claims":        reflect.TypeFor[spec.Claims](),
	"#ClientService": reflect.TypeFor[spec.ClientService](),
	"#Toleration":    reflect.TypeFor[spec.Toleration](),
	"#PerPod":        reflect.TypeFor[spec.PerPod](),
	"#Metrics":       reflect.TypeFor[spec.Metrics](),
	"#Autoscale":     reflect.TypeFor[spec.Autoscale](),
	"#Snapshots":     reflect.TypeFor[spec.Snapshots](),
	"#Right":         reflect.TypeFor[spec.Right](),
	"#Container":     reflect.TypeFor[spec.Container](),
	"#Helper":        reflect.TypeFor[spec.Helper](),
	"#Init":          reflect.TypeFor[spec.Init](),
	"#Sidecar":       reflect.TypeFor[spec.Sidecar](),
	"#KeyRef":        reflect.TypeFor[spec.KeyRef](),
	"#Storage":       reflect.TypeFor[spec.Storage](),
	"#Static":        reflect.TypeFor[spec.Static](),
	"#NFSPath":       reflect.TypeFor[spec.NFSPath](),
	"#CSIDisk":       reflect.TypeFor[spec.CSIDisk](),
	"#Scratch":       reflect.TypeFor[spec.Scratch](),
	"#File":          reflect.TypeFor[spec.File](),
	"#Certificate":   reflect.TypeFor[spec.Certificate](),
	"#Probe":         reflect.TypeFor[spec.Probe](),
	"#Job":           reflect.TypeFor[spec.Job](),
	"#StorageClass":  reflect.TypeFor[spec.StorageClass](),
}

// The schema and package spec have the same definitions with the same fields,
// both ways.
func TestSpecMirrorsSchema(t *testing.T) {
	all, err := newShared(schema.Files()).definitions.Fields(cue.Definitions(true))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for all.Next() {
		name, v := all.Selector().String(), all.Value()
		if name == "#Bundle" || v.IncompleteKind() != cue.StructKind {
			continue
		}
		seen[name] = true
		mirror, ok := mirrored[name]
		if !ok {
			t.Errorf("%s has no struct in package spec", name)
			continue
		}
		if diff := cmp.Diff(cueFields(t, v), goFields(mirror)); diff != "" {
			t.Errorf("%s: -schema +spec.%s\n%s", name, mirror.Name(), diff)
		}
	}
	for name := range mirrored {
		if !seen[name] {
			t.Errorf("the schema has no %s", name)
		}
	}
	dns := newShared(schema.Files()).definitions.LookupPath(cue.ParsePath("#Group.dns"))
	if diff := cmp.Diff(cueFields(t, dns), goFields(reflect.TypeFor[spec.DNS]())); diff != "" {
		t.Errorf("#Group.dns: -schema +spec.DNS\n%s", diff)
	}
}

// Every definition and every field has a comment, which editors show and
// remedies quote.
func TestEverythingHasAComment(t *testing.T) {
	all, err := newShared(schema.Files()).definitions.Fields(cue.Definitions(true))
	if err != nil {
		t.Fatal(err)
	}
	for all.Next() {
		if doc(all.Value()) == "" {
			t.Errorf("%v has no comment", all.Selector())
		}
		fields, err := all.Value().Fields(cue.Optional(true))
		for err == nil && fields.Next() {
			if doc(fields.Value()) == "" {
				t.Errorf("%v.%v has no comment", all.Selector(), fields.Selector())
			}
		}
	}
}

// Every row of the defaults is for a field that the schema leaves open, and
// has a value that the schema accepts.
func TestDefaultsFitTheSchema(t *testing.T) {
	schema := newShared(schema.Files()).definitions
	for _, d := range spec.Defaults {
		definition := schema.LookupPath(cue.MakePath(cue.Def(definitionOf(d.Type))))
		field := definition.LookupPath(cue.MakePath(cue.Str(d.Field).Optional()))
		if !field.Exists() {
			t.Errorf("#%s has no optional field %s", d.Type, d.Field)
			continue
		}
		if v := field.Unify(schema.Context().CompileString(d.Value)); v.Validate(cue.Concrete(true)) != nil {
			t.Errorf("#%s.%s: the schema refuses the default %s", d.Type, d.Field, d.Value)
		}
		if d.Why == "" {
			t.Errorf("#%s.%s: nobody says why", d.Type, d.Field)
		}
	}
}

// definitionOf is the definition that a struct mirrors.
func definitionOf(name string) string {
	for definition, mirror := range mirrored {
		if mirror.Name() == name {
			return definition
		}
	}
	return "#" + name
}

func cueFields(t *testing.T, v cue.Value) []string {
	t.Helper()
	fields, err := v.Fields(cue.Optional(true))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for fields.Next() {
		out = append(out, strings.TrimRight(fields.Selector().String(), "?!"))
	}
	slices.Sort(out)
	return out
}

func goFields(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			out = append(out, goFields(f.Type)...)
		} else {
			out = append(out, f.Tag.Get("json"))
		}
	}
	slices.Sort(out)
	return out
}
