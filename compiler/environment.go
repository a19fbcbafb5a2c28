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

// identity is where the variables of [spec.Identity] come from. ZONE is the
// label that Kubernetes puts on a pod when it binds it to a node: by default
// from 1.35 on (PodTopologyLabelsAdmission).
var identity = map[string]func(*Container) *corev1.EnvVarSource{
	"POD_NAME":     fieldRef("metadata.name"),
	"POD_IP":       fieldRef("status.podIP"),
	"POD_ORDINAL":  fieldRef("metadata.labels['apps.kubernetes.io/pod-index']"),
	"NODE_NAME":    fieldRef("spec.nodeName"),
	"NAMESPACE":    fieldRef("metadata.namespace"),
	"ZONE":         fieldRef("metadata.labels['topology.kubernetes.io/zone']"),
	"CPU_LIMIT":    cpuLimit,
	"MEMORY_LIMIT": memoryLimit,
}

func fieldRef(path string) func(*Container) *corev1.EnvVarSource {
	return func(*Container) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
}

// cpuLimit is the limit in cores, rounded up by Kubernetes; what is requested
// where there is none, since Kubernetes would give the node's.
func cpuLimit(c *Container) *corev1.EnvVarSource {
	if c.CPULimit == "" {
		return resourceRef("requests.cpu", "1")
	}
	return resourceRef("limits.cpu", "1")
}

func memoryLimit(*Container) *corev1.EnvVarSource { return resourceRef("limits.memory", "1Mi") }

func resourceRef(name, unit string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: name, Divisor: resource.MustParse(unit)}}
}

// environment sets the variables of each container.
func environment(c *Context) {
	c.each(func(c *Container) {
		e := &environ{Container: c, values: c.values()}
		e.setIdentity()
		e.setVariables()
	})
}

// environ is a container's environment on its way.
type environ struct {
	*Container
	values map[string]variable
}

// variable is a value and where the spec states it.
type variable struct {
	spec.Value
	path spec.Path
}

// values are the container's own variables, and those of its rack.
func (c *Container) values() map[string]variable {
	out := map[string]variable{}
	for name, value := range c.Env {
		out[name] = variable{value, c.path.Join("env", name)}
	}
	if c.rack != "" && c.role == isMain {
		for name, value := range c.group.Racks[c.rack].Env {
			out[name] = variable{value, c.path.Join("racks", c.rack, "env", name)}
		}
	}
	return out
}

func (e *environ) add(v corev1.EnvVar, from spec.Path) {
	k := e.target()
	k.Env = append(k.Env, v)
	e.object.From(fmt.Sprintf("%s.spec.%s[%s].env[%s]", e.Pod.field, e.list, e.name, v.Name), from)
}

// setIdentity sets those variables of [spec.Identity] that the container
// mentions anywhere: Kubernetes expands them, or a shell, or the program itself.
func (e *environ) setIdentity() {
	texts := e.texts()
	for _, name := range spec.Identity {
		if own, ok := e.values[name]; ok && own.Text != selfReference(name) {
			continue
		}
		at := slices.IndexFunc(texts, func(t text) bool { return mentions(t.text, name) })
		if at < 0 || !e.has(name, texts) {
			continue
		}
		e.add(corev1.EnvVar{Name: name, ValueFrom: identity[name](e.Container)}, texts[at].path)
	}
}

// has reports whether the container has what a variable tells. Where it has
// not, Kubernetes would give the node's limit, or nothing, without a word: so
// its use is reported, and a mere word is let alone.
func (e *environ) has(name string, texts []text) bool {
	var missing, fix string
	rule := "env-limit"
	switch {
	case name == "CPU_LIMIT" && e.CPULimit == "" && e.CPU == "":
		missing, fix = "neither cpuLimit nor cpu is stated", "State cpu, or the number itself."
	case name == "MEMORY_LIMIT" && e.Memory == "":
		missing, fix = "no memory is stated", "State memory, or the number itself."
	case name == "POD_ORDINAL" && e.claims == nil:
		rule, missing, fix = "not-stable", "the pods have no ordinals", "State `stable: true`, or leave it out."
	default:
		return true
	}
	for _, t := range texts {
		if uses(t.text, name) {
			e.Context.report(rule, t.path, fmt.Sprintf("%s is used, and %s", name, missing), fix)
		}
	}
	return false
}

// uses reports whether s has a variable in the form of Kubernetes or a shell.
func uses(s, name string) bool {
	return strings.Contains(s, "$("+name+")") || strings.Contains(s, "${"+name) || strings.Contains(s, "$"+name) && mentions(s, name)
}

// text is a string of the spec that a container gets to see.
type text struct {
	path spec.Path
	text string
}

// texts are all strings in which a variable can be mentioned.
func (e *environ) texts() []text {
	var out []text
	byKey(e.values, func(name string, v variable) {
		out = append(out, text{v.path, string(v.Text)})
	})
	command := func(words []string, path ...string) {
		for i, word := range words {
			out = append(out, text{e.path.Join(path...).Join(fmt.Sprint(i)), word})
		}
	}
	command(e.Command, "command")
	command(e.Args, "args")
	for _, p := range e.probes() {
		command(p.probe.Exec, p.name, "exec")
	}
	command(e.OnStart, "onStart")
	command(e.OnStop, "onStop")
	byKey(e.Files, func(path string, _ spec.File) {
		is := e.content(path)
		out = append(out, text{e.path.Join("files", path, is.field), is.text})
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
func (e *environ) setVariables() {
	done := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		e.set(name, nil, done)
	}
}

// set sets a variable that those in using wait for.
func (e *environ) set(name string, using []string, done map[string]bool) {
	v := e.values[name]
	if at := slices.Index(using, name); at >= 0 {
		e.Context.report("env-cycle", v.path, fmt.Sprintf("%s uses itself: %s", name, strings.Join(append(using[at:], name), " → ")), "Break the circle.")
		return
	}
	if done[name] || e.isIdentity(name) {
		return
	}
	for _, used := range references(string(v.Text)) {
		if _, ok := e.values[used]; ok {
			e.set(used, append(using[:len(using):len(using)], name), done)
		}
	}
	if done[name] {
		return
	}
	done[name] = true
	if v.Secret == nil {
		e.add(corev1.EnvVar{Name: name, Value: string(v.Text)}, v.path)
		return
	}
	e.add(corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: e.secretKey(*v.Secret, v.path)}}, v.path)
}

// isIdentity reports whether setIdentity has set a variable.
func (e *environ) isIdentity(name string) bool {
	return slices.ContainsFunc(e.target().Env, func(v corev1.EnvVar) bool {
		return v.Name == name && v.ValueFrom != nil && v.ValueFrom.SecretKeyRef == nil
	})
}

var reference = regexp.MustCompile(`\$?\$\(([-._A-Za-z][-._A-Za-z0-9]*)\)`)

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
