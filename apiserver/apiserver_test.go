package apiserver_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/apiserver"
)

const corpus = "../testdata/apiserver"

// Each file of the corpus is an object that is named after its fault, and
// says in its first lines, in the words of the server, what becomes of it:
//
//	# refused: <field, or - for the object as a whole>: <part of the message>
//	# warned: <field>: <part>
//	# dropped: <field>: <part>
//	# accepted
//
// What older versions make of it stands in further lines; see TestLacking.
func TestCorpus(t *testing.T) {
	for _, file := range files(t, "*") {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, corpus+"/"), ".yaml"), func(t *testing.T) {
			text := read(t, file)
			got, err := apiserver.CreateYAML(text)
			if err != nil {
				t.Fatal(err)
			}
			match(t, expectations(t, text), got)
		})
	}
}

type expectation struct{ kind, field, part string }

func (e expectation) fits(v apiserver.Verdict) bool {
	return e.kind == v.Kind.String() && e.field == v.Field && strings.Contains(v.Message, e.part)
}

// expectations reads the comment at the top of a file.
func expectations(t *testing.T, text []byte) []expectation {
	t.Helper()
	if strings.HasPrefix(string(text), "# accepted\n") {
		return nil
	}
	var wants []expectation
	for line := range strings.Lines(string(text)) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !ok {
			break
		}
		if strings.HasPrefix(comment, "before ") {
			continue // see TestLacking
		}
		parts := strings.SplitN(comment, ": ", 3)
		if len(parts) != 3 || parts[2] == "" {
			t.Fatalf("the line %q is not # kind: field: part of the message", line)
		}
		wants = append(wants, expectation{parts[0], strings.TrimPrefix(parts[1], "-"), parts[2]})
	}
	if len(wants) == 0 {
		t.Fatal("the file does not say what it expects")
	}
	return wants
}

// match fails for each verdict that is missing and for each that is extra.
func match(t *testing.T, wants []expectation, got []apiserver.Verdict) {
	t.Helper()
	for _, w := range wants {
		i := slices.IndexFunc(got, w.fits)
		if i < 0 {
			t.Errorf("missing %v", w)
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
	for _, v := range got {
		t.Errorf("unexpected %v", v)
	}
}

// A ConfigMap may hold one mebibyte; a file of that size is not committed.
func TestConfigMapTooLarge(t *testing.T) {
	for size, want := range map[int][]apiserver.Verdict{
		1 << 20:   nil,
		1<<20 + 1: {{Kind: apiserver.Refused, Message: "Too long: may not be more than 1048576 bytes"}},
	} {
		m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Data: map[string]string{"a": strings.Repeat("x", size)}}
		if diff := cmp.Diff(want, apiserver.Create(m)); diff != "" {
			t.Errorf("%d bytes: -want +got\n%s", size, diff)
		}
	}
}

// Objects are shared: Create leaves them as they are, runs in many goroutines
// and says the same each time.
func TestCreateOfASharedObject(t *testing.T) {
	shared := statefulSet()
	shared.Spec.Template.Spec.Volumes = []corev1.Volume{{
		Name:         "tmp",
		VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Mode: new(int32(0o700))}},
	}}
	before := shared.DeepCopy()
	first := apiserver.Create(shared)
	if len(first) != 1 {
		t.Errorf("want one verdict, got %v", first)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if diff := cmp.Diff(first, apiserver.Create(shared)); diff != "" {
				t.Errorf("-first +later\n%s", diff)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(before, shared); diff != "" {
		t.Errorf("the object changed: -before +after\n%s", diff)
	}
}

// The verdict on a Go value is the one on its text.
func TestCreateSaysTheSameOfValuesAsOfText(t *testing.T) {
	if got := apiserver.Create(statefulSet()); len(got) > 0 {
		t.Errorf("a good StatefulSet: %v", got)
	}
	faulty := statefulSet()
	faulty.Spec.Template.Spec.Containers[0].Image = ""
	want, err := apiserver.CreateYAML(read(t, corpus+"/statefulset/image-missing.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, apiserver.Create(faulty)); diff != "" {
		t.Errorf("-text +value\n%s", diff)
	}
}

// An object that was not read into its Go type is judged as its text is.
func TestCreateOfAnUntypedObject(t *testing.T) {
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "db"}, "datum": "x",
	}}
	want := []apiserver.Verdict{{Kind: apiserver.Refused, Field: "datum", Message: "unknown field"}}
	if diff := cmp.Diff(want, apiserver.Create(u)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestKnows(t *testing.T) {
	for _, gvk := range apiserver.Kinds() {
		if !apiserver.Knows(gvk) {
			t.Errorf("%v is listed, but not known", gvk)
		}
	}
	for _, gvk := range []schema.GroupVersionKind{
		{Version: "v1", Kind: "Pod"},
		{Group: "autoscaling", Version: "v1", Kind: "HorizontalPodAutoscaler"},
		{Group: "cert-manager.io", Version: "v1alpha2", Kind: "Certificate"},
		{Group: "example.com", Version: "v1", Kind: "Dashboard"},
		{},
	} {
		if apiserver.Knows(gvk) {
			t.Errorf("%v is known, but not listed", gvk)
		}
	}
}

func TestCreateYAMLErrs(t *testing.T) {
	for name, text := range map[string]string{
		"no kind":             "apiVersion: v1\nmetadata: {name: db}\n",
		"no version":          "kind: ConfigMap\nmetadata: {name: db}\n",
		"unknown kind":        "apiVersion: v1\nkind: ConfigMaps\nmetadata: {name: db}\n",
		"kind without a rule": "apiVersion: v1\nkind: Pod\nmetadata: {name: db}\n",
		"version not served":  "apiVersion: apps/v1beta2\nkind: StatefulSet\nmetadata: {name: db}\n",
		"two objects":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
		"nothing":             "",
	} {
		if got, err := apiserver.CreateYAML([]byte(text)); err == nil {
			t.Errorf("%s: no error, but %v", name, got)
		}
	}
}

// Each kind has an object with which the server is content, and several with
// which it is not: a kind that is added to the table needs them, too.
func TestEveryKindIsInTheCorpus(t *testing.T) {
	for _, gvk := range apiserver.Kinds() {
		dir, faulty := strings.ToLower(gvk.Kind), 0
		if text := read(t, filepath.Join(corpus, dir, "good.yaml")); !strings.Contains(string(text), "kind: "+gvk.Kind+"\n") {
			t.Errorf("%s/good.yaml is not a %s", dir, gvk.Kind)
		}
		for _, file := range files(t, dir) {
			if !strings.HasPrefix(filepath.Base(file), "good") {
				faulty++
			}
		}
		if faulty < 5 {
			t.Errorf("%s has %d faulty objects, want at least 5", dir, faulty)
		}
	}
}

func BenchmarkCreate(b *testing.B) {
	set := statefulSet()
	b.ReportAllocs()
	for b.Loop() {
		apiserver.Create(set)
	}
}

func BenchmarkCreateOfACustomResource(b *testing.B) {
	for _, kind := range []string{"certificate", "externalsecret", "servicemonitor", "secretstore", "volumesnapshot"} {
		b.Run(kind, func(b *testing.B) {
			u := &unstructured.Unstructured{}
			text, err := os.ReadFile(filepath.Join(corpus, kind, "good.yaml"))
			if err == nil {
				err = yaml.Unmarshal(text, &u.Object)
			}
			if err != nil {
				b.Fatal(err)
			}
			apiserver.Create(u) // reads the definition
			b.ReportAllocs()
			for b.Loop() {
				apiserver.Create(u)
			}
		})
	}
}

func statefulSet() *appsv1.StatefulSet {
	labels := map[string]string{"app": "db"}
	return &appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec: appsv1.StatefulSetSpec{
			ServiceName: "db",
			Selector:    &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "db", Image: "db:1"}}},
			},
		},
	}
}

// files are the objects of the corpus of one kind, or of all (*).
func files(t *testing.T, kind string) []string {
	t.Helper()
	found, err := filepath.Glob(corpus + "/" + kind + "/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
