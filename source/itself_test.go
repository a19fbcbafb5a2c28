package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statefulc/statefulc/diag"
)

// others is a spec with a base, an overlay and a line more.
const others = `package app
import "statefulc.dev/v1"
_shared: {groups: db: replicas: 3}
base: v1.#App & {name: *"db" | _, groups: db: {image: "db:1", replicas: *3 | _, placement: "any"}}
overlays: [_]: base
overlays: prod: _
%s
`

// Each of these takes CUE seconds, and hundreds of megabytes or all that there
// are; some a stack without an end, which would end the process.
func TestInItself(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"overlays", "overlays is no whole spec"},
		{"base", "base is no whole spec"},
		{"base.groups", "base.groups is no whole spec"},
		{"overlays.prod.groups", "overlays.prod.groups is no whole spec"},
		{"if true {overlays}", "overlays is no whole spec"},
		{"#All: {overlays}; #All", "overlays is no whole spec"},
		{"[_]: base", "base is no value for this field"},
		{"base: overlays", "overlays is no application"},
		{"base: *overlays | _", "overlays is no application"},
		{"let all = overlays; base: all", "overlays is no application"},
		{"_all: overlays; base: _all", "overlays is no application"},
		{"_all: {in: {overlays}}; base: _all.in", "overlays is no application"},
		{"#All: {in: overlays} & {}; base: (#All).in & {}", "overlays is no application"},
		{"base: [_]: base", "base is no value for this field"},
		{"base: [_]: {groups: base.groups}", "base.groups is no group"},
		{"base: [_]: {for k, v in overlays {(k): v}}", "v is no group"},
		{"base: objects: base", "base is no value for this field"},
		{"base: groups: overlays.prod", "overlays.prod is no map of groups"},
		{"base: groups: [_]: base.groups", "base.groups is no group"},
		{"base: A={groups: [_]: A.groups}", "A.groups is no group"},
		{"base: G=groups: db: G", "G is no group"},
		{`base: groups: db: base["groups"]`, `base["groups"] is no group`},
		{"base: groups: {for k, _ in base.groups {(k): base.groups}}", "base.groups is no group"},
		{"overlays: base", "base is no map of overlays"},
		{"overlays: [_]: overlays", "overlays is no application"},
		{"overlays: prod: overlays", "overlays is no application"},
		{"overlays: {for k, v in overlays {(k): groups: v}}", "v is no map of groups"},
		{"overlays: prod: groups: db: base.groups", "base.groups is no group"},
		{"overlays: v1.#App", "v1.#App is no map of overlays"},
		{"overlays: prod: groups: v1.#App", "v1.#App is no map of groups"},
		{"base: groups: db: v1.#Bundle & {}", "v1.#Bundle is no group"},
		{"base: groups: db: base.jobs", "base.jobs is no group"},
		{"base: groups: web: base.groups.db.sidecars", "base.groups.db.sidecars is no group"},
		{"base: groups: db: close(base)", "base is no group"},
		{"base: groups: db: and([base])", "base is no group"},
		{"base: groups: db: [base][0]", "[base][0] is no group"},
		{"base: groups: db: {in: base}.in", "base is no group"},
		{"base: objects: x: base", "base.objects.x stands in base, and would be in itself"},
		{"base: objects: [_]: base", "base.objects.[_] stands in base, and would be in itself"},
		{"base: patches: x: merge: spec: base", "base.patches.x.merge.spec stands in base, and would be in itself"},
		{"base: G=groups: db: files: \"/x\": yaml: a: G", `base.groups.db.files."/x".yaml.a stands in G, and would be in itself`},
		{"overlays: prod: objects: x: overlays", "overlays.prod.objects.x stands in overlays, and would be in itself"},
		{"base: objects: x: overlays", "base.objects.x stands in overlays, and would be in itself"},
		{"base: objects: x: spec: overlays.prod.groups.db; base: objects: x: data: overlays.prod", "base.objects.x.data stands in overlays.prod, and would be in itself"},
		{"#T: {a: base}; base: objects: x: #T", "base.objects.x.a stands in base, and would be in itself"},
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"a.cue": fmt.Sprintf(others, strings.ReplaceAll(c.line, "; ", "\n"))})
		_, found, err := (&Loader{Patience: time.Minute}).Load(dir)
		also := slices.DeleteFunc(slices.Clone(found), func(d diag.Diagnostic) bool { return strings.HasSuffix(d.Message, " is missing") }) // as it is
		if err != nil || len(also) != 1 {
			t.Errorf("%s: %v, %v", c.line, found, err)
			continue
		}
		if d := found[0]; !strings.HasPrefix(d.Message, c.want) || d.Pos.Line < 7 || d.Fix == "" {
			t.Errorf("%s: %v: %s; want %s", c.line, d.Pos, d.Message, c.want)
		}
	}
}

// What is of the sort that stands there can be referred to, whoever made it.
func TestNotInItself(t *testing.T) {
	for _, line := range []string{
		"overlays: prod: groups: db: replicas: 5; overlays: dr: overlays.prod",
		"overlays: dr: groups: db: replicas: overlays.prod.groups.db.replicas + 1",
		"overlays: dev: overlays.prod; overlays: prod: overlays.dev",
		"overlays: {for k, v in overlays {\"\\(k)-dr\": v}}",
		"for k, v in overlays {overlays: \"\\(k)-dr\": v}",
		"for e in [\"dev\", \"test\"] {overlays: (e): base & {labels: env: e}}",
		"if true {overlays: dev: base & {labels: env: \"dev\"}}",
		"base: _shared; _x: overlays",
		"base: base",
		"base: groups: other: base.groups.db",
		"base: groups: other: {for k, v in base.groups if k == \"db\" {env: N: \"\\(v.replicas)\"}, image: \"db:1\", replicas: 3, placement: \"any\"}",
		"base: G={groups: db: env: A: G.name}",
		"base: groups: db: env: NAME: base.name",
		"base: groups: db: files: \"/etc/x\": yaml: base.labels",
		"base: labels: {for k, _ in overlays {\"env-\\(k)\": \"yes\"}}",
		"base: groups: db: env: E: \"\\(len(overlays))\"",
		"base: groups: db: files: \"/x\": yaml: {for k, v in base.groups if k != \"db\" {(k): v.name}}",
		"base: A={groups: db: files: \"/x\": yaml: {a: A.labels, n: A.name, e: base.groups.db.env}}",
		"base: objects: {x: {apiVersion: \"v1\", kind: \"ConfigMap\", metadata: name: \"x\", data: n: base.name}, y: x, y: metadata: name: \"x\"}",
		"#Top: {base: _, overlays: [_]: base}; #Top",
		"v1.#Bundle & {overlays: dev: _}",
		"overlays: dev: v1.#App & {groups: db: v1.#Group}",
		"overlays: dev: objects: x: {apiVersion: \"v1\", kind: \"ConfigMap\", metadata: name: \"x\", data: {for k, v in base.groups {(k): v.name}}}",
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"a.cue": fmt.Sprintf(others, strings.ReplaceAll(line, "; ", "\n"))})
		_, found, err := (&Loader{Patience: time.Minute}).Load(dir)
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", line, found, err)
		}
	}
}
