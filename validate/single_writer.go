package validate

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// unguarded are programs that write to their data beside another one of their
// kind, which they look for by its process: in their own container. Others hold
// a lock on a file (etcd, MongoDB, Kafka, Elasticsearch, CockroachDB, InnoDB),
// which is seen by all of the node.
const unguarded = "postgres postgresql postgis timescaledb pgvector"

var singleWriter = Rule{
	Rule: diag.Rule{
		ID:       "single-writer",
		Severity: diag.Info,
		What:     "A PostgreSQL of one pod whose claim any other pod of the node could mount as well, if nobody has said which it should be.",
		Why: `ReadWriteOnce is for one node, not for one pod. PostgreSQL looks for another server by the process in postmaster.pid, which
no other container sees: when a pod is deleted by force, or a kubelet comes back, the next one on the node starts beside it, and
the data of both is lost. ReadWriteOncePod makes the kubelet refuse the second mount. Its price: a backup or a shell of another
pod waits too, and one with a higher priority evicts the database. A claim that exists keeps what it has. It is told where one
pod has all of the data and a CSI driver of these objects makes the volume; any mode that is stated is an answer.`,
		Source: "docker-library/postgres#171, CrunchyData/postgres-operator#1810, stackrox/stackrox#5477; KEP-2485; kubernetes pkg/volume/util/operationexecutor/operation_generator.go, pkg/scheduler/framework/plugins/volumerestrictions",
		Fix:    `State the mode: "ReadWriteOncePod" for a new claim, "ReadWriteOnce" for one that exists or that other pods mount.`,
		Reads:  diag.Reads{Own: ".", Pod: setsThere + " image replicas autoscale storage", App: "storageClasses objects patches jobs.*.claims"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if n, known := fewest(p.Set, w); w.set == nil || n != 1 || !known {
				continue
			}
			for _, c := range p.claims() {
				if c.template && c.object == w.Object && p.isChosen(c) && p.isOfCSI(c) && w.writes(c.name) && !p.isLent(w, c.name) {
					p.On(w.Object, c.field("spec.accessModes"), "ReadWriteOnce lets every pod of the node mount it, and PostgreSQL does not notice a second server",
						`State mode: "ReadWriteOncePod" for a new claim; "ReadWriteOnce" for one that exists, which cannot be changed, or if other pods have to mount it.`)
				}
			}
		}
	},
}

// isChosen reports whether a claim is for one node because nobody said
// anything.
func (p *ObjectsPass) isChosen(c claim) bool {
	return slices.Equal(c.spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}) &&
		!slices.ContainsFunc(c.object.Trace(c.field("spec.accessModes")), func(path spec.Path) bool { return p.index.Locate(path).IsValid() })
}

// isOfCSI reports whether the class of a claim is known, and of a CSI driver:
// only for those one pod can have a volume alone. They call themselves so.
func (p *ObjectsPass) isOfCSI(c claim) bool {
	for _, class := range objectsOf[*storagev1.StorageClass](p.Set) {
		if c.spec.StorageClassName != nil && *c.spec.StorageClassName == class.Name {
			return strings.Contains(class.Provisioner, "csi")
		}
	}
	return false
}

// writes reports whether an unguarded program has a volume.
func (w workload) writes(volume string) bool {
	return slices.ContainsFunc(w.containers(), func(c podContainer) bool {
		return c.stays() && isOneOf(c.Image, unguarded) && slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volume })
	})
}

// isLent reports whether another workload mounts the claims of a template by
// their names.
func (p *ObjectsPass) isLent(w workload, template string) bool {
	prefix := template + "-" + w.Value.GetName() + "-"
	return slices.ContainsFunc(workloads(p.Set), func(o workload) bool {
		return slices.ContainsFunc(o.template.Spec.Volumes, func(v corev1.Volume) bool {
			return v.PersistentVolumeClaim != nil && strings.HasPrefix(v.PersistentVolumeClaim.ClaimName, prefix) && o.Value.GetNamespace() == w.Value.GetNamespace()
		})
	})
}
