package diag

import (
	"strings"
	"testing"
)

// An unknown word is answered by the one that is like it, else by those that
// are, if that can be read, else by what is known otherwise.
func TestOneOf(t *testing.T) {
	many := strings.Split("abcdefghijklmnopq", "")
	for _, c := range []struct {
		word  string
		known []string
		want  string
	}{
		{"prot", []string{"port", "name"}, `Did you mean "port"?`},
		{"size", []string{"port", "name"}, "Known here: port, name."},
		{"size", many, "Look."},
		{"size", []string{"live"}, "Known here: live."},
		{"1.30", []string{"1.31"}, "Known here: 1.31."},
		{"size", nil, "Look."},
	} {
		if got := OneOf(c.word, c.known, "Look."); got != c.want {
			t.Errorf("%s of %v: %s", c.word, c.known, got)
		}
	}
}
