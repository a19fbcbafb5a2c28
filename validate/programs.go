package validate

import (
	"maps"
	"slices"
	"strings"
)

// program is what is known of a program that runs as several pods.
type program struct {
	quorum  bool   // it stops serving, some of it at least, when several members are down
	votes   bool   // all members vote: a majority of them has to be up
	seeds   bool   // a member finds all others by knowing some of them
	grace   int64  // the seconds that stopping may take; 0 if the default of 30 will do, or nobody knows
	vendor  string // who gives it that time; "" if that is not known
	several bool   // whether stopping takes time only where there are others to hand over to
}

// programs are those that form a cluster, by the last part of their images'
// names: etcd of registry.k8s.io/etcd:3.6.4-0, zookeeper of cp-zookeeper.
//
// RabbitMQ's cluster-operator gives a member a week (604800), as long as it may
// take until other members have its queues. A drain of nodes should not wait for
// that: 600 is what we ask for at least.
var programs = map[string]program{
	"cassandra":              {seeds: true, grace: 120, vendor: "cass-operator"},
	"cockroach":              {quorum: true, seeds: true, grace: 300, vendor: "the vendor's chart"},
	"consul":                 {quorum: true, votes: true, seeds: true},
	"elasticsearch":          {seeds: true, grace: 120, vendor: "Elastic's operator"},
	"etcd":                   {quorum: true, votes: true},
	"mariadb-galera":         {quorum: true, votes: true},
	"mongo":                  {quorum: true, votes: true},
	"mongodb":                {quorum: true, votes: true},
	"nats":                   {quorum: true, seeds: true},
	"opensearch":             {seeds: true, grace: 120},
	"percona-xtradb-cluster": {quorum: true, votes: true},
	"rabbitmq":               {quorum: true, grace: 600, several: true},
	"scylla":                 {seeds: true},
	"zookeeper":              {quorum: true, votes: true},
}

// member is the known program that the workload's pods are there for, and the
// name of its container; "" if none is known.
func (w workload) member() (container string, p program) {
	for _, c := range w.template.Spec.Containers {
		for _, name := range slices.Sorted(maps.Keys(programs)) {
			if isImageOf(c.Image, name) {
				return c.Name, programs[name]
			}
		}
	}
	return "", program{}
}

// isImageOf reports whether an image is of a program: cp-zookeeper is
// ZooKeeper, zookeeper-exporter is not.
func isImageOf(s, program string) bool {
	name, _ := image(s)
	return name == program || strings.HasSuffix(name, "-"+program)
}

// isOneOf is isImageOf for several programs, by their names with spaces
// between.
func isOneOf(s, programs string) bool {
	return slices.ContainsFunc(strings.Fields(programs), func(program string) bool { return isImageOf(s, program) })
}

// isImage reports whether an image is the named one itself, for what its
// Dockerfile decides: cp-zookeeper is ZooKeeper, and not the image zookeeper. A
// name may begin with the project: bitnami/redis.
func isImage(s, named string) bool {
	s, _, _ = strings.Cut(s, "@")
	if colon := strings.LastIndex(s, ":"); colon > strings.LastIndex(s, "/") {
		s = s[:colon]
	}
	return s == named || strings.HasSuffix(s, "/"+named)
}
