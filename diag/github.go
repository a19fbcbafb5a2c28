package diag

import (
	"fmt"
	"io"
	"strings"
)

// printGitHub writes a workflow command for each finding, which GitHub shows
// at the line of the change (docs.github.com, "Workflow commands for GitHub
// Actions").
func printGitHub(w io.Writer, l List, c *Context) error {
	var b strings.Builder
	for _, d := range l {
		command := [...]string{"error", "warning", "notice"}[d.Severity]
		fmt.Fprintf(&b, "::%s %s::%s\n", command, gitHubProperties(d, c), gitHubText.Replace(gitHubMessage(d)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func gitHubProperties(d Diagnostic, c *Context) string {
	var out []string
	add := func(key, value string) { out = append(out, key+"="+gitHubProperty.Replace(value)) }
	if d.Pos.IsValid() {
		add("file", d.Pos.File)
	}
	if d.Pos.Line > 0 {
		add("line", fmt.Sprint(d.Pos.Line))
	}
	if column := c.character(d.Pos); column > 0 {
		add("col", fmt.Sprint(column))
	}
	add("title", d.Rule)
	return strings.Join(out, ",")
}

func gitHubMessage(d Diagnostic) string {
	lines := append([]string{d.Message}, places(d.Related)...)
	if d.Fix != "" {
		lines = append(lines, d.Fix)
	}
	return strings.Join(lines, "\n")
}

// What stands for something else in a command, and is escaped: in its text,
// and in its properties (actions/toolkit, packages/core/src/command.ts).
var (
	gitHubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	gitHubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
