package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/statefulc/statefulc/diag"
)

var dataOutsideClaims = Rule{
	Rule: diag.Rule{
		ID:       "data-outside-claims",
		Severity: diag.Warning,
		What:     "A database of a known image that writes its data where no claim is.",
		Why: `The pod runs, and its data is gone when it is replaced: the path of a mount and the path that the program writes to are
two things, and nobody compares them. The Cassandra example of kubernetes/examples mounts its claim at /var/lib/cassandra,
and its image writes to /cassandra_data. PostgreSQL 18 moved from /var/lib/postgresql/data to a directory beside it. Where
the path is set by a variable, an option or a file of the set, that counts.`,
		Source: "the images' Dockerfiles and documentation; kubernetes/examples databases/cassandra; docker-library/postgres#1259",
		Fix:    "Mount a claim at that path, or set the path to where the claim is.",
		Reads:  diag.Reads{Own: "image command args env files mounts", Pod: setsThere + " storage scratch secretFiles tls"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			if _, onEachNode := w.Value.(*appsv1.DaemonSet); onEachNode {
				continue
			}
			for _, c := range w.containers() {
				if c.stays() {
					p.dataOf(c)
				}
			}
		}
	},
}

// store is a directory where an image keeps data.
type store struct {
	image  string // the last element of its name, and of the project where that decides
	from   int    // the major version from which on it is so
	path   string // %d is the major version; "" is known only where it is set
	env    string // variables that set it
	option string // what else sets it, in a command line or a file
	runs   string // what a command line says that starts it; the program's name
	unless string // what it says if nothing is kept
}

var stores = []store{
	{image: "google-samples/cassandra", path: "/cassandra_data", runs: "cassandra"},
	{image: "cassandra", path: "/var/lib/cassandra", option: `(?m)^data_file_directories:\s*\n\s*-\s*(\S+)`, runs: "cassandra"},
	{image: "scylla", path: "/var/lib/scylla", runs: "scylla"},
	{image: "postgres", from: 18, path: "/var/lib/postgresql/%d/docker", env: "PGDATA", option: `(?m)\bdata_directory\s*=\s*'?([^\s']+)`, runs: "postgres"},
	{image: "postgres", path: "/var/lib/postgresql/data", env: "PGDATA", option: `(?m)\bdata_directory\s*=\s*'?([^\s']+)`, runs: "postgres"},
	{image: "postgis", from: 18, path: "/var/lib/postgresql/%d/docker", env: "PGDATA", runs: "postgres"},
	{image: "postgis", path: "/var/lib/postgresql/data", env: "PGDATA", runs: "postgres"},
	{image: "mysql", path: "/var/lib/mysql", option: `(?m)\bdatadir\s*[= ]\s*(\S+)`, runs: "mysqld"},
	{image: "mysql-server", path: "/var/lib/mysql", option: `(?m)\bdatadir\s*[= ]\s*(\S+)`, runs: "mysqld"},
	{image: "mariadb", path: "/var/lib/mysql", option: `(?m)\bdatadir\s*[= ]\s*(\S+)`, runs: "mariadbd|mysqld"},
	{image: "percona", path: "/var/lib/mysql", option: `(?m)\bdatadir\s*[= ]\s*(\S+)`, runs: "mysqld"},
	{image: "mongo", path: "/data/db", option: `(?i)\bdbpath\s*[=: ]\s*"?([^\s"]+)`, runs: "mongod"},
	{image: "redis", path: "/data", option: `(?m)(?:^|--)dir\s+"?([^\s"]+)`, runs: "redis-server", unless: `sentinel|(?m)(?:^|--)save\s+(?:""|''|--|$)`},
	{image: "valkey", path: "/data", option: `(?m)(?:^|--)dir\s+"?([^\s"]+)`, runs: "valkey-server", unless: `sentinel|(?m)(?:^|--)save\s+(?:""|''|--|$)`},
	{image: "etcd", env: "ETCD_DATA_DIR", option: `(?m)(?:--|^)data-dir[=: ]\s*(\S+)`, runs: "etcd"},
	{image: "kafka", path: "/tmp/kraft-combined-logs", env: "KAFKA_LOG_DIRS,KAFKA_LOG_DIR", option: `(?m)^log\.dirs?\s*=\s*(\S+)`, runs: "kafka-server-start.sh"},
	{image: "cp-kafka", path: "/var/lib/kafka/data", env: "KAFKA_LOG_DIRS", runs: "kafka-server-start"},
	{image: "zookeeper", path: "/data", env: "ZOO_DATA_DIR", option: `(?m)^dataDir\s*=\s*(\S+)`, runs: "zkServer.sh"},
	{image: "zookeeper", path: "/datalog", env: "ZOO_DATA_LOG_DIR", option: `(?m)^dataLogDir\s*=\s*(\S+)`, runs: "zkServer.sh", unless: `(?m)^dataDir\s*=`}, // beside the data, if a file says where that is,
	{image: "rabbitmq", path: "/var/lib/rabbitmq", env: "RABBITMQ_MNESIA_BASE", runs: "rabbitmq-server"},
	{image: "elasticsearch", path: "/usr/share/elasticsearch/data", env: "path.data", option: `(?m)^\s*"?path\.data"?\s*:\s*"?([^\s"]+)`, runs: "elasticsearch"},
	{image: "opensearch", path: "/usr/share/opensearch/data", env: "path.data", option: `(?m)^\s*"?path\.data"?\s*:\s*"?([^\s"]+)`, runs: "opensearch"},
	{image: "minio", option: `\bserver\s.*?(?:https?://[^/\s]+)?(/\S+)`, runs: "server"},
	{image: "nats", option: `(?m)(?:-sd|--store_dir)[= ]\s*(\S+)|^\s*"?store_dir"?\s*[:=]?\s*"?([^\s",]+)`, runs: "nats-server"},
	{image: "cockroach", path: "/cockroach/cockroach-data", option: `--store[= ](?:path=)?([^\s,]+)`, runs: "start|start-single-node"},
	{image: "clickhouse-server", path: "/var/lib/clickhouse", option: `<path>([^<]+)</path>`, runs: "clickhouse-server"},
	{image: "influxdb", from: 2, path: "/var/lib/influxdb2", env: "INFLUXD_ENGINE_PATH", option: `(?m)(?:--engine-path|--data-dir|^engine-path)[=: ]\s*(\S+)`, runs: "influxd|influxdb3"},
	{image: "influxdb", path: "/var/lib/influxdb", env: "INFLUXDB_DATA_DIR", runs: "influxd"},
	{image: "prometheus", path: "/prometheus", option: `--storage\.tsdb\.path[= ](\S+)`, runs: "prometheus", unless: `--agent\b|enable-feature=agent`},
	{image: "neo4j", path: "/data", env: "NEO4J_server_directories_data", runs: "neo4j"},
	{image: "couchdb", path: "/opt/couchdb/data", runs: "couchdb"},
	{image: "arangodb", path: "/var/lib/arangodb3", runs: "arangod"},
	{image: "solr", path: "/var/solr", env: "SOLR_HOME", runs: "solr|solr-foreground"},
	{image: "consul", path: "/consul/data", option: `-data-dir[= ](\S+)`, runs: "agent"},
}

// bitnami are images that keep all their data in one place.
var bitnami = []string{
	"cassandra", "clickhouse", "elasticsearch", "etcd", "influxdb", "kafka", "mariadb", "mariadb-galera", "minio", "mongodb", "mysql",
	"neo4j", "opensearch", "postgresql", "rabbitmq", "redis", "redis-cluster", "valkey", "zookeeper",
}

// ofBitnami is which of them an image is, or "".
func ofBitnami(s string) string {
	for _, name := range bitnami {
		if isImage(s, "bitnami/"+name) || isImage(s, "bitnamilegacy/"+name) || isImage(s, "bitnamisecure/"+name) {
			return name
		}
	}
	return ""
}

func (p *ObjectsPass) dataOf(c podContainer) {
	if name := ofBitnami(c.Image); name != "" {
		if commandLine(c.Container) == "" {
			p.kept(c, "/bitnami/"+strings.TrimSuffix(strings.TrimSuffix(name, "-galera"), "-cluster"))
		}
		return
	}
	all := storesOf(c.Image)
	if len(all) == 0 {
		return
	}
	texts := p.texts(c)
	for _, s := range all {
		if !s.isRun(c.Container, texts) {
			continue
		}
		for _, path := range s.paths(texts) {
			p.kept(c, path)
		}
	}
}

// storesOf are the rows for an image: those of the first name that fits, and
// of several versions the newest that it has; none if that is not known.
func storesOf(full string) (out []store) {
	_, tag := image(full)
	major, _, _ := strings.Cut(tag, ".")
	version, _ := strconv.Atoi(strings.TrimLeft(strings.TrimRight(major, "-abcdefghijklmnopqrstuvwxyz"), "v"))
	for _, s := range stores {
		if !isImage(full, s.image) {
			continue
		}
		if s.from > 0 && version == 0 {
			return nil
		}
		if version < s.from {
			continue
		}
		if len(out) > 0 && (out[0].image != s.image || out[0].from != s.from) {
			break
		}
		if strings.Contains(s.path, "%d") {
			s.path = fmt.Sprintf(s.path, version)
		}
		out = append(out, s)
	}
	return out
}

// isRun reports whether a container runs the program, and not another of its
// image, and the program keeps something.
func (s store) isRun(c *corev1.Container, texts []text) bool {
	line := commandLine(c)
	if s.unless != "" {
		unless := compiled(s.unless)
		if slices.ContainsFunc(texts, func(t text) bool { return unless.MatchString(t.value) }) {
			return false
		}
	}
	if len(c.Command) == 0 && (line == "" || strings.HasPrefix(line, "-")) {
		return true
	}
	return compiled(`(?:^|[\s/;&"])(?:` + s.runs + `)(?:$|[\s"])`).MatchString(line)
}

// paths are the directories that are set, else the image's own; none that
// only a running container knows.
func (s store) paths(texts []text) []string {
	set := s.set(texts)
	if set == "" {
		set = s.path
	}
	var out []string
	for _, path := range strings.Split(set, ",") {
		path = drives.ReplaceAllString(strings.Trim(path, `"'`), "$1")
		if strings.HasPrefix(path, "/") && !strings.ContainsAny(path, "$`{") {
			out = append(out, path)
		}
	}
	return out
}

// drives is how MinIO numbers several: the first stands for all.
var drives = regexp.MustCompile(`\{(\d+)\.\.\.\d+\}`)

func (s store) set(texts []text) string {
	env := strings.Split(s.env, ",")
	for _, t := range texts {
		if t.name != "" && slices.Contains(env, t.name) {
			return t.value
		}
	}
	if s.option == "" {
		return ""
	}
	option := compiled(s.option)
	for _, t := range texts {
		for _, m := range option.FindAllStringSubmatch(t.value, -1) {
			return strings.Join(m[1:], "")
		}
	}
	return ""
}

// kept reports a directory of a container that is not kept. A claim on a part
// of it is taken for enough.
func (p *ObjectsPass) kept(c podContainer, path string) {
	var around corev1.VolumeMount
	for _, m := range c.VolumeMounts {
		if isBelow(m.MountPath, path) && c.fate(m.Name) == "" {
			return
		}
		if isBelow(path, m.MountPath) && len(m.MountPath) > len(around.MountPath) {
			around = m
		}
	}
	at, fate := c.in("image"), "in no volume, and goes with the container"
	if around.Name != "" {
		at, fate = c.in("volumeMounts[%s]", around.MountPath), c.fate(around.Name)
	}
	if fate != "" {
		p.On(c.Object, at, fmt.Sprintf("%s keeps its data in %s, which is %s", c.Image, path, fate), "Mount a claim there, or set the path to where the claim is.")
	}
}

// isBelow reports whether a path is a directory or something in it.
func isBelow(path, dir string) bool {
	dir = strings.TrimSuffix(dir, "/")
	return path == dir || strings.HasPrefix(path, dir+"/")
}

// fate is what becomes of what is written to a volume; "" if it is kept, or if
// that is not known.
func (w workload) fate(volume string) string {
	if w.set != nil && slices.ContainsFunc(w.set.Spec.VolumeClaimTemplates, func(t corev1.PersistentVolumeClaim) bool { return t.Name == volume }) {
		return ""
	}
	v := volumeNamed(w.template.Spec.Volumes, volume)
	switch {
	case v == nil:
		return ""
	case v.EmptyDir != nil, v.VolumeSource == corev1.VolumeSource{}:
		return "in an emptyDir, and goes with the pod"
	case v.Ephemeral != nil:
		return "in an ephemeral volume, and goes with the pod"
	case v.HostPath != nil:
		return "in a hostPath, and stays behind on the node when the pod moves"
	}
	return ""
}
