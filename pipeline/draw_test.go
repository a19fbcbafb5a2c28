package pipeline_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// gen draws specs of the whole language: what a user may write, and some of
// what only a test would. References lead somewhere most of the time, since a
// spec that is refused tests little.
type gen struct{ *rapid.T }

// open is a value that the base leaves to overlays, *value | _, and how to
// draw another one.
type open struct {
	value any
	again func() any
}

func (g gen) open(draw func() any) open { return open{draw(), draw} }

func (g gen) oneIn(n int, what string) bool { return rapid.IntRange(1, n).Draw(g.T, what) == n }

func pick[T any](g gen, what string, values ...T) T { return rapid.SampledFrom(values).Draw(g.T, what) }

// some draws a few of the values.
func some[T comparable](g gen, what string, most int, values ...T) []T {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 0, most, rapid.ID[T]).Draw(g.T, what)
}

// feature is a field that a definition may have.
type feature struct {
	field string
	draw  func() any // nil: not now
}

// maybe adds features to a struct, each one time in n.
func (g gen) maybe(to fields, n int, features []feature) {
	for _, f := range features {
		if _, stated := to[f.field]; !stated && g.oneIn(n, f.field+"?") {
			if v := f.draw(); v != nil {
				to[f.field] = v
			}
		}
	}
}

func always(v any) func() any { return func() any { return v } }

func (g gen) app() fields {
	app := fields{
		"name":           g.name("app"),
		"groups":         fields{},
		"secrets":        fields{"db": fields{"keys": []any{"password", "store"}}, "files": fields{"keys": []any{"ca.pem"}}},
		"storageClasses": fields{"fast": g.class()},
	}
	if g.oneIn(3, "fetched") {
		app["secrets"].(fields)["db"].(fields)["from"] = fields{"store": "vault", "path": "db/x", "cluster": g.bool("cluster")}
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"db", "proxy", "a-b", "db-peers", "db-a"}), 1, 3, rapid.ID).Draw(g.T, "groups") {
		app["groups"].(fields)[key] = g.group()
	}
	g.maybe(app, 3, g.appFeatures(app))
	return app
}

func (g gen) appFeatures(app fields) []feature {
	groups := app["groups"].(fields)
	return []feature{
		{"namespace", func() any { return g.open(func() any { return g.name("namespace") }) }},
		{"domain", always("k8s.example.com")},
		{"kubernetes", func() any {
			return g.open(func() any {
				return pick(g, "version", "1.37", "1.36.3", "1.36", "1.35.4", "1.35.3", "1.35", "1.34.1", "1.34", "1.33", "1.32", "1.31")
			})
		}},
		{"labels", func() any { return fields{"example.com/team": pick(g, "team", "a", "true", "1", "", "x.y_z-0")} }},
		{"pullSecrets", always([]any{"registry", "mirror"})},
		{"clients", func() any {
			for _, key := range slices.Sorted(maps.Keys(groups)) {
				if g.portOf(groups[key].(fields), "client") != "" {
					return g.peers("clients")
				}
			}
			return nil
		}},
		{"egress", func() any {
			out := g.peers("egress")
			for _, e := range out {
				e.(fields)["ports"] = pick(g, "ports", []any{443}, []any{"53/UDP", 53})
			}
			return out
		}},
		{"jobs", func() any {
			out := fields{}
			for _, name := range some(g, "jobs", 2, "db", "backup", "init") {
				out[name] = g.job()
			}
			return out
		}},
		{"services", func() any { return g.services(groups) }},
		{"waive", func() any {
			return fields{pick(g, "waived", "quorum-size", "quorum-budget"): fields{"reason": "drawn"}}
		}},
		{"objects", func() any { return fields{"own": g.object()} }},
		{"patches", func() any { return g.patches(app) }},
	}
}

func (g gen) class() fields {
	c := fields{"provisioner": "ebs.csi.aws.com"}
	g.maybe(c, 3, []feature{
		{"parameters", always(fields{"type": "gp3"})},
		{"reclaim", func() any { return pick(g, "reclaim", "Retain", "Delete") }},
		{"expand", func() any { return g.bool("expand") }},
		{"binding", func() any { return pick(g, "binding", "Immediate", "WaitForFirstConsumer") }},
		{"mountOptions", always([]any{"noatime"})},
	})
	return c
}

func (g gen) peers(what string) []any {
	out := []any{}
	for range rapid.IntRange(0, 2).Draw(g.T, what) {
		out = append(out, maps.Clone(pick(g, what, fields{"app": "shop"}, fields{"app": "shop", "namespace": "x"}, fields{"namespace": "y"}, fields{"cidr": "10.0.0.0/8"}, fields{"cidr": "2001:db8::/32"})))
	}
	return out
}

// services lead to one group, or to all if they have a port in common.
func (g gen) services(groups fields) any {
	key := pick(g, "of", slices.Sorted(maps.Keys(groups))...)
	port := g.portOf(groups[key].(fields), "peer", "client", "metrics", "local")
	if port == "" {
		return nil
	}
	s := fields{"groups": []any{key}, "ports": fields{port: 4321}}
	g.maybe(s, 2, []feature{
		{"select", always(fields{"example.com/role": "primary"})},
		{"type", func() any { return pick(g, "type", "ClusterIP", "LoadBalancer", "NodePort", "Headless") }},
		{"annotations", always(fields{"example.com/lb": "internal"})},
	})
	return fields{pick(g, "service", "all", "primary", "db"): s}
}

func (g gen) object() fields {
	return pick(g, "object",
		fields{"apiVersion": "v1", "kind": "ConfigMap", "metadata": fields{"name": "own"}, "data": fields{"a": g.text("data")}},
		fields{"apiVersion": "v1", "kind": "Namespace", "metadata": fields{"name": "own", "labels": fields{"a": "b"}}},
		fields{"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": fields{"name": "own"}, "value": 1000},
		fields{"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": fields{"name": "own"}, "spec": fields{"groups": []any{fields{"name": "a", "rules": []any{}}}}},
		fields{"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": fields{"name": "own", "namespace": "else"}, "spec": fields{}},
	)
}

func (g gen) patches(app fields) any {
	key := pick(g, "patched", slices.Sorted(maps.Keys(app["groups"].(fields)))...)
	name, group := app["name"].(string), app["groups"].(fields)[key].(fields)
	if key != name {
		name += "-" + key
	}
	patches := []fields{
		{"target": fields{"kind": "ServiceAccount", "name": name}, "merge": fields{"metadata": fields{"annotations": fields{"a": g.text("patched")}}}},
		{"target": fields{"kind": "NetworkPolicy", "name": name}, "operations": []any{fields{"op": "replace", "path": "/spec/podSelector", "value": fields{}}}},
	}
	if group["stable"] != nil && group["racks"] == nil {
		patches = append(patches, fields{"target": fields{"kind": "StatefulSet", "name": name}, "merge": fields{"spec": fields{"revisionHistoryLimit": 3, "minReadySeconds": nil}}})
	}
	return fields{"own": pick(g, "patch", patches...)}
}

// group is a StatefulSet, several by racks, or a Deployment.
func (g gen) group() fields {
	kind := pick(g, "kind", "set", "set", "racks", "deployment")
	group := fields{
		"image":     g.image(),
		"replicas":  g.open(g.replicas),
		"placement": g.open(func() any { return pick(g, "placement", "strict", "spread", "any") }),
		"ports":     g.ports("cql", "gossip", "prom", "dns"),
	}
	if g.bool("resources") {
		group["cpu"], group["memory"] = g.open(func() any { return g.quantity("cpu") }), g.open(func() any { return g.quantity("memory") })
	}
	switch kind {
	case "racks":
		group["racks"], group["stable"] = g.racks(), true
	case "set":
		group["stable"] = true
	}
	if kind != "deployment" {
		g.maybe(group, 2, []feature{{"storage", func() any { return g.storages("main") }}})
		g.maybe(group, 5, g.stableFeatures(group))
	}
	g.maybe(group, 6, g.groupFeatures(group))
	g.container(group, "main", 4)
	return group
}

func (g gen) replicas() any {
	if g.oneIn(10, "none") {
		return 0
	}
	return rapid.IntRange(1, 9).Draw(g.T, "replicas")
}

func (g gen) racks() fields {
	out := fields{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "east-1"}), 1, 3, rapid.ID).Draw(g.T, "racks") {
		rack := fields{}
		g.maybe(rack, 2, []feature{
			{"zone", always("eu-1" + name)},
			{"first", func() any { return rapid.IntRange(0, 3).Draw(g.T, "first") }},
			{"nodes", always(fields{"rack": name})},
			{"env", func() any { return fields{"RACK": name, "C": g.text("rack")} }},
		})
		out[name] = rack
	}
	return out
}

// stableFeatures are those of pods with names of their own.
func (g gen) stableFeatures(group fields) []feature {
	storage, _ := group["storage"].(fields)
	if group["stable"] == nil {
		return nil
	}
	return []feature{
		{"racks", func() any {
			if group["autoscale"] != nil || group["update"] != nil {
				return nil
			}
			return g.racks()
		}},
		{"start", always("parallel")},
		{"first", func() any { return rapid.IntRange(0, 200).Draw(g.T, "first") }},
		{"quorum", func() any {
			if group["disruption"] != nil || group["autoscale"] != nil || group["quorum"] != nil {
				return nil
			}
			group["replicas"] = g.open(func() any { return pick[any](g, "members", 3, 5, 7, 9) })
			return true
		}},
		{"update", func() any {
			if group["racks"] != nil || group["autoscale"] != nil {
				return pick[any](g, "update", "rolling", "manual")
			}
			return pick[any](g, "update", "rolling", "manual", fields{"canary": g.open(func() any { return rapid.IntRange(1, 4).Draw(g.T, "canary") })})
		}},
		{"claims", func() any {
			return fields{"onDelete": pick(g, "onDelete", "retain", "delete"), "onScaleDown": pick(g, "onScaleDown", "retain", "delete")}
		}},
		{"snapshots", func() any {
			if len(storage) == 0 {
				return nil
			}
			s := fields{"schedule": pick(g, "schedule", "@daily", "0 4 * * 1-5"), "volumes": []any{slices.Sorted(maps.Keys(storage))[0]}, "image": "kubectl:1.34"}
			g.maybe(s, 2, []feature{{"class", always("csi")}, {"keep", func() any { return g.open(func() any { return rapid.IntRange(1, 9).Draw(g.T, "keep") }) }}})
			return s
		}},
		{"perPod", func() any {
			port := g.portOf(group, "client")
			if port == "" {
				return nil
			}
			s := fields{"type": g.open(func() any { return pick(g, "type", "LoadBalancer", "NodePort") })}
			g.maybe(s, 2, []feature{{"ports", always([]any{port})}, {"annotations", always(fields{"example.com/host": "$(POD_NAME).example.com"})}})
			return s
		}},
	}
}

// groupFeatures are those of pods of any kind.
func (g gen) groupFeatures(group fields) []feature {
	return []feature{
		{"disruption", func() any {
			if group["quorum"] != nil {
				return nil
			}
			return g.open(func() any { return pick[any](g, "disruption", 1, 2, "10%") })
		}},
		{"grace", func() any { return g.open(func() any { return pick(g, "grace", "0s", "30s", "1h30m") }) }},
		{"settle", func() any { return g.open(func() any { return pick(g, "settle", "0s", "10s") }) }},
		{"nodes", func() any { return fields{"disk": g.name("node")} }},
		{"tolerate", always([]any{fields{"key": "dedicated", "value": "db"}, fields{"key": "spot", "effect": "NoSchedule"}})},
		{"priority", func() any { return pick(g, "priority", "high", "system-node-critical") }},
		{"init", func() any { return g.inits(group) }},
		{"sidecars", func() any { return g.sidecars(group) }},
		{"service", func() any {
			if g.portOf(group, "client") == "" {
				return nil
			}
			return fields{"type": g.open(func() any { return pick(g, "type", "ClusterIP", "LoadBalancer", "NodePort") }), "annotations": fields{"example.com/lb": "internal"}}
		}},
		{"metrics", func() any {
			port := g.portOf(group, "metrics", "peer", "client")
			if port == "" {
				return nil
			}
			m := fields{"port": port, "every": pick(g, "every", "15s", "1m")}
			g.maybe(m, 3, []feature{{"tls", always(true)}, {"path", always("/prom")}})
			return m
		}},
		{"autoscale", func() any {
			if group["racks"] != nil || group["snapshots"] != nil || group["perPod"] != nil || group["update"] != nil || group["quorum"] != nil || group["cpu"] == nil {
				return nil
			}
			group["replicas"] = g.open(func() any { return rapid.IntRange(1, 9).Draw(g.T, "least") })
			a := fields{"max": rapid.IntRange(9, 20).Draw(g.T, "max"), "cpu": 70}
			g.maybe(a, 2, []feature{{"memory", always(80)}})
			return a
		}},
		{"api", always([]any{fields{"resources": []any{"pods"}, "verbs": []any{"get"}}, fields{"group": "apps", "resources": []any{"statefulsets"}, "verbs": []any{"*"}}})},
		{"account", always(fields{"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/db"})},
		{"annotations", func() any { return fields{"example.com/note": g.open(func() any { return g.text("note") })} }},
		{"hostNetwork", always(true)},
		{"shareProcess", always(true)},
		{"hugepages", func() any {
			if group["memory"] == nil {
				return nil
			}
			return pick(g, "hugepages", fields{"2Mi": "64Mi"}, fields{"1Gi": "1Gi"})
		}},
		{"sysctls", func() any {
			if group["hostNetwork"] != nil {
				return nil
			}
			return fields{"net.core.somaxconn": "1024", "net.ipv4.ip_local_port_range": "1024 65535"}
		}},
		{"nodeSysctls", always(fields{"vm.max_map_count": "262144"})},
	}
}

func (g gen) inits(group fields) fields {
	out := fields{}
	for _, name := range some(g, "init", 2, "prepare", "fetch", "a") {
		c := fields{"image": g.image()}
		g.maybe(c, 3, []feature{
			{"order", func() any { return rapid.IntRange(-1, 2).Draw(g.T, "order") }},
			{"mounts", func() any { return g.mounts(group) }},
		})
		g.container(c, "init", 8)
		out[name] = c
	}
	return out
}

func (g gen) sidecars(group fields) fields {
	out := fields{}
	for i, name := range some(g, "sidecars", 2, "agent", "log") {
		c := fields{"image": g.image(), "ports": g.ports(fmt.Sprintf("side-%d", i))}
		g.maybe(c, 3, []feature{
			{"outlives", func() any { return g.bool("outlives") }},
			{"mounts", func() any { return g.mounts(group) }},
		})
		g.container(c, "sidecar", 8)
		out[name] = c
	}
	return out
}

func (g gen) mounts(group fields) any {
	storage, _ := group["storage"].(fields)
	for name, s := range storage {
		if s.(fields)["block"] == nil && g.oneIn(2, "mounted") {
			return fields{name: "/seen/" + name}
		}
	}
	return "same"
}

func (g gen) job() fields {
	j := fields{"image": g.image()}
	g.maybe(j, 3, []feature{
		{"schedule", func() any { return g.open(func() any { return pick(g, "schedule", "@hourly", "*/5 * * * *") }) }},
		{"claims", always(fields{"/claimed": "data-db-0"})},
		{"deadline", func() any { return g.open(func() any { return pick(g, "deadline", "1s", "2h") }) }},
		{"retries", func() any { return g.open(func() any { return rapid.IntRange(0, 9).Draw(g.T, "retries") }) }},
		{"storage", func() any { return g.storages("job") }},
	})
	g.container(j, "job", 6)
	return j
}

// container adds to a struct what a container in a role may have.
func (g gen) container(c fields, role string, n int) {
	g.maybe(c, n, g.containerFeatures(c))
	if role != "init" {
		g.maybe(c, n, g.lifeFeatures(c))
	}
}

func (g gen) containerFeatures(c fields) []feature {
	return []feature{
		{"command", func() any { return []any{"run", g.text("command")} }},
		{"args", func() any { return []any{g.text("arg"), "--name=$(POD_NAME)", g.text("arg")} }},
		{"env", g.env},
		{"cpu", func() any { return g.open(func() any { return g.quantity("cpu") }) }},
		{"cpuLimit", always("64")},
		{"memory", func() any { return g.open(func() any { return g.quantity("memory") }) }},
		{"scratch", func() any { return g.scratch() }},
		{"files", func() any { return g.files(c) }},
		{"secretFiles", func() any { return fields{"/secret/x": "files"} }},
		{"tls", func() any { return fields{"/tls": g.certificate()} }},
		{"user", func() any { return pick(g, "user", 0, 1, 999) }},
		{"group", func() any { return pick(g, "group", 0, 1, 999) }},
		{"capabilities", func() any {
			if c["privileged"] != nil {
				return nil
			}
			return []any{"IPC_LOCK", "NET_BIND_SERVICE"}
		}},
		{"privileged", func() any {
			if c["capabilities"] != nil {
				return nil
			}
			return g.bool("privileged")
		}},
		{"readOnlyRoot", func() any { return g.bool("readOnlyRoot") }},
	}
}

// lifeFeatures are those of a container that goes on running.
func (g gen) lifeFeatures(c fields) []feature {
	return []feature{
		{"startup", func() any { return g.probe(c) }},
		{"ready", func() any { return g.probe(c) }},
		{"live", func() any { return g.probe(c) }},
		{"onStart", func() any { return []any{"sh", "-c", g.text("onStart")} }},
		{"onStop", always([]any{"sh", "-c", "echo $POD_IP"})},
	}
}

func (g gen) env() any {
	out := fields{}
	values := []any{"$(POD_NAME)", "$$(C)", "${POD_IP}", "$(GONE)", 1, 1.5, true, g.text("value")}
	for _, name := range some(g, "env", 4, "C", "B", "A", "ZONE", "_x9", "a.b-c") {
		known := slices.Clone(values)
		out[name] = g.open(func() any { return pick(g, "variable", known...) })
		values = append(values, "$("+name+") $(NAMESPACE)")
	}
	if g.oneIn(4, "secret") {
		out["PASSWORD"] = fields{"secret": "db", "key": "password"}
	}
	return out
}

// storages are named after the role: a pod's are all told apart.
func (g gen) storages(role string) fields {
	out := fields{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"data", "log", "wal"}), 1, 3, rapid.ID).Draw(g.T, "storage") {
		if role != "main" {
			name += "-" + role
		}
		out[name] = g.storage(name, role)
	}
	return out
}

func (g gen) storage(name, role string) fields {
	s := fields{
		"size":  g.open(func() any { return g.quantity("size") }),
		"mount": pick[any](g, "mount", "/"+name, fields{"/" + name: "", "/more/" + name: "sub/dir"}),
	}
	g.maybe(s, 3, []feature{
		{"class", func() any { return g.open(func() any { return pick(g, "class", "", "fast", "standard", "a.b") }) }},
		{"mode", func() any { return pick(g, "mode", "ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany") }},
	})
	switch special := g.oneIn(4, "special"); {
	case !special:
	case g.oneIn(3, "block"):
		s["block"], s["mount"] = true, "/dev/"+name
	case role != "main":
	case g.bool("static"):
		s["static"] = g.nine(func(i int) any {
			return pick(g, "volume",
				fields{"local": fmt.Sprintf("/mnt/%d", i), "node": fmt.Sprintf("node-%d", i)},
				fields{"nfs": fields{"server": "nfs", "path": fmt.Sprintf("/export/%d", i)}, "capacity": "2Ti"},
				fields{"csi": fields{"driver": "ebs.csi.aws.com", "handle": fmt.Sprintf("vol-%d", i)}})
		})
	default:
		s["restore"] = g.nine(func(i int) any { return fmt.Sprintf("snapshot-%d", i) })
	}
	return s
}

// nine is one for each pod: no group has more.
func (g gen) nine(draw func(int) any) []any {
	var out []any
	for i := range 9 {
		out = append(out, draw(i))
	}
	return out
}

func (g gen) scratch() fields {
	out := fields{}
	for _, path := range some(g, "scratch", 3, "/tmp", "/etc/db", "/Var/log_x", "/dev/shm") {
		out[path] = maps.Clone(pick(g, "directory", fields{}, fields{"memory": "64Mi"}, fields{"fromImage": true}))
	}
	return out
}

func (g gen) files(c fields) fields {
	out := fields{}
	for _, path := range some(g, "files", 3, "/etc/db.conf", "/etc/a/b_c", "/etc/a_b.c", "/run.sh", "/live/a", "/live/b", "/etc/db/own") {
		file := fields{}
		switch pick(g, "format", "text", "text", "yaml", "json", "properties", "ini") {
		case "text":
			file["text"] = g.open(func() any { return g.text("text") })
		case "yaml":
			file["yaml"] = g.tree()
		case "json":
			file["json"] = g.tree()
		case "properties":
			file["properties"] = fields{"a": g.open(func() any { return g.text("property") }), "b.c": 1.50}
		case "ini":
			file["ini"] = fields{"one": fields{"a": g.text("property")}, "two": fields{}}
		}
		scratch, _ := c["scratch"].(fields)
		switch {
		case strings.HasPrefix(path, "/live/"):
			file["reload"] = true
		case path == "/etc/db/own" && scratch["/etc/db"] != nil:
			file["writable"] = true
		}
		out[path] = file
	}
	return out
}

func (g gen) tree() fields {
	return fields{
		"text": g.open(func() any { return g.text("leaf") }),
		"list": []any{1, 1e30, g.text("element"), true, nil, fields{}, []any{}},
		"map":  fields{g.text("key") + "k": -1, "number": g.open(func() any { return rapid.Int64().Draw(g.T, "number") })},
	}
}

func (g gen) certificate() fields {
	c := fields{"issuer": "ca"}
	g.maybe(c, 3, []feature{
		{"clusterIssuer", func() any { return g.bool("clusterIssuer") }},
		{"commonName", always("node")},
		{"names", always([]any{"db.example.com", "*.example.com"})},
		{"cert", always("node.crt")},
		{"key", always("node.key")},
		{"keystore", func() any {
			c["password"] = fields{"secret": "db", "key": "store"}
			return pick(g, "keystore", "jks", "pkcs12")
		}},
	})
	return c
}

var numbers = map[string]any{"cql": 9042, "gossip": 7000, "prom": 9100, "dns": "53/UDP", "side-0": 8081, "side-1": 8082}

// ports have numbers of their own, most of the time.
func (g gen) ports(names ...string) fields {
	out := fields{}
	for _, name := range some(g, "ports", len(names), names...) {
		audience := pick(g, "audience", "peer", "client", "metrics", "local")
		of, _ := out[audience].(fields)
		if of == nil {
			of = fields{}
			out[audience] = of
		}
		of[name] = g.open(func() any {
			if g.oneIn(20, "any port") {
				return pick[any](g, "port", 80, 7000, 65535, "53/UDP", "7000/SCTP")
			}
			return numbers[name]
		})
	}
	return out
}

// portOf is one of a container's ports for some audiences; "" if it has none.
func (g gen) portOf(c fields, audiences ...string) string {
	var names []string
	ports, _ := c["ports"].(fields)
	for _, audience := range audiences {
		of, _ := ports[audience].(fields)
		names = append(names, slices.Sorted(maps.Keys(of))...)
	}
	if len(names) == 0 {
		return ""
	}
	return pick(g, "port", names...)
}

func (g gen) probe(c fields) any {
	port := g.portOf(c, "peer", "client", "metrics", "local")
	p := fields{"exec": []any{"check", "-c", g.text("check")}}
	if port != "" && port != "dns" {
		p = maps.Clone(pick(g, "probe", p, fields{"tcp": port}, fields{"http": "/health?ready=1", "port": port, "tls": true}, fields{"grpc": port}))
	}
	g.maybe(p, 3, []feature{
		{"every", func() any { return g.open(func() any { return pick(g, "every", "1s", "2m") }) }},
		{"timeout", always("1s")},
		{"fails", func() any { return g.open(func() any { return rapid.IntRange(1, 90).Draw(g.T, "fails") }) }},
		{"delay", always("5s")},
	})
	return p
}

func (g gen) bool(what string) bool { return rapid.Bool().Draw(g.T, what) }

func (g gen) image() string {
	return pick(g, "image", "db:1", "example.com:5000/a/db:v1.2", "db@sha256:"+strings.Repeat("a", 64))
}

func (g gen) name(what string) string {
	return pick(g, what, "db", "a", "shop-db-2", "y", "on", "a", "db", "x1", "shop", strings.Repeat("n", 40))
}

func (g gen) quantity(what string) string {
	if what == "cpu" {
		return pick(g, what, "1", "2", "500m", "1.5", "0.1")
	}
	return pick(g, what, "100", "1024Mi", "1Gi", "1500M", "0.5Gi", "1Ti")
}

// text is what breaks printers of YAML, and anything else.
func (g gen) text(what string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "true", "1e3", "no", "a: b", "# x", "- y", "two\nlines\n", "tail \n", "\ttab", "'", "\"", "${POD_NAME}", "~", "{a}", "%x", "\n\n"}),
		rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r < 0x7f || r > 0x9f && r < 0xfff0 })),
	).Draw(g.T, what)
}
