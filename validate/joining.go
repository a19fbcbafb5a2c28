package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// question is one that a probe asks, and that is answered by the whole cluster,
// not by the pod that is asked.
type question struct {
	text   *regexp.Regexp // in the command, or in the path that is asked by HTTP
	unless *regexp.Regexp // in the same; nil if nothing makes it a question about the pod
	of     []string       // programs, by the name of the image; nil where the text alone tells
	needs  string         // for a yes: "a majority"
	alone  bool           // whether the first pod of a new cluster can say yes by itself
}

// questions are those that are known: etcd's /health reads through the leader,
// a ZooKeeper server without a quorum has no mode, RabbitMQ's checks want a
// node that is fully booted (rabbitmq-cli#426), CQL opens once a node has
// joined, and a NATS server's streams have to be current.
var questions = []question{
	{text: regexp.MustCompile(`\bnodetool\b.*\bstatus\b`), needs: "a node that has joined, which takes as long as its data", alone: true},
	{text: regexp.MustCompile(`Native Transport active|\bstatusbinary\b|\bcqlsh\b`), needs: "a node that has joined, which takes as long as its data", alone: true},
	{text: regexp.MustCompile(`_cluster/health`), unless: regexp.MustCompile(`local=true`), needs: "an elected master"},
	{text: regexp.MustCompile(`rs\.status\(|isWritablePrimary|\.secondary\b`), needs: "a member of an initiated replica set", alone: true},
	{text: regexp.MustCompile(`\bcluster_status\b|\bnode_health_check\b|\bcheck_running\b|\bcheck_port_connectivity\b|\bcheck_if_node_is_quorum_critical\b`), of: []string{"rabbitmq"}, needs: "members that have found each other again"},
	{text: regexp.MustCompile(`^/(health|readyz)\b|\bendpoint\s+health\b`), unless: regexp.MustCompile(`serializable=true`), of: []string{"etcd"}, needs: "a leader"},
	{text: regexp.MustCompile(`\b(echo|printf)\s+["']?(srvr|stat|mntr|isro)\b|\bzkServer(\.sh)?\s+status\b`), of: []string{"zookeeper"}, needs: "a quorum"},
	{text: regexp.MustCompile(`^/health\?ready=1`), of: []string{"cockroach"}, needs: "an initialized cluster", alone: true},
	{text: regexp.MustCompile(`--galera_online|wsrep_(ready|connected|local_state|cluster_status|cluster_size)`), needs: "a node that has joined, which takes as long as its data", alone: true},
	{text: regexp.MustCompile(`/minio/health/cluster`), needs: "enough drives of other pods"},
	{text: regexp.MustCompile(`^/healthz\b`), unless: regexp.MustCompile(`js-(enabled|server)-only=true`), of: []string{"nats"}, needs: "a leader, and streams that are current"},
	{text: regexp.MustCompile(`/v1/status/leader`), of: []string{"consul"}, needs: "a leader"},
	{text: regexp.MustCompile(`\bcluster[_ ]info\b|cluster_state:ok`), needs: "owners of all slots", of: []string{"redis", "redis-cluster", "valkey", "valkey-cluster"}},
}

var livenessJoining = Rule{
	Rule: diag.Rule{
		ID:       "liveness-joining",
		Severity: diag.Warning,
		What:     "A liveness probe that the rest of the cluster answers.",
		Why: `It fails while the pod joins, copies, or waits for the others, and then the pod is restarted and begins anew: a join that
takes longer than the probe allows never ends. When a majority is lost, the members that are left are restarted too.`,
		Source: "bitnami's chart of cassandra 12.3.13 (nodetool info, from second 60); rabbitmq-cli#426",
		Fix:    "Ask the process alone: a port that is open, a ping. Leave the cluster to readiness.",
		Reads:  diag.Reads{Own: "live.exec live.http live.tcp live.grpc live.port image files"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				for _, said := range p.asked(c, "livenessProbe", c.LivenessProbe) {
					if q := c.question(said.value); q != nil {
						p.On(said.Object, said.at, fmt.Sprintf("it asks for %s, and the pod is restarted until there is", q.needs), "Ask the process alone: a port that is open, a ping.")
					}
				}
			}
		}
	},
}

var orderedBootstrap = Rule{
	Rule: diag.Rule{
		ID:       "ordered-bootstrap",
		Severity: diag.Warning,
		What:     "Pods that start one after the other, and are ready only together.",
		Why: `The second pod is made once the first is ready, and the first is ready only with the second: neither a new cluster nor one
that was down as a whole ever starts.`,
		Source: "kubernetes pkg/controller/statefulset/stateful_set_control.go; rabbitmq/cluster-operator#989, rabbitmq-cli#426",
		Fix:    "Start them in parallel (podManagementPolicy), or let readiness ask the pod alone.",
		Reads:  diag.Reads{Own: "ready startup image files", Pod: setsThere + " start replicas autoscale", App: "objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			n, _ := fewest(p.Set, w)
			if w.set == nil || n < 2 || w.set.Spec.PodManagementPolicy == appsv1.ParallelPodManagement {
				continue
			}
			for _, c := range w.containers() {
				p.ordered(c, "startupProbe", c.StartupProbe)
				p.ordered(c, "readinessProbe", c.ReadinessProbe)
			}
		}
	},
}

func (p *ObjectsPass) ordered(c podContainer, field string, probe *corev1.Probe) {
	for _, said := range p.asked(c, field, probe) {
		if q := c.question(said.value); q != nil && !q.alone {
			p.On(said.Object, said.at, fmt.Sprintf("the first pod is ready once there is %s, and the others start once it is ready", q.needs),
				inWords(said.Object, `State start: "parallel", or let ready ask the pod alone.`, "State podManagementPolicy: Parallel, or let readiness ask the pod alone."))
		}
	}
}

var peersUnpublished = Rule{
	Rule: diag.Rule{
		ID:       "peers-unpublished",
		Severity: diag.Warning,
		What:     "Members of a cluster that have no name before they are ready.",
		Why: `A headless Service names only pods that are ready, unless it says publishNotReadyAddresses. Members that become ready by
finding each other, or look up their own name first, then never do.`,
		Source: "kubernetes/examples#89, kubernetes/website#10091, jaeger-kubernetes#33, qdrant-helm#115",
		Fix:    "State publishNotReadyAddresses: true on the Service of the peers, and let clients use another.",
		Reads:  diag.Reads{Pod: setsThere + " image replicas autoscale", App: objectsThere},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			n, _ := fewest(p.Set, w)
			name, _ := w.member()
			if w.set == nil || n < 2 || name == "" {
				continue
			}
			for o, s := range objectsOf[*corev1.Service](p.Set) {
				if s.Name == w.set.Spec.ServiceName && s.Namespace == w.set.Namespace && s.Spec.ClusterIP == corev1.ClusterIPNone && !s.Spec.PublishNotReadyAddresses {
					p.On(o, manifest.ParseField("spec.publishNotReadyAddresses"), fmt.Sprintf("the members of %v have no names before they are ready, and %s finds them by these", w.Ref(), name), "State publishNotReadyAddresses: true on it.")
				}
			}
		}
	},
}

// question is the one about the cluster that a probe asks, or nil.
func (c podContainer) question(said string) *question {
	for _, q := range questions {
		switch {
		case !q.text.MatchString(said):
		case q.unless != nil && q.unless.MatchString(said):
		case q.of != nil && !slices.ContainsFunc(q.of, func(program string) bool { return isImageOf(c.Image, program) }):
		default:
			return &q
		}
	}
	return nil
}

// asked is what a probe asks: the path, or the command, and the scripts of
// ConfigMaps that the command names.
func (p *ObjectsPass) asked(c podContainer, field string, probe *corev1.Probe) []text {
	switch {
	case probe == nil:
		return nil
	case probe.HTTPGet != nil:
		return []text{{Object: c.Object, at: c.in("%s.httpGet.path", field), value: probe.HTTPGet.Path}}
	case probe.Exec == nil:
		return nil
	}
	command := strings.Join(probe.Exec.Command, " ")
	scripts := slices.DeleteFunc(p.files(c), func(f text) bool { return !strings.Contains(command, f.name) })
	return append([]text{{Object: c.Object, at: c.in("%s.exec.command", field), value: command}}, scripts...)
}
