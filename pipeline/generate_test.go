package pipeline_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What the schema accepts compiles, or is refused at a line of the spec; it
// never panics, and the laws hold. The specs are generated: what a user may
// write, and some of what only a test would.
func TestGeneratedSpecs(t *testing.T) {
	built, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "statefulc")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		text := drawSpec(t)
		if err := os.WriteFile(filepath.Join(dir, "app.cue"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Log(text)
		if checkLaws(t, dir).Found.HasErrors() {
			refused++
		} else {
			built++
		}
	})
	t.Logf("%d specs were built, %d refused", built, refused)
	if built < refused/3 {
		t.Errorf("%d of %d specs were refused: the generator tests too little", refused, built+refused)
	}
}

// open is a value that the base leaves to overlays: *value | _.
type open struct{ value any }

// fields is a struct of the spec.
type fields map[string]any

func drawSpec(t *rapid.T) string {
	app := fields{
		"name":   drawName(t, "app"),
		"labels": fields{},
		"groups": fields{},
	}
	if rapid.Bool().Draw(t, "namespaced") {
		app["namespace"] = open{drawName(t, "namespace")}
	}
	if rapid.Bool().Draw(t, "labelled") {
		app["labels"] = fields{"example.com/team": rapid.SampledFrom([]string{"a", "true", "1", "", "x.y_z-0"}).Draw(t, "team")}
	}
	app["storageClasses"] = fields{"fast": fields{"provisioner": "ebs.csi.aws.com", "parameters": fields{"type": "gp3"}}}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"db", "proxy", "a-b"}), 1, 3, rapid.ID).Draw(t, "groups") {
		app["groups"].(fields)[key] = drawGroup(t)
	}
	for range rapid.IntRange(0, 2).Draw(t, "clients") {
		app["clients"] = append(list(app["clients"]), rapid.SampledFrom([]any{
			fields{"app": "shop"}, fields{"app": "shop", "namespace": "x"}, fields{"namespace": "y"}, fields{"cidr": "10.0.0.0/8"},
		}).Draw(t, "client"))
	}
	return fmt.Sprintf("package app\n\nimport \"statefulc.dev/v1\"\n\noverlays: [_]: base\nbase: v1.#App & %s\noverlays: dev: %s\noverlays: prod: %s\n",
		print(app), print(drawOverlay(t, app)), print(drawOverlay(t, app)))
}

func drawGroup(t *rapid.T) fields {
	g := fields{
		"image":     rapid.SampledFrom([]string{"db:1", "example.com:5000/a/db:v1.2", "db@sha256:" + strings.Repeat("a", 64)}).Draw(t, "image"),
		"replicas":  open{rapid.IntRange(0, 9).Draw(t, "replicas")},
		"placement": open{rapid.SampledFrom([]string{"strict", "spread", "any"}).Draw(t, "placement")},
		"env":       fields{},
		"ports":     drawPorts(t),
		"storage":   fields{},
		"scratch":   fields{},
		"files":     fields{},
	}
	maybe := func(field string, value any) {
		if rapid.IntRange(0, 3).Draw(t, field+"?") == 0 {
			g[field] = value
		}
	}
	maybe("cpu", open{drawQuantity(t, "cpu")})
	maybe("cpuLimit", "64")
	maybe("memory", open{drawQuantity(t, "memory")})
	maybe("command", []any{"run", drawText(t, "command")})
	maybe("args", []any{drawText(t, "arg"), "--name=$(POD_NAME)", drawText(t, "arg")})
	maybe("start", "parallel")
	maybe("first", rapid.IntRange(0, 200).Draw(t, "first"))
	maybe("disruption", open{rapid.SampledFrom([]any{1, 2, "10%"}).Draw(t, "disruption")})
	maybe("grace", open{rapid.SampledFrom([]string{"0s", "30s", "1h30m"}).Draw(t, "grace")})
	maybe("nodes", fields{"disk": drawName(t, "node")})
	maybe("tolerate", []any{fields{"key": "dedicated", "value": "db"}, fields{"key": "spot", "effect": "NoSchedule"}})
	maybe("user", rapid.SampledFrom([]int{0, 1, 999}).Draw(t, "user"))
	maybe("group", rapid.SampledFrom([]int{0, 1, 999}).Draw(t, "group"))
	maybe("capabilities", []any{"IPC_LOCK", "NET_BIND_SERVICE"})
	maybe("readOnlyRoot", rapid.Bool().Draw(t, "readOnlyRoot"))
	maybe("ready", drawProbe(t, g["ports"].(fields)))
	maybe("live", drawProbe(t, g["ports"].(fields)))
	maybe("startup", drawProbe(t, g["ports"].(fields)))
	maybe("onStart", []any{"sh", "-c", drawText(t, "onStart")})
	maybe("onStop", []any{"sh", "-c", "echo $POD_IP"})
	values := []any{"$(POD_NAME)", "$$(C)", "${POD_IP}", "$(GONE)", 1, 1.5, true, drawText(t, "value")}
	for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"C", "B", "A", "ZONE", "_x9"}), rapid.ID).Draw(t, "env") {
		g["env"].(fields)[name] = open{rapid.SampledFrom(values).Draw(t, "variable")}
		values = append(values, "$("+name+") $(ZONE)")
	}
	for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"data", "log", "wal"}), rapid.ID).Draw(t, "storage") {
		g["storage"].(fields)[name] = drawStorage(t, name)
	}
	for _, path := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"/tmp", "/etc/db", "/Var/log_x", "/dev/shm"}), rapid.ID).Draw(t, "scratch") {
		g["scratch"].(fields)[path] = rapid.SampledFrom([]fields{{}, {"memory": "64Mi"}, {"fromImage": true}}).Draw(t, "directory")
	}
	for _, path := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"/etc/db.conf", "/etc/a/b_c", "/etc/a_b.c", "/run.sh"}), rapid.ID).Draw(t, "files") {
		g["files"].(fields)[path] = fields{"text": open{drawText(t, "text")}}
	}
	return g
}

func drawStorage(t *rapid.T, name string) fields {
	s := fields{
		"size":  open{drawQuantity(t, "size")},
		"mount": rapid.SampledFrom([]any{"/" + name, fields{"/" + name: "", "/more/" + name: "sub/dir"}}).Draw(t, "mount"),
	}
	if rapid.Bool().Draw(t, "classed") {
		s["class"] = open{rapid.SampledFrom([]string{"", "fast", "standard", "a.b"}).Draw(t, "class")}
	}
	if rapid.Bool().Draw(t, "moded") {
		s["mode"] = rapid.SampledFrom([]string{"ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"}).Draw(t, "mode")
	}
	return s
}

func drawPorts(t *rapid.T) fields {
	out := fields{}
	for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"cql", "gossip", "metrics", "a-1"}), rapid.ID).Draw(t, "ports") {
		audience := rapid.SampledFrom([]string{"peer", "client", "metrics", "local"}).Draw(t, "audience")
		of, _ := out[audience].(fields)
		if of == nil {
			of = fields{}
			out[audience] = of
		}
		of[name] = rapid.SampledFrom([]any{80, 7000, 65535, 1, 9042, 8443, 22, "53/UDP", "7000/SCTP"}).Draw(t, "port")
	}
	return out
}

func drawProbe(t *rapid.T, ports fields) fields {
	names := []string{"none"}
	for _, audience := range slices.Sorted(maps.Keys(ports)) {
		names = append(slices.Sorted(maps.Keys(ports[audience].(fields))), names...)
	}
	port := names[0]
	if len(names) == 1 {
		return fields{"exec": []any{"check"}}
	}
	p := rapid.SampledFrom([]fields{
		{"exec": []any{"check", "-c", drawText(t, "check")}},
		{"tcp": port},
		{"http": "/health?ready=1", "port": port, "tls": true},
		{"grpc": port},
	}).Draw(t, "probe")
	p["every"] = open{rapid.SampledFrom([]string{"1s", "2m"}).Draw(t, "every")}
	if rapid.Bool().Draw(t, "patient") {
		p["delay"], p["fails"] = "5s", 60
	}
	return p
}

// drawOverlay states other values for some of what the base leaves open, and
// adds an entry to some of its maps.
func drawOverlay(t *rapid.T, base fields) fields {
	out := fields{}
	for _, key := range slices.Sorted(maps.Keys(base)) {
		switch v := base[key].(type) {
		case fields:
			if below := drawOverlay(t, v); len(below) > 0 {
				out[key] = below
			}
			if key == "files" && rapid.Bool().Draw(t, "more") {
				out[key] = fields{"/etc/own": fields{"text": drawText(t, "own")}}
			}
		case open:
			if rapid.Bool().Draw(t, key+" varies") {
				out[key] = other(t, key, v.value)
			}
		}
	}
	return out
}

// other is a value of the same kind.
func other(t *rapid.T, key string, v any) any {
	switch key {
	case "replicas":
		return rapid.IntRange(0, 9).Draw(t, "replicas")
	case "placement":
		return rapid.SampledFrom([]string{"strict", "spread", "any"}).Draw(t, "placement")
	case "cpu", "memory", "size":
		return drawQuantity(t, key)
	case "namespace":
		return drawName(t, key)
	case "text":
		return drawText(t, key)
	case "class":
		return rapid.SampledFrom([]string{"fast", "standard"}).Draw(t, "class")
	}
	return v
}

func drawName(t *rapid.T, what string) string {
	return rapid.SampledFrom([]string{"db", "a", "shop-db-2", "y", "on", strings.Repeat("n", 40)}).Draw(t, what)
}

func drawQuantity(t *rapid.T, what string) string {
	if what == "cpu" {
		return rapid.SampledFrom([]string{"1", "2", "500m", "1.5", "0.1"}).Draw(t, what)
	}
	return rapid.SampledFrom([]string{"100", "1024Mi", "1Gi", "1500M", "0.5Gi", "1Ti"}).Draw(t, what)
}

// drawText is what breaks printers of YAML, and anything else.
func drawText(t *rapid.T, what string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "true", "1e3", "no", "a: b", "# x", "- y", "two\nlines\n", "tail \n", "\ttab", "'", "\"", "${POD_NAME}", "~", "{a}", "%x", "\n\n"}),
		rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r < 0x7f || r > 0x9f && r < 0xfff0 })),
	).Draw(t, what)
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// print writes a value as CUE, of which JSON is a part.
func print(v any) string {
	switch v := v.(type) {
	case fields:
		var b strings.Builder
		for _, key := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(&b, "%s: %s, ", print(key), print(v[key]))
		}
		return "{" + b.String() + "}"
	case []any:
		var elems []string
		for _, e := range v {
			elems = append(elems, print(e))
		}
		return "[" + strings.Join(elems, ", ") + "]"
	case open:
		return "*" + print(v.value) + " | _"
	case string:
		return quote(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// quote leaves nothing to the reader of the text: a byte order mark, say, is
// refused by CUE wherever it stands.
func quote(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, "\\U%08x", r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}
