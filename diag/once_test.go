package diag

import "testing"

// A stage is silent where another one has spoken: at a path of the spec, and at
// a field of an object only where there is no spec.
func TestExcept(t *testing.T) {
	path := Diagnostic{Path: "groups.db.size", Object: "StatefulSet/db", Field: "spec.x"}
	field := Diagnostic{Object: "StatefulSet/db", Field: "spec.x"}
	file := Diagnostic{Message: "no YAML"}
	for _, c := range []struct {
		name   string
		d, one Diagnostic
		silent bool
	}{
		{"one path, another object", path, Diagnostic{Path: "groups.db.size"}, true},
		{"one field, another path", path, Diagnostic{Path: "groups.log.size", Object: "StatefulSet/db", Field: "spec.x"}, false},
		{"one field, one path unknown", path, field, false},
		{"one field", field, field, true},
		{"another object", field, Diagnostic{Object: "StatefulSet/log", Field: "spec.x"}, false},
		{"nothing known", file, file, false},
	} {
		if silent := len(List{c.d}.Except(List{c.one})) == 0; silent != c.silent {
			t.Errorf("%s: silent: %v", c.name, silent)
		}
	}
}
