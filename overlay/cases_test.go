package overlay

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/manifest"
)

// bases are the objects that the cases start from, by the first word of a
// case's name.
var bases = map[string]string{
	"sts": `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: prod, labels: {app: db, tier: data}, annotations: {note: x}}
spec:
  serviceName: db
  replicas: 3
  podManagementPolicy: OrderedReady
  selector: {matchLabels: {app: db}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
  template:
    metadata: {labels: {app: db}, annotations: {hash: "1"}}
    spec:
      terminationGracePeriodSeconds: 60
      initContainers:
      - {name: i1, image: busybox}
      - {name: i2, image: busybox}
      containers:
      - name: db
        image: db:1
        args: [a, b]
        command: [run]
        env:
        - {name: A, value: "1"}
        - {name: B, value: "$(A)"}
        - {name: C, valueFrom: {secretKeyRef: {name: s, key: k}}}
        envFrom: [{configMapRef: {name: db}}]
        ports: [{containerPort: 9042, name: cql}, {containerPort: 7000, name: intra}]
        resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 1Gi}}
        readinessProbe: {tcpSocket: {port: 9042}, initialDelaySeconds: 15}
        securityContext: {runAsUser: 1, capabilities: {add: [A, B]}}
        volumeMounts: [{name: data, mountPath: /data}, {name: cfg, mountPath: /cfg}]
      - {name: side, image: side:1}
      volumes: [{name: cfg, configMap: {name: db}}, {name: tmp, emptyDir: {}}]
      tolerations: [{key: a, operator: Exists}]
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: db}}}]
      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: host, labelSelector: {matchLabels: {app: db}}}]}}
      imagePullSecrets: [{name: p1}]
      hostAliases: [{ip: 1.1.1.1, hostnames: [a, b]}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 10Gi}}}
  - metadata: {name: log}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`,
	"svc": `
apiVersion: v1
kind: Service
metadata: {name: db, namespace: prod, annotations: {a: b}}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{port: 9042, name: cql, targetPort: cql, protocol: TCP}, {port: 7000, name: intra, protocol: TCP}]
  publishNotReadyAddresses: true
`,
	"cm": `
apiVersion: v1
kind: ConfigMap
metadata: {name: db, namespace: prod}
data: {a.yaml: "x: 1\ny: 2\n", b: "1"}
`,
	"pdb": `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db, namespace: prod}
spec: {minAvailable: 2, selector: {matchLabels: {app: db}, matchExpressions: [{key: x, operator: Exists}]}}
`,
	"sc": `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: p
parameters: {type: ssd, iops: "100"}
mountOptions: [noatime, discard]
reclaimPolicy: Retain
allowVolumeExpansion: true
volumeBindingMode: WaitForFirstConsumer
allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a, b]}]}]
`,
	"pv": `
apiVersion: v1
kind: PersistentVolume
metadata: {name: db-data-0}
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: fast
  claimRef: {namespace: prod, name: data-db-0, apiVersion: v1, kind: PersistentVolumeClaim}
  local: {path: /mnt/d0}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [n1]}]}]}}
`,
}

// cases are changes that an environment may make, each of which some generator
// of patches, or kustomize, has been seen to get wrong.
var cases = []struct {
	name  string
	edits edits
}{
	{"sts replicas", edits{set("spec/replicas", `5`)}},
	{"sts image", edits{set("db/image", `db:2`)}},
	{"sts label added", edits{set("metadata/labels/env", `e`)}},
	{"sts label removed", edits{remove("metadata/labels/tier")}},
	{"sts annotations removed whole", edits{remove("metadata/annotations")}},
	{"sts env changed", edits{set("db/env/0/value", `"9"`)}},
	{"sts env added at the end", edits{insert("db/env/3", `{name: D, value: "4"}`)}},
	{"sts env added at the front", edits{insert("db/env/0", `{name: D, value: "4"}`)}},
	{"sts env added in the middle", edits{insert("db/env/1", `{name: D, value: "4"}`)}},
	{"sts env removed", edits{pick("db/env", 0, 2)}},
	{"sts env all removed", edits{remove("db/env")}},
	{"sts env reordered", edits{pick("db/env", 1, 0, 2)}},
	{"sts env from value to valueFrom", edits{set("db/env/0", `{name: A, valueFrom: {secretKeyRef: {name: s, key: z}}}`)}},
	{"sts env the string null", edits{set("db/env/0/value", `"null"`)}},
	{"sts env without a value", edits{set("db/env/0/value", `""`)}},
	{"sts args", edits{set("db/args", `[a, c]`)}},
	{"sts args removed", edits{remove("db/args")}},
	{"sts envFrom added", edits{insert("db/envFrom/1", `{secretRef: {name: z}}`)}},
	{"sts port number", edits{set("db/ports/0/containerPort", `9043`)}},
	{"sts port name", edits{set("db/ports/0/name", `cql2`)}},
	{"sts port of the same number for UDP", edits{insert("db/ports/1", `{containerPort: 9042, name: cqlu, protocol: UDP}`)}},
	{"sts limits removed", edits{remove("db/resources/limits")}},
	{"sts cpu limit added", edits{set("db/resources/limits/cpu", `"2"`)}},
	{"sts probe of another kind", edits{set("db/readinessProbe", `{httpGet: {path: /, port: 80}, initialDelaySeconds: 15}`)}},
	{"sts capabilities", edits{set("db/securityContext/capabilities/add", `[A]`)}},
	{"sts mount removed", edits{pick("db/volumeMounts", 0)}},
	{"sts mount path", edits{set("db/volumeMounts/0/mountPath", `/d2`)}},
	{"sts container added", edits{insert("pod/containers/2", `{name: new, image: new}`)}},
	{"sts container removed", edits{pick("pod/containers", 0)}},
	{"sts containers reordered", edits{pick("pod/containers", 1, 0)}},
	{"sts init containers reordered", edits{pick("pod/initContainers", 1, 0)}},
	{"sts init container inserted", edits{insert("pod/initContainers/1", `{name: i3, image: b}`)}},
	{"sts volume of another source", edits{set("pod/volumes/1", `{name: tmp, hostPath: {path: /t}}`)}},
	{"sts volume added", edits{insert("pod/volumes/2", `{name: v3, emptyDir: {medium: Memory}}`)}},
	{"sts emptyDir gets a size", edits{set("pod/volumes/1/emptyDir", `{sizeLimit: 1Gi}`)}},
	{"sts toleration", edits{set("pod/tolerations", `[{key: b, operator: Exists}]`)}},
	{"sts spread skew", edits{set("pod/topologySpreadConstraints/0/maxSkew", `2`)}},
	{"sts spread twice over one key", edits{insert("pod/topologySpreadConstraints/1", `{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: db}}}`)}},
	{"sts affinity of another kind", edits{set("pod/affinity", `{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: k, operator: Exists}]}]}}}`)}},
	{"sts pull secret", edits{set("pod/imagePullSecrets", `[{name: p2}]`)}},
	{"sts host alias", edits{set("pod/hostAliases", `[{ip: 1.1.1.1, hostnames: [c]}]`)}},
	{"sts update strategy OnDelete", edits{set("spec/updateStrategy", `{type: OnDelete}`)}},
	{"sts retention", edits{set("spec/persistentVolumeClaimRetentionPolicy/whenDeleted", `Delete`)}},
	{"sts claim size", edits{set("claim/spec/resources/requests/storage", `20Gi`)}},
	{"sts claim removed", edits{pick("spec/volumeClaimTemplates", 0)}},
	{"sts resource claims, newer than kustomize's schema", edits{set("pod/resourceClaims", `[{name: g, resourceClaimTemplateName: t}]`)}},
	{"sts template annotation", edits{set("spec/template/metadata/annotations/hash", `"2"`)}},
	{"sts second container image", edits{set("pod/containers/1/image", `side:2`)}},
	{"sts second env value", edits{set("db/env/1/value", `z`)}},
	{"sts third env value, first removed", edits{pick("db/env", 1, 2), set("db/env/1", `{name: C, value: x}`)}},
	{"sts second mount read-only", edits{set("db/volumeMounts/1/readOnly", `true`)}},
	{"sts second port name", edits{set("db/ports/1/name", `gossip`)}},
	{"sts everything", edits{
		set("spec/replicas", `5`), set("db/image", `db:2`), remove("db/env"), set("pod/tolerations", `[{key: b, operator: Exists}]`),
		set("claim/spec/resources/requests/storage", `20Gi`), pick("pod/containers", 0),
	}},
	{"svc port", edits{set("spec/ports/0/port", `9043`)}},
	{"svc port removed", edits{pick("spec/ports", 0)}},
	{"svc port of the same number for UDP", edits{insert("spec/ports/2", `{port: 9042, name: cqlu, protocol: UDP}`)}},
	{"svc from headless to load balancer", edits{remove("spec/clusterIP"), set("spec/type", `LoadBalancer`)}},
	{"svc a false", edits{set("spec/publishNotReadyAddresses", `false`)}},
	{"svc selector", edits{set("spec/selector", `{app: x}`)}},
	{"cm text of two lines", edits{set("data/a.yaml", `"x: 2\ny: 2\n"`)}},
	{"cm key removed", edits{remove("data/b")}},
	{"cm key like a number", edits{set("data/mode", `"0755"`)}},
	{"cm values like bools, nulls and numbers", edits{set("data/no", `"n"`), set("data/x", `"null"`), set("data/e", `"1e3"`)}},
	{"cm data removed", edits{remove("data")}},
	{"cm data empty", edits{set("data", `{}`)}},
	{"pdb from min to max", edits{remove("spec/minAvailable"), set("spec/maxUnavailable", `25%`)}},
	{"pdb selector", edits{set("spec/selector", `{matchLabels: {app: z}}`)}},
	{"pdb from a number to a share", edits{set("spec/minAvailable", `50%`)}},
	{"sc parameters", edits{set("parameters", `{type: hdd}`)}},
	{"sc mount options", edits{set("mountOptions", `[noatime]`)}},
	{"sc topologies", edits{set("allowedTopologies", `[{matchLabelExpressions: [{key: zone, values: [c]}]}]`)}},
	{"sc provisioner", edits{set("provisioner", `q`)}},
	{"pv source", edits{remove("spec/local"), set("spec/csi", `{driver: d, volumeHandle: h}`)}},
	{"pv affinity", edits{set("spec/nodeAffinity/required/nodeSelectorTerms/0/matchExpressions/0/values", `[n2]`)}},
	{"pv modes", edits{set("spec/accessModes", `[ReadWriteOnce, ReadOnlyMany]`)}},
	{"pv size", edits{set("spec/capacity/storage", `20Gi`)}},
	{"pv claim removed", edits{remove("spec/claimRef")}},

	{"sts finalizers", edits{set("metadata/finalizers", `[b, c, a]`)}},
	{"sts claims reordered", edits{pick("spec/volumeClaimTemplates", 1, 0)}},
	{"sts claim added at the front", edits{insert("spec/volumeClaimTemplates/0", `{metadata: {name: wal}, spec: {accessModes: [ReadWriteOnce]}}`)}},
	{"sts claims, all in one", edits{set("claim/metadata/labels", `{a: b}`), pick("spec/volumeClaimTemplates", 0), insert("spec/volumeClaimTemplates/0", `{metadata: {name: a}, spec: {}}`), insert("spec/volumeClaimTemplates/2", `{metadata: {name: z}, spec: {}}`)}},
	{"sts envFrom of two containers", edits{set("db/envFrom/0/prefix", `X_`), set("pod/containers/1/envFrom", `[{configMapRef: {name: db}}]`)}},
	{"sts toleration added at the front", edits{insert("pod/tolerations/0", `{key: z}`)}},
	{"sts tolerations twice", edits{insert("pod/tolerations/0", `{key: a, operator: Exists}`)}},
	{"sts annotation key with slashes and tildes", edits{set("metadata/annotations", `{"a.b/c~d": x}`)}},
	{"sts empty security context", edits{set("pod/securityContext", `{}`), set("pod/containers/1/securityContext", `{}`)}},
	{"sts container named as a number", edits{insert("pod/containers/0", `{name: "1", image: "2"}`)}},
	{"sts term of affinity", edits{set("pod/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0/labelSelector/matchLabels/app", `db2`)}},
	{"svc target port as a number", edits{set("spec/ports/0/targetPort", `9042`)}},
	{"svc target port as a number in a string", edits{set("spec/ports/0/targetPort", `"9042"`)}},
}

// pairs are changes between two variants of the StatefulSet.
var pairs = []struct {
	name       string
	base, want edits
}{
	{"finalizers", edits{set("metadata/finalizers", `[a, b]`)}, edits{set("metadata/finalizers", `[c, b]`)}},
	{"owner", edits{set("metadata/ownerReferences", `[{apiVersion: v1, kind: A, name: a, uid: u1}]`)}, edits{set("metadata/ownerReferences", `[{apiVersion: v1, kind: A, name: a, uid: u2}]`)}},
	{"empty hook", edits{set("pod/containers/1/lifecycle", `{preStop: {exec: {}}}`)}, edits{set("pod/containers/1/lifecycle", `{postStart: {exec: {command: [a]}}}`)}},
	{"empty options", edits{set("pod/containers/1/securityContext", `{seLinuxOptions: {}, runAsUser: 1}`)}, edits{set("pod/containers/1/securityContext", `{runAsUser: 1}`)}},
	{"port's default protocol written", edits{set("db/ports/0/hostPort", `1`)}, edits{set("db/ports/0/protocol", `TCP`)}},
	{"port's protocol", edits{set("db/ports/0/protocol", `TCP`)}, edits{set("db/ports/1/protocol", `UDP`)}},
	{"projected volume", edits{set("pod/volumes/0", `{name: cfg, projected: {sources: [{configMap: {name: a}}]}}`)}, edits{set("pod/volumes/0", `{name: cfg, projected: {sources: [{configMap: {name: b}}, {secret: {name: b}}]}}`)}},
	{"items of a volume", edits{set("pod/volumes/0", `{name: cfg, configMap: {name: a, items: [{key: a, path: b}]}}`)}, edits{set("pod/volumes/0", `{name: cfg, configMap: {name: a, items: [{key: a, path: c}, {key: d, path: d}]}}`)}},
	{"devices", edits{set("db/volumeDevices", `[{name: a, devicePath: /b}]`)}, edits{set("db/volumeDevices", `[{name: b, devicePath: /b}, {name: b, devicePath: /c}]`)}},
	{"env without a value", edits{set("db/env/0", `{name: A}`)}, edits{set("db/env/0", `{name: A, value: x}`)}},
	{"ordinals, unknown to kustomize", edits{set("spec/ordinals", `{}`)}, edits{set("spec/ordinals", `{start: 3}`)}},
	{"sysctls", edits{set("pod/securityContext", `{sysctls: [{name: a, value: "1"}], supplementalGroups: [1, 2]}`)}, edits{set("pod/securityContext", `{sysctls: [{name: b, value: "1"}, {name: a, value: "2"}], supplementalGroups: [2]}`)}},
	{"claims of a container, unknown to kustomize", edits{set("pod/containers/1/resources", `{claims: [{name: a}]}`)}, edits{set("pod/containers/1/resources", `{claims: [{name: b}, {name: a}]}`)}},
	{"three mounts of one volume", edits{set("db/volumeMounts", `[{name: data, mountPath: /a}, {name: data, mountPath: /b}]`)}, edits{set("db/volumeMounts", `[{name: data, mountPath: /a, subPath: x}, {name: data, mountPath: /c}, {name: data, mountPath: /b}]`)}},
}

// scenario is a base and an environment of one object.
type scenario struct {
	name       string
	base, want *manifest.Set
}

// scenarios are all cases and pairs, there and back.
func scenarios(t testing.TB) []scenario {
	t.Helper()
	var out []scenario
	add := func(name, kind string, before, after edits) {
		base, ok := changed(t, kind, before)
		want, ok2 := changed(t, kind, after)
		if !ok || !ok2 {
			t.Fatalf("%s does not apply to its base", name)
		}
		out = append(out, scenario{name, base, want}, scenario{name + ", back", want, base})
	}
	for _, c := range cases {
		add(c.name, kindOf(c.name), nil, c.edits)
	}
	for _, p := range pairs {
		add(p.name, "sts", p.base, p.want)
	}
	return out
}

// edits change an object; an edit reports false if the object has no such
// place, because another one has removed it.
type edits []func(tree) bool

func (e edits) apply(o tree) bool {
	for _, edit := range e {
		if !edit(o) {
			return false
		}
	}
	return true
}

// set puts a value in YAML at a path; one that begins with pod/, db/ or claim/
// is of the pod, its first container or its first claim.
func set(path, value string) func(tree) bool {
	return at(path, func(parent any, step string) any {
		return with(parent, step, parse[any](value))
	})
}

func remove(path string) func(tree) bool {
	return at(path, func(parent any, step string) any {
		m, ok := parent.(tree)
		if !ok {
			return nil
		}
		delete(m, step)
		return m
	})
}

// insert puts a value before the element of a list that a path ends in.
func insert(path, value string) func(tree) bool {
	return at(path, func(parent any, step string) any {
		list, _ := parent.([]any)
		i, err := strconv.Atoi(step)
		if err != nil || i > len(list) {
			return nil
		}
		return slices.Insert(slices.Clone(list), i, parse[any](value))
	})
}

// pick leaves these elements of a list, in this order.
func pick(path string, indexes ...int) func(tree) bool {
	return at(path, func(parent any, step string) any {
		m, _ := parent.(tree)
		list, _ := m[step].([]any)
		var picked []any
		for _, i := range indexes {
			if i >= len(list) {
				return nil
			}
			picked = append(picked, list[i])
		}
		m[step] = picked
		return m
	})
}

// at replaces what holds the last step of a path by what change makes of it;
// nil means that it can not.
func at(path string, change func(parent any, step string) any) func(tree) bool {
	for short, long := range map[string]string{
		"pod/":   "spec/template/spec/",
		"db/":    "spec/template/spec/containers/0/",
		"claim/": "spec/volumeClaimTemplates/0/",
	} {
		if rest, ok := strings.CutPrefix(path, short); ok {
			path = long + rest
		}
	}
	steps := strings.Split(path, "/")
	return func(o tree) bool { return rewrite(o, steps, change) != nil }
}

func rewrite(v any, steps []string, change func(any, string) any) any {
	if len(steps) == 1 {
		return change(v, steps[0])
	}
	var child any
	switch v := v.(type) {
	case tree:
		child = v[steps[0]]
	case []any:
		if i, err := strconv.Atoi(steps[0]); err == nil && i < len(v) {
			child = v[i]
		}
	}
	if child = rewrite(child, steps[1:], change); child == nil {
		return nil
	}
	return with(v, steps[0], child)
}

func with(parent any, step string, v any) any {
	switch parent := parent.(type) {
	case tree:
		parent[step] = v
		return parent
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i < len(parent) {
			parent[i] = v
			return parent
		}
	}
	return nil
}

func parse[T any](text string) T {
	var v T
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		panic(text + ": " + err.Error())
	}
	return v
}

// setOf makes a set of objects in YAML.
func setOf(t testing.TB, texts ...string) *manifest.Set {
	t.Helper()
	set := &manifest.Set{}
	for _, text := range texts {
		set.Add(typed(t, parse[tree](text)))
	}
	return set
}

func typed(t testing.TB, o tree) manifest.Resource {
	t.Helper()
	r := map[string]manifest.Resource{
		"CronJob":             &batchv1.CronJob{},
		"Deployment":          &appsv1.Deployment{},
		"StatefulSet":         &appsv1.StatefulSet{},
		"Service":             &corev1.Service{},
		"ConfigMap":           &corev1.ConfigMap{},
		"Namespace":           &corev1.Namespace{},
		"PersistentVolume":    &corev1.PersistentVolume{},
		"PodDisruptionBudget": &policyv1.PodDisruptionBudget{},
		"StorageClass":        &storagev1.StorageClass{},
	}[o["kind"].(string)]
	if api := o["apiVersion"].(string); strings.Contains(api, "example.org/") || strings.Contains(api, ".kruise.io/") {
		text, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return &unstructured.Unstructured{Object: integers(t, text)}
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o, r, true); err != nil {
		t.Fatal(err)
	}
	return r
}

// changed is a base after edits; ok is false if they clash.
func changed(t testing.TB, kind string, e ...edits) (set *manifest.Set, ok bool) {
	t.Helper()
	o := parse[tree](bases[kind])
	for _, e := range e {
		if !e.apply(o) {
			return nil, false
		}
	}
	set = &manifest.Set{}
	set.Add(typed(t, o))
	return set, true
}

func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, " ")
	return kind
}

var kinds = slices.Sorted(maps.Keys(bases))
