package diag

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// The parts of SARIF 2.1.0 that we fill in. A library would write a dozen empty
// lists beside them (owenrumney/go-sarif v3.3.1).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifText    `json:"shortDescription"`
		FullDescription  sarifText    `json:"fullDescription"`
		Help             sarifText    `json:"help"`
		Default          sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// printSARIF writes a log with one run, also for no findings: that is how code
// scanning learns that the old ones are gone.
func printSARIF(w io.Writer, l List, c *Context) error {
	rules := sarifRules(l, c.Rules)
	results := []sarifResult{}
	for _, d := range l {
		result := c.sarifResult(d)
		result.RuleIndex = slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == d.Rule })
		results = append(results, result)
	}
	return writeJSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool: sarifTool{sarifDriver{
				Name:           "statefulc",
				Version:        c.Tool,
				InformationURI: "https://github.com/statefulc/statefulc",
				Rules:          rules,
			}},
			ColumnKind: "utf16CodeUnits",
			Results:    results,
		}},
	})
}

// sarifRules are the documents of the rules that l speaks of, by id. The others
// are left out: they would be most of every log.
func sarifRules(l List, known []Rule) []sarifRule {
	var ids []string
	for _, d := range l {
		ids = append(ids, d.Rule)
	}
	slices.Sort(ids)
	out := []sarifRule{}
	for _, id := range slices.Compact(ids) {
		rule := Rule{ID: id, What: id}
		if i := slices.IndexFunc(known, func(r Rule) bool { return r.ID == id }); i >= 0 {
			rule = known[i]
		}
		out = append(out, rule.sarif())
	}
	return out
}

func (r Rule) sarif() sarifRule {
	full := r.What
	if r.Why != "" {
		full += "\n\n" + r.Why
	}
	text, markdown := full+"\n\n"+r.Fix, full+"\n\n**"+r.Fix+"**"
	if r.Source != "" {
		text, markdown = text+"\n\nSource: "+r.Source, markdown+"\n\nSource: "+r.Source
	}
	return sarifRule{
		ID:               r.ID,
		ShortDescription: sarifText{Text: r.What},
		FullDescription:  sarifText{Text: full},
		Help:             sarifText{Text: text, Markdown: markdown},
		Default:          sarifDefault{sarifLevel(r.Severity)},
	}
}

func sarifLevel(s Severity) string { return [...]string{"error", "warning", "note"}[s] }

// sarifResult is d but for the index of its rule. Its text ends the message
// with a period, since viewers show the first sentence where there is little
// room. A related place in a file that is not the user's (the schema, in the
// binary) is a line of the text, since nobody can open it.
func (c *Context) sarifResult(d Diagnostic) sarifResult {
	out := sarifResult{
		RuleID:       d.Rule,
		Level:        sarifLevel(d.Severity),
		Fingerprints: map[string]string{"statefulcFinding/v1": c.fingerprint(d)},
	}
	location := c.sarifLocation(d.Pos)
	location.Logical = d.sarifLogical()
	out.Locations = []sarifLocation{location}
	text := []string{d.Message + "."}
	for _, r := range d.Related {
		if c.Lines == nil || c.Lines(r.Pos.File) == nil {
			text = append(text, fmt.Sprintf("%s: %s", r.Pos, r.Message))
			continue
		}
		location := c.sarifLocation(r.Pos)
		location.ID, location.Message = len(out.Related)+1, &sarifText{Text: r.Message}
		out.Related = append(out.Related, location)
		text = append(text, fmt.Sprintf("[%s](%d): %s", sarifLink.Replace(r.Pos.String()), location.ID, r.Message))
	}
	if d.Fix != "" {
		text = append(text, d.Fix)
	}
	out.Message.Text = strings.Join(text, "\n")
	return out
}

// sarifLink escapes the text of a link (SARIF 2.1.0, 3.11.6).
var sarifLink = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)

// sarifLocation is the first line of a file if no line is known, and where
// statefulc ran if no file is: code scanning refuses the whole log for one result
// without them (github/codeql-action#2459).
func (c *Context) sarifLocation(p Pos) sarifLocation {
	return sarifLocation{Physical: sarifPhysical{
		Artifact: c.sarifArtifact(cmp.Or(p.File, ".")),
		Region:   sarifRegion{Line: max(p.Line, 1), Column: c.character(p)},
	}}
}

// sarifArtifact is the address of a file: relative to where statefulc ran, and
// absolute if it is not below that.
func (c *Context) sarifArtifact(file string) sarifArtifact {
	abs := file
	if !filepath.IsAbs(file) {
		abs = filepath.Join(c.Dir, file)
	}
	if rel, err := filepath.Rel(c.Dir, abs); err == nil && filepath.IsLocal(rel) {
		return sarifArtifact{URI: (&url.URL{Path: filepath.ToSlash(rel)}).String(), Base: "%SRCROOT%"}
	}
	path := "/" + strings.TrimPrefix(filepath.ToSlash(abs), "/") // of C:/ too
	return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: path}).String()}
}

func (d Diagnostic) sarifLogical() []sarifLogical {
	var out []sarifLogical
	if d.Path != "" {
		out = append(out, sarifLogical{d.Path, "property"})
	}
	if d.Object != "" {
		out = append(out, sarifLogical{d.Object, "resource"})
	}
	return out
}

// fingerprint tells a finding from others while the lines above it change.
// upload-sarif of GitHub makes another, primaryLocationLineHash, from the text
// of the line; two of that name would quarrel. Where the checkout is does not
// count, of a file beside the directory neither.
func (c *Context) fingerprint(d Diagnostic) string {
	var file string
	if d.Pos.IsValid() {
		file = d.Pos.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(c.Dir, file)
		}
		if rel, err := filepath.Rel(c.Dir, file); err == nil {
			file = filepath.ToSlash(rel)
		}
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{d.Rule, file, d.Path, Local(d.Message, c.Dir)}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
