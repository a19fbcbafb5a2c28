package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/source"
)

// place is a field of a definition.
type place struct {
	Definition string
	source.Field
}

// key is how a field is called in the language as a whole: Storage.size.
func (p place) key() string { return p.Definition + "." + p.Name }

// Find explains a rule by its id, a definition by its name, and a field by its
// path, with keys or without them (groups.db.replicas, groups.replicas), by its
// definition (Group.replicas, #Group.replicas) or by its name alone; a name that
// several fields have lists them.
func (b *Book) Find(asked string) (string, error) {
	if at := slices.IndexFunc(b.Rules, func(r diag.Rule) bool { return r.ID == asked }); at >= 0 {
		return rule(b.Rules[at]), nil
	}
	path := steps(strings.TrimPrefix(asked, "#"))
	if d := b.definition(path[0]); d.Name != "" && len(path) == 1 {
		return b.describe(d), nil
	}
	named, defined := b.named(asked), b.defined(asked)
	if p, ok := b.at(path); ok {
		others := slices.DeleteFunc(named, func(n place) bool { return n.key() == p.key() })
		return b.field(p) + b.misspelt(p, path) + also(asked, others), nil
	}
	switch {
	case len(named)+len(defined) == 0:
		return "", b.unknown(asked)
	case len(named) == 0:
		return b.describe(defined[0]), nil
	case len(named)+len(defined) == 1:
		return b.field(named[0]), nil
	}
	return choices(asked, named, defined), nil
}

// misspelt is a word on the end of a path that was taken for a name that the
// user gave, and is like a field's: groups.storage.sise.
func (b *Book) misspelt(p place, path []string) string {
	last := path[len(path)-1]
	if len(path) < 2 || p.Of == "" || p.Name == last {
		return ""
	}
	hint := diag.DidYouMean(last, b.namesOf(p.Of))
	if hint == "" {
		return ""
	}
	return "\n" + paragraph(fmt.Sprintf("Here %s is taken for a name that you gave: #%s has no field of that name. %s", last, p.Of, hint))
}

// namesOf are the names of a definition's fields, and of its parts'.
func (b *Book) namesOf(definition string) (names []string) {
	d := b.definition(definition)
	for _, f := range d.Fields {
		names = append(names, f.Name)
	}
	for _, part := range d.Parts {
		names = append(names, b.namesOf(part)...)
	}
	return names
}

// steps are those of a path. Keys may be quoted: labels."example.com/team".
func steps(path string) []string {
	var out []string
	for {
		quoted, err := strconv.QuotedPrefix(path)
		if err != nil {
			step, rest, more := strings.Cut(path, ".")
			out = append(out, step)
			if !more {
				return out
			}
			path = rest
			continue
		}
		step, err := strconv.Unquote(quoted)
		if err != nil {
			return append(out, path)
		}
		out = append(out, step)
		if path = strings.TrimPrefix(path[len(quoted):], "."); path == "" {
			return out
		}
	}
}

// at is the field at a path that begins with a definition, with base or an
// overlay, or with a field of the application.
func (b *Book) at(path []string) (place, bool) {
	if p, ok := b.below("App", path); ok {
		return p, true
	}
	switch {
	case b.definition(path[0]).Name != "":
		return b.below(path[0], path[1:])
	case path[0] == source.BaseName && len(path) > 1:
		return b.below("App", path[1:])
	case path[0] == "overlays" && len(path) > 2:
		return b.below("App", path[2:])
	}
	return place{}, false
}

// below is the field at a path of a definition. A key is taken for a field
// where one has that name; so keys can be left out.
func (b *Book) below(definition string, path []string) (place, bool) {
	for n := min(2, len(path)); n > 0; n-- { // dns.zone is one name
		f, ok := b.fieldOf(definition, strings.Join(path[:n], "."))
		if !ok {
			continue
		}
		rest := path[n:]
		if len(rest) == 0 || f.Of == "" && f.Depth > 0 {
			return f, true // what is below is the user's own
		}
		for keys := 0; f.Of != "" && keys <= min(f.Depth, len(rest)); keys++ {
			if keys == len(rest) {
				return f, true
			}
			if p, ok := b.below(f.Of, rest[keys:]); ok {
				return p, true
			}
		}
	}
	return place{}, false
}

// fieldOf is a field of a definition or of its parts.
func (b *Book) fieldOf(definition, name string) (place, bool) {
	d := b.definition(definition)
	for _, f := range d.Fields {
		if f.Name == name {
			return place{d.Name, f}, true
		}
	}
	for _, part := range d.Parts {
		if p, ok := b.fieldOf(part, name); ok {
			return p, true
		}
	}
	return place{}, false
}

// places are all fields of the language.
func (b *Book) places() []place {
	var out []place
	for _, d := range b.Definitions {
		for _, f := range d.Fields {
			out = append(out, place{d.Name, f})
		}
	}
	return out
}

// named are the fields of a name: seeds is dns.seeds.
func (b *Book) named(name string) []place {
	return slices.DeleteFunc(b.places(), func(p place) bool { return p.Name != name && !strings.HasSuffix(p.Name, "."+name) })
}

// defined are the definitions of a name in other letters: group is #Group. A
// field that holds one is named like it often enough, and says it all.
func (b *Book) defined(name string) []source.Definition {
	held := func(d source.Definition) bool {
		return slices.ContainsFunc(b.named(name), func(p place) bool { return p.Of == d.Name })
	}
	return slices.DeleteFunc(slices.Clone(b.Definitions), func(d source.Definition) bool {
		return !strings.EqualFold(d.Name, name) || held(d)
	})
}

// also are the fields of a name that the application has too.
func also(name string, others []place) string {
	if len(others) == 0 {
		return ""
	}
	return "\n" + heading("There are other fields called "+name) + table(rowsOf(others))
}

func rowsOf(places []place) (rows [][]string) {
	for _, p := range places {
		rows = append(rows, []string{p.key(), firstSentence(p.Doc)})
	}
	return rows
}

func choices(name string, named []place, defined []source.Definition) string {
	rows := rowsOf(named)
	for _, d := range defined {
		rows = append(rows, []string{"#" + d.Name, firstSentence(d.Doc)})
	}
	return heading(fmt.Sprintf("There is more than one %s; ask for one of them", name)) + table(rows)
}

func (b *Book) unknown(asked string) error {
	var known []string
	for _, r := range b.Rules {
		known = append(known, r.ID)
	}
	for _, p := range b.places() {
		known = append(known, p.Name, p.key())
	}
	for _, d := range b.Definitions {
		known = append(known, d.Name)
	}
	path := steps(asked)
	hint := cmp.Or(diag.DidYouMean(asked, known), diag.DidYouMean(path[len(path)-1], known), "`statefulc explain` lists them.")
	return fmt.Errorf("no rule, field or definition is called %q. %s", asked, hint)
}
