package validate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var hostKnown = Rule{
	Rule: diag.Rule{
		ID:       "host-known",
		Severity: diag.Warning,
		What:     "The name of a pod or a Service in a setting, where the pod or the Service is called otherwise.",
		Why: `A pod of a StatefulSet is called set-ordinal.service, by the headless Service that the set names, and another name does not
resolve: members wait for each other, or each begins a cluster of its own. Reported is what has that form and one half of
a name that there is, and a group with its port where its Service has a longer name. Names in other namespaces and domains are
not, and no ordinals.`,
		Source: "kubernetes pkg/controller/statefulset/stateful_set_utils.go (hostname and subdomain)",
		Fix:    "Write the name that there is; in a spec, dns of the group has it.",
		Reads:  diag.Reads{Own: ".", App: objectsThere + " name namespace domain services.* groups.*.ports groups.*.perPod"},
	},
	Objects: func(p *ObjectsPass) {
		h := &hosts{ObjectsPass: p, all: workloads(p.Set)}
		h.pods, h.groups = h.hints()
		for _, w := range h.all {
			h.own, h.namespace = w, w.Value.GetNamespace()
			for _, c := range w.containers() {
				for _, e := range c.Env {
					h.in(w.Object, c.in("env[%s].value", e.Name), e.Value)
				}
				for i, word := range c.Command {
					h.in(w.Object, c.in("command[%d]", i), word)
				}
				for i, word := range c.Args {
					h.in(w.Object, c.in("args[%d]", i), word)
				}
			}
		}
		for o, m := range objectsOf[*corev1.ConfigMap](p.Set) {
			h.own, h.namespace = workload{}, m.Namespace
			for _, key := range slices.Sorted(maps.Keys(m.Data)) {
				h.in(o, manifest.ParseField("data["+key+"]"), m.Data[key])
			}
		}
	},
}

// hosts looks for names in the settings of a workload, or in a ConfigMap.
type hosts struct {
	*ObjectsPass
	all          []workload
	pods, groups []string // what a line has that names a pod, or a group's Service

	own       workload // whose settings they are; none of a ConfigMap
	namespace string
}

// hints are parts of what is looked for. Few lines have one, and the expressions
// are slow: 6 MB in a second.
func (h *hosts) hints() (pods, groups []string) {
	pods = []string{"-peers", "-headless", ".svc"}
	for _, s := range objectsOf[*corev1.Service](h.Set) {
		pods = append(pods, "."+s.Name)
	}
	for _, w := range h.all {
		if w.set != nil && w.set.Spec.ServiceName != "" {
			pods = append(pods, "."+w.set.Spec.ServiceName)
		}
		if ns := w.Value.GetNamespace(); ns != "" {
			pods = append(pods, "."+ns)
		}
		if group := groupOf(w); group != "" {
			groups = append(groups, group+":")
		}
	}
	slices.Sort(pods)
	return slices.Compact(pods), groups
}

func groupOf(w workload) string { return w.template.Labels["app.kubernetes.io/component"] }

var (
	// podHost is set-0.service and what follows, or the pod's own name before it.
	podHost = regexp.MustCompile(`(?:^|[^-.\w])((\$[({]?(?:POD_NAME|HOSTNAME)[)}]?|[a-z0-9][-a-z0-9]*-[0-9]+)\.([a-z][-a-z0-9]*)((?:\.[a-z0-9][-a-z0-9]*)*))`)
	// hostPort is service:6379.
	hostPort = regexp.MustCompile(`(?:^|[^-.\w])([a-z][-a-z0-9]*):([0-9]{2,5})\b`)
)

// in reports the first wrong name of a text: the others are wrong alike.
func (h *hosts) in(o *manifest.Object, at manifest.Field, text string) {
	for line := range strings.Lines(text) {
		if h.inLine(o, at, line) {
			return
		}
	}
}

func (h *hosts) inLine(o *manifest.Object, at manifest.Field, line string) bool {
	if hasOne(line, h.pods) {
		for _, m := range podHost.FindAllStringSubmatch(line, -1) {
			if right, wrong := h.pod(m[2], m[3], m[4]); wrong {
				h.On(o, at, "no pod is called "+m[1], right)
				return true
			}
		}
	}
	if isCompiled(o) && hasOne(line, h.groups) {
		for _, m := range hostPort.FindAllStringSubmatch(line, -1) {
			if right := h.service(m[1], m[2]); right != "" {
				h.On(o, at, "no Service is called "+m[1], fmt.Sprintf("Write %s, the Service of that group.", right))
				return true
			}
		}
	}
	return false
}

// pod judges the name of a pod, and says what is right if it is wrong.
func (h *hosts) pod(pod, service, rest string) (right string, wrong bool) {
	if rest != "" && !strings.HasPrefix(rest+".", "."+h.namespace+".svc.") && rest != "."+h.namespace {
		return "", false // in another domain
	}
	if strings.HasPrefix(pod, "$") {
		if h.own.set == nil || service == h.own.set.Spec.ServiceName || !h.isMeant(service, rest) {
			return "", false
		}
		return fmt.Sprintf("Write %s.%s.", pod, h.own.set.Spec.ServiceName+rest), true
	}
	if h.serviceNamed(h.namespace, pod) != nil {
		return "", false // one of a pod, and what follows is the namespace
	}
	name, ordinal := pod[:strings.LastIndex(pod, "-")], pod[strings.LastIndex(pod, "-"):]
	var names []string // of the pods that there are, with this ordinal
	isSet, isGoverning := false, false
	for _, w := range h.all {
		if w.set == nil || w.Value.GetNamespace() != h.namespace {
			continue
		}
		governing := w.set.Spec.ServiceName
		switch {
		case w.set.Name == name && governing == service:
			return "", false
		case w.set.Name == name:
			isSet, names = true, []string{w.set.Name + ordinal + "." + governing}
		case governing == service:
			isGoverning = true
		}
		if !isSet {
			names = append(names, w.set.Name+ordinal+"."+governing)
		}
	}
	if len(names) == 0 || !isGoverning && !h.isMeant(service, rest) {
		return "", false
	}
	if len(names) == 1 {
		return fmt.Sprintf("Write %s.", names[0]+rest), true
	}
	return diag.OneOf(pod+"."+service, names, "Write the name of a pod that there is."), true
}

// isMeant tells a Service from an ending of a file's name: it is one, or is
// called as headless ones are, or stands before the namespace.
func (h *hosts) isMeant(service, rest string) bool {
	return rest != "" || strings.HasSuffix(service, "-peers") || strings.HasSuffix(service, "-headless") || h.serviceNamed(h.namespace, service) != nil
}

// service is the one of the group with a name and a port, if no Service has the
// group's name.
func (h *hosts) service(group, port string) string {
	if h.serviceNamed(h.namespace, group) != nil {
		return ""
	}
	for _, w := range h.all {
		if groupOf(w) != group || !h.listens(w, port) {
			continue
		}
		for _, s := range objectsOf[*corev1.Service](h.Set) {
			if s.Spec.ClusterIP != corev1.ClusterIPNone && w.isSelected(s.Namespace, s.Spec.Selector) {
				return s.Name
			}
		}
	}
	return ""
}

// listens reports whether a workload has a port of its own of that number.
func (h *hosts) listens(w workload, port string) bool {
	number, err := strconv.Atoi(port)
	return err == nil && slices.ContainsFunc(portsOf([]workload{w}), func(p corev1.ContainerPort) bool { return int(p.ContainerPort) == number })
}
