package validate

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
)

var readinessAddress = Rule{
	Rule: diag.Rule{
		ID:       "readiness-address",
		Severity: diag.Warning,
		What:     "A probe that looks for the pod's address in a list, and takes a longer one for it.",
		Why: `10.0.0.1 is a part of 10.0.0.12 too, so a pod that is down passes by another's line: grep $POD_IP needs an end, a blank or
-w. A dot in the pattern matches any character, which is rarely the trouble.`,
		Source: "kubernetes/examples databases/cassandra, and bitnami's cassandra: grep -E \"^UN\\s+${POD_IP}\"",
		Fix:    "State what follows the address, such as a blank, or use grep -w.",
		Reads:  diag.Reads{Own: "ready startup live env files"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				p.address(c, "readinessProbe", c.ReadinessProbe)
				p.address(c, "startupProbe", c.StartupProbe)
				p.address(c, "livenessProbe", c.LivenessProbe)
			}
		}
	},
}

func (p *ObjectsPass) address(c podContainer, field string, probe *corev1.Probe) {
	for _, said := range p.asked(c, field, probe) {
		for _, name := range c.addresses() {
			if isOpen(said.value, name) {
				p.On(said.Object, said.at, fmt.Sprintf("grep finds $%s in longer addresses too: 10.0.0.1 in 10.0.0.12", name), "State what follows the address, such as a blank, or use grep -w.")
			}
		}
	}
}

// addresses are the variables that hold the pod's own address.
func (c podContainer) addresses() []string {
	var out []string
	for _, v := range c.Env {
		if v.ValueFrom != nil && v.ValueFrom.FieldRef != nil && v.ValueFrom.FieldRef.FieldPath == "status.podIP" {
			out = append(out, v.Name)
		}
	}
	return out
}

var grep = regexp.MustCompile(`\b[ef]?grep\s+([^|;&\n]*)`)

// isOpen reports whether a command looks for a variable by grep, and nothing
// follows it in the pattern: the pattern ends, or goes on with what the shell
// does not hand to grep.
func isOpen(command, variable string) bool {
	for _, call := range grep.FindAllStringSubmatch(command, -1) {
		if wholeWords.MatchString(call[1]) {
			continue
		}
		pattern := compiled(`\$(?:` + variable + `\b|\{` + variable + `\b[^}]*\})(.?)`)
		for _, m := range pattern.FindAllStringSubmatchIndex(call[1], -1) {
			quoted := strings.Count(call[1][:m[0]], `"`)%2 == 1
			next := call[1][m[2]:m[3]]
			if next == "" || strings.Contains(`"')`+"`", next) || !quoted && strings.Contains(" >", next) {
				return true
			}
		}
	}
	return false
}

// wholeWords are the flags of grep that ask for whole words or lines.
var wholeWords = regexp.MustCompile(`(^|\s)-[a-zA-Z]*[wx]|--(word|line)-regexp`)
