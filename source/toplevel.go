package source

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// topFields are what a spec has.
var topFields = []string{BaseName, "overlays"}

// topLevel reports a package that is no bundle: without a base, or with a
// field beside base and overlays. CUE would complain about the fields below.
func (l *directory) topLevel(v cue.Value, files []*ast.File) diag.List {
	fields, err := v.Fields()
	if err != nil {
		return nil // the whole package is refused, and why is said later
	}
	var out diag.List
	embedded := l.embedded(files)
	for fields.Next() {
		name := fields.Selector().Unquoted()
		if name == BaseName || name == "overlays" {
			continue
		}
		if known, _ := l.step(l.app(), name); known.Exists() && embedded.IsValid() {
			out = append(out, diag.Diagnostic{
				Rule:    rule,
				Pos:     embedded,
				Message: "the application stands at the top of the package, and not in its base",
				Fix:     "Write `base: v1.#App & {…}`.",
			})
			break // its other fields are there too
		}
		l.guess(v, []string{name}, topFields)
		l.guessOverlays(v, name, fields.Value())
		out = append(out, diag.Diagnostic{
			Rule:    rule,
			Pos:     cmp.Or(first(l.written(fields.Value())), embedded, first(l.written(v))),
			Path:    spec.Path{name}.String(),
			Message: fmt.Sprintf("unknown field %q: a spec has a base, and overlays", name),
			Fix:     cmp.Or(diag.DidYouMean(name, topFields), l.overlayOf(name, fields.Value()), "Make it a definition (#"+name+") or a hidden field (_"+name+")."),
		})
	}
	overlays, err := v.LookupPath(cue.ParsePath("overlays")).Fields()
	for err == nil && overlays.Next() {
		if name := label(overlays.Selector()); !overlayName.MatchString(name) || name == BaseName {
			out = append(out, diag.Diagnostic{
				Rule:    rule,
				Pos:     first(l.written(overlays.Value())),
				Path:    spec.Path{"overlays", name}.String(),
				Message: fmt.Sprintf("an overlay cannot be called %q", name),
				Fix:     nameOfOverlay(name),
			})
		}
	}
	if len(out) == 0 && !v.LookupPath(cue.ParsePath(BaseName)).Exists() {
		out = append(out, diag.Diagnostic{
			Rule:    rule,
			Pos:     diag.Pos{File: l.display(files[0].Filename), Line: 1, Col: 1},
			Message: "the package has no base",
			Fix:     "State the application: `base: v1.#App & {name: \"…\", …}`, with import \"statefulc.dev/v1\".",
		})
	}
	return out
}

// embedded is where something is embedded at the top of a package.
func (l *directory) embedded(files []*ast.File) diag.Pos {
	for _, file := range files {
		for _, decl := range file.Decls {
			if _, ok := decl.(*ast.EmbedDecl); ok {
				return l.position(decl.Pos())
			}
		}
	}
	return diag.Pos{}
}

// guessOverlays takes note of a field that is meant as overlays beside those that are
// stated, if none of its own is there: `overlays: [_]: base` states none.
func (l *directory) guessOverlays(v cue.Value, name string, stated cue.Value) {
	there := labels(v.LookupPath(cue.ParsePath("overlays")))
	isThere := func(overlay string) bool { return slices.Contains(there, overlay) }
	meant, isAlone := diag.Nearest(name, topFields)
	if meant == "overlays" && isAlone && !slices.ContainsFunc(labels(stated), isThere) && !l.isReferredTo(name) {
		l.names.misspelt(l.written(stated), meant)
	}
}

// overlayOf is the remedy for an overlay that is not under overlays.
func (l *directory) overlayOf(name string, v cue.Value) string {
	isField := func(label string) bool { known, _ := l.step(l.app(), label); return known.Exists() }
	if !slices.ContainsFunc(labels(v), isField) {
		return ""
	}
	return fmt.Sprintf("If it is an overlay write `overlays: %s: …`, else make it a hidden field (_%s).", name, name)
}

// nameOfOverlay is the remedy for a name that none can have.
func nameOfOverlay(name string) string {
	if name == BaseName {
		return "State what all environments have under base, beside overlays."
	}
	for _, other := range corrected(name) {
		if overlayName.MatchString(other) {
			return fmt.Sprintf("Did you mean %q? ", other) + overlayNames
		}
	}
	return overlayNames
}

const overlayNames = "Overlays become directories: lower case letters, digits and dashes, 52 at the most, a letter first."

var overlayName = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$`)
