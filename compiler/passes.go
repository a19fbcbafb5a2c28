package compiler

// Passes are all passes in the order in which they run: first the objects
// beside the pods, then the StatefulSet and one after the other what its pods
// need, then what guards them.
var Passes = []Pass{
	{"classes", "StorageClasses that the environment uses", classes},
	{"accounts", "a ServiceAccount without a token for each group", accounts},
	{"services", "the headless Service of the peers, the Service of the clients", services},
	{"workload", "the StatefulSet with its main container", workload},
	{"environment", "environment variables, and those that tell a pod who it is", environment},
	{"probes", "startup, readiness and liveness probes, start and stop commands", probes},
	{"storage", "claim templates and where they are mounted", storage},
	{"scratch", "directories that go with the pod, filled from the image", scratch},
	{"files", "ConfigMaps, and a restart when they change", files},
	{"security", "users, capabilities and the read-only root", security},
	{"placement", "on which nodes pods run, and how far apart", placement},
	{"budget", "the disruption budget", budget},
	{"network", "who may connect to which port", network},
}
