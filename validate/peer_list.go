package validate

import (
	"fmt"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// manySeeds is how many members a list may name before it is taken for one of
// all members: three seeds are what vendors ask for.
const manySeeds = 3

var peerListRestarts = Rule{
	Rule: diag.Rule{
		ID:       "peer-list-restarts",
		Severity: diag.Info,
		What:     "A list of all members in the pods themselves, of a program that can do with some of them.",
		Why: `Each change of their number changes the list, so that scaling restarts every pod. Programs that must be told all members
(etcd, ZooKeeper, MinIO) are not reported, nor are lists in files, which may be reread.`,
		Source: "kubernetes pkg/controller/statefulset/stateful_set_utils.go, getPatch: a pod template that differs by a byte is rolled out",
		Fix:    "Name the first three only, as dns.seeds does.",
		Reads:  diag.Reads{Own: "image env args command files", Pod: setsThere + " replicas autoscale first", App: "name objects patches"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			name, known := w.member()
			if n, _ := fewest(p.Set, w); w.set == nil || !known.seeds || n <= manySeeds {
				continue
			}
			for _, c := range w.containers() {
				if c.Name == name {
					p.peerList(c)
				}
			}
		}
	},
}

func (p *ObjectsPass) peerList(c podContainer) {
	report := func(at manifest.Field) {
		p.On(c.Object, at, fmt.Sprintf("it names all %d pods, so scaling them restarts each one", c.replicas), "Name the first three only, as dns.seeds does.")
	}
	switch {
	case c.namesAll(strings.Join(c.Args, " ")):
		report(c.in("args"))
	case c.namesAll(strings.Join(c.Command, " ")):
		report(c.in("command"))
	}
	for _, v := range c.Env {
		if c.namesAll(v.Value) {
			report(c.in("env[%s].value", v.Name))
		}
	}
}

// namesAll reports whether a text names every pod of the set.
func (c podContainer) namesAll(text string) bool {
	for i := range c.replicas {
		if !strings.Contains(text, fmt.Sprintf("%s-%d.", c.set.Name, firstOrdinal(c.set)+i)) {
			return false
		}
	}
	return true
}
