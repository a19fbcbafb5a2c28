package source

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// rule is the id of what CUE itself refuses.
const rule = "cue"

// topLevel reports a package that is no bundle: without a base, or with a
// field beside base and overlays. CUE would complain about the fields below.
func (l *loader) topLevel(v cue.Value, files []*ast.File) diag.List {
	fields, err := v.Fields()
	if err != nil {
		return nil // the whole package is refused, and why is said later
	}
	var out diag.List
	for fields.Next() {
		if name := fields.Selector().Unquoted(); name != BaseName && name != "overlays" {
			out = append(out, diag.Diagnostic{
				Rule:    rule,
				Pos:     first(l.written(fields.Value())),
				Path:    spec.Path{name}.String(),
				Message: fmt.Sprintf("unknown field %q: a spec has a base, and overlays", name),
				Fix:     cmp.Or(didYouMean(name, []string{BaseName, "overlays"}), "Make it a definition (#"+name+") or a hidden field (_"+name+")."),
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

// complaint is what CUE has to say about one path of the application, over all
// environments: a mistake in the base is repeated in each overlay.
type complaint struct {
	path    []string // in the bundle, of the first environment that has it
	in      spec.Path
	errors  []errors.Error
	overlay bool // the base has it not
}

// refused turns CUE's errors into one finding for each path. v may be the zero
// Value, if the files could not be loaded.
func (l *loader) refused(v cue.Value, err error) diag.List {
	byPath := map[string]*complaint{}
	for _, e := range errors.Errors(err) {
		in, overlay := application(e.Path())
		key := in.String()
		if len(e.Path()) == 0 || !v.Exists() {
			key = e.Position().String() + e.Error() // not a value: a syntax error, an import
		}
		c, ok := byPath[key]
		if !ok {
			c = &complaint{path: e.Path(), in: in, overlay: overlay}
			byPath[key] = c
		}
		if !overlay && c.overlay {
			c.path, c.overlay = e.Path(), false
		}
		c.errors = append(c.errors, e)
	}
	found := l.findings(v, byPath)
	if v.Exists() {
		found = append(found, l.overlooked(v, byPath)...)
	}
	return found
}

// findings leaves out what follows from another mistake: a computed field that
// could not be computed.
func (l *loader) findings(v cue.Value, byPath map[string]*complaint) diag.List {
	var out, follow diag.List
	for _, key := range slices.Sorted(maps.Keys(byPath)) {
		c := byPath[key]
		d := l.finding(v, c)
		if slices.Contains(c.path, "dns") {
			follow = append(follow, d)
			continue
		}
		out = append(out, d)
	}
	if len(out) == 0 {
		return follow
	}
	return out
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

// finding says one complaint: where, what and what to do.
func (l *loader) finding(v cue.Value, c *complaint) diag.Diagnostic {
	best, alternatives := bestOf(c.errors)
	text := text(best)
	d := diag.Diagnostic{Rule: rule, Path: c.in.String(), Message: message(text, alternatives)}
	d.Pos, d.Related = l.places(v, c)
	if !v.Exists() {
		if text == "import failed" {
			d.Message = importFailed(best)
			d.Fix = fmt.Sprintf("Import %q, packages of CUE's standard library or of the same module; nothing is fetched.", schema.ImportPath)
		}
		return d
	}
	comment := l.comment(c.in)
	switch {
	case text == "field not allowed":
		l.notAllowed(&d, v, c)
	case text == "field is required but not present":
		d.Message = missingField(c.in)
		d.Fix = sentence("State it", comment)
	case strings.HasPrefix(text, "incomplete value"):
		d.Message = fmt.Sprintf("%s has no value, only %s", c.in, strings.TrimPrefix(text, "incomplete value "))
		d.Fix = "State one in the base; as a default, `*value | _`, it lets overlays state another."
	case c.overlay && len(d.Related) > 0 && !isSchemas(d.Related[0].Pos):
		d.Fix = "The base fixes the value; as a default, `*value | _`, it lets overlays state another."
	default:
		d.Fix = sentence("State a value that fits "+name(c.in), comment)
	}
	return d
}

// places are where to look first and what else took part. The first is what
// the user wrote at the path, the environment's own before the base's; else
// what CUE names; else the nearest thing that was written above.
func (l *loader) places(v cue.Value, c *complaint) (diag.Pos, []diag.Related) {
	var users, schemas []diag.Pos
	for _, e := range c.errors {
		for _, pos := range append(e.InputPositions(), e.Position()) {
			switch p := l.position(pos); {
			case !p.IsValid():
			case l.isUsers(pos):
				users = append(users, p)
			default:
				schemas = append(schemas, p)
			}
		}
	}
	written := l.written(lookup(v, c.path))
	primary := cmp.Or(onLine(users, first(written)), first(written), first(users))
	for n := len(c.path) - 1; !primary.IsValid() && n >= 0; n-- {
		primary = first(l.written(lookup(v, c.path[:n])))
	}
	if !primary.IsValid() {
		primary.File = l.dir
	}
	for _, p := range written {
		if other := onLine(users, p); other.IsValid() && other.Line != primary.Line {
			return primary, []diag.Related{{Pos: other, Message: "also stated here"}}
		}
	}
	if len(schemas) > 0 {
		return primary, []diag.Related{{Pos: schemas[0], Message: "the schema asks for it here"}}
	}
	return primary, nil
}

// onLine is the first of some positions that is on the line of p: a value
// beside its field.
func onLine(positions []diag.Pos, p diag.Pos) diag.Pos {
	for _, other := range positions {
		if other.File == p.File && other.Line == p.Line {
			return other
		}
	}
	return diag.Pos{}
}

// notAllowed finds the field that is not known: CUE may name one below it.
func (l *loader) notAllowed(d *diag.Diagnostic, v cue.Value, c *complaint) {
	at := l.app()
	for n, name := range c.in {
		below, known := step(at, name)
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
			d.Message = fmt.Sprintf("%q cannot be a name in %s", name, c.in[:n])
			d.Fix = sentence("Here stand", doc(at))
			return
		}
		d.Message = fmt.Sprintf("unknown field %q", name)
		d.Fix = cmp.Or(didYouMean(name, known), "Known here: "+strings.Join(known, ", ")+".")
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

// bestOf chooses what to say of several errors at one path: CUE lists what
// each alternative of a disjunction has against a value. What was of the right
// type comes first.
func bestOf(all []errors.Error) (best errors.Error, alternatives []string) {
	rank := func(e errors.Error) int {
		switch t := text(e); {
		case strings.Contains(t, "errors in empty disjunction"):
			return 3
		case strings.Contains(t, "mismatched types"):
			return 2
		case strings.HasPrefix(t, "error in call"), strings.HasPrefix(t, "non-concrete value"):
			return 1
		}
		return 0
	}
	best = slices.MinFunc(all, func(a, b errors.Error) int { return cmp.Compare(rank(a), rank(b)) })
	for _, e := range all {
		if m := conflict.FindStringSubmatch(text(e)); m != nil && rank(e) == rank(best) && !slices.Contains(alternatives, m[1]) {
			alternatives = append(alternatives, m[1])
		}
	}
	slices.Sort(alternatives)
	return best, alternatives
}

var (
	conflict = regexp.MustCompile(`^conflicting values (.+) and (.+)$`)
	mismatch = regexp.MustCompile(`^conflicting values (.+) and (.+) \(mismatched types .+\)$`)
	matched  = regexp.MustCompile(`\(does not satisfy matchN\): (\d+) matched`)
	outside  = regexp.MustCompile(`^invalid value (.+) \((out of bound|does not satisfy) (.+)\)$`)
)

// message says an error in words.
func message(t string, alternatives []string) string {
	if m := mismatch.FindStringSubmatch(t); m != nil {
		return fmt.Sprintf("%s is no %s", m[1], m[2])
	}
	if m := conflict.FindStringSubmatch(t); m != nil && len(alternatives) > 1 {
		return fmt.Sprintf("%s is none of %s", m[2], strings.Join(alternatives, ", "))
	}
	if m := outside.FindStringSubmatch(t); m != nil {
		return fmt.Sprintf("%s does not fit %s", m[1], m[3])
	}
	return t
}

// text is an error without its path. What a matchN counted is said by the
// errors inside of it.
func text(e errors.Error) string {
	if m := matched.FindStringSubmatch(e.Error()); m != nil {
		return m[1] + " alternatives are stated where it takes one"
	}
	format, args := e.Msg()
	return fmt.Sprintf(format, args...)
}

func importFailed(failed errors.Error) string {
	for _, e := range errors.Errors(errors.Unwrap(failed)) {
		if t := text(e); t != "" {
			return "import failed: " + t
		}
	}
	return "import failed"
}

func lookup(v cue.Value, path []string) cue.Value {
	selectors := make([]cue.Selector, len(path))
	for i, name := range path {
		selectors[i] = selector(name)
	}
	return v.LookupPath(cue.MakePath(selectors...))
}

// selector is a step of an error's path, which has list positions as numbers
// and quotes labels that are no identifiers.
func selector(name string) cue.Selector {
	if parsed := cue.ParsePath(name); parsed.Err() == nil && len(parsed.Selectors()) == 1 {
		return parsed.Selectors()[0]
	}
	return cue.Str(name)
}

func first(positions []diag.Pos) diag.Pos {
	if len(positions) == 0 {
		return diag.Pos{}
	}
	return positions[0]
}
