package validate

import (
	"fmt"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var unprintable = Rule{
	ID: "unprintable",
	Doc: `A character that kustomize cannot carry: U+007F to U+009F, U+FFFE and U+FFFF.

kustomize (measured with 5.8.1) prints YAML that no parser reads back, and turns U+0085 into a line break without a
word. Leave the character out, or let the program make it from an escape sequence of its own.`,
	Objects: func(p *Pass) {
		for _, o := range p.Objects.Objects {
			manifest.Leaves(o.Tree(), func(f manifest.Field, v any) {
				s, _ := v.(string)
				if at := strings.IndexFunc(s, isUnprintable); at >= 0 {
					r := []rune(s[at:])[0]
					p.On(o, f, diag.Error, fmt.Sprintf("kustomize cannot carry the character %U", r), "Leave it out, or let the program make it.")
				}
			})
		}
	},
}

func isUnprintable(r rune) bool {
	return 0x7f <= r && r <= 0x9f || r == 0xfffe || r == 0xffff
}
