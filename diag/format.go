package diag

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Format is a way to write findings down.
type Format struct {
	Name  string
	What  string
	Data  bool // a document for programs, also when there is nothing to say
	Print func(w io.Writer, l List, c *Context) error
}

// Formats are all of them; the first is for people.
var Formats = []Format{
	{Name: "text", What: "for people: position, severity, message, remedy", Print: printText},
	{Name: "json", What: "one document, described in docs/findings.md", Data: true, Print: printJSON},
	{Name: "sarif", What: "SARIF 2.1.0, for code scanning", Data: true, Print: printSARIF},
	{Name: "github", What: "annotations of a GitHub workflow", Data: true, Print: printGitHub},
}

// Context is what there is to know beside the findings; each format takes its
// part of it.
type Context struct {
	Lines  func(file string) []string // of a file, without their ends; nil if there is no such text
	Source bool                       // text: show the line of each finding, and take the room for it
	Color  bool                       // text
	Dir    string                     // where relative files are, absolute
	Rules  []Rule                     // sarif: what there is to tell about a rule
	Tool   string                     // sarif: the version
}

// line is the text of the line that p is in, and the part of it before p.
func (c *Context) line(p Pos) (line, before string, ok bool) {
	if c.Lines == nil || p.Line < 1 || p.Col < 1 {
		return "", "", false
	}
	lines := c.Lines(p.File)
	if p.Line > len(lines) {
		return "", "", false
	}
	line = lines[p.Line-1]
	end := min(p.Col-1, len(line))
	for end > 0 && end < len(line) && !utf8.RuneStart(line[end]) {
		end--
	}
	return line, line[:end], true
}

// character is p's column as editors in a browser count it, in units of
// UTF-16; 0 if the text is not to be had.
func (c *Context) character(p Pos) int {
	_, before, ok := c.line(p)
	if !ok {
		return 0
	}
	column := 1
	for _, r := range before {
		column += utf16.RuneLen(r)
	}
	return column
}
