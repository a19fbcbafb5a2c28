package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// overlooked finds what CUE does not say while a struct has another error:
// fields that are unknown, and fields that are missing (cue-lang/cue#1319).
// Paths in said have been complained about.
func (l *directory) overlooked(bundle cue.Value, said map[string]*complaint) diag.List {
	var out diag.List
	if l.single.Exists() {
		l.search(bundle, nil, bundle, l.app(), said, &out)
		return out
	}
	at := cue.ParsePath(BaseName)
	l.search(bundle, []string{BaseName}, bundle.LookupPath(at), l.app(), said, &out)
	overlays, err := bundle.LookupPath(cue.ParsePath("overlays")).Fields()
	for err == nil && overlays.Next() {
		path := []string{"overlays", label(overlays.Selector())}
		l.search(bundle, path, overlays.Value(), l.app(), said, &out)
	}
	return out
}

// unresolved are errors that CUE leaves out while there are others: values that
// are not stated, choices that nobody made, fields that are not there. It names
// them of a value that has no other error, so each is asked that has none.
// Fields that are missing are searched for otherwise.
//
// Of a value in which something is cut it names that only, so its parts are asked.
func (l *directory) unresolved(v cue.Value, all []errors.Error) (out []errors.Error) {
	said := map[string]bool{}
	for _, e := range all {
		for n := range e.Path() {
			said[spec.Path(unquoted(e.Path()[:n+1])).String()] = true
		}
	}
	var ask func(v cue.Value, path spec.Path)
	ask = func(v cue.Value, path spec.Path) {
		fields, err := v.Fields()
		for err == nil && fields.Next() {
			at := path.Join(label(fields.Selector()))
			if said[at.String()] {
				ask(fields.Value(), at)
			} else if err := fields.Value().Validate(cue.Concrete(true)); err != nil {
				own := slices.DeleteFunc(errors.Errors(err), func(e errors.Error) bool { return isMissing(e) || l.isOfCut(e) })
				if out = append(out, own...); len(own) == 0 && l.cut.files != nil {
					ask(fields.Value(), at)
				}
			}
		}
	}
	ask(v, nil)
	return out
}

// label is a name, or the number of an element.
func label(s cue.Selector) string {
	if s.IsString() {
		return s.Unquoted()
	}
	return s.String()
}

func isMissing(e errors.Error) bool { return text(e) == "field is required but not present" }

// search compares the fields of v with those that the schema has there.
func (l *directory) search(bundle cue.Value, path []string, v, schema cue.Value, said map[string]*complaint, out *diag.List) {
	in, _ := application(path)
	if whole := cmp.Or(said[spec.Path(path).String()], said[inBase(in)]); len(in) > 0 && whole != nil && len(whole.errors) > 0 && whole.isOfAnotherType() {
		return // it has no field right
	}
	for i := 0; schema.IncompleteKind() == cue.ListKind; i++ {
		element := v.LookupPath(cue.MakePath(cue.Index(i)))
		known, _ := l.step(schema, fmt.Sprint(i))
		if !element.Exists() || !known.Exists() {
			break
		}
		l.search(bundle, append(path[:len(path):len(path)], fmt.Sprint(i)), element, known, said, out)
	}
	var unknown, missing []string
	var known []func() // look below them, after what is wrong here
	fields, err := v.Fields(cue.All())
	for err == nil && fields.Next() {
		selector := fields.Selector()
		if selector.LabelType() != cue.StringLabel || selector.ConstraintType() == cue.OptionalConstraint {
			continue
		}
		name := selector.Unquoted()
		if selector.ConstraintType() == cue.RequiredConstraint {
			missing = append(missing, name)
			continue
		}
		below, _ := l.step(schema, name)
		if !below.Exists() {
			unknown = append(unknown, name)
			continue
		}
		stated := fields.Value()
		known = append(known, func() {
			l.search(bundle, append(path[:len(path):len(path)], name), stated, below, said, out)
		})
	}
	missing = slices.DeleteFunc(missing, func(name string) bool { return isMeant(name, unknown) })
	for _, name := range slices.Concat(unknown, missing) {
		c := &complaint{path: append(path[:len(path):len(path)], name)}
		c.in, c.overlay = application(c.path)
		if _, isSaid := said[spec.Path(c.path).String()]; isSaid {
			continue
		}
		_, ofBase := said[inBase(c.in)]
		said[spec.Path(c.path).String()] = c
		if slices.Contains(missing, name) {
			if ofBase {
				continue // nobody states it anywhere
			}
			*out = append(*out, l.missing(bundle, c))
			continue
		}
		d := diag.Diagnostic{Rule: rule}
		l.notAllowed(&d, bundle, c)
		if d.Pos.IsValid() { // else nobody wrote it: it follows from another mistake
			*out = append(*out, d)
		}
	}
	for _, search := range known {
		search()
	}
}

func (l *directory) missing(bundle cue.Value, c *complaint) diag.Diagnostic {
	d := diag.Diagnostic{Rule: rule, Path: c.in.String()}
	d.Pos, _ = l.places(bundle, c)
	d.Message = fmt.Sprintf("%s is missing", c.in)
	d.Fix = cmp.Or(l.otherEntry(bundle, c), sentence("State it", l.commentAbove(c.in)), "State it.")
	return d
}

// otherEntry is the remedy where an overlay has a new entry of a map that lacks
// something, and the base one of almost that name.
func (l *directory) otherEntry(bundle cue.Value, c *complaint) string {
	for n := 2; c.overlay && n < len(c.in); n++ {
		at := bundle.LookupPath(cue.ParsePath(BaseName))
		if lookup(at, c.in[:n]).Exists() {
			continue
		}
		known := labels(lookup(at, c.in[:n-1]))
		l.guess(bundle, c.path[:len(c.path)-len(c.in)+n], known)
		return diag.DidYouMean(c.in[n-1], known)
	}
	return ""
}

// labels are the names of a struct's fields.
func labels(v cue.Value) (out []string) {
	fields, err := v.Fields(cue.All())
	for err == nil && fields.Next() {
		if s := fields.Selector(); s.LabelType() == cue.StringLabel || s.IsDefinition() {
			out = append(out, strings.TrimRight(s.String(), "?!"))
		}
	}
	return out
}

// isMeant reports whether a field that is missing is there by another name.
func isMeant(missing string, unknown []string) bool {
	return slices.ContainsFunc(unknown, func(name string) bool { return meant(name, []string{missing}) != "" })
}
