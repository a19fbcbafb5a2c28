package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// definition is the CustomResourceDefinition of a kind that we emit, or that
// users write beside it, in a release of the project that brings it: a Go
// module and a file in it.
type definition struct{ module, file string }

// The newest releases that the Go module proxy has as whole modules. The API
// module of prometheus-operator is newer, but without the files.
const (
	certManager        = "github.com/cert-manager/cert-manager@v1.21.2"
	externalSecrets    = "github.com/external-secrets/external-secrets@v1.3.2"
	snapshotter        = "github.com/kubernetes-csi/external-snapshotter/client/v8@v8.7.0"
	prometheusOperator = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
)

var definitions = []definition{
	{certManager, "deploy/crds/cert-manager.io_certificates.yaml"},
	{certManager, "deploy/crds/cert-manager.io_clusterissuers.yaml"},
	{certManager, "deploy/crds/cert-manager.io_issuers.yaml"},
	{externalSecrets, "config/crds/bases/external-secrets.io_clustersecretstores.yaml"},
	{externalSecrets, "config/crds/bases/external-secrets.io_externalsecrets.yaml"},
	{externalSecrets, "config/crds/bases/external-secrets.io_secretstores.yaml"},
	{snapshotter, "config/crd/snapshot.storage.k8s.io_volumesnapshotclasses.yaml"},
	{snapshotter, "config/crd/snapshot.storage.k8s.io_volumesnapshotcontents.yaml"},
	{snapshotter, "config/crd/snapshot.storage.k8s.io_volumesnapshots.yaml"},
	{prometheusOperator, "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml"},
	{prometheusOperator, "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"},
	{prometheusOperator, "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"},
}

// addCustomResources makes the server serve the kinds of definitions. It runs
// before anything asks which kinds there are.
func (p *process) addCustomResources() {
	client := dynamic.NewForConfigOrDie(p.config).Resource(schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
	})
	var names []string
	for _, d := range definitions {
		crd, err := d.read()
		if err == nil {
			_, err = client.Create(context.Background(), crd, metav1.CreateOptions{})
		}
		if err != nil {
			p.Fatalf("%s: %v", d.module, err)
		}
		names = append(names, crd.GetName())
	}
	for _, name := range names {
		eventually(p, name+" is established", func() error { return established(client, name) })
	}
}

// read gets the definition out of the module.
func (d definition) read() (*unstructured.Unstructured, error) {
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, d.file))
	if err != nil {
		return nil, err
	}
	crd := &unstructured.Unstructured{}
	return crd, yaml.Unmarshal(text, &crd.Object)
}

// dir is where the module is, which is downloaded once.
func (d definition) dir() (string, error) {
	download := exec.Command("go", "mod", "download", "-json", d.module)
	download.Dir = os.TempDir() // no module of ours has a say
	answer, err := download.Output()
	var module struct{ Dir, Error string }
	if parsed := json.Unmarshal(answer, &module); parsed != nil || module.Error != "" {
		return "", fmt.Errorf("go mod download %s: %v %s", d.module, err, module.Error)
	}
	return module.Dir, nil
}

// established returns an error until the server serves the kind.
func established(client dynamic.ResourceInterface, name string) error {
	crd, err := client.Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	conditions, _, err := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, c := range conditions {
		if c, _ := c.(map[string]any); c["type"] == "Established" && c["status"] == "True" {
			return nil
		}
	}
	return fmt.Errorf("it is not: %v %v", conditions, err)
}

// The definitions in package apiserver are those of the projects, without what
// has no say in a verdict: prose, columns for kubectl, versions that the server
// does not serve. UPDATE=1 writes them after a version above has changed.
func TestEmbeddedDefinitionsAreTheProjects(t *testing.T) {
	const dir = "../apiserver/crds"
	written := map[string]bool{}
	for _, d := range definitions {
		crd, err := d.read()
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.MarshalIndent(d.stripped(crd), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, crd.GetName()+".json")
		written[filepath.Base(file)] = true
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, append(text, '\n'), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if committed, err := os.ReadFile(file); err != nil || string(committed) != string(text)+"\n" {
			t.Errorf("%s is not what %s has in %s (UPDATE=1 writes it): %v", file, d.module, d.file, err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !written[f.Name()] {
			t.Errorf("%s/%s has no row in the table", dir, f.Name())
		}
	}
}

// stripped is what package apiserver reads of a definition, and where it is
// from.
func (d definition) stripped(crd *unstructured.Unstructured) map[string]any {
	spec := crd.Object["spec"].(map[string]any)
	var versions []any
	for _, v := range spec["versions"].([]any) {
		if v := v.(map[string]any); v["served"] == true {
			bare := without(v, "additionalPrinterColumns")
			bare["schema"] = map[string]any{"openAPIV3Schema": undescribed(v["schema"].(map[string]any)["openAPIV3Schema"])}
			versions = append(versions, bare)
		}
	}
	bare := without(spec, "conversion")
	bare["versions"] = versions
	return map[string]any{
		"apiVersion": crd.GetAPIVersion(),
		"kind":       crd.GetKind(),
		"metadata": map[string]any{
			"name":        crd.GetName(),
			"annotations": map[string]any{"statefulc.dev/source": d.module + "/" + d.file},
		},
		"spec": bare,
	}
}

// undescribed is a schema without its descriptions, nor those of the schemas
// in it. A property may have any name, description too.
func undescribed(schema any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema // true and false are schemas
	}
	out := without(s, "description")
	for _, key := range []string{"items", "additionalProperties", "not"} {
		if below, ok := s[key]; ok {
			out[key] = undescribed(below)
		}
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		if list, ok := s[key].([]any); ok {
			out[key] = eachUndescribed(list)
		}
	}
	if properties, ok := s["properties"].(map[string]any); ok {
		below := map[string]any{}
		for name, p := range properties {
			below[name] = undescribed(p)
		}
		out["properties"] = below
	}
	return out
}

func eachUndescribed(schemas []any) []any {
	out := make([]any, len(schemas))
	for i, s := range schemas {
		out[i] = undescribed(s)
	}
	return out
}

// without is a copy of m that lacks a key.
func without(m map[string]any, key string) map[string]any {
	m = maps.Clone(m)
	delete(m, key)
	return m
}
