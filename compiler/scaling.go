package compiler

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/spec"
)

// scaling lets the number of pods follow their load. Then it is not in Git:
// two would change it in turn.
func scaling(c *Context) {
	for _, g := range c.Groups {
		if g.Autoscale != nil {
			g.scale()
		}
	}
}

func (g *Group) scale() {
	at := g.path.Join("autoscale")
	if len(g.Racks) > 0 {
		g.report("autoscale-racks", at, "autoscale changes one set, and the racks are several", "Leave out racks, or autoscale.")
		return
	}
	if g.Snapshots != nil {
		g.report("autoscale-volumes", g.path.Join("snapshots"), "autoscale adds pods that the snapshots do not know", "State one of autoscale and snapshots.")
	}
	for _, name := range keysOf(g.Storage) {
		if s := g.Storage[name]; len(s.Static)+len(s.Restore) > 0 {
			g.report("autoscale-volumes", g.path.Join("storage", name), "autoscale adds pods, and the volumes are listed", "Leave out autoscale, or the list.")
		}
	}
	target := autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: g.Name}
	for _, o := range g.Context.set.Objects {
		if o.Value.GetName() != g.Name {
			continue
		}
		switch w := o.Value.(type) {
		case *appsv1.StatefulSet:
			w.Spec.Replicas = nil
		case *appsv1.Deployment:
			w.Spec.Replicas, target.Kind = nil, "Deployment"
		}
	}
	hpa := &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   kind("autoscaling/v2 HorizontalPodAutoscaler"),
		ObjectMeta: g.named(g.Name),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: target,
			MinReplicas:    &g.Replicas,
			MaxReplicas:    g.Autoscale.Max,
		},
	}
	o := g.add(hpa)
	o.From("spec.minReplicas", g.path.Join("replicas"))
	o.From("spec.maxReplicas", at.Join("max"))
	for _, m := range []struct {
		field    string
		resource corev1.ResourceName
		share    int32
		request  string
	}{{"cpu", corev1.ResourceCPU, g.Autoscale.CPU, g.CPU}, {"memory", corev1.ResourceMemory, g.Autoscale.Memory, g.Memory}} {
		if m.share == 0 {
			continue
		}
		g.checkRequests(m.field, m.request, at)
		o.From(fmt.Sprintf("spec.metrics[%d]", len(hpa.Spec.Metrics)), at.Join(m.field))
		hpa.Spec.Metrics = append(hpa.Spec.Metrics, autoscalingv2.MetricSpec{
			Type: autoscalingv2.ResourceMetricSourceType,
			Resource: &autoscalingv2.ResourceMetricSource{
				Name:   m.resource,
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &m.share},
			},
		})
	}
	if len(hpa.Spec.Metrics) == 0 {
		g.report("autoscale-metric", at, "nothing says what the number of pods follows", "State cpu or memory: the share of the request to aim for.")
	}
}

// checkRequests reports a container without a request: of a share of all of
// them the autoscaler then makes nothing.
func (g *Group) checkRequests(field, request string, at spec.Path) {
	if request == "" {
		g.report("autoscale-request", at.Join(field), "a share of the requested "+field+", and none is requested", "State "+field+" of the group.")
	}
	byKey(g.Sidecars, func(name string, s spec.Sidecar) {
		if requests := map[string]string{"cpu": s.CPU, "memory": s.Memory}; requests[field] == "" {
			g.report("autoscale-request", g.path.Join("sidecars", name), "autoscale counts in the sidecar's "+field+", and it requests none", "State "+field+" of the sidecar.")
		}
	})
}
