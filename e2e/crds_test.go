package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// definition is the CustomResourceDefinition of a kind that we emit, in a
// release of the project that brings it: a Go module and a file in it.
type definition struct{ module, file string }

// definitions are the newest releases that the Go module proxy has as whole
// modules. The API module of prometheus-operator is newer, but without the
// file.
var definitions = []definition{
	{"github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds/cert-manager.io_certificates.yaml"},
	{"github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases/external-secrets.io_externalsecrets.yaml"},
	{"github.com/kubernetes-csi/external-snapshotter/client/v8@v8.7.0", "config/crd/snapshot.storage.k8s.io_volumesnapshots.yaml"},
	{"github.com/prometheus-operator/prometheus-operator@v0.85.0", "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"},
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

// customResources are as the compiler makes them, and with a fault.
var customResources = []struct {
	name, object string
	refusal      string // part of what the server says; "" if it takes the object
}{
	{"a good Certificate", `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: db}
spec:
  secretName: db
  dnsNames: ["*.db-peers.default.svc", localhost]
  issuerRef: {group: cert-manager.io, kind: ClusterIssuer, name: ca}
  usages: [digital signature, key encipherment, server auth, client auth]
  privateKey: {rotationPolicy: Always}
  keystores: {pkcs12: {create: true, passwordSecretRef: {name: db-keystore, key: password}}}
`, ""},
	{"a Certificate for a purpose that there is not", `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: db}
spec: {secretName: db, dnsNames: [db], issuerRef: {name: ca}, usages: [peer auth]}
`, `spec.usages[0]: Unsupported value: "peer auth"`},
	{"a good ExternalSecret", `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec:
  secretStoreRef: {name: vault, kind: ClusterSecretStore}
  target: {name: db}
  data: [{secretKey: password, remoteRef: {key: shop/db, property: password}}]
`, ""},
	{"an ExternalSecret whose key has no source", `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec: {secretStoreRef: {name: vault}, data: [{secretKey: password}]}
`, "spec.data[0].remoteRef: Required value"},
	{"a good ServiceMonitor", `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: db}
spec:
  selector:
    matchLabels: {app: db}
    matchExpressions: [{key: statefulc.dev/peers, operator: Exists}]
  endpoints: [{port: metrics, path: /metrics, interval: 30s}]
`, ""},
	{"a ServiceMonitor with an interval that is no duration", `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: db}
spec: {selector: {matchLabels: {app: db}}, endpoints: [{port: metrics, interval: often}]}
`, "spec.endpoints[0].interval: Invalid value"},
	{"a good VolumeSnapshot", `
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: data-db-0-20261123}
spec:
  volumeSnapshotClassName: nightly
  source: {persistentVolumeClaimName: data-db-0}
`, ""},
	{"a VolumeSnapshot of a claim and of what is taken already", `
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: db}
spec: {source: {persistentVolumeClaimName: data-db-0, volumeSnapshotContentName: old}}
`, "exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set"},
	{"a field that there is not", `
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: db}
spec: {source: {persistentVolumeClaim: data-db-0}}
`, "spec.source.persistentVolumeClaim"},
}

// The server takes custom resources as the compiler makes them, and knows
// enough of them to refuse a fault, so that the tests of the examples count.
func TestCustomResourcesAreHeldToTheirDefinitions(t *testing.T) {
	desk := newDesk(t)
	for _, c := range customResources {
		t.Run(c.name, func(t *testing.T) {
			text := []byte(c.object)
			kind := schema.FromAPIVersionAndKind(line(text, "apiVersion"), line(text, "kind"))
			for _, request := range []string{"create", "apply"} {
				a := desk.submit(t, request, submission{text: text, kind: kind})
				if got := a.said(); (got == "") != (c.refusal == "") || !strings.Contains(got, c.refusal) {
					t.Errorf("%s: want %q, the server says %q", request, c.refusal, got)
				}
			}
		})
	}
}

// said is what a user would see of the answer.
func (a answer) said() string {
	if a.refused != nil {
		return a.refused.Message
	}
	return strings.Join(a.warnings, "; ")
}
