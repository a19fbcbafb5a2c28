package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

var variableKnown = Rule{
	Rule: diag.Rule{
		ID:       "variable-known",
		Severity: diag.Warning,
		What:     "A variable in a command line or a value that its container does not have, and has almost.",
		Why: `Kubernetes leaves $(NAME) as it is where the container has no such variable, and says nothing: the program gets the dollar
and the brackets. Only what is like a name that is known is reported: one of the container's own variables, or one that
statefulc sets where it is mentioned, such as POD_NAME.`,
		Source: "kubernetes third_party/forked/golang/expansion/expand.go: references to undefined variables are left unchanged",
		Fix:    "Write the name as the variable has it.",
		Reads:  diag.Reads{Own: "env args command"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				if len(c.EnvFrom) == 0 { // else it has others, by names that are not known
					p.variablesOf(c)
				}
			}
		}
	},
}

func (p *ObjectsPass) variablesOf(c podContainer) {
	var own []string
	for _, e := range c.Env {
		own = append(own, e.Name)
	}
	for _, e := range c.Env {
		p.variablesIn(c, c.in("env[%s].value", e.Name), e.Value, own)
	}
	for i, word := range c.Command {
		p.variablesIn(c, c.in("command[%d]", i), word, own)
	}
	for i, word := range c.Args {
		p.variablesIn(c, c.in("args[%d]", i), word, own)
	}
}

// dollarName is $(NAME), and $$(NAME), which is no variable.
var dollarName = regexp.MustCompile(`\$*\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)

func (p *ObjectsPass) variablesIn(c podContainer, at manifest.Field, value string, own []string) {
	known := own
	if isCompiled(c.Object) {
		known = append(own[:len(own):len(own)], spec.Identity...)
	}
	for _, m := range dollarName.FindAllStringSubmatch(value, -1) {
		if escaped := strings.Count(m[0], "$")%2 == 0; escaped || slices.Contains(known, m[1]) {
			continue
		}
		if hint := diag.DidYouMean(m[1], known); hint != "" {
			p.On(c.Object, at, fmt.Sprintf("%s is no variable of %s, and stays as it is", m[1], c.Name), hint)
		}
	}
}
