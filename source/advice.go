package source

import (
	"fmt"
	"math"
	"strings"

	"cuelang.org/go/cue"

	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// forms are texts that the schema asks for without a name of their own, and
// how to say so.
var forms = map[string]string{
	"^[1-9][0-9]?%$":                      `a number of pods, or a share of them from "1%" to "99%"`,
	"^/":                                  `a path that begins with a slash, "/healthz"`,
	"[^ ]":                                "a text",
	"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$": `a name of lower case letters, digits, dashes and dots, "fast"`,
}

// advice is what to state at a path: what the schema takes there, in words, and
// its comment.
func (l *directory) advice(in spec.Path, alternatives []string) string {
	comment, what := l.comment(in), l.takes(in)
	switch {
	case len(alternatives) > 1:
		return strings.TrimSpace("State one of these. " + comment)
	case what == "" && comment == "":
		return "See " + schema.ImportPath + " for what fits here."
	case what == "":
		what = "a value that fits " + name(in)
	}
	if comment == "" {
		return "State " + what + "."
	}
	return "State " + what + ": " + comment
}

// takes is what the schema takes at a path, if there is a way to say it.
func (l *directory) takes(in spec.Path) string {
	s := stateable{least: math.Inf(-1), most: math.Inf(1)}
	s.read(l.schemaAt(in))
	switch hasLeast, hasMost := !math.IsInf(s.least, 0), !math.IsInf(s.most, 0) && s.most < math.MaxInt32; {
	case s.form != "":
		return s.form
	case s.numbers && hasLeast && hasMost:
		return fmt.Sprintf("a whole number from %.0f to %.0f", s.least, s.most)
	case s.numbers && hasLeast:
		return fmt.Sprintf("a whole number, %.0f or more", s.least) // as many as 32 bits hold
	case s.numbers:
		return "a whole number"
	case s.truth:
		return "true or false"
	}
	return ""
}

// stateable is what a value may be.
type stateable struct {
	numbers, truth bool
	least, most    float64
	form           string
}

// read takes a constraint apart. Whole numbers are all that the schema has.
func (s *stateable) read(v cue.Value) {
	op, args := v.Expr()
	bound := math.NaN()
	if len(args) == 1 {
		if f, err := args[0].Float64(); err == nil {
			bound = f
		}
	}
	switch op {
	case cue.AndOp, cue.OrOp:
		for _, arg := range args {
			s.read(arg)
		}
	case cue.GreaterThanOp:
		s.least = max(s.least, bound+1)
	case cue.GreaterThanEqualOp:
		s.least = max(s.least, bound)
	case cue.LessThanOp:
		s.most = min(s.most, bound-1)
	case cue.LessThanEqualOp:
		s.most = min(s.most, bound)
	case cue.RegexMatchOp:
		if text, err := args[0].String(); err == nil && forms[text] != "" {
			s.form = forms[text]
		}
	case cue.SelectorOp:
		if target := cue.Dereference(v); fmt.Sprint(args[1]) == `"IPCIDR"` {
			s.form = `addresses with the length of their network, "10.20.0.0/16"`
		} else if target.Pos() != v.Pos() {
			s.read(target)
		}
	case cue.NoOp:
		s.numbers = s.numbers || v.IncompleteKind() == cue.IntKind
		s.truth = v.IncompleteKind() == cue.BoolKind
	}
}
