package compiler

// Passes are all passes in the order in which they run: first the objects
// beside the pods, then what keeps pods running, then one after the other what
// the pods need, then what guards and follows them, and at last what the user
// adds and changes.
var Passes = []Pass{
	{"accounts", "a ServiceAccount for each group, with the rights it is given", accounts},
	{"services", "headless Services of peers, Services of clients, of pods and over groups", services},
	{"workloads", "StatefulSets, one for each rack, and Deployments", workloads},
	{"jobs", "Jobs and CronJobs", jobs},
	{"containers", "images, commands, ports and resources", containers},
	{"environment", "environment variables, and those that tell a pod who it is", environment},
	{"probes", "startup, readiness and liveness probes, start and stop commands", probes},
	{"storage", "claim templates, claims of jobs, volumes and claims that are there before", storage},
	{"classes", "StorageClasses that the environment uses", classes},
	{"scratch", "directories that go with the pod, filled from the image", scratch},
	{"files", "ConfigMaps; a restart when they change, or none", files},
	{"secrets", "secrets mounted as files, and those fetched from a store", secrets},
	{"certificates", "certificates by cert-manager, with the pods' names", certificates},
	{"mounts", "what helpers see of the main container's directories", mounts},
	{"kernel", "kernel settings of the pod and of its node", kernel},
	{"security", "users, capabilities and the read-only root", security},
	{"placement", "on which nodes pods run, and how far apart", placement},
	{"rollout", "how a new version comes to the pods; what becomes of their claims", rollout},
	{"budget", "the disruption budget", budget},
	{"network", "who may connect to which port, and to where pods may connect", network},
	{"scaling", "a number of pods that follows their load", scaling},
	{"metrics", "what Prometheus reads", metrics},
	{"snapshots", "a job that takes VolumeSnapshots", snapshots},
	{"objects", "further objects, as the spec has them", objects},
	{"patches", "changes to compiled objects", patches},
	{"once", "names of Jobs after what they do", once},
}
