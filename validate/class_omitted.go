package validate

import (
	"strings"

	"github.com/statefulc/statefulc/diag"
)

var classOmitted = Rule{
	Rule: diag.Rule{
		ID:       "class-omitted",
		Severity: diag.Warning,
		What:     "A claim that does not say its StorageClass.",
		Why: `It gets the class that is the cluster's default when the claim is made, the newest where there are several. So the pods of
one set may have different disks after the default was changed, and in the other environment they have others from the
start. A volume that was made by hand, and has no class, is never taken.`,
		Source: "kubernetes pkg/volume/util/storageclass.go (GetDefaultClass)",
		Fix:    `State the class; "" is for volumes without one.`,
		Reads:  diag.Reads{Own: "storage.*.class storage.*.static", Pod: setsThere},
	},
	Objects: func(p *ObjectsPass) {
		all := p.claims()
		for _, c := range all {
			if c.spec.StorageClassName == nil && !c.isMadeAhead(all) {
				p.On(c.object, c.field("spec.storageClassName"), "no class, so it gets what is the cluster's default on the day", "State one of the cluster's, as kubectl get storageclass has them; \"\" is for volumes without one.")
			}
		}
	},
}

// isMadeAhead is whether a claim stands for a template of the set, where the
// same is said.
func (c claim) isMadeAhead(all []claim) bool {
	for _, t := range all {
		prefix := t.name + "-" + t.object.Value.GetName() + "-"
		if !c.template && t.template && strings.HasPrefix(c.name, prefix) {
			return true
		}
	}
	return false
}
