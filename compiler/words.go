package compiler

import (
	"strconv"
	"strings"
)

func quoted(s string) string { return strconv.Quote(s) }

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
