package spec

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/statefulc/statefulc/diag"
)

// Path leads to a value of an [App], from its root: groups, cassandra,
// replicas. It is never split on dots, since label keys contain them.
type Path []string

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// String prints p as CUE would: keys that are no identifiers are quoted.
func (p Path) String() string {
	elems := make([]string, len(p))
	for i, e := range p {
		if _, err := strconv.Atoi(e); err == nil || identifier.MatchString(e) {
			elems[i] = e
		} else {
			elems[i] = strconv.Quote(e)
		}
	}
	return strings.Join(elems, ".")
}

// Join returns p extended by elems; p itself is never written to.
func (p Path) Join(elems ...string) Path {
	return append(p[:len(p):len(p)], elems...)
}

// Origin is where the user wrote the value at Path.
type Origin struct {
	Path Path
	Pos  diag.Pos
}

// Index knows where each value of one environment was written. It remembers
// what it was asked, so it is not for several goroutines at once.
type Index struct {
	// Locate is the place of the value at a path; nowhere for a value that
	// nobody wrote, a default or a computed name.
	Locate func(Path) diag.Pos

	// IsOverlays reports whether a place is in what the user states of overlays;
	// nil: none is.
	IsOverlays func(diag.Pos) bool

	// Title is a path for people; nil if it is one of a spec.
	Title func(Path) string

	known map[string]diag.Pos
}

// Print is a path as the user knows it.
func (x *Index) Print(p Path) string {
	if x.Title == nil {
		return p.String()
	}
	return x.Title(p)
}

// Find returns the origin of the value at p, or that of its nearest ancestor
// that somebody wrote: a missing memory is asked for where its group stands.
// The last resort is the application itself, the empty path.
func (x *Index) Find(p Path) Origin {
	for n := len(p); n >= 0; n-- {
		if pos := x.at(p[:n]); pos.IsValid() {
			return Origin{Path: p[:n], Pos: pos}
		}
	}
	return Origin{}
}

// at is Locate, asked once: it looks through whole groups.
func (x *Index) at(p Path) diag.Pos {
	key := strings.Join(p, "\x00")
	pos, ok := x.known[key]
	if !ok {
		if x.known == nil {
			x.known = map[string]diag.Pos{}
		}
		pos = x.Locate(p)
		x.known[key] = pos
	}
	return pos
}
