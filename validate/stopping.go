package validate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
)

var readinessMissing = Rule{
	Rule: diag.Rule{
		ID:       "readiness-missing",
		Severity: diag.Warning,
		What:     "Pods with data that nobody asks whether they are ready.",
		Why: `A pod without a readiness probe is ready as soon as its process runs. A rolling update then stops the next one while this
one still reads its log, joins or copies: after a minute all members are down together.`,
		Source: "kubernetes pkg/controller/statefulset/stateful_set_control.go (a rollout waits for Ready and minReadySeconds)",
		Fix:    "State what answers once the program serves: a readiness probe.",
		Reads:  diag.Reads{Pod: setsThere + " ready storage.*.mount mounts replicas autoscale", App: "objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			n, _ := fewest(p.Set, w)
			mounting := slices.DeleteFunc(w.containers(), func(c podContainer) bool { return !c.stays() || !c.mountsClaim() })
			asked := slices.ContainsFunc(mounting, func(c podContainer) bool { return c.ReadinessProbe != nil })
			if w.set == nil || n < 2 || len(mounting) == 0 || asked {
				continue
			}
			c := mounting[0]
			p.On(w.Object, c.in("readinessProbe"), fmt.Sprintf("a new version comes to the next of %d pods as soon as the process of %s runs", n, c.Name),
				inWords(w.Object, "State ready, which answers once the program serves: by exec, http with its port, tcp or grpc.", "State what answers once the program serves: a readiness probe."))
		}
	},
}

var graceZero = Rule{
	Rule: diag.Rule{
		ID:       "grace-zero",
		Severity: diag.Warning,
		What:     "Pods with data that get no time to stop.",
		Why: `The program is killed in the middle of a write. Worse, the pod is deleted before its node has confirmed that it runs no
more: another one of the same name may start while the old one still writes.`,
		Source: "kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod: a grace period of 0 is unsafe",
		Fix:    "State the time that the program takes to stop, or leave it out: the default is 30 seconds.",
		Reads:  diag.Reads{Pod: setsThere + " grace storage.*.mount"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.set != nil && hasClaims(w) && grace(w) == 0 {
				p.On(w.Object, w.field("spec.terminationGracePeriodSeconds"), "pods with volumes of their own are killed without time to stop", "State the time that the program takes to stop, or leave it out.")
			}
		}
	},
}

var graceShort = Rule{
	Rule: diag.Rule{
		ID:       "grace-short",
		Severity: diag.Warning,
		What:     "Pods that get less time to stop than stopping takes.",
		Why: `The time of the stop command counts: when it is over the program is killed, and never gets the signal to stop if the command
still ran. A database then recovers from its log at the next start, or was cut off while it handed over. What programs need
is told by their vendors' own manifests, and for RabbitMQ by what it hands over (its queues, to the other members); only a time that is the default, or less, is reported.`,
		Source: "kubernetes.io/docs/concepts/containers/container-lifecycle-hooks; cass-operator, CockroachDB's chart, Elastic's operator; rabbitmq-upgrade drain, await_online_quorum_plus_one",
		Fix:    "Raise the grace period.",
		Reads:  diag.Reads{Pod: setsThere + " grace onStop image storage.*.mount replicas autoscale", App: "objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if w.selector == nil || grace(w) == 0 {
				continue
			}
			p.stopCommands(w)
			if _, known := w.member(); w.set != nil && hasClaims(w) && known.grace > 0 && grace(w) <= defaultGrace && !p.isAlone(w, known) {
				p.On(w.Object, w.field("spec.terminationGracePeriodSeconds"), fmt.Sprintf("%ds to stop, and %s", grace(w), known.stopping()),
					inWords(w.Object, fmt.Sprintf("State grace: \"%ds\".", known.grace), fmt.Sprintf("State terminationGracePeriodSeconds: %d.", known.grace)))
			}
		}
	},
}

// isAlone reports whether a program has nobody to hand over to.
func (p *ObjectsPass) isAlone(w workload, of program) bool {
	n, known := fewest(p.Set, w)
	return of.several && known && n <= 1
}

// stopping is who says how long the program takes.
func (p program) stopping() string {
	if p.vendor == "" {
		return fmt.Sprintf("the program may take %ds", p.grace)
	}
	return fmt.Sprintf("%s gives the program %ds", p.vendor, p.grace)
}

// stopCommands reports those that sleep for longer than the pod has.
func (p *ObjectsPass) stopCommands(w workload) {
	for _, c := range w.containers() {
		if c.Lifecycle == nil || c.Lifecycle.PreStop == nil {
			continue
		}
		refused := c.Lifecycle.PreStop.Sleep != nil && c.Lifecycle.PreStop.Sleep.Seconds > grace(w)
		if s := sleeps(c.Lifecycle.PreStop); s >= grace(w) && !refused {
			p.On(w.Object, c.in("lifecycle.preStop"), fmt.Sprintf("it sleeps for %ds, and the pod has %ds to stop: the program is killed without a signal", s, grace(w)), "Raise the grace period, or sleep for less.")
		}
	}
}

// sleeps is for how long a stop command does nothing, where it does nothing
// else. The API server refuses a sleep action that is longer than the grace,
// but not one that is as long.
func sleeps(h *corev1.LifecycleHandler) int64 {
	switch {
	case h.Sleep != nil:
		return h.Sleep.Seconds
	case h.Exec != nil:
		command := argv(h.Exec.Command)
		if len(command) == 2 && command[0] == "sleep" {
			n, err := strconv.ParseInt(command[1], 10, 64)
			if err == nil {
				return n
			}
		}
	}
	return 0
}

const defaultGrace = 30

// grace is how many seconds the pods of a workload have to stop.
func grace(w workload) int64 {
	if s := w.template.Spec.TerminationGracePeriodSeconds; s != nil {
		return *s
	}
	return defaultGrace
}

func hasClaims(w workload) bool {
	return slices.ContainsFunc(w.containers(), podContainer.mountsClaim)
}

// mountsClaim reports whether the container sees a volume that outlives the
// pod.
func (c podContainer) mountsClaim() bool {
	for _, m := range c.VolumeMounts {
		if c.isClaim(m.Name) {
			return true
		}
	}
	return slices.ContainsFunc(c.VolumeDevices, func(d corev1.VolumeDevice) bool { return c.isClaim(d.Name) })
}

func (w workload) isClaim(volume string) bool {
	if w.set != nil && slices.ContainsFunc(w.set.Spec.VolumeClaimTemplates, func(t corev1.PersistentVolumeClaim) bool { return t.Name == volume }) {
		return true
	}
	return slices.ContainsFunc(w.template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == volume && v.PersistentVolumeClaim != nil })
}

// argv is what a command runs: that of a shell which is given a single one.
func argv(command []string) []string {
	if len(command) == 3 && command[1] == "-c" {
		return strings.Fields(command[2])
	}
	return command
}
