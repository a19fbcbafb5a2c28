package compiler

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/statefulc/statefulc/spec"
)

// identity are the variables that tell a container who and where it is, in
// the order in which they are set: before all others, which may use them.
//
// ZONE is the label that Kubernetes puts on a pod when it binds it to a node:
// by default from 1.35 on (PodTopologyLabelsAdmission).
var identity = []struct {
	name   string
	source func(*Group) *corev1.EnvVarSource
}{
	{"POD_NAME", fieldRef("metadata.name")},
	{"POD_IP", fieldRef("status.podIP")},
	{"POD_ORDINAL", fieldRef("metadata.labels['apps.kubernetes.io/pod-index']")},
	{"NODE_NAME", fieldRef("spec.nodeName")},
	{"NAMESPACE", fieldRef("metadata.namespace")},
	{"ZONE", fieldRef("metadata.labels['topology.kubernetes.io/zone']")},
	{"CPU_LIMIT", cpuLimit},
	{"MEMORY_LIMIT", memoryLimit},
}

func fieldRef(path string) func(*Group) *corev1.EnvVarSource {
	return func(*Group) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
}

// cpuLimit is the limit in cores, rounded up by Kubernetes; what is requested
// where there is none, since Kubernetes would give the node's.
func cpuLimit(g *Group) *corev1.EnvVarSource {
	if g.CPULimit == "" {
		return resourceRef("requests.cpu", "1")
	}
	return resourceRef("limits.cpu", "1")
}

func memoryLimit(*Group) *corev1.EnvVarSource { return resourceRef("limits.memory", "1Mi") }

func resourceRef(name, unit string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: name, Divisor: resource.MustParse(unit)}}
}

// environment sets the variables of the main container.
func environment(c *Context) {
	for _, g := range c.Groups {
		g.setIdentity()
		g.setVariables()
	}
}

// setIdentity sets those variables of [identity] that the container mentions
// anywhere: Kubernetes expands them, or a shell, or the program itself.
func (g *Group) setIdentity() {
	texts := g.texts()
	for _, id := range identity {
		if own, ok := g.Env[id.name]; ok && own != selfReference(id.name) {
			continue
		}
		at := slices.IndexFunc(texts, func(t text) bool { return mentions(t.text, id.name) })
		if at < 0 {
			continue
		}
		g.checkLimit(id.name, texts[at].path)
		g.main().Env = append(g.main().Env, corev1.EnvVar{Name: id.name, ValueFrom: id.source(g)})
		g.from(g.inMain("env["+id.name+"]"), texts[at].path...)
	}
}

// checkLimit refuses a variable about a limit that the group does not have:
// Kubernetes would silently give the node's.
func (g *Group) checkLimit(name string, path []string) {
	switch {
	case name == "CPU_LIMIT" && g.CPULimit == "" && g.CPU == "":
		g.report("env-limit", path, "CPU_LIMIT is used, and the group states neither cpuLimit nor cpu", "State cpu, or the number itself.")
	case name == "MEMORY_LIMIT" && g.Memory == "":
		g.report("env-limit", path, "MEMORY_LIMIT is used, and the group states no memory", "State memory, or the number itself.")
	}
}

// text is a string of the spec that a container gets to see.
type text struct {
	path []string
	text string
}

// texts are all strings in which a variable can be mentioned.
func (g *Group) texts() []text {
	var out []text
	byKey(g.Env, func(name string, value spec.Scalar) {
		out = append(out, text{[]string{"env", name}, string(value)})
	})
	command := func(words []string, path ...string) {
		for i, word := range words {
			out = append(out, text{append(path[:len(path):len(path)], fmt.Sprint(i)), word})
		}
	}
	command(g.Command, "command")
	command(g.Args, "args")
	for _, p := range g.probes() {
		command(p.probe.Exec, p.name, "exec")
	}
	command(g.OnStart, "onStart")
	command(g.OnStop, "onStop")
	byKey(g.Files, func(path string, file spec.File) {
		out = append(out, text{[]string{"files", path, "text"}, file.Text})
	})
	return out
}

// mentions reports whether a variable's name stands in s as a word.
func mentions(s, name string) bool {
	isWord := func(b byte) bool {
		return b == '_' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
	}
	for at := 0; ; {
		i := strings.Index(s[at:], name)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(name)
		if (start == 0 || !isWord(s[start-1])) && (end == len(s) || !isWord(s[end])) {
			return true
		}
		at = end
	}
}

func selfReference(name string) spec.Scalar { return spec.Scalar("$(" + name + ")") }

// setVariables sets the user's, by name, but each after those it uses:
// Kubernetes expands only what was defined before.
func (g *Group) setVariables() {
	done := map[string]bool{}
	var set func(name string, using []string)
	set = func(name string, using []string) {
		if at := slices.Index(using, name); at >= 0 {
			g.report("env-cycle", []string{"env", name},
				fmt.Sprintf("%s uses itself: %s", name, strings.Join(append(using[at:], name), " → ")), "Break the circle.")
			return
		}
		if done[name] {
			return
		}
		for _, used := range references(string(g.Env[name])) {
			if _, ok := g.Env[used]; ok && !g.isIdentity(used) {
				set(used, append(using[:len(using):len(using)], name))
			}
		}
		if done[name] {
			return
		}
		done[name] = true
		g.main().Env = append(g.main().Env, corev1.EnvVar{Name: name, Value: string(g.Env[name])})
		g.from(g.inMain("env["+name+"]"), "env", name)
	}
	for _, name := range slices.Sorted(maps.Keys(g.Env)) {
		if !g.isIdentity(name) {
			set(name, nil)
		}
	}
}

// isIdentity reports whether setIdentity has set a variable.
func (g *Group) isIdentity(name string) bool {
	return slices.ContainsFunc(g.main().Env, func(v corev1.EnvVar) bool { return v.Name == name && v.ValueFrom != nil })
}

var reference = regexp.MustCompile(`\$?\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)

// references are the variables that Kubernetes expands in a value: $(A), but
// not $$(A).
func references(value string) []string {
	var out []string
	for _, m := range reference.FindAllStringSubmatch(value, -1) {
		if !strings.HasPrefix(m[0], "$$") {
			out = append(out, m[1])
		}
	}
	return out
}
