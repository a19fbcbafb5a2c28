package e2e

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/manifest"
)

// emulated is the version that the server of this process emulates, "" for its
// own. A server can emulate the three versions before it.
var emulated = os.Getenv("E2E_EMULATE")

// emulate is what --emulated-version does. The feature gates are variables of
// the process, so that there can be one version in each.
func (p *process) emulate() {
	if emulated == "" {
		return
	}
	if err := feature.DefaultMutableFeatureGate.SetEmulationVersion(version.MustParse(emulated)); err != nil {
		p.Fatal(err)
	}
}

// apiserver.Lacking is what an older server does. 1.34 to 1.36 are asked here,
// in processes of their own; for 1.31 to 1.33 there are the rules with older
// gates, in the tests of apiserver, and the types below.
func TestLackingIsWhatOlderServersDo(t *testing.T) {
	for _, v := range []string{"1.34", "1.35", "1.36"} {
		t.Run(v, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEmulated", "-test.v")
			child.Env = append(os.Environ(), "E2E_EMULATE="+v)
			out, err := child.CombinedOutput()
			out = logged.ReplaceAll(out, nil)
			if n := bytes.Count(out, []byte("--- PASS: TestEmulated")); err != nil || n != 2 {
				t.Errorf("%d of 2 tests pass: %v\n%s", n, err, out)
			}
		})
	}
}

// logged is what etcd writes to the error output.
var logged = regexp.MustCompile(`(?m)^\{"level".*\n`)

// onlyEmulated skips a test outside of the processes above.
func onlyEmulated(t *testing.T) {
	t.Helper()
	if emulated == "" {
		t.Skip("TestLackingIsWhatOlderServersDo runs this with an older server")
	}
}

// Each good object of the corpus and of the examples is taken, refused or
// stored in part as Lacking says.
func TestEmulatedServerLacksWhatWeSay(t *testing.T) {
	onlyEmulated(t)
	desk := newDesk(t)
	code, _, body := desk.do(t, "GET", desk.host+"/version", "", nil)
	if minor := fmt.Sprintf(`"emulationMinor": "%s"`, strings.TrimPrefix(emulated, "1.")); code != 200 || !strings.Contains(string(body), minor) {
		t.Fatalf("the server does not emulate %s: %s", emulated, body)
	}
	lacking := 0
	for _, s := range append(corpus(t), exampleSubmissions(t)...) {
		if !s.good {
			continue
		}
		table := apiserver.Lacking(emulated, s.object())
		lacking += len(table)
		theirs := faults(s, desk.submit(t, "create", s))
		for _, f := range theirs {
			if !slices.ContainsFunc(table, func(v apiserver.Verdict) bool { return meets(v, f) }) && !alongside.MatchString(f.field) {
				t.Errorf("%s: only the server says that it %s", s.name, f)
			}
		}
		for _, v := range table {
			if !slices.ContainsFunc(theirs, func(f fault) bool { return meets(v, f) }) && !ignored.MatchString(v.Field) {
				t.Errorf("%s: only we say %s", s.name, v)
			}
		}
	}
	if lacking == 0 {
		t.Errorf("nothing in the corpus is newer than %s", emulated)
	}
}

// ignored are fields that are stored in spite of a verdict: a variable that
// would be empty.
var ignored = regexp.MustCompile(`\.fieldRef\.fieldPath$`)

// alongside goes what has no use without a field that is dropped: the name of
// a volume whose source was an image.
var alongside = regexp.MustCompile(`\.volumes\[0\]\.name$`)

// fault is what a server does to a field.
type fault struct {
	kind  apiserver.Kind
	field string
}

func (f fault) String() string { return fmt.Sprintf("%v %s", f.kind, f.field) }

func faults(s submission, a answer) []fault {
	var out []fault
	if a.refused == nil {
		for _, field := range losses("", s.object().Object, a.stored) {
			out = append(out, fault{apiserver.Dropped, field})
		}
		return out
	}
	if a.refused.Details == nil || len(a.refused.Details.Causes) == 0 {
		return []fault{{apiserver.Refused, a.refused.Message}}
	}
	for _, c := range a.refused.Details.Causes {
		out = append(out, fault{apiserver.Refused, c.Field})
	}
	return out
}

// meets allows for errors at the field above, for lost scalars below, and for
// a server that has the types of the newest version, and so drops what it
// would not know.
func meets(v apiserver.Verdict, f fault) bool {
	if f.kind == apiserver.Refused {
		return v.Kind == apiserver.Refused && strings.HasPrefix(v.Field, f.field)
	}
	return strings.HasPrefix(f.field, v.Field)
}

// A pod gets the zone of its node as a label, by which the example tells its
// racks apart, since the version that the table says.
func TestEmulatedPodsKnowTheirZone(t *testing.T) {
	onlyEmulated(t)
	client := kubernetes.NewForConfigOrDie(server(t)).CoreV1()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	named := metav1.ObjectMeta{Name: "db"}
	must(client.Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "db", Labels: map[string]string{corev1.LabelTopologyZone: "a"}}}, metav1.CreateOptions{}))
	must(client.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: named}, metav1.CreateOptions{}))
	must(client.ServiceAccounts("db").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named}, metav1.CreateOptions{}))
	field := "metadata.labels['" + corev1.LabelTopologyZone + "']"
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: named, Spec: corev1.PodSpec{
		ServiceAccountName: "db",
		Containers: []corev1.Container{{Name: "db", Image: "db:1", Env: []corev1.EnvVar{
			{Name: "ZONE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: field}}},
		}}},
	}}
	must(client.Pods("db").Create(t.Context(), pod, metav1.CreateOptions{}))
	must(nil, client.Pods("db").Bind(t.Context(), &corev1.Binding{ObjectMeta: named, Target: corev1.ObjectReference{Kind: "Node", Name: "db"}}, metav1.CreateOptions{}))
	bound, err := client.Pods("db").Get(t.Context(), "db", metav1.GetOptions{})
	must(bound, err)
	if has, lacking := bound.Labels[corev1.LabelTopologyZone] == "a", len(apiserver.Lacking(emulated, pod)) > 0; has == lacking {
		t.Errorf("Kubernetes %s: the pod has the label: %v, we say that it lacks it: %v", emulated, has, lacking)
	}
}

// oldTypes are the last release of k8s.io/api for each older version that the
// Go module proxy has.
var oldTypes = map[string]string{
	"1.31": "v0.31.14", "1.32": "v0.32.13", "1.33": "v0.33.13", "1.34": "v0.34.4", "1.35": "v0.35.4", "1.36": "v0.36.3",
}

// neverWorked are fields behind gates that are off in 1.37, too, which Create
// says are dropped, those of containers that no template may have, and one
// that is dropped with the field above it.
var neverWorked = regexp.MustCompile(`\.(user|defaultUser)$|^(EmptyDirVolumeSource\.mode|GRPCAction\.mode|HTTPGetAction\.protocol|JobSpec\.scheduling` +
	`|Lifecycle\.stopSignal|PodSpec\.(evictionResponders|schedulingGroup)|EphemeralContainerCommon\.\w+|PodCertificateProjection\.userAnnotations|VolumeMount\.bindMountOptions)$`)

// A field that the types of an older version do not have is known to be new:
// servers of that version refuse it, however their gates are set.
func TestFieldsAreAsOldAsTheirTypes(t *testing.T) {
	for v, release := range oldTypes {
		old := fieldsOfSource(t, definition{module: "k8s.io/api@" + release})
		for name := range fieldsOfKinds(t) {
			of, _, _ := strings.Cut(name, ".")
			switch new := apiserver.Since(name) > v; {
			case !old[of] || neverWorked.MatchString(name):
				// what leads to the type is new, or nobody has the field
			case old[name] && new:
				t.Errorf("Kubernetes %s has %s, we say it is there since %s", v, name, apiserver.Since(name))
			case !old[name] && !new:
				t.Errorf("Kubernetes %s does not have %s, we say it is there since %s", v, name, apiserver.Since(name))
			}
		}
	}
}

// The server does not serve what we say that it does not. Of the rest it may
// still leave out alpha and beta versions.
func TestUnservedIsNotServed(t *testing.T) {
	unserved := 0
	for gvk := range scheme.Scheme.AllKnownTypes() {
		o, err := scheme.Scheme.New(gvk)
		if err != nil {
			t.Fatal(err)
		}
		r, ok := o.(manifest.Resource)
		if !ok || len(apiserver.Unserved(apiserver.Newest, r)) == 0 {
			continue
		}
		unserved++
		if _, err := kinds().RESTMapping(gvk.GroupKind(), gvk.Version); err == nil {
			t.Errorf("the server has %v", gvk)
		}
	}
	if unserved == 0 {
		t.Error("everything in k8s.io/api is served")
	}
}

// fieldsOfKinds are the fields that an object of our kinds can have, as
// Type.field. A status is the server's.
func fieldsOfKinds(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, gvk := range builtIn() {
		o, err := scheme.Scheme.New(gvk)
		if err != nil {
			t.Fatal(err)
		}
		addFields(out, reflect.TypeOf(o))
	}
	return out
}

func addFields(out map[string]bool, typ reflect.Type) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		addFields(out, typ.Elem())
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			key := typ.Name() + "." + name
			if out[key] || name == "status" || !strings.HasPrefix(typ.PkgPath(), "k8s.io/api/") {
				continue
			}
			if name != "" {
				out[key] = true
			}
			addFields(out, f.Type)
		}
	}
}

// fieldsOfSource are the types of all groups, and their fields as Type.field,
// in a release of k8s.io/api.
func fieldsOfSource(t *testing.T, d definition) map[string]bool {
	t.Helper()
	dir, err := d.dir()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(dir + "/*/v*/types*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no types in %s: %v", dir, err)
	}
	out := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if typ, ok := n.(*ast.TypeSpec); ok {
				addDeclared(out, typ)
			}
			return true
		})
	}
	return out
}

func addDeclared(out map[string]bool, typ *ast.TypeSpec) {
	s, ok := typ.Type.(*ast.StructType)
	if !ok {
		return
	}
	out[typ.Name.Name] = true
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			continue
		}
		name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		out[typ.Name.Name+"."+name] = true
	}
}
