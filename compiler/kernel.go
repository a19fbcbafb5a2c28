package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// kernel sets kernel settings: those of the pod, and by a privileged init
// container those of its node.
func kernel(c *Context) {
	for _, p := range c.Pods {
		if p.group == nil {
			continue
		}
		byKey(p.group.Sysctls, func(name, value string) {
			security := p.security()
			security.Sysctls = append(security.Sysctls, corev1.Sysctl{Name: name, Value: value})
			p.from("spec.securityContext.sysctls["+name+"]", "sysctls", name)
		})
		if len(p.group.NodeSysctls) > 0 {
			p.nodeSysctls()
		}
	}
}

// nodeSysctls writes to /proc/sys, which only root in a privileged container
// may. Settings of the node are better made by who makes the node.
func (p *Pod) nodeSysctls() {
	const name = "node-sysctls"
	k := corev1.Container{
		Name:      name,
		Image:     p.main().Image,
		Command:   []string{"sh", "-c", "for setting; do echo \"${setting#*=}\" > \"/proc/sys/${setting%%=*}\"; done", name},
		Resources: p.main().resources(),
		SecurityContext: &corev1.SecurityContext{
			Privileged:             new(true),
			RunAsUser:              new(int64(0)),
			RunAsNonRoot:           new(false),
			ReadOnlyRootFilesystem: new(true),
		},
	}
	byKey(p.group.NodeSysctls, func(setting, value string) {
		k.Command = append(k.Command, slashed(setting)+"="+value)
	})
	p.addInit(k, p.path.Join("nodeSysctls"))
	p.object.From(fmt.Sprintf("%s.spec.initContainers[%s].image", p.field, name), p.path.Join("image"))
	p.main().linkResources(name)
}

// slashed is a setting's file: vm.max_map_count is vm/max_map_count.
func slashed(setting string) string {
	out := []byte(setting)
	for i, c := range out {
		if c == '.' {
			out[i] = '/'
		}
	}
	return string(out)
}
