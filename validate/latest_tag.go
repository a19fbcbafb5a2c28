package validate

import (
	"fmt"
	"strings"

	"github.com/statefulc/statefulc/diag"
)

var latestTag = Rule{
	Rule: diag.Rule{
		ID:       "latest-tag",
		Severity: diag.Warning,
		What:     "An image without a version: no tag, or one without a digit, such as latest, stable and alpine.",
		Why: `The tag is pushed again, so the pods of one set run what was the latest on the day and the node of each, without a change
in Git: a database is moved to a version that its files do not come back from, by a drain.`,
		Source: "kubernetes.io/docs/concepts/containers/images (image names)",
		Fix:    "State a version or a digest.",
		Reads:  diag.Reads{Own: "image"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				p.versioned(c)
			}
		}
	},
}

func (p *ObjectsPass) versioned(c podContainer) {
	_, tag := image(c.Image)
	switch {
	case c.Image == "" || strings.Contains(c.Image, "@"): // the API server refuses the one, nobody moves the other
	case tag == "":
		p.On(c.Object, c.in("image"), fmt.Sprintf("%s has no tag, which means latest", c.Image), "State a version or a digest.")
	case !strings.ContainsAny(tag, "0123456789") || strings.HasPrefix(tag, "latest"):
		p.On(c.Object, c.in("image"), fmt.Sprintf("%s is what was pushed last under %q", c.Image, tag), "State a version or a digest.")
	}
}
