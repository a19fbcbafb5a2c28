// Package spec is what the user said, as Go values: one [App] for each
// environment, every default filled in, and an [Index] of where each value
// was written.
//
// It mirrors the CUE package statefulc.dev/v1 field by field (a test compares
// the two) and decides nothing: what is right is said by the schema and by the
// rules, what it becomes by the compiler. The comments of the schema are the
// documentation of the fields.
package spec

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// Environment is one variant of an application: the base, or an overlay.
type Environment struct {
	Name  string // "base", or the overlay's name
	App   *App
	Index *Index
}

// App is one stateful application: #App of the schema, like all types here.
type App struct {
	Name           string                  `json:"name"`
	Namespace      string                  `json:"namespace"`
	Domain         string                  `json:"domain"`
	Labels         map[string]string       `json:"labels"`
	Groups         map[string]*Group       `json:"groups"`
	Clients        []Client                `json:"clients"`
	StorageClasses map[string]StorageClass `json:"storageClasses"`
}

// Group is a set of equal pods.
type Group struct {
	Container

	Name       string             `json:"name"`
	Replicas   int32              `json:"replicas"`
	First      int32              `json:"first"`
	Disruption intstr.IntOrString `json:"disruption"` // 0 where none was stated, until defaults are filled in
	Start      string             `json:"start"`
	Placement  string             `json:"placement"`
	Nodes      map[string]string  `json:"nodes"`
	Tolerate   []Toleration       `json:"tolerate"`
	Grace      *Duration          `json:"grace"`
	DNS        DNS                `json:"dns"`
}

// DNS are the names that a group will have.
type DNS struct {
	Zone     string   `json:"zone"`
	Headless string   `json:"headless"`
	Service  string   `json:"service"`
	Peers    string   `json:"peers"`
	Hosts    []string `json:"hosts"`
	Seeds    []string `json:"seeds"`
}

// Container is what runs in a pod.
type Container struct {
	Image        string                     `json:"image"`
	Command      []string                   `json:"command"`
	Args         []string                   `json:"args"`
	Env          map[string]Scalar          `json:"env"`
	Ports        map[string]map[string]Port `json:"ports"`
	CPU          string                     `json:"cpu"`
	CPULimit     string                     `json:"cpuLimit"`
	Memory       string                     `json:"memory"`
	Storage      map[string]Storage         `json:"storage"`
	Scratch      map[string]Scratch         `json:"scratch"`
	Files        map[string]File            `json:"files"`
	Startup      *Probe                     `json:"startup"`
	Ready        *Probe                     `json:"ready"`
	Live         *Probe                     `json:"live"`
	OnStart      []string                   `json:"onStart"`
	OnStop       []string                   `json:"onStop"`
	User         *int64                     `json:"user"`
	Group        *int64                     `json:"group"`
	Capabilities []string                   `json:"capabilities"`
	ReadOnlyRoot *bool                      `json:"readOnlyRoot"`
}

// Audiences are the keys of ports, the widest last.
var Audiences = []string{"local", "peer", "metrics", "client"}

// Storage is a volume of each pod's own.
type Storage struct {
	Mount Mount   `json:"mount"`
	Size  string  `json:"size"`
	Class *string `json:"class"` // nil: the cluster's default; "": none
	Mode  string  `json:"mode"`
}

// Scratch is a directory that lives as long as its pod.
type Scratch struct {
	Memory    string `json:"memory"`
	FromImage bool   `json:"fromImage"`
}

// File is the text of a file.
type File struct {
	Text string `json:"text"`
}

// Probe asks a container how it is: by one of Exec, HTTP, TCP and GRPC.
type Probe struct {
	Exec    []string `json:"exec"`
	HTTP    string   `json:"http"`
	Port    string   `json:"port"`
	TLS     bool     `json:"tls"`
	TCP     string   `json:"tcp"`
	GRPC    string   `json:"grpc"`
	Every   Duration `json:"every"`
	Timeout Duration `json:"timeout"`
	Fails   int32    `json:"fails"`
	Delay   Duration `json:"delay"`
}

// Toleration is a taint that does not matter.
type Toleration struct {
	Key    string  `json:"key"`
	Value  *string `json:"value"`
	Effect string  `json:"effect"`
}

// Client is who may connect.
type Client struct {
	App       string `json:"app"`
	Namespace string `json:"namespace"`
	CIDR      string `json:"cidr"`
}

// StorageClass is how a driver makes volumes.
type StorageClass struct {
	Provisioner  string            `json:"provisioner"`
	Parameters   map[string]string `json:"parameters"`
	Reclaim      string            `json:"reclaim"`
	Expand       *bool             `json:"expand"`
	Binding      string            `json:"binding"`
	MountOptions []string          `json:"mountOptions"`
}

// Scalar is a string, or the text of a number or a bool.
type Scalar string

// UnmarshalJSON keeps a number's own spelling.
func (s *Scalar) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		*s = Scalar(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// Port is a number and TCP, UDP or SCTP.
type Port struct {
	Number   int32
	Protocol string
}

// UnmarshalJSON reads 4567 and "4567/UDP".
func (p *Port) UnmarshalJSON(data []byte) error {
	number, protocol, found := strings.Cut(strings.Trim(string(data), `"`), "/")
	if !found {
		protocol = "TCP"
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return fmt.Errorf("port %s: %w", data, err)
	}
	*p = Port{Number: int32(n), Protocol: protocol}
	return nil
}

// Mount is the paths where a volume appears, and the sub-directory of the
// volume for each; "" is the whole.
type Mount map[string]string

// UnmarshalJSON reads a single path too.
func (m *Mount) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, (*map[string]string)(m))
	}
	var path string
	if err := json.Unmarshal(data, &path); err != nil {
		return err
	}
	*m = Mount{path: ""}
	return nil
}

// Duration is a time in whole seconds.
type Duration time.Duration

// UnmarshalJSON reads what time.ParseDuration does.
func (d *Duration) UnmarshalJSON(data []byte) error {
	parsed, err := time.ParseDuration(strings.Trim(string(data), `"`))
	*d = Duration(parsed)
	return err
}

// Seconds is d as Kubernetes counts it.
func (d Duration) Seconds() int64 { return int64(time.Duration(d) / time.Second) }
