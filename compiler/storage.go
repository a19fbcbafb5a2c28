package compiler

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/statefulc/statefulc/manifest"
	"github.com/statefulc/statefulc/spec"
)

// storage makes claim templates and mounts them; the claims of jobs, which have
// no templates; and volumes and claims that are there before their pods.
func storage(c *Context) {
	c.each(func(c *Container) {
		byKey(c.Storage, func(name string, s spec.Storage) {
			switch {
			case c.claims != nil:
				c.claimTemplate(name, s)
			case c.group == nil:
				c.jobClaim(name, s)
			default:
				c.refuseStorage(name)
				return
			}
			c.mountStorage(name, s)
		})
	})
}

// claimTemplate adds one. It has no labels or annotations, since it can never
// be changed, but its apiVersion and kind: without these Argo CD sees a
// difference for ever under server-side apply (argoproj/argo-cd#11143).
func (c *Container) claimTemplate(name string, s spec.Storage) {
	if c.hasClaim(name) {
		c.report("volume-name", []string{"storage", name}, fmt.Sprintf("another container of the pod has a storage %q", name), "Give it another name, or mount the other's.")
		return
	}
	*c.claims = append(*c.claims, corev1.PersistentVolumeClaim{
		TypeMeta:   kind("v1 PersistentVolumeClaim"),
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       claimSpec(s),
	})
	template := fmt.Sprintf("spec.volumeClaimTemplates[%s]", name)
	c.object.From(template, c.path.Join("storage", name))
	c.linkClaim(c.object, template+".spec", name)
	for i, static := range s.Static {
		host, ok := c.ordinal(i, "static", name, len(s.Static))
		switch isOne := c.isOneVolume(c.path.Join("storage", name, "static", fmt.Sprint(i)), static); {
		case !ok: // one more than there are pods, or another rack's
		case isOne:
			c.staticVolume(name, s, i, static, host)
		default:
			c.lacksVolumes = true
		}
	}
	for i, snapshot := range s.Restore {
		if host, ok := c.ordinal(i, "restore", name, len(s.Restore)); ok {
			c.restoredClaim(name, s, i, snapshot, host)
		}
	}
}

func claimSpec(s spec.Storage) corev1.PersistentVolumeClaimSpec {
	requests := corev1.ResourceList{}
	quantity(requests, corev1.ResourceStorage, s.Size)
	out := corev1.PersistentVolumeClaimSpec{
		AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.PersistentVolumeAccessMode(s.Mode)},
		Resources:        corev1.VolumeResourceRequirements{Requests: requests},
		StorageClassName: classOf(s),
	}
	if s.Block {
		out.VolumeMode = new(corev1.PersistentVolumeBlock)
	}
	return out
}

// classOf is the stated class. Volumes that exist have none unless stated: the
// cluster's default class would make others (change-rules.md §2.4).
func classOf(s spec.Storage) *string {
	if s.Class == nil && len(s.Static) > 0 {
		return new("")
	}
	return s.Class
}

// linkClaim links the spec of a claim, or of a template of claims.
func (c *Container) linkClaim(o *manifest.Object, field, name string) {
	at := c.path.Join("storage", name)
	o.From(field+".accessModes", at.Join("mode"))
	o.From(field+".resources", at.Join("size"))
	o.From(field+".storageClassName", at.Join("class"))
	o.From(field+".volumeMode", at.Join("block"))
}

// jobClaim makes the claim that all runs of a job share.
func (c *Container) jobClaim(name string, s spec.Storage) {
	claim := &corev1.PersistentVolumeClaim{
		TypeMeta:   kind("v1 PersistentVolumeClaim"),
		ObjectMeta: c.named(c.Pod.name + "-" + name),
		Spec:       claimSpec(s),
	}
	o := c.add(claim, c.path.Join("storage", name), c.ofApp())
	c.linkClaim(o, "spec", name)
	c.volume(corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
	}}, "storage", name)
	for _, unsupported := range []struct {
		field  string
		stated bool
	}{{"static", len(s.Static) > 0}, {"restore", len(s.Restore) > 0}} {
		if unsupported.stated {
			c.report("not-stable", []string{"storage", name, unsupported.field}, unsupported.field+" is for pods with names of their own", "Leave it out; a job can work on the claim of a pod by `claims`.")
		}
	}
}

// mountStorage mounts a volume in the container, or gives it the raw device.
func (c *Container) mountStorage(name string, s spec.Storage) {
	byKey(s.Mount, func(path, sub string) {
		if !s.Block {
			c.mount(corev1.VolumeMount{Name: name, MountPath: path, SubPath: sub}, "storage", name, "mount")
			return
		}
		k := c.target()
		k.VolumeDevices = append(k.VolumeDevices, corev1.VolumeDevice{Name: name, DevicePath: path})
		c.from("volumeDevices["+path+"]", "storage", name, "mount")
		if sub != "" {
			c.report("block-sub", []string{"storage", name, "mount"}, "a raw device has no sub-directories", "State the path alone.")
		}
	})
}

// ordinal is the pod of this set that the i-th of all the group's pods is:
// volumes are listed by pod, in turn over the racks.
func (c *Container) ordinal(i int, field, name string, given int) (pod string, ok bool) {
	at := []string{"storage", name, field}
	if need := int(c.group.Replicas); given < need && i == 0 {
		c.report("volume-count", at, fmt.Sprintf("%d are listed for %d pods", given, need), "List one for each pod, or lower replicas.")
	}
	if i >= len(c.group.DNS.Hosts) {
		return "", false
	}
	pod, _, _ = strings.Cut(c.group.DNS.Hosts[i], ".")
	return pod, pod[:strings.LastIndex(pod, "-")] == c.Pod.name
}

// staticVolume makes a volume that exists already known to the cluster, bound
// to the one claim that it is for.
func (c *Container) staticVolume(name string, s spec.Storage, i int, v spec.Static, host string) {
	claim := name + "-" + host
	size := v.Capacity
	if size == "" {
		size = s.Size
	}
	spec := claimSpec(s)
	volume := &corev1.PersistentVolume{
		TypeMeta:   kind("v1 PersistentVolume"),
		ObjectMeta: metav1.ObjectMeta{Name: c.App.Namespace + "-" + claim},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)},
			PersistentVolumeSource:        source(v),
			AccessModes:                   spec.AccessModes,
			ClaimRef:                      &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: c.App.Namespace, Name: claim},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			StorageClassName:              *spec.StorageClassName,
			VolumeMode:                    spec.VolumeMode,
			NodeAffinity:                  onNode(v.Node),
		},
	}
	at := c.path.Join("storage", name)
	own := at.Join("static", fmt.Sprint(i))
	o := c.add(volume, own, c.ofApp())
	o.From("metadata.name", at)
	o.From("spec.accessModes", at.Join("mode"))
	o.From("spec.storageClassName", at.Join("class"))
	o.From("spec.volumeMode", at.Join("block"))
	o.From("spec.claimRef.namespace", []string{"namespace"})
	for _, field := range []string{"", "spec.claimRef.name", "spec.nodeAffinity", "spec.capacity", "metadata.name"} {
		for _, path := range []string{"first", "racks"} { // whose volume it is
			o.From(field, c.group.path.Join(path))
		}
	}
	o.From("spec.nodeAffinity", own.Join("node"))
	if v.Capacity == "" {
		o.From("spec.capacity", at.Join("size"))
	}
}

// isOneVolume reports whether a volume at a path is a whole one, and says
// otherwise why not.
func (c *Container) isOneVolume(at spec.Path, v spec.Static) bool {
	if !c.oneOf(at, option{"local", v.Local != ""}, option{"nfs", v.NFS != nil}, option{"csi", v.CSI != nil}) {
		return false
	}
	if v.Local != "" && v.Node == "" {
		c.Context.report("volume-node", at, "local is on a node, and none is stated", "State node: the name of the one that has it.")
		return false
	}
	return true
}

func source(v spec.Static) corev1.PersistentVolumeSource {
	switch {
	case v.NFS != nil:
		return corev1.PersistentVolumeSource{NFS: &corev1.NFSVolumeSource{Server: v.NFS.Server, Path: v.NFS.Path}}
	case v.CSI != nil:
		return corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: v.CSI.Driver, VolumeHandle: v.CSI.Handle}}
	}
	return corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: v.Local}}
}

func onNode(node string) *corev1.VolumeNodeAffinity {
	if node == "" {
		return nil
	}
	return &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}},
	}}}}
}

// restoredClaim makes a pod's claim ahead of the pod, from a snapshot. The
// StatefulSet takes a claim of the right name as it is.
func (c *Container) restoredClaim(name string, s spec.Storage, i int, snapshot, host string) {
	claim := &corev1.PersistentVolumeClaim{
		TypeMeta:   kind("v1 PersistentVolumeClaim"),
		ObjectMeta: c.named(name + "-" + host),
		Spec:       claimSpec(s),
	}
	claim.Spec.DataSourceRef = &corev1.TypedObjectReference{APIGroup: new(groupSnapshots), Kind: "VolumeSnapshot", Name: snapshot}
	claim.Spec.DataSource = &corev1.TypedLocalObjectReference{APIGroup: new(groupSnapshots), Kind: "VolumeSnapshot", Name: snapshot}
	o := c.add(claim, c.path.Join("storage", name), c.group.selector())
	c.linkClaim(o, "spec", name)
	for _, field := range []string{"spec.dataSource", "spec.dataSourceRef"} {
		o.From(field, c.path.Join("storage", name, "restore", fmt.Sprint(i)))
		for _, path := range []string{"first", "racks"} { // whose claim it is
			o.From(field, c.group.path.Join(path))
		}
	}
}

// groupSnapshots is the API group of VolumeSnapshots.
const groupSnapshots = "snapshot.storage.k8s.io"
