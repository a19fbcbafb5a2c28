package e2e

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// timeline is what happened to the pods and claims of a namespace, each step
// of it: a law about an order or about "never" cannot be read from states that
// a test polls. A test that fails prints it.
type timeline struct {
	client    kubernetes.Interface
	namespace string
	start     time.Time
	begin     uint64 // the revision before the first moment

	mu      sync.Mutex
	moments []moment
}

// moment is one thing that happened.
type moment struct {
	// revision is the store's: one etcd counts the writes to all kinds, so it
	// tells the order of a pod and a claim, which are watched separately.
	revision uint64
	at       time.Duration
	what     what
	kind     string // pod or claim
	name     string
	uid      types.UID
	detail   string
}

// what happens to pods and claims.
type what string

const (
	created what = "created"
	bound   what = "bound" // a pod to a node, a claim to a volume
	ready   what = "ready"
	unready what = "not ready" // or on its way out
	gone    what = "gone"
	lost    what = "lost from sight" // the watch has failed
)

// record starts the timeline of a namespace.
func record(t testing.TB, client kubernetes.Interface, namespace string) *timeline {
	t.Helper()
	list, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l := &timeline{client: client, namespace: namespace, start: time.Now(), begin: revision(list)}
	from := metav1.ListOptions{ResourceVersion: list.ResourceVersion}
	pods, err := client.CoreV1().Pods(namespace).Watch(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := client.CoreV1().PersistentVolumeClaims(namespace).Watch(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	go l.follow(t.Context(), "pod", pods)
	go l.follow(t.Context(), "claim", claims)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l)
		}
	})
	return l
}

// follow notes the steps of each object by comparing it with what it was.
func (l *timeline) follow(ctx context.Context, kind string, w watch.Interface) {
	last := map[string]state{}
	for event := range w.ResultChan() {
		object, err := meta.Accessor(event.Object)
		if err != nil && ctx.Err() != nil {
			return
		}
		if err != nil {
			l.add(moment{revision: math.MaxUint64, kind: kind, what: lost, detail: fmt.Sprint(event.Object)})
			return
		}
		now := stateOf(event.Object)
		was, known := last[object.GetName()]
		step := moment{kind: kind, name: object.GetName(), uid: object.GetUID(), revision: revision(object)}
		note := func(happened bool, w what, detail string) {
			if happened {
				step.what, step.detail = w, detail
				l.add(step)
			}
		}
		note(!known, created, now.detail)
		note(now.bound != "" && was.bound == "", bound, "to "+now.bound)
		note(now.ready && !was.ready, ready, "")
		note(was.ready && !now.ready, unready, "")
		note(event.Type == watch.Deleted, gone, "")
		last[object.GetName()] = now
		if event.Type == watch.Deleted {
			delete(last, object.GetName())
		}
	}
}

// state is what we look at in a pod or a claim.
type state struct {
	bound  string
	ready  bool
	detail string
}

func stateOf(object runtime.Object) state {
	switch o := object.(type) {
	case *corev1.Pod:
		return state{bound: o.Spec.NodeName, ready: isReady(o), detail: o.Spec.Containers[0].Image}
	case *corev1.PersistentVolumeClaim:
		return state{bound: o.Spec.VolumeName}
	}
	return state{}
}

// revision panics on a resource version that is no number: 1.37 guarantees it.
func revision(object interface{ GetResourceVersion() string }) uint64 {
	n, err := strconv.ParseUint(object.GetResourceVersion(), 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func (l *timeline) add(m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.at = time.Since(l.start)
	l.moments = append(l.moments, m)
}

// all is everything so far, in order.
func (l *timeline) all() []moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.moments)
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.revision, b.revision) })
	return all
}

// since is what happened after a revision.
func (l *timeline) since(revision uint64) []moment {
	return slices.DeleteFunc(l.all(), func(m moment) bool { return m.revision <= revision })
}

// first is when it happened to the object for the first time.
func (l *timeline) first(t testing.TB, kind, name string, w what) uint64 {
	t.Helper()
	for _, m := range l.all() {
		if m.kind == kind && m.name == name && m.what == w {
			return m.revision
		}
	}
	t.Fatalf("%s %s was never %s", kind, name, w)
	return 0
}

// now has the objects of a kind for which w is the case, by name.
func (l *timeline) now(kind string, w, until what) map[string]types.UID {
	return after(l.all(), kind, w, until)
}

// after replays moments: w makes it the case for an object, until ends it, and
// so does its end.
func after(moments []moment, kind string, w, until what) map[string]types.UID {
	is := map[string]types.UID{}
	for _, m := range moments {
		switch {
		case m.kind != kind:
		case m.what == w:
			is[m.name] = m.uid
		case m.what == until, m.what == gone:
			delete(is, m.name)
		}
	}
	return is
}

// await waits until exactly these pods are ready and their claims are bound.
func (l *timeline) await(t testing.TB, pods ...string) {
	t.Helper()
	eventually(t, "ready with bound claims: "+strings.Join(pods, ", "), func() error {
		is := slices.Sorted(maps.Keys(l.now("pod", ready, unready)))
		claims := l.now("claim", bound, gone)
		if !slices.Equal(is, pods) || len(claims) < len(pods) {
			return fmt.Errorf("ready are %q, bound are %q", is, slices.Sorted(maps.Keys(claims)))
		}
		return nil
	})
}

// awaitReplaced waits until all these pods are others under the same names, and
// ready.
func (l *timeline) awaitReplaced(t testing.TB, old map[string]types.UID) {
	t.Helper()
	eventually(t, "all pods are replaced and ready", func() error {
		var waiting []string
		is := l.now("pod", ready, unready)
		for name, uid := range old {
			if is[name] == "" || is[name] == uid {
				waiting = append(waiting, name)
			}
		}
		if len(waiting) > 0 {
			slices.Sort(waiting)
			return fmt.Errorf("not yet: %q", waiting)
		}
		return nil
	})
}

// awaitReplacement waits until another pod of this name runs on a node.
func (l *timeline) awaitReplacement(t testing.TB, name string, old types.UID) {
	t.Helper()
	eventually(t, "another "+name+" is on a node", func() error {
		if uid := l.now("pod", bound, gone)[name]; uid == "" || uid == old {
			return fmt.Errorf("it is not")
		}
		return nil
	})
}

// missing are the most pods that were not ready at one time after a revision,
// of those that were ready at it.
func (l *timeline) missing(revision uint64) []string {
	all := l.all()
	begin := slices.IndexFunc(all, func(m moment) bool { return m.revision > revision })
	if begin < 0 {
		return nil
	}
	expected := after(all[:begin], "pod", ready, unready)
	var most []string
	for i := range all[begin:] {
		missing := maps.Clone(expected)
		for name := range after(all[:begin+i+1], "pod", ready, unready) {
			delete(missing, name)
		}
		if len(missing) > len(most) {
			most = slices.Sorted(maps.Keys(missing))
		}
	}
	return most
}

// String is the timeline for a person to read, with the complaints of the
// scheduler and the controllers at its end.
func (l *timeline) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "what happened in namespace %s:\n", l.namespace)
	for _, m := range l.all() {
		fmt.Fprintf(&b, "%7.3fs  %-5s %-18s %-9s %s\n", m.at.Seconds(), m.kind, m.name, m.what, m.detail)
	}
	for _, complaint := range l.complaints() {
		fmt.Fprintf(&b, "warning: %s\n", complaint)
	}
	mishaps.Range(func(text, _ any) bool {
		fmt.Fprintf(&b, "imitation failed: %s\n", text)
		return true
	})
	return b.String()
}

// complaints are the warnings among the namespace's events, each once.
func (l *timeline) complaints() []string {
	events, err := l.client.CoreV1().Events(l.namespace).List(context.Background(), metav1.ListOptions{
		FieldSelector: "type=" + corev1.EventTypeWarning,
	})
	if err != nil {
		return []string{err.Error()}
	}
	var texts []string
	for _, e := range events.Items {
		if revision(&e) <= l.begin {
			continue
		}
		texts = append(texts, fmt.Sprintf("%s %s: %s", e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Message))
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}
