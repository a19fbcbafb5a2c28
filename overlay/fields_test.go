package overlay

import (
	"cmp"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/statefulc/statefulc/manifest"
)

// Which images and replicas kustomize's own fields say, and which stay in
// patches. A pod has the kind, the namespace and the name of its object, how
// many there are, and the images of its init container, its containers and its
// image volume.
func TestFields(t *testing.T) {
	for _, c := range []struct {
		name       string
		base, want []string
		fields     string // of the overlay's kustomization.yaml
		patches    int
	}{
		{"one tag", []string{"sts/prod/db 3 - db:1"}, []string{"sts/prod/db 3 - db:2"}, `images: [{name: db, newTag: "2"}]`, 0},
		{"one image in all places", []string{"sts/prod/db 3 db:1 db:1", "cron/prod/db - - db:1", "own/prod/db - - db:1"}, []string{"sts/prod/db 3 db:2 db:2", "cron/prod/db - - db:2", "own/prod/db - - db:2"},
			`images: [{name: db, newTag: "2"}]`, 0},
		{"not the init container", []string{"sts/prod/db 3 db:1 db:1"}, []string{"sts/prod/db 3 db:1 db:2"}, ``, 1},
		{"not the other object", []string{"sts/prod/db 3 - db:1", "cron/prod/x - - db:1"}, []string{"sts/prod/db 3 - db:2", "cron/prod/x - - db:1"}, ``, 1},
		{"the other object differently", []string{"sts/prod/a 3 - db:1", "sts/prod/b 3 - db:1"}, []string{"sts/prod/a 3 - db:2", "sts/prod/b 3 - db:3"}, ``, 2},
		{"one image that two tags become", []string{"sts/prod/a 3 - db:1", "sts/prod/b 3 - db:2"}, []string{"sts/prod/a 3 - db:3", "sts/prod/b 3 - db:3"}, `images: [{name: db, newTag: "3"}]`, 0},
		{"a new object with the old image", []string{"sts/prod/a 3 - db:1"}, []string{"sts/prod/a 3 - db:2", "sts/prod/b 3 - db:1"}, ``, 1},
		{"a new object with the new image", []string{"sts/prod/a 3 - db:1"}, []string{"sts/prod/a 3 - db:2", "sts/prod/b 3 - db:2"}, `images: [{name: db, newTag: "2"}]`, 0},
		{"digest", []string{"sts/prod/db 3 - db:1"}, []string{"sts/prod/db 3 - db@sha256:12"}, `images: [{name: db, digest: "sha256:12"}]`, 0},
		{"tag and digest", []string{"sts/prod/db 3 - db:1"}, []string{"sts/prod/db 3 - db:2@sha256:12"}, `images: [{name: db, newTag: "2", digest: "sha256:12"}]`, 0},
		{"digest of another kind", []string{"sts/prod/db 3 - db@sha512:1"}, []string{"sts/prod/db 3 - db:2"}, ``, 1},
		{"no tag any more", []string{"sts/prod/db 3 - db:1"}, []string{"sts/prod/db 3 - db"}, ``, 1},
		{"port of the registry", []string{"sts/prod/db 3 - host:5000/db:1"}, []string{"sts/prod/db 3 - host:5001/db:2"}, `images: [{name: host:5000/db, newName: host:5001/db, newTag: "2"}]`, 0},
		{"a host is no tag", []string{"sts/prod/db 3 - host:5000"}, []string{"sts/prod/db 3 - host:5001"}, `images: [{name: host, newTag: "5001"}]`, 0},
		{"a mirror", []string{"sts/prod/a 3 - db:1", "sts/prod/b 3 - db:2"}, []string{"sts/prod/a 3 - m.org/db:1", "sts/prod/b 3 - m.org/db:2"}, `images: [{name: db, newName: m.org/db}]`, 0},
		{"two images change places", []string{"sts/prod/a 3 - x:1 y:1"}, []string{"sts/prod/a 3 - y:1 x:1"}, ``, 1},
		{"one becomes what the other was", []string{"sts/prod/a 3 - x:1 y:1"}, []string{"sts/prod/a 3 - y:1 z:1"}, ``, 1},
		{"a dot is any character", []string{"sts/prod/a 3 - a.b/db:1 aXb/db:1"}, []string{"sts/prod/a 3 - a.b/db:2 aXb/db:1"}, ``, 1},
		{"a volume, which old kustomize does not see", []string{"sts/prod/a 3 - db:1 db:1 vol=db:1"}, []string{"sts/prod/a 3 - db:2 db:2 vol=db:1"}, ``, 1},
		{"a volume that goes with it", []string{"sts/prod/a 3 - db:1 db:1 vol=db:1"}, []string{"sts/prod/a 3 - db:2 db:2 vol=db:2"}, `images: [{name: db, newTag: "2"}]`, 1},

		{"replicas", []string{"sts/prod/db 3 - db:1"}, []string{"sts/prod/db 5 - db:1"}, `replicas: [{name: db, count: 5}]`, 0},
		{"none", []string{"sts/prod/db 3 - db:1"}, []string{"sts/prod/db 0 - db:1"}, `replicas: [{name: db, count: 0}]`, 0},
		{"two objects of a name", []string{"sts/prod/db 3 - a:1", "deploy/prod/db 2 - b:1"}, []string{"sts/prod/db 5 - a:1", "deploy/prod/db 5 - b:1"}, `replicas: [{name: db, count: 5}]`, 0},
		{"of which one stays", []string{"sts/prod/db 3 - a:1", "deploy/prod/db 2 - b:1"}, []string{"sts/prod/db 5 - a:1", "deploy/prod/db 2 - b:1"}, ``, 1},
		{"of which one scales itself", []string{"sts/prod/db 3 - a:1", "deploy/prod/db - - b:1"}, []string{"sts/prod/db 5 - a:1", "deploy/prod/db - - b:1"}, ``, 1},
		{"in two namespaces", []string{"sts/a/db 3 - a:1", "sts/b/db 3 - b:1"}, []string{"sts/a/db 5 - a:1", "sts/b/db 3 - b:1"}, ``, 1},
		{"that are said at last", []string{"sts/prod/db - - a:1"}, []string{"sts/prod/db 5 - a:1"}, `replicas: [{name: db, count: 5}]`, 0},
		{"that are no longer said", []string{"sts/prod/db 5 - a:1"}, []string{"sts/prod/db - - a:1"}, ``, 1},
		{"of a custom resource called so", []string{"kruise/prod/db 3 - a:1"}, []string{"kruise/prod/db 5 - a:1"}, `replicas: [{name: db, count: 5}]`, 0},
		{"of a custom resource called otherwise", []string{"own/prod/db 3 - a:1"}, []string{"own/prod/db 5 - a:1"}, ``, 1},

		{"all at once", []string{"sts/prod/a 3 i:1 db:1", "sts/prod/b 3 i:1 db:1"}, []string{"sts/prod/a 4 i:2 db:2", "sts/prod/b 5 i:2 db:3"},
			`images: [{name: i, newTag: "2"}]
replicas: [{name: a, count: 4}, {name: b, count: 5}]`, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, want := pods(t, c.base...), pods(t, c.want...)
			files := assertFields(t, base, want)
			if diff := gocmp.Diff(parse[tree](c.fields), fieldsOf(files)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if n := strings.Count(listing(files), "-- overlays/env/patch-"); n != c.patches {
				t.Errorf("%d patches, not %d, in\n%s", n, c.patches, listing(under(files, "overlays/env")))
			}
		})
	}
}

// However images and numbers differ, fields and merges say it, and no proof has
// to take the fields back.
func TestFieldsAtRandom(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	images, replicas := 0, 0
	for range 200 {
		before, after := randomPods(r)
		fields := fieldsOf(assertFields(t, pods(t, before...), pods(t, after...)))
		images, replicas = images+count1(fields, "images"), replicas+count1(fields, "replicas")
		if t.Failed() {
			t.Fatalf("%q\n%q", before, after)
		}
	}
	if images < 70 || replicas < 70 {
		t.Errorf("of 200 only %d have images and %d replicas", images, replicas)
	}
}

// A container that a patch shows whole has the image that it will have.
func TestShownImagesAreFinal(t *testing.T) {
	base := setOf(t, bases["sts"])
	want, _ := changed(t, "sts", edits{set("db/image", `db:2`), pick("pod/containers", 1, 0)})
	files := assertFields(t, base, want)
	if text := listing(under(files, "overlays/env")); !strings.Contains(text, "newTag: \"2\"") || strings.Contains(text, "db:1") {
		t.Errorf("the old image is in\n%s", text)
	}
}

// If an entry were wrong, all of it would be said by patches.
func TestBrokenFieldsAreReplacedByMerges(t *testing.T) {
	base, envs := shop(t)
	for name, broken := range map[string]func(plan) plan{
		"counts wrong": func(p plan) plan { p = p.withFields(); p.replicas[0].replicas++; return p },
		"no target":    func(p plan) plan { p.replicas = []count{{"nobody", 1}}; return p },
		"other image":  func(p plan) plan { p.images = []image{{name: "side", newTag: "9"}}; return p },
	} {
		files, err := emitter{fields: broken, merge: strategic}.emit(base, envs)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text := listing(under(files, "overlays/prod")); strings.Contains(text, "count:") || !strings.Contains(text, "  replicas: 5\n") {
			t.Errorf("%s: the replicas are not patched in\n%s", name, text)
		}
	}
}

// assertFields wants an overlay that is right as it was first written.
func assertFields(t *testing.T, base, want *manifest.Set) []File {
	t.Helper()
	e := emitter{
		fields: func(p plan) plan {
			p = p.withFields()
			from := objects(base)
			for _, m := range check(slices.Concat(baseFiles(from), p.files("overlays/env", strategic)), "overlays/env", objects(want)) {
				t.Errorf("fields are not faithful: %v", m)
			}
			return p
		},
		merge: strategic, edit: operations,
	}
	return emitted(t, e, base, want)
}

// fieldsOf are images and replicas of an overlay's kustomization.yaml.
func fieldsOf(files []File) tree {
	var fields tree
	for _, f := range files {
		if f.Path != "overlays/env/kustomization.yaml" {
			continue
		}
		for k, v := range parse[tree](string(f.Data)) {
			if k == "images" || k == "replicas" {
				if fields == nil {
					fields = tree{}
				}
				fields[k] = v
			}
		}
	}
	return fields
}

func count1(fields tree, key string) int {
	if fields[key] == nil {
		return 0
	}
	return 1
}

// randomPods are up to five objects, of which some share their name, and what
// becomes of them. Most often an image of a name changes in the same way
// everywhere, and sometimes in all places but one.
func randomPods(r *rand.Rand) (before, after []string) {
	oneOf := func(list ...string) string { return list[r.Intn(len(list))] }
	image := func() string {
		return oneOf("", "", "host:5000/", "host:5001/", "a.b/", "aXb/") + oneOf("db", "db", "db", "x", "host") + oneOf("", ":1", ":1", ":2", ":1@sha256:12", "@sha256:12", "@sha512:1")
	}
	all := map[string]string{}
	for range r.Intn(6) {
		all[image()] = image()
	}
	becomes := func(s string) string {
		switch r.Intn(12) {
		case 0:
			return image()
		case 1:
			return s
		}
		if name, _, _ := parseImage(s); all[s] == "" && name != "" {
			all[s] = oneOf(s, name+":7", name+":7", name+"@sha256:77", "m.org/"+s)
		}
		return cmp.Or(all[s], s)
	}
	number := func() string { return oneOf("-", "0", "1", "3", "3", "3", "5") }
	ends := map[string]string{}
	seen := map[string]bool{}
	for range 1 + r.Intn(5) {
		id := oneOf("sts", "sts", "deploy", "cron", "own", "kruise") + "/" + oneOf("prod", "prod", "prod", "other") + "/" + oneOf("db", "db", "web")
		if seen[id] {
			continue
		}
		seen[id] = true
		name := id[strings.LastIndex(id, "/"):]
		if ends[name] == "" || r.Intn(5) == 0 {
			ends[name] = number()
		}
		was, is := id+" "+number(), id+" "+ends[name]
		for i := range 2 + r.Intn(3) {
			old := image()
			if i == 0 && r.Intn(2) == 0 {
				was, is = was+" -", is+" -"
				continue
			}
			was, is = was+" "+old, is+" "+becomes(old)
		}
		if r.Intn(8) == 0 {
			old := image()
			was, is = was+" vol="+old, is+" vol="+becomes(old)
		}
		if r.Intn(10) > 0 {
			before = append(before, was)
		}
		if r.Intn(10) > 0 || len(after) == 0 {
			after = append(after, is)
		}
	}
	if len(before) == 0 {
		before = slices.Clone(after)
	}
	return before, after
}

// pods makes objects of lines such as "sts/prod/db 3 init:1 db:1 side:1".
func pods(t testing.TB, lines ...string) *manifest.Set {
	t.Helper()
	var texts []string
	for _, line := range lines {
		words := strings.Fields(line)
		id, number, images := strings.Split(words[0], "/"), words[1], words[2:]
		var pod string
		if rest, volume, ok := strings.Cut(strings.Join(images, " "), " vol="); ok {
			images = strings.Fields(rest)
			pod = fmt.Sprintf("volumes: [{name: v, image: {reference: %q}}], ", volume)
		}
		if images[0] != "-" {
			pod += fmt.Sprintf("initContainers: [{name: init, image: %q}], ", images[0])
		}
		pod += "containers: ["
		for i, image := range images[1:] {
			pod += fmt.Sprintf("{name: c%d, image: %q}, ", i, image)
		}
		pod += "]"
		spec := map[string]string{
			"sts":    "serviceName: x, selector: {}, template: {spec: {%s}}",
			"deploy": "selector: {}, template: {spec: {%s}}",
			"kruise": "template: {spec: {%s}}",
			"own":    "cluster: {node: {%s}}",
			"cron":   "schedule: x, jobTemplate: {spec: {template: {spec: {%s}}}}",
		}[id[0]]
		spec = fmt.Sprintf(spec, pod)
		if number != "-" && id[0] != "cron" {
			spec = "replicas: " + number + ", " + spec
		}
		head := map[string]string{
			"sts":    "apiVersion: apps/v1, kind: StatefulSet",
			"deploy": "apiVersion: apps/v1, kind: Deployment",
			"kruise": "apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet",
			"own":    "apiVersion: example.org/v1, kind: Cluster",
			"cron":   "apiVersion: batch/v1, kind: CronJob",
		}[id[0]]
		texts = append(texts, fmt.Sprintf("{%s, metadata: {name: %s, namespace: %s}, spec: {%s}}", head, id[2], id[1], spec))
	}
	return setOf(t, texts...)
}
