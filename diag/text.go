package diag

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// longest is the longest line of a source that is shown: a longer one would
// be folded, and the caret would stand anywhere.
const longest = 200

// oneLine keeps a finding to its lines.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ")

// printText writes position, severity, message and rule in one line, then the
// related places and the remedy, indented. Without the source these are three
// lines at most, so that a log can be read: related places share one, none is
// left out.
func printText(w io.Writer, l List, c *Context) error {
	var b strings.Builder
	for _, d := range l {
		writeText(&b, d, c)
	}
	if c.Source && len(l) > 0 {
		fmt.Fprintln(&b, l.count())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeText(b *strings.Builder, d Diagnostic, c *Context) {
	p := paint(c.Color)
	fmt.Fprintf(b, "%s: %s: %s %s\n", p.in(bold, d.Pos.String()), p.in(hue(d.Severity), d.Severity.String()), oneLine.Replace(d.Message), p.in(faint, "["+d.Rule+"]"))
	if line, caret := excerpt(d.Pos, c); c.Source && caret != "" {
		fmt.Fprintf(b, "    %s\n    %s\n", line, p.in(hue(d.Severity), caret))
	}
	if related := places(d.Related); c.Source {
		writeIndented(b, related...)
	} else if len(related) > 0 {
		writeIndented(b, strings.Join(related, "; "))
	}
	if d.Fix != "" {
		writeIndented(b, d.Fix)
	}
}

func writeIndented(b *strings.Builder, lines ...string) {
	for _, line := range lines {
		fmt.Fprintf(b, "    %s\n", oneLine.Replace(line))
	}
}

func places(related []Related) []string {
	var out []string
	for _, r := range related {
		out = append(out, fmt.Sprintf("%s: %s", r.Pos, r.Message))
	}
	return out
}

// excerpt is the line of the source that p is in, and one with a caret to put
// below it; both empty if that cannot be shown. Tabs stay tabs, so that the
// caret stands right however wide the terminal makes them.
func excerpt(p Pos, c *Context) (line, caret string) {
	line, before, ok := c.line(p)
	if !ok || len(line) > longest {
		return "", ""
	}
	return strings.Map(printable, line), blank(before) + "^"
}

// blank is white space as wide as s in a terminal.
func blank(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t':
			b.WriteRune(r)
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf): // written over the letter before them
		case isWide(r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// isWide reports whether a terminal gives r two cells (Unicode, UAX #11).
func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// printable keeps what a file holds from steering the terminal.
func printable(r rune) rune {
	if unicode.IsControl(r) && r != '\t' {
		return unicode.ReplacementChar
	}
	return r
}

// count is how many findings there are, the worst first: 2 errors, 1 warning.
func (l List) count() string {
	var number [Info + 1]int
	for _, d := range l {
		number[d.Severity]++
	}
	var parts []string
	for s, n := range number {
		switch {
		case n == 1:
			parts = append(parts, fmt.Sprintf("1 %s", Severity(s)))
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, Severity(s)))
		}
	}
	return strings.Join(parts, ", ")
}

// paint is whether to colour, by the codes that every terminal knows (ECMA-48, SGR).
type paint bool

const (
	bold  = "1"
	faint = "2"
)

func hue(s Severity) string { return [...]string{"1;31", "1;33", "1;36"}[s] }

func (p paint) in(code, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
