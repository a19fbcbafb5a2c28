package validate

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var classReclaim = Rule{
	Rule: diag.Rule{
		ID:       "class-reclaim",
		Severity: diag.Warning,
		What:     "A StorageClass that deletes the volume of a claim that is deleted, under claims of these objects.",
		Why: `Delete is what reclaimPolicy is if nobody says: a claim that is pruned, or a namespace that is deleted, is data that is
gone. It cannot be changed in a class, and of the volumes that were made it has to be changed one by one. Where Delete is
stated it is only noted: of volumes for tests it is right.`,
		Source: "kubernetes pkg/apis/storage/v1/defaults.go",
		Fix:    "State reclaimPolicy: Retain.",
		Reads:  diag.Reads{Own: "reclaim provisioner", App: "groups.*.storage.*.class jobs.*.storage.*.class objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		used := map[string]bool{}
		for _, c := range p.claims() {
			if c.spec.StorageClassName != nil {
				used[*c.spec.StorageClassName] = true
			}
		}
		at := manifest.ParseField("reclaimPolicy")
		for o, class := range objectsOf[*storagev1.StorageClass](p.Set) {
			switch {
			case !used[class.Name] || class.Provisioner == "kubernetes.io/no-provisioner": // volumes made by hand have a policy of their own
			case class.ReclaimPolicy == nil:
				p.On(o, at, "no reclaimPolicy, which means Delete: the data goes with the claim", "State Retain.")
			case *class.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete:
				p.as(diag.Info, o, at, "the data goes with the claim", "State Retain where the data matters.")
			}
		}
	},
}
