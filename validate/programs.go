package validate

// program is what is known of a program that runs as several pods.
type program struct {
	quorum bool   // it stops serving without a majority of its members
	seeds  bool   // a member finds all others by knowing some of them
	grace  int64  // the seconds that its vendor gives it to stop; 0 if the default of 30 will do, or nobody knows
	vendor string // who does
}

// programs are those that form a cluster, by the last part of their images'
// names.
var programs = map[string]program{
	"cassandra":              {seeds: true, grace: 120, vendor: "cass-operator"},
	"cockroach":              {quorum: true, seeds: true, grace: 300, vendor: "the vendor's cockroachdb-statefulset.yaml"},
	"consul":                 {quorum: true, seeds: true},
	"elasticsearch":          {seeds: true, grace: 120, vendor: "Elastic's operator"},
	"etcd":                   {quorum: true},
	"mariadb-galera":         {quorum: true},
	"mongo":                  {quorum: true},
	"mongodb":                {quorum: true},
	"nats":                   {quorum: true, seeds: true},
	"opensearch":             {seeds: true, grace: 120, vendor: "Elastic's operator"},
	"percona-xtradb-cluster": {quorum: true},
	"rabbitmq":               {quorum: true, grace: 604800, vendor: "the vendor's cluster-operator"},
	"scylla":                 {seeds: true},
	"zookeeper":              {quorum: true},
}

// member is the known program that the workload's pods are there for, and the
// name of its container; "" if none is known.
func (w workload) member() (container string, p program) {
	for _, c := range w.template.Spec.Containers {
		name, _ := image(c.Image)
		if p, known := programs[name]; known {
			return c.Name, p
		}
	}
	return "", program{}
}
