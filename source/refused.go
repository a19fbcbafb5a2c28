package source

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// rule is the id of what CUE itself refuses.
const rule = "cue"

// complaint is what CUE has to say about one path of an environment. A mistake
// in the base is repeated in each overlay, see [directory.folded].
type complaint struct {
	path    []string // in the bundle
	in      spec.Path
	errors  []errors.Error
	overlay bool
}

// inBase is where the base has what an environment has at a path.
func inBase(in spec.Path) string { return append(spec.Path{BaseName}, in...).String() }

// refused turns CUE's errors into one finding for each path. v may be the zero
// Value, if the files could not be loaded. What is said already is left out.
func (l *directory) refused(v cue.Value, err error, said diag.List) diag.List {
	byPath := map[string]*complaint{}
	all := errors.Errors(err)
	if v.Exists() {
		all = append(all, l.unresolved(v, all)...)
	}
	for _, e := range all {
		path := unquoted(e.Path())
		if isSaid(path, said) || l.isOfCut(e) {
			continue
		}
		in, overlay := application(path)
		key := spec.Path(path).String()
		if len(path) == 0 || !v.Exists() || isOfText(text(e)) {
			key = e.Position().String() + e.Error() // not a value: a syntax error, an import
		}
		c, ok := byPath[key]
		if !ok {
			c = &complaint{path: path, in: in, overlay: overlay}
			byPath[key] = c
		}
		c.errors = append(c.errors, e)
	}
	if !v.Exists() {
		return atLeast(l.findings(v, byPath))
	}
	telling := maps.Clone(byPath)
	maps.DeleteFunc(telling, func(_ string, c *complaint) bool {
		return c.isBelow(byPath) || l.isOfRefused(c) || c.isRepeated(byPath)
	})
	found, follow := l.findings(v, l.folded(v, telling))
	found = once(atLeast(append(found, l.overlooked(v, telling)...), follow))
	misplaced := slices.DeleteFunc(slices.Clone(found), func(d diag.Diagnostic) bool { return !strings.HasPrefix(d.Message, "preference mark") })
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { // CUE looks at no names there
		name := unusedName(d.Message)
		return name != "" && l.isInSlip(d, name, misplaced)
	})
	for _, d := range l.undefinedAnywhere(v) {
		found = slices.DeleteFunc(found, func(o diag.Diagnostic) bool {
			return isLackOf(o, d) || o.Path == d.Path && slices.ContainsFunc(follows, func(f string) bool { return strings.HasPrefix(o.Message, f) })
		})
		if !slices.ContainsFunc(found, func(o diag.Diagnostic) bool { return o.Pos == d.Pos }) {
			found = append(found, d)
		}
	}
	if len(found) == 0 && len(said) == 0 && l.cut.files == nil {
		return atLeast(l.findings(v, byPath)) // what is refused is never silent
	}
	return found
}

// isLackOf reports whether something is missing where a definition is named that
// is not there: that may have it.
func isLackOf(d, unknown diag.Diagnostic) bool {
	return strings.HasPrefix(unknown.Message, "undefined field: #") && strings.HasSuffix(d.Message, " is missing") &&
		(unknown.Path == "" || strings.HasPrefix(d.Path, unknown.Path+"."))
}

// atLeast are findings, or if there are none what seems to follow from others.
func atLeast(found, follow diag.List) diag.List {
	if len(found) == 0 {
		return follow
	}
	return found
}

// folded leaves out of the overlays what is said of the base: an overlay keeps
// the errors that none of the base's values takes part in.
func (l *directory) folded(v cue.Value, byPath map[string]*complaint) map[string]*complaint {
	out := map[string]*complaint{}
	for key, c := range byPath {
		own := *c
		if base, ok := byPath[inBase(c.in)]; ok && c.overlay {
			bases := l.written(lookup(v, base.path))
			for _, e := range base.errors {
				bases = append(bases, l.users(e)...)
			}
			own.errors = slices.DeleteFunc(slices.Clone(c.errors), func(e errors.Error) bool {
				users := l.users(e)
				return len(users) == 0 || isMissing(e) && slices.ContainsFunc(base.errors, isMissing) || slices.ContainsFunc(users, func(p diag.Pos) bool { return slices.Contains(bases, p) })
			})
		}
		if len(own.errors) > 0 {
			out[key] = &own
		}
	}
	return out
}

// users are the places of the user's that an error names.
func (l *directory) users(e errors.Error) (out []diag.Pos) {
	for _, pos := range append(e.InputPositions(), e.Position()) {
		if l.isUsers(pos) {
			out = append(out, l.position(pos))
		}
	}
	return out
}

// once leaves out what was said of the same place and path, whatever group it
// is of: several overlays may be one text, and so are all groups, `groups: [_]`.
// The base's is the first. What an entry lacks that has another name in the
// base is one mistake.
func once(found diag.List) (out diag.List) {
	for _, d := range found {
		if !slices.ContainsFunc(out, func(o diag.Diagnostic) bool {
			return entryOf(o.Path) == entryOf(d.Path) && o.Pos == d.Pos || isOfEntry(o) && isOfEntry(d) && o.Fix == d.Fix && upTo(o.Path, 2) == upTo(d.Path, 2)
		}) {
			out = append(out, d)
		}
	}
	return out
}

// isOfEntry reports whether something is missing since its entry has another
// name in the base.
func isOfEntry(d diag.Diagnostic) bool {
	return strings.HasSuffix(d.Message, " is missing") && strings.HasPrefix(d.Fix, "Did you mean ")
}

// entryOf is a path without the name of its group.
func entryOf(path string) string {
	if _, below, ok := strings.Cut(strings.TrimPrefix(path, upTo(path, 1)+"."), "."); ok && strings.HasPrefix(path, "groups.") {
		return "groups.*." + below
	}
	return path
}

// upTo is the beginning of a path.
func upTo(path string, n int) string {
	steps := strings.SplitN(path, ".", n+1)
	return strings.Join(steps[:min(n, len(steps))], ".")
}

// isSaid reports whether a path is below one of the top level's that is said.
func isSaid(path []string, said diag.List) bool {
	return slices.ContainsFunc(said, func(d diag.Diagnostic) bool {
		for n := range path {
			if d.Path != "" && d.Path == (spec.Path(path[:n+1])).String() {
				return true
			}
		}
		return false
	})
}

// isBelow reports whether a complaint is about a part of what is refused as a
// whole: a list where a struct is asked for has no field right. That a struct
// lacks a field is said of the field, by [directory.overlooked].
func (c *complaint) isBelow(byPath map[string]*complaint) bool {
	if strings.Contains(c.errors[0].Error(), "required field missing: ") {
		return true
	}
	for n := 1; n < len(c.in); n++ {
		own := spec.Path(c.path[:len(c.path)-len(c.in)+n])
		for _, key := range []string{own.String(), inBase(c.in[:n])} {
			whole, ok := byPath[key]
			if ok && len(whole.path) > 0 && (whole.isOfAnotherType() || slices.ContainsFunc(whole.errors, func(e errors.Error) bool { return twoLists.MatchString(text(e)) })) {
				return true
			}
		}
	}
	return false
}

// isOfRefused reports whether a reference of a group finds nothing in what has
// a name that is refused: what the schema computes is not there.
func (l *directory) isOfRefused(c *complaint) bool {
	if len(c.in) < 3 || c.in[0] != "groups" || l.schemaAt(c.in[:2]).Exists() {
		return false
	}
	group, _ := l.step(l.schemaAt(c.in[:1]), "db")
	return slices.ContainsFunc(c.errors, func(e errors.Error) bool {
		m := undefined.FindStringSubmatch(text(e))
		return m != nil && slices.Contains(labels(group), m[1])
	})
}

// isRepeated reports whether a reference that finds nothing is told at its
// place, of which CUE knows no path, and is the complaint about what holds it.
func (c *complaint) isRepeated(byPath map[string]*complaint) bool {
	said := text(c.errors[0])
	if !undefined.MatchString(said) {
		return false
	}
	for _, other := range byPath {
		if len(other.path) == 0 && len(c.path) > 0 && text(other.errors[0]) == said {
			return true
		}
	}
	return false
}

// isOfAnotherType reports whether no type that could stand at the path is the
// value's.
func (c *complaint) isOfAnotherType() bool {
	return !slices.ContainsFunc(c.errors, func(e errors.Error) bool { return rank(e) < mistyped }) && !followsOnly(c.errors)
}

// unquoted is an error's path with its labels as they are.
func unquoted(path []string) []string {
	out := make([]string, len(path))
	for i, label := range path {
		out[i] = label
		if plain, err := strconv.Unquote(label); err == nil {
			out[i] = plain
		}
	}
	return out
}

// findings has what follows from another mistake apart: what is computed from a
// value that was refused.
func (l *directory) findings(v cue.Value, byPath map[string]*complaint) (out, follow diag.List) {
	isSaid := false
	for _, key := range slices.Sorted(maps.Keys(byPath)) {
		c := byPath[key]
		switch {
		case l.cut.files != nil && v.Exists() && c.isCount():
			isSaid = true
		case c.isComputed() && l.hasNoRack(v, c):
			out = append(out, l.noRack(v, c))
		case c.isComputed(), c.isOfOther(byPath), followsOnly(c.errors) && !l.isReference(v, c) && !(c.isApart() && inner.MatchString(c.errors[0].Error())):
			follow = append(follow, l.finding(v, c))
		default:
			out = append(out, l.finding(v, c))
		}
	}
	if isSaid {
		return out, nil
	}
	return out, follow
}

// isCount reports whether a complaint is the count of others, and what follows from
// them: of what is cut.
func (c *complaint) isCount() bool {
	isCount := func(e errors.Error) bool { return strings.Contains(text(e), "errors in empty disjunction") }
	return slices.ContainsFunc(c.errors, isCount) && followsOnly(c.errors)
}

// isReference reports whether a reference is what is wrong.
func (l *directory) isReference(v cue.Value, c *complaint) bool {
	_, ok := l.misreferenceIn(v, c)
	return ok
}

// isOfOther reports whether a call fails by what is said of another path: of the
// name, of which the schema makes others.
func (c *complaint) isOfOther(byPath map[string]*complaint) bool {
	if !strings.HasPrefix(text(c.errors[0]), "error in call") {
		return false
	}
	why := c.errors[0].Error()
	for _, other := range byPath {
		if other != c && slices.ContainsFunc(other.errors, func(e errors.Error) bool { return strings.HasSuffix(why, ": "+text(e)) }) {
			return true
		}
	}
	return false
}

// isComputed reports whether the schema computes the value.
func (c *complaint) isComputed() bool {
	return len(c.in) > 2 && c.in[0] == "groups" && (c.in[2] == "dns" || c.in[2] == "name")
}

// hasNoRack reports whether names cannot be computed because racks are stated,
// and none is.
func (l *directory) hasNoRack(v cue.Value, c *complaint) bool {
	racks := lookup(v, append(c.path[:len(c.path)-len(c.in)+2:len(c.path)-len(c.in)+2], "racks"))
	return racks.Exists() && racks.IncompleteKind() == cue.StructKind && len(labels(racks)) == 0
}

func (l *directory) noRack(v cue.Value, c *complaint) diag.Diagnostic {
	own := *c
	own.in = append(c.in[:2:2], "racks")
	own.path = append(c.path[:len(c.path)-len(c.in)+2:len(c.path)-len(c.in)+2], "racks")
	d := diag.Diagnostic{Rule: rule, Path: own.in.String(), Message: "there is no rack in racks", Fix: "State one at least, or leave out racks."}
	d.Pos = first(l.written(lookup(v, own.path)))
	return d
}

// followsOnly reports whether all errors are of an expression that met another
// error.
func followsOnly(all []errors.Error) bool {
	return !slices.ContainsFunc(all, func(e errors.Error) bool { return rank(e) < followed })
}

// application is a path of the bundle as one of the application, and whether
// it is an overlay's.
func application(path []string) (spec.Path, bool) {
	switch {
	case len(path) > 0 && path[0] == BaseName:
		return path[1:], false
	case len(path) > 1 && path[0] == "overlays":
		return path[2:], true
	}
	return path, false
}

// finding says one complaint: where, what and what to do. What another package
// of the module states is told there, once for all specs that refer to it, as
// rules do; what another module states, where the spec refers to it.
func (l *directory) finding(v cue.Value, c *complaint) diag.Diagnostic {
	if v.Exists() && !l.single.Exists() && c.isApart() && slices.ContainsFunc(c.errors, func(e errors.Error) bool { return inner.MatchString(e.Error()) }) {
		return l.ofDefinition(c)
	}
	d := l.findingAt(v, c)
	if !v.Exists() || !d.Pos.IsValid() || l.isPackages(d.Pos) {
		return d
	}
	own := l.ownPlace(c)
	if !own.IsValid() {
		return d
	}
	if l.isOfModule(d.Pos) {
		d.Related = append([]diag.Related{{Pos: own, Message: "the spec takes it from there"}}, d.Related...)
		return d
	}
	there := diag.Related{Pos: d.Pos, Message: "it is stated here"}
	d.Pos, d.Related = own, append([]diag.Related{there}, d.Related...)
	return d
}

// isOfModule reports whether a place is in a file of the spec's own module.
func (l *directory) isOfModule(p diag.Pos) bool {
	below, err := filepath.Rel(l.root, l.fileOf(p))
	return err == nil && !slices.Contains([]string{"..", "cue.mod"}, strings.Split(filepath.ToSlash(below), "/")[0])
}

// isApart reports whether a complaint is about what is no part of the bundle.
func (c *complaint) isApart() bool { return len(c.path) > 0 && !isOfBundle(c.path) }

// ownPlace is where the package has to do with a complaint.
func (l *directory) ownPlace(c *complaint) (place diag.Pos) {
	for _, e := range c.errors {
		for _, p := range l.users(e) {
			if l.isPackages(p) && (!c.overlay || l.isOverlays(p)) {
				return p
			}
		}
	}
	depth := 0
	for _, file := range l.files {
		if node, n := deepest(&ast.StructLit{Elts: file.Decls}, c.path, 0); n > depth {
			place, depth = l.position(node.Pos()), n
		}
	}
	return place
}

// ofDefinition tells of a definition that is given a value which does not fit
// it, `(#Node & {heap: 1}).opts`: what is made there has no path.
func (l *directory) ofDefinition(c *complaint) diag.Diagnostic {
	best, alternatives := bestOf(c.errors)
	said := cmp.Or(inner.FindString(text(best)), inner.FindString(best.Error()), text(best))
	d := diag.Diagnostic{Rule: rule, Message: plainly(said), Fix: "State a value that fits, or change what is defined there."}
	clash, _ := clashOf(said)
	if len(alternatives) > 1 {
		d.Message = fmt.Sprintf("%s is none of %s", aKind(clash.value), strings.Join(alternatives, ", "))
		d.Fix = cmp.Or(meant(strings.Trim(clash.value, `"`), unquoted(alternatives)), "State one of these, or add it where they are defined.")
	}
	for _, pos := range append(best.InputPositions(), best.Position()) {
		p := l.position(pos)
		switch {
		case !l.isUsers(pos):
		case clash.value != "" && strings.HasPrefix(l.textAt(pos).after, clash.value) && l.isPackages(p):
			d.Pos = p
		default:
			d.Related = append(d.Related, diag.Related{Pos: p, Message: "it is defined here"})
		}
	}
	if !d.Pos.IsValid() {
		d.Pos = cmp.Or(l.ownPlace(c), first(l.users(best)))
	}
	d.Related = slices.DeleteFunc(d.Related, func(r diag.Related) bool { return r.Pos.File == d.Pos.File && r.Pos.Line == d.Pos.Line })
	if len(d.Related) > 1 {
		d.Related = d.Related[:1]
	}
	return d
}

var inner = regexp.MustCompile(`(conflicting values|invalid value) .+$`)

// findingAt is finding, at the place that CUE names first.
func (l *directory) findingAt(v cue.Value, c *complaint) diag.Diagnostic {
	best, alternatives := bestOf(c.errors)
	text := text(best)
	d := diag.Diagnostic{Rule: rule, Path: c.in.String()}
	d.Pos, d.Related = l.places(v, c)
	if !v.Exists() || isOfText(text) {
		l.unread(&d, best)
		return d
	}
	if m, ok := l.misreferenceIn(v, c); ok {
		d.Pos, d.Related, d.Message, d.Fix = l.position(m.pos), nil, m.message, m.fix
		return d
	}
	if lit, other, ok := l.misfit(c); ok {
		l.misfitting(&d, c, lit, other)
		return d
	}
	if e, stated := l.contradiction(c); e != nil && len(stated) > 0 && len(c.in) > 0 {
		l.contradictory(&d, c, e, stated)
		return d
	}
	switch {
	case slices.Equal(c.path, []string{"overlays"}):
		d.Message, _ = l.unfit(c, best, alternatives)
		d.Fix = "Give each overlay a name: `overlays: prod: …`."
	case text == "field not allowed" && l.closed(&d, v, c):
	case text == "field not allowed":
		l.notAllowed(&d, v, c)
	case text == "field is required but not present":
		return l.missing(v, c)
	case strings.HasPrefix(text, "incomplete value"):
		l.incomplete(&d, v, c, strings.TrimPrefix(text, "incomplete value "))
	case undefined.MatchString(text):
		d.Message, d.Fix = text, l.selectedOf(v, c, best, undefined.FindStringSubmatch(text)[1])
	case text == empty:
		d.Message, d.Fix = text, join("State one element at least, or leave the field out.", l.comment(c.in))
	default:
		d.Message, d.Fix = l.unfit(c, best, alternatives)
		d.Fix = cmp.Or(l.twice(c, &d, text, alternatives), d.Fix)
	}
	d.Fix = cmp.Or(d.Fix, l.advice(c.in, alternatives))
	return d
}

// twice is the remedy for two values of the user's: an overlay cannot change
// what the base fixes, and the base says a thing once.
func (l *directory) twice(c *complaint, d *diag.Diagnostic, text string, alternatives []string) string {
	clashing := (conflict.MatchString(text) && !mismatch.MatchString(text) || twoLists.MatchString(text)) && len(alternatives) < 2
	switch {
	case len(alternatives) > 1 && len(d.Related) > 0 && !IsSchema(d.Related[0].Pos):
		return "State one of these, or add another to them where they are listed."
	case c.overlay && removed.MatchString(text) && len(d.Related) > 0 && !IsSchema(d.Related[0].Pos):
		return "An overlay cannot remove what the base states: state it in the overlays that are to have it, and not in the base."
	case !clashing || len(d.Related) == 0 || IsSchema(d.Related[0].Pos):
		return ""
	case c.overlay && twoLists.MatchString(text):
		return "The base fixes the list; as a default, `*[…] | _`, it lets overlays state another."
	case c.overlay:
		return "The base fixes the value; as a default, `*value | _`, it lets overlays state another."
	}
	return "State it once; as a default, `*value | _`, it lets another place state another."
}

// contradiction finds two values of the user's that differ, and where they are.
// CUE lists them among what the schema has against each. What gives way to
// others, a default, is none of two.
func (l *directory) contradiction(c *complaint) (errors.Error, []token.Pos) {
	for _, e := range c.errors {
		clash, ok := clashOf(text(e))
		if !ok || !conflict.MatchString(text(e)) || clash.isType {
			continue
		}
		var users []token.Pos
		ours := false // one is the schema's, or one of several
		for _, pos := range append(e.InputPositions(), e.Position()) {
			switch rest := l.textAt(pos); {
			case l.isUsers(pos) && rest.isAlternative(clash):
				ours = true
			case l.isUsers(pos):
				users = append(users, pos)
			case pos.IsValid() && rest.begins(clash):
				ours = true
			}
		}
		if !ours && len(users) > 1 {
			return e, users
		}
	}
	return nil, nil
}

// misfit finds, of two values of the user's that differ, a literal that could not
// stand there without the other one either: a word misspelt, a unit that there
// is not. It is mended first. An overlay's is looked for in overlays; the other
// one is where the base has it.
func (l *directory) misfit(c *complaint) (lit *ast.BasicLit, other diag.Pos, ok bool) {
	for _, e := range c.errors {
		clash, clashes := clashOf(text(e))
		if !clashes || !conflict.MatchString(text(e)) {
			continue
		}
		var stated []token.Pos
		for _, pos := range append(e.InputPositions(), e.Position()) {
			if rest := l.textAt(pos); l.isUsers(pos) && rest.begins(clash) && !rest.isAlternative(clash) {
				stated = append(stated, pos)
			}
		}
		for i, pos := range stated {
			if p := l.position(pos); !l.isPackages(p) || c.overlay && !l.isOverlays(p) {
				continue
			}
			rest := slices.DeleteFunc(slices.Delete(slices.Clone(stated), i, i+1), func(o token.Pos) bool { return o == pos })
			if lit, is := l.literalAt(pos); is && len(rest) > 0 && l.refusal(c.in, lit) != nil {
				return lit, l.position(rest[0]), true
			}
		}
	}
	return nil, diag.Pos{}, false
}

// refusal is what the schema alone has against a literal at a path.
func (l *directory) refusal(in spec.Path, lit *ast.BasicLit) []errors.Error {
	at := l.schemaAt(in)
	if !at.Exists() {
		return nil
	}
	return errors.Errors(at.Unify(l.ctx.BuildExpr(lit)).Validate(cue.Concrete(true)))
}

// misfitting says of a literal that it does not fit, and where another value is
// stated, in the base perhaps.
func (l *directory) misfitting(d *diag.Diagnostic, c *complaint, lit *ast.BasicLit, other diag.Pos) {
	own := &complaint{path: c.path, in: c.in, overlay: c.overlay, errors: l.refusal(c.in, lit)}
	best, alternatives := bestOf(own.errors)
	d.Pos = l.position(lit.Pos())
	d.Message, d.Fix = l.unfit(own, best, alternatives)
	d.Fix = cmp.Or(d.Fix, l.advice(c.in, alternatives))
	d.Related = []diag.Related{{Pos: other, Message: "also stated here"}}
	if c.overlay && l.isPackages(other) && !l.isOverlays(other) {
		d.Related[0].Message = "the base fixes it here; as a default, `*value | _`, it lets overlays state another"
	}
}

// contradictory says of two values that they differ. An overlay cannot change
// what the base fixes.
func (l *directory) contradictory(d *diag.Diagnostic, c *complaint, e errors.Error, stated []token.Pos) {
	var places []diag.Pos
	for _, pos := range stated {
		places = append(places, l.position(pos))
	}
	isHere := func(p diag.Pos) bool { return l.isPackages(p) && (!c.overlay || l.isOverlays(p)) }
	if at := slices.IndexFunc(places, isHere); at >= 0 && !onLine(places, d.Pos).IsValid() {
		d.Pos = places[at]
	}
	d.Related = nil
	clash, _ := clashOf(text(e))
	exact := slices.ContainsFunc(stated, func(pos token.Pos) bool { return l.textAt(pos).begins(clash) && l.position(pos).Line != d.Pos.Line })
	for i, p := range places {
		if exact && !l.textAt(stated[i]).begins(clash) {
			continue // a reference to one
		}
		if p.File != d.Pos.File || p.Line != d.Pos.Line {
			d.Related = append(d.Related, diag.Related{Pos: p, Message: "also stated here"})
		}
	}
	ofBase := c.overlay && slices.ContainsFunc(d.Related, func(r diag.Related) bool { return l.isPackages(r.Pos) && !l.isOverlays(r.Pos) })
	_, err := strconv.Atoi(name(c.in))
	d.Message = text(e)
	switch isElement := err == nil; {
	case ofBase && isElement:
		d.Fix = "The base fixes the list; as a default, `*[…] | _`, it lets overlays state another."
	case ofBase:
		d.Fix = "The base fixes the value; as a default, `*value | _`, it lets overlays state another."
	default:
		d.Fix = "State it once; as a default, `*value | _`, it lets another place state another."
	}
}

// isPackages reports whether a place is in the package, and not in one that it
// imports.
func (l *directory) isPackages(p diag.Pos) bool {
	return slices.ContainsFunc(l.files, func(f *ast.File) bool { return l.display(f.Filename) == p.File })
}

// incomplete finds why a path has no value: nobody stated one, or the default
// that somebody stated does not fit.
func (l *directory) incomplete(d *diag.Diagnostic, v cue.Value, c *complaint, open string) {
	d.Message = fmt.Sprintf("%s has no value", c.in)
	if len(open) < 80 {
		d.Message += ", only " + open
	}
	d.Fix = "State one in the base; as a default, `*value | _`, it lets overlays state another."
	_, parts := lookup(v, c.path).Expr()
	if defaults := l.defaults(parts); len(defaults) > 1 {
		d.Message = fmt.Sprintf("%s has %d defaults, %s", c.in, len(defaults), strings.Join(defaults, " and "))
		d.Fix = "A default of the base is what overlays state another value for: state that without * and `| _`."
		return
	}
	for _, part := range parts {
		stated, ok := part.Default()
		if !ok || !l.isUsers(part.Pos()) || !stated.IsConcrete() {
			continue
		}
		if err := stated.Unify(l.schemaAt(c.in)).Validate(); err != nil {
			unfit := &complaint{path: c.path, in: c.in, errors: errors.Errors(err)}
			best, alternatives := bestOf(unfit.errors)
			message, fix := l.unfit(unfit, best, alternatives)
			d.Message, d.Fix = "the default "+message, cmp.Or(fix, l.advice(c.in, alternatives))
		}
	}
}

// defaults are the user's of some parts that are unified, as they are written.
func (l *directory) defaults(parts []cue.Value) (out []string) {
	for _, part := range parts {
		stated, ok := part.Default()
		if text := fmt.Sprint(stated); ok && l.isUsers(part.Pos()) && stated.IsConcrete() && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// closed finds a definition of the user's that takes no other fields, where the
// schema knows some. It is one mistake, whatever it refuses.
func (l *directory) closed(d *diag.Diagnostic, v cue.Value, c *complaint) bool {
	above := len(c.path) - len(c.in)
	for n := range c.in {
		if l.single.Exists() || !l.schemaAt(c.in[:n+1]).Exists() {
			return false
		}
		for _, part := range partsOf(lookup(v, c.path[:above+n])) {
			root, path := part.ReferencePath()
			names := path.Selectors()
			if !root.Exists() || len(names) == 0 || !names[len(names)-1].IsDefinition() || !l.isUsers(part.Pos()) || part.Allows(cue.Str(c.in[n])) {
				continue
			}
			name := names[len(names)-1].String()
			d.Pos, d.Path, d.Related = l.position(part.Pos()), c.in[:n].String(), nil
			d.Message = fmt.Sprintf("%s takes only its own fields, and %s has others", name, d.Path)
			d.Fix = fmt.Sprintf("Open it: write `...` as the last line of %s.", name)
			return true
		}
	}
	return false
}

// partsOf are the parts of a value, as they are written.
func partsOf(v cue.Value) (out []cue.Value) {
	op, parts := v.Expr()
	if op != cue.AndOp {
		return []cue.Value{v}
	}
	for _, part := range parts {
		out = append(out, partsOf(part)...)
	}
	return out
}

// notAllowed finds the field that is not known: CUE may name one below it.
func (l *directory) notAllowed(d *diag.Diagnostic, v cue.Value, c *complaint) {
	at := l.app()
	for n, name := range c.in {
		below, known := l.step(at, name)
		if below.Exists() {
			at = below
			continue
		}
		bundlePath := c.path[:len(c.path)-len(c.in)+n+1]
		d.Path, d.Related = c.in[:n+1].String(), nil
		if written := first(l.written(lookup(v, bundlePath))); written.IsValid() {
			d.Pos = written
		}
		if len(known) == 0 {
			for _, key := range patterns(at) {
				if known = append(known, literals(key)...); len(known) == 0 && l.below(at, key, name) == "" {
					l.readAs(v, bundlePath, l.correctKey(key, name))
				}
			}
			l.guess(v, bundlePath, known)
			d.Message = fmt.Sprintf("%q cannot be a name in %s", name, c.in[:n])
			d.Fix = cmp.Or(l.keyOf(at, name), sentence("Here stand", l.comment(c.in[:n])))
			return
		}
		l.guess(v, bundlePath, known)
		d.Message = fmt.Sprintf("unknown field %q", name)
		d.Fix = cmp.Or(meant(name, known), l.list(known, c.in[:n]))
		return
	}
	d.Message = fmt.Sprintf("unknown field %q", name(c.in))
}

// name is the last step of a path; the application itself is the base.
func name(path spec.Path) string {
	if len(path) == 0 {
		return BaseName
	}
	return path[len(path)-1]
}

// The ranks of what CUE lists at one path, the most telling first. Of a
// disjunction it says what each alternative has against a value: that a bound
// is broken tells more than that a default differs.
const (
	telling = iota
	differs
	mistyped
	followed
)

var follows = []string{
	"error in call", "non-concrete value", "invalid interpolation", "invalid operand", "invalid list index",
	"explicit error", "invalid non-ground value", "cannot reference optional field",
}

func rank(e errors.Error) int {
	t := text(e)
	switch {
	case strings.Contains(t, "in empty disjunction"),
		slices.ContainsFunc(follows, func(f string) bool { return strings.HasPrefix(t, f) }):
		return followed
	case mismatch.MatchString(t):
		return mistyped
	case conflict.MatchString(t):
		return differs
	}
	return telling
}

// bestOf chooses what to say of several errors at one path. Where they are
// words that a value may be, these are the alternatives.
func bestOf(all []errors.Error) (best errors.Error, alternatives []string) {
	best = slices.MinFunc(all, func(a, b errors.Error) int { return cmp.Compare(rank(a), rank(b)) })
	choice := slices.ContainsFunc(all, func(e errors.Error) bool { return strings.Contains(text(e), "in empty disjunction") })
	for _, e := range all {
		clash, ok := clashOf(text(e))
		isSimple := simple.MatchString(clash.wanted) || choice && numeral.MatchString(clash.wanted)
		if ok && conflict.MatchString(text(e)) && rank(e) == rank(best) && isSimple && !slices.Contains(alternatives, clash.wanted) {
			alternatives = append(alternatives, clash.wanted)
		}
	}
	slices.Sort(alternatives)
	return best, alternatives
}

var (
	conflict = regexp.MustCompile(`^conflicting values (.+) and (.+)$`)
	mismatch = regexp.MustCompile(`^conflicting values (.+) and (.+) \(mismatched types .+\)$`)
	simple   = regexp.MustCompile(`^("[^"]*"|[a-z]+)$`)
	literal  = regexp.MustCompile(`^["\[{0-9-]|^(true|false|null)$`)
	outside  = regexp.MustCompile(`^invalid value (.+) \((out of bound|does not satisfy) (.+)\)$`)
)

// text is an error without its path.
func text(e errors.Error) string {
	format, args := e.Msg()
	t := cmp.Or(fmt.Sprintf(format, args...), e.Error())
	if m := operand.FindStringSubmatch(t); m != nil {
		return m[1]
	}
	if m := lengths.FindStringSubmatch(t); m != nil {
		if !slices.ContainsFunc(append(e.InputPositions(), e.Position()), func(p token.Pos) bool { return strings.HasPrefix(p.Filename(), schemaDir) }) {
			return "two lists, of " + m[1] + " and of " + m[2] + " elements"
		}
		if m[1] == "0" {
			return empty
		}
		return "the list has " + m[1] + " elements, and " + m[2] + " are asked for at least"
	}
	return t
}

// empty is said of a list that has to have something.
const empty = "the list is empty"

var (
	twoLists = regexp.MustCompile(`^two lists, of \d+ and of \d+ elements$`)
	removed  = regexp.MustCompile(`^conflicting values null and |^conflicting values .* and null\b`)
	operand  = regexp.MustCompile(`^invalid (?:left|right)-hand value to '.+' \(type _\|_\): \S+: (.+)$`) // of a constraint, the error that it met
	lengths  = regexp.MustCompile(`^incompatible list lengths \((\d+) and (\d+)\)$`)
)

// lookup is the value at a path, in which elements of lists are numbers: of what
// is chosen where there is a choice, and of lists that are refused too.
func lookup(v cue.Value, path []string) cue.Value {
	for _, label := range path {
		next := v.LookupPath(cue.MakePath(selector(v, label)))
		if chosen, ok := v.Default(); ok && !next.Exists() {
			next = chosen.LookupPath(cue.MakePath(selector(chosen, label)))
		}
		v = next
	}
	return v
}

func selector(of cue.Value, label string) cue.Selector {
	i, err := strconv.Atoi(label)
	if kind := of.IncompleteKind(); err == nil && (kind == cue.ListKind || kind == cue.BottomKind && of.LookupPath(cue.MakePath(cue.Index(i))).Exists()) {
		return cue.Index(i)
	}
	return cue.Str(label)
}

func first(positions []diag.Pos) diag.Pos {
	if len(positions) == 0 {
		return diag.Pos{}
	}
	return positions[0]
}
