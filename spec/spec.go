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
	"bytes"
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

	// Of an application that CUE refuses: what is left out, and what has a stand-in.
	Refused, Unsure []Path
}

// App is one application: #App of the schema, like all types here.
type App struct {
	Name           string                  `json:"name"`
	Namespace      string                  `json:"namespace"`
	Domain         string                  `json:"domain"`
	Kubernetes     string                  `json:"kubernetes"`
	Labels         map[string]string       `json:"labels"`
	Groups         map[string]*Group       `json:"groups"`
	Services       map[string]Service      `json:"services"`
	Clients        []Client                `json:"clients"`
	Egress         []Egress                `json:"egress"` // nil: anywhere
	StorageClasses map[string]StorageClass `json:"storageClasses"`
	Secrets        map[string]Secret       `json:"secrets"`
	Jobs           map[string]*Job         `json:"jobs"`
	PullSecrets    []string                `json:"pullSecrets"`
	Objects        map[string]Tree         `json:"objects"`
	Patches        map[string]Patch        `json:"patches"`
	Waive          map[string]Waiver       `json:"waive"`
}

// Waiver accepts the findings of a rule.
type Waiver struct {
	Reason string `json:"reason"`
	Until  string `json:"until"` // the last day that it counts; "": all
}

// Tree is an object as it would stand in a file. Its numbers keep their own
// spelling (json.Number).
type Tree map[string]any

// UnmarshalJSON keeps numbers as they are: 64 bits do not fit a float.
func (t *Tree) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode((*map[string]any)(t))
}

// Group is a set of equal pods.
type Group struct {
	Container

	Name         string             `json:"name"`
	Stable       *bool              `json:"stable"` // nil: if it has storage
	Replicas     int32              `json:"replicas"`
	First        int32              `json:"first"`
	Racks        map[string]Rack    `json:"racks"`
	Quorum       bool               `json:"quorum"`
	Disruption   intstr.IntOrString `json:"disruption"` // 0 where none was stated, until defaults are filled in
	Start        string             `json:"start"`
	Update       Update             `json:"update"`
	Settle       Duration           `json:"settle"`
	Claims       Claims             `json:"claims"`
	Placement    string             `json:"placement"`
	Nodes        map[string]string  `json:"nodes"`
	Tolerate     []Toleration       `json:"tolerate"`
	Priority     string             `json:"priority"`
	Grace        *Duration          `json:"grace"`
	Init         map[string]Init    `json:"init"`
	Sidecars     map[string]Sidecar `json:"sidecars"`
	Service      ClientService      `json:"service"`
	PerPod       *PerPod            `json:"perPod"`
	Metrics      *Metrics           `json:"metrics"`
	Autoscale    *Autoscale         `json:"autoscale"`
	Snapshots    *Snapshots         `json:"snapshots"`
	API          []Right            `json:"api"`
	Account      map[string]string  `json:"account"`
	Annotations  map[string]string  `json:"annotations"`
	HostNetwork  bool               `json:"hostNetwork"`
	ShareProcess bool               `json:"shareProcess"`
	Hugepages    map[string]string  `json:"hugepages"`
	Sysctls      map[string]string  `json:"sysctls"`
	NodeSysctls  map[string]string  `json:"nodeSysctls"`
	DNS          DNS                `json:"dns"`
}

// IsStable reports whether pods have names and volumes of their own: if that is
// not stated, when one of their containers has storage.
func (g *Group) IsStable() bool {
	if g.Stable != nil {
		return *g.Stable
	}
	storage := len(g.Storage)
	for _, init := range g.Init {
		storage += len(init.Storage)
	}
	for _, sidecar := range g.Sidecars {
		storage += len(sidecar.Storage)
	}
	return storage > 0
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

// Rack is a part of a group in one place.
type Rack struct {
	First *int32            `json:"first"` // nil: the group's
	Zone  string            `json:"zone"`
	Nodes map[string]string `json:"nodes"`
	Env   map[string]Value  `json:"env"`
}

// Claims is what becomes of claims: retain or delete.
type Claims struct {
	OnScaleDown string `json:"onScaleDown"`
	OnDelete    string `json:"onDelete"`
}

// ClientService is how the client Service is reached.
type ClientService struct {
	Type        string            `json:"type"`
	Annotations map[string]string `json:"annotations"`
}

// PerPod is how each pod's own Service is reached.
type PerPod struct {
	Type        string            `json:"type"`
	Ports       []string          `json:"ports"` // nil: all client ports
	Annotations map[string]string `json:"annotations"`
}

// Metrics is where Prometheus reads.
type Metrics struct {
	Port  string   `json:"port"`
	Path  string   `json:"path"`
	Every Duration `json:"every"`
	TLS   bool     `json:"tls"`
}

// Autoscale is how far the number of pods may go.
type Autoscale struct {
	Max    int32 `json:"max"`
	CPU    int32 `json:"cpu"`
	Memory int32 `json:"memory"`
}

// Snapshots are taken by a job.
type Snapshots struct {
	Schedule string   `json:"schedule"`
	Volumes  []string `json:"volumes"`
	Class    string   `json:"class"`
	Keep     int32    `json:"keep"`
	Image    string   `json:"image"`
}

// Right is what may be done with some resources of the namespace.
type Right struct {
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
	Group     string   `json:"group"`
}

// Identity are the variables that tell a container who and where it is. It has
// them without a word of the spec where it mentions them, in this order and
// before all others, which may use them.
var Identity = []string{"POD_NAME", "POD_IP", "POD_ORDINAL", "NODE_NAME", "NAMESPACE", "ZONE", "CPU_LIMIT", "MEMORY_LIMIT"}

// Container is what runs in a pod.
type Container struct {
	Image        string                     `json:"image"`
	Command      []string                   `json:"command"`
	Args         []string                   `json:"args"`
	Env          map[string]Value           `json:"env"`
	Ports        map[string]map[string]Port `json:"ports"`
	CPU          string                     `json:"cpu"`
	CPULimit     string                     `json:"cpuLimit"`
	Memory       string                     `json:"memory"`
	Storage      map[string]Storage         `json:"storage"`
	Scratch      map[string]Scratch         `json:"scratch"`
	Files        map[string]File            `json:"files"`
	SecretFiles  map[string]string          `json:"secretFiles"`
	TLS          map[string]Certificate     `json:"tls"`
	Startup      *Probe                     `json:"startup"`
	Ready        *Probe                     `json:"ready"`
	Live         *Probe                     `json:"live"`
	OnStart      []string                   `json:"onStart"`
	OnStop       []string                   `json:"onStop"`
	User         *int64                     `json:"user"`
	Group        *int64                     `json:"group"`
	Capabilities []string                   `json:"capabilities"`
	Privileged   bool                       `json:"privileged"`
	ReadOnlyRoot *bool                      `json:"readOnlyRoot"`
	Waive        map[string]Waiver          `json:"waive"`
}

// Helper is a container beside the main one.
type Helper struct {
	Container

	Mounts Mounts `json:"mounts"`
}

// Init is a container that runs before the main one.
type Init struct {
	Helper

	Order int `json:"order"`
}

// Sidecar is a container that runs beside the main one.
type Sidecar struct {
	Helper

	Outlives bool `json:"outlives"`
}

// Audiences are the keys of ports, the widest last.
var Audiences = []string{"local", "peer", "metrics", "client"}

// Storage is a volume of each pod's own.
type Storage struct {
	Mount   Mount             `json:"mount"`
	Size    string            `json:"size"`
	Class   *string           `json:"class"` // nil: the cluster's default; "": none
	Mode    string            `json:"mode"`
	Block   bool              `json:"block"`
	Static  []Static          `json:"static"`
	Restore []string          `json:"restore"`
	Waive   map[string]Waiver `json:"waive"`
}

// Static is a volume that exists already: one of Local, NFS and CSI.
type Static struct {
	Capacity string   `json:"capacity"`
	Node     string   `json:"node"`
	Local    string   `json:"local"`
	NFS      *NFSPath `json:"nfs"`
	CSI      *CSIDisk `json:"csi"`
}

// NFSPath is an export of a server.
type NFSPath struct {
	Server string `json:"server"`
	Path   string `json:"path"`
}

// CSIDisk is a volume of a driver.
type CSIDisk struct {
	Driver string `json:"driver"`
	Handle string `json:"handle"`
}

// Scratch is a directory that lives as long as its pod.
type Scratch struct {
	Memory    string `json:"memory"`
	FromImage bool   `json:"fromImage"`
}

// File is a text, or a value to be written in one of the formats.
type File struct {
	Text       *string                      `json:"text"`
	YAML       Tree                         `json:"yaml"`
	JSON       Tree                         `json:"json"`
	Properties map[string]Scalar            `json:"properties"`
	INI        map[string]map[string]Scalar `json:"ini"`
	Reload     bool                         `json:"reload"`
	Writable   bool                         `json:"writable"`
}

// Certificate is issued by cert-manager.
type Certificate struct {
	Issuer        string   `json:"issuer"`
	ClusterIssuer *bool    `json:"clusterIssuer"`
	CommonName    string   `json:"commonName"`
	Names         []string `json:"names"`
	Cert          string   `json:"cert"`
	Key           string   `json:"key"`
	Keystore      string   `json:"keystore"`
	Password      *KeyRef  `json:"password"`
}

// KeyRef is a key of a secret.
type KeyRef struct {
	Secret string `json:"secret"`
	Key    string `json:"key"`
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

// Job runs to its end.
type Job struct {
	Container

	Schedule string            `json:"schedule"` // "": once
	Claims   map[string]string `json:"claims"`
	Deadline Duration          `json:"deadline"`
	Retries  *int32            `json:"retries"`
}

// Service selects pods by group.
type Service struct {
	Groups      []string          `json:"groups"`
	Ports       map[string]Port   `json:"ports"`
	Select      map[string]string `json:"select"`
	Type        string            `json:"type"`
	Annotations map[string]string `json:"annotations"`
	Waive       map[string]Waiver `json:"waive"`
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

// Egress is where pods may connect to.
type Egress struct {
	Client

	Ports []Port `json:"ports"`
}

// Secret is a Secret of the cluster.
type Secret struct {
	Keys  []string          `json:"keys"`
	From  *SecretStore      `json:"from"` // nil: it is there already
	Waive map[string]Waiver `json:"waive"`
}

// SecretStore is where an ExternalSecret fetches from.
type SecretStore struct {
	Store   string `json:"store"`
	Path    string `json:"path"`
	Cluster *bool  `json:"cluster"`
}

// Patch changes a compiled object.
type Patch struct {
	Target     Target            `json:"target"`
	Merge      Tree              `json:"merge"`
	Operations []Tree            `json:"operations"`
	Waive      map[string]Waiver `json:"waive"`
}

// Target names a compiled object.
type Target struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// StorageClass is how a driver makes volumes.
type StorageClass struct {
	Provisioner  string            `json:"provisioner"`
	Parameters   map[string]string `json:"parameters"`
	Reclaim      string            `json:"reclaim"`
	Expand       *bool             `json:"expand"`
	Binding      string            `json:"binding"`
	MountOptions []string          `json:"mountOptions"`
	Waive        map[string]Waiver `json:"waive"`
}

// Value is that of an environment variable: a text, or a key of a secret.
type Value struct {
	Text   Scalar
	Secret *KeyRef
}

// UnmarshalJSON reads both forms.
func (v *Value) UnmarshalJSON(data []byte) error {
	if data[0] == '{' {
		v.Secret = new(KeyRef)
		return json.Unmarshal(data, v.Secret)
	}
	return json.Unmarshal(data, &v.Text)
}

// Update is how a new version comes to the pods: Strategy is rolling, manual
// or canary, and Canary how many pods get it then.
type Update struct {
	Strategy string
	Canary   int32
}

// UnmarshalJSON reads a word, or {"canary": 1}.
func (u *Update) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, &u.Strategy)
	}
	var canary struct {
		Canary int32 `json:"canary"`
	}
	*u = Update{Strategy: "canary"}
	err := json.Unmarshal(data, &canary)
	u.Canary = canary.Canary
	return err
}

// Mounts are the main container's directories that a helper sees: all of them
// at the same paths, or some by name or path, and where.
type Mounts struct {
	Same bool
	At   map[string]string
}

// UnmarshalJSON reads "same", or a map.
func (m *Mounts) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		m.Same = true
		return nil
	}
	return json.Unmarshal(data, &m.At)
}

// Scalar is a string, or the text of a number or a bool as CUE writes it: 1000
// for 1_000, 1E+3 for 1e3.
type Scalar string

// UnmarshalJSON reads all three.
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

// Repository is what the file at the root of a repository says.
type Repository struct {
	Output string `json:"output"` // slash-separated; "": beside each application
	Layout string `json:"layout"` // which files are written; "": the default
}
