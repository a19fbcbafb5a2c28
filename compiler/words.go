package compiler

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/statefulc/statefulc/diag"
)

func quoted(s string) string { return strconv.Quote(s) }

// oneOf is the remedy for a name that is not known: the one that is like it,
// or those that are.
func oneOf(name string, known []string, otherwise string) string {
	if len(known) == 0 {
		return otherwise
	}
	return cmp.Or(diag.DidYouMean(name, known), "Known here: "+strings.Join(known, ", ")+".")
}

// nameOf makes a path part of a name: /etc/cassandra is etc-cassandra. Other
// paths may give the same name; whoever uses it has to look.
func nameOf(path string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(path)), "-")
}
