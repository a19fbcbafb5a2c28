package e2e

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage/etcd3/testserver"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app/testing"
)

// control is the control plane of the process: one for all tests, because it
// takes seconds to start.
var control *process

func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetMemoryLimit(400 << 20) // as the command has it: what the control plane drops here counts as a spec's
	if flag.Lookup("test.run").Value.String() == "" {
		prepareBuilders() // a run of single tests makes those that it needs
	}
	control = &process{log: logFile()}
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(control.log, nil)))
	control.startServer()
	control.addCustomResources()
	code := m.Run()
	control.stop()
	os.Exit(code)
}

// server is how to reach the API server of the process, as its administrator.
func server(t testing.TB) *rest.Config {
	t.Helper()
	return rest.CopyConfig(control.config)
}

// namespace makes a namespace for this test alone, and empties it afterwards:
// pods left behind would keep their share of the nodes.
func namespace(t testing.TB) string {
	t.Helper()
	client := kubernetes.NewForConfigOrDie(server(t))
	ns, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { empty(t, ns.Name) })
	return ns.Name
}

// logFile is where the control plane may write: it says thousands of lines on
// a good day.
func logFile() io.Writer {
	name := os.Getenv("E2E_LOG")
	if name == "" {
		return io.Discard
	}
	f, err := os.Create(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return f
}

// process is the testing.TB that Kubernetes' own test servers ask for, with the
// lifetime of the process instead of a test's. It has the methods that they
// use; another one would panic on the nil TB. An error without an end is one of
// the teardown: it is printed, and all tests have had their say by then.
type process struct {
	testing.TB

	log      io.Writer
	config   *rest.Config
	cleanups []func()
}

func (p *process) startServer() {
	p.emulate()
	storage := storagebackend.NewDefaultConfig("/registry", nil)
	storage.Transport.ServerList = testserver.RunEtcd(p, nil).Endpoints()
	// All default admission plugins are on, ServiceAccount and PodTopologyLabels
	// included: the former wants the example's account, the latter gives a pod
	// its zone.
	// Package apiserver allows privileged containers; this server, which shares
	// the variable with it, has to be asked.
	s := apiserver.StartTestServerOrDie(p, nil, []string{"--allow-privileged=true"}, storage)
	p.Cleanup(s.TearDownFn)
	p.config = s.ClientConfig
	p.config.QPS, p.config.Burst = 10_000, 10_000
}

// stop undoes what was started, the last first.
func (p *process) stop() {
	for _, f := range slices.Backward(p.cleanups) {
		f()
	}
}

func (p *process) Name() string                   { return "e2e" }
func (p *process) Helper()                        {}
func (p *process) Cleanup(f func())               { p.cleanups = append(p.cleanups, f) }
func (p *process) Log(args ...any)                { fmt.Fprintln(p.log, args...) }
func (p *process) Logf(format string, a ...any)   { fmt.Fprintf(p.log, format+"\n", a...) }
func (p *process) Error(args ...any)              { fmt.Fprintln(os.Stderr, args...) }
func (p *process) Errorf(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) }
func (p *process) Failed() bool                   { return false }

func (p *process) Fatal(args ...any)              { p.Error(args...); p.FailNow() }
func (p *process) Fatalf(format string, a ...any) { p.Errorf(format, a...); p.FailNow() }

// FailNow ends the process: without the control plane no test can say anything.
func (p *process) FailNow() {
	p.stop()
	os.Exit(1)
}

func (p *process) TempDir() string {
	dir, err := os.MkdirTemp("", "statefulc-e2e-")
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// patience is how long a test waits for what the controllers will do: far more
// than they need, since the machine may be busy with other things, and more than
// the two minutes for which the disruption controller believes in an eviction.
const patience = 150 * time.Second

// eventually waits until state has nothing to complain of.
func eventually(t testing.TB, what string, state func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := state()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
