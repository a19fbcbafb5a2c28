package validate

import (
	"maps"
	"slices"
	"strings"
)

// program is what is known of a program that runs as several pods.
type program struct {
	quorum bool   // it stops serving, some of it at least, when several members are down
	votes  bool   // all members vote: a majority of them has to be up
	seeds  bool   // a member finds all others by knowing some of them
	grace  int64  // the seconds that its vendor gives it to stop; 0 if the default of 30 will do, or nobody knows
	vendor string // who does
}

// programs are those that form a cluster, by the last part of their images'
// names: etcd of registry.k8s.io/etcd:3.6.4-0, zookeeper of cp-zookeeper.
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
	"opensearch":             {seeds: true, grace: 120, vendor: "Elastic's operator"},
	"percona-xtradb-cluster": {quorum: true, votes: true},
	"rabbitmq":               {quorum: true, grace: 604800, vendor: "the vendor's cluster-operator"},
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
