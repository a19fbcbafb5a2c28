package validate

import (
	"fmt"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var unprintable = Rule{
	Rule: diag.Rule{
		ID:     "unprintable",
		Final:  true,
		What:   "A character that kustomize cannot carry: U+007F to U+009F, U+FFFE and U+FFFF.",
		Why:    "kustomize prints YAML that no parser reads back, and turns U+0085 into a line break without a word.",
		Source: "measured with kustomize 5.8.1",
		Fix:    "Leave the character out, or let the program make it from an escape sequence of its own.",
		Reads:  diag.Reads{Own: "."},
	},
	Objects: func(p *ObjectsPass) {
		for _, o := range p.Set.Objects {
			manifest.Leaves(o.Tree(), func(f manifest.Field, v any) {
				s, _ := v.(string)
				if at := strings.IndexFunc(s, isUnprintable); at >= 0 {
					r := []rune(s[at:])[0]
					p.On(o, f, fmt.Sprintf("kustomize cannot carry the character %U", r), "Leave it out, or let the program make it.")
				}
			})
		}
	},
}

func isUnprintable(r rune) bool {
	return 0x7f <= r && r <= 0x9f || r == 0xfffe || r == 0xffff
}
