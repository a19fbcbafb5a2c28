package diag

import (
	"encoding/json"
	"io"
)

// jsonVersion counts the changes that break readers: a field that goes or means
// something else. docs/findings.md describes the document.
const jsonVersion = 1

type jsonDocument struct {
	Version  int           `json:"version"`
	Findings []jsonFinding `json:"findings"`
}

// Every field is always there: who reads one need not ask whether it is.
type jsonFinding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	jsonPos
	Path    string        `json:"path"`
	Object  string        `json:"object"`
	Field   string        `json:"field"`
	Message string        `json:"message"`
	Fix     string        `json:"fix"`
	Related []jsonRelated `json:"related"`
}

type jsonRelated struct {
	jsonPos
	Message string `json:"message"`
}

type jsonPos struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

func printJSON(w io.Writer, l List, _ *Context) error {
	doc := jsonDocument{Version: jsonVersion, Findings: []jsonFinding{}}
	for _, d := range l {
		related := []jsonRelated{}
		for _, r := range d.Related {
			related = append(related, jsonRelated{position(r.Pos), r.Message})
		}
		doc.Findings = append(doc.Findings, jsonFinding{
			Rule: d.Rule, Severity: d.Severity.String(), jsonPos: position(d.Pos),
			Path: d.Path, Object: d.Object, Field: d.Field,
			Message: d.Message, Fix: d.Fix, Related: related,
		})
	}
	return writeJSON(w, doc)
}

func position(p Pos) jsonPos { return jsonPos{p.File, p.Line, p.Col} }

// writeJSON indents, and leaves < and > as they are.
func writeJSON(w io.Writer, doc any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(doc)
}
