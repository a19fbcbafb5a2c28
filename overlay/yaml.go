package overlay

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mapping is a YAML mapping in the order in which it is to be read. Its values
// are mappings, lists, and the scalars string, bare, bool, int64, float64 and
// nil.
type mapping []entry

type entry struct {
	key   string
	value any
}

// bare is text that is written without quotes even if YAML takes it for a
// number: a quantity.
type bare string

// encode writes a document as people write manifests: two blanks a level,
// lists at the level of their key, text in blocks, no line folded.
//
// Existing libraries sort keys, fold long lines or lose tabs. All that is read
// back as something else by one of YAML 1.1 (the API server, through
// sigs.k8s.io/yaml) and YAML 1.2 (kustomize) is quoted.
func encode(doc any) []byte {
	var p printer
	switch doc := doc.(type) {
	case mapping:
		p.mapping(doc, "", "")
	case []any:
		p.list(doc, "")
	default:
		p.value(doc, "")
	}
	return p.Bytes()
}

type printer struct{ bytes.Buffer }

// mapping writes one entry a line. The first line begins with head, which ends
// in a dash if the mapping is an element of a list.
func (p *printer) mapping(m mapping, head, indent string) {
	for _, e := range m {
		p.WriteString(head)
		p.WriteString(key(e.key))
		p.WriteByte(':')
		p.value(e.value, indent)
		head = indent
	}
}

func (p *printer) list(list []any, indent string) {
	for _, v := range list {
		if m, ok := v.(mapping); ok && len(m) > 0 {
			p.mapping(m, indent+"- ", indent+"  ")
			continue
		}
		p.WriteString(indent + "-")
		if inner, ok := v.([]any); ok && len(inner) > 0 {
			p.WriteByte('\n')
			p.list(inner, indent+"  ")
			continue
		}
		p.value(v, indent)
	}
}

// value writes what stands behind a colon or a dash, to the end of the line.
func (p *printer) value(v any, indent string) {
	switch v := v.(type) {
	case mapping:
		if len(v) == 0 {
			p.WriteString(" {}\n")
			return
		}
		p.WriteByte('\n')
		p.mapping(v, indent+"  ", indent+"  ")
	case []any:
		if len(v) == 0 {
			p.WriteString(" []\n")
			return
		}
		p.WriteByte('\n')
		p.list(v, indent)
	default:
		p.WriteString(" " + scalar(v, indent+"  ") + "\n")
	}
}

func scalar(v any, indent string) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bare:
		return string(v)
	case string:
		return text(v, indent)
	}
	return fmt.Sprint(v)
}

func text(s, indent string) string {
	switch {
	case isPlain(s):
		return s
	case isBlock(s):
		return block(s, indent)
	}
	return quote(s)
}

func key(s string) string {
	if isPlain(s) {
		return s
	}
	return quote(s)
}

// quote puts text between double quotes as Go does: each of its escapes means
// the same in YAML, and all that is not printable is escaped. A line with
// double quotes of its own, a shell command mostly, reads better between
// single ones.
func quote(s string) string {
	if strings.ContainsAny(s, `"\`) && !strings.Contains(s, "'") && strings.IndexFunc(s, isEscaped) < 0 {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}

func isEscaped(r rune) bool { return !strconv.IsPrint(r) }

// block writes text as it is, line by line. The sign behind the bar says how
// many newlines end it: none (-), one, or all that follow (+).
func block(s, indent string) string {
	head := "|-"
	switch {
	case strings.HasSuffix(s, "\n\n"):
		head = "|+"
	case strings.HasSuffix(s, "\n"):
		head = "|"
	}
	var b strings.Builder
	b.WriteString(head)
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		b.WriteByte('\n')
		if line != "" {
			b.WriteString(indent + line)
		}
	}
	return b.String()
}

// isBlock reports whether text of several lines survives as a block, in every
// parser and in every editor that strips blanks at the end of lines. A blank
// at the very beginning would be taken for indentation.
func isBlock(s string) bool {
	if !strings.Contains(s, "\n") || strings.ContainsAny(s[:1], " \t\n") {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if strings.TrimRight(line, " \t") != line {
			return false
		}
	}
	return strings.IndexFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !strconv.IsPrint(r) }) < 0
}

// notStrings are the words that YAML 1.1 reads as a bool or as null, in any
// case. All that YAML reads as a number or a date begins with a digit, a sign
// or a dot, and is not plain for that.
var notStrings = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

// begins reports whether text begins as one without quotes may: as a word, a
// path, a variable or a flag.
func begins(s string) bool {
	switch {
	case s == "":
		return false
	case s[0] == '.':
		return strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../")
	case s[0] == '-':
		flag := strings.TrimPrefix(s[1:], "-")
		return flag != "" && isLetter(flag[0])
	}
	return isLetter(s[0]) || strings.IndexByte("_/$", s[0]) >= 0
}

// isPlain reports whether s may stand without quotes: words, paths, images and
// host names, with single blanks between them, and numbers with a unit.
func isPlain(s string) bool {
	if digits, unit := measure(s); digits > 0 {
		return unit != "" && slices.Contains(units, unit)
	}
	if !begins(s) {
		return false
	}
	for i := range len(s) {
		if !isPlainByte(s[i]) {
			return false
		}
	}
	if strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
		return false
	}
	if strings.HasSuffix(s, ":") || strings.Contains(s, ": ") {
		return false
	}
	return !slices.ContainsFunc(notStrings, func(word string) bool { return strings.EqualFold(s, word) })
}

func isPlainByte(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte("_/.@=+:-,$()[]{}' ", c) >= 0
}

// units make a number a string for YAML: those of Kubernetes' quantities, and
// the sign of a share.
var units = []string{"%", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"}

// measure splits a number from its unit.
func measure(s string) (digits int, unit string) {
	unit = strings.TrimLeft(s, "0123456789")
	return len(s) - len(unit), unit
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
