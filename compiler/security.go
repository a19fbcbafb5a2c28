package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// security lets each container do what it was stated to need.
func security(c *Context) {
	for _, p := range c.Pods {
		p.secure()
		for i := range p.spec().InitContainers[:p.ours] {
			if k := &p.spec().InitContainers[i]; k.SecurityContext == nil {
				k.SecurityContext = restricted()
			}
		}
		for _, c := range p.containers {
			c.secure()
		}
	}
}

// security is the pod's security context.
func (p *Pod) security() *corev1.PodSecurityContext {
	if p.spec().SecurityContext == nil {
		p.spec().SecurityContext = new(corev1.PodSecurityContext)
	}
	return p.spec().SecurityContext
}

// secure runs the pod as the stated user, and as anyone but root if none is.
// Volumes belong to the stated group, else to one numbered like the user; the
// primary group stays the image's, which some images need to be root's.
func (p *Pod) secure() {
	main, s := p.main(), p.security()
	s.RunAsUser, s.RunAsGroup, s.FSGroup = main.User, main.Container.Group, main.Container.Group
	s.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	if !isRoot(main.User) {
		s.RunAsNonRoot = new(true)
	}
	volumes := "group"
	if s.FSGroup == nil {
		s.FSGroup, volumes = main.User, "user"
	}
	if s.FSGroup != nil {
		// Else every start walks through all files of the volume.
		s.FSGroupChangePolicy = new(corev1.FSGroupChangeOnRootMismatch)
	}
	p.from("spec.securityContext.runAsUser", "user")
	p.from("spec.securityContext.runAsNonRoot", "user")
	p.from("spec.securityContext.runAsGroup", "group")
	p.from("spec.securityContext.fsGroup", volumes)
	p.from("spec.securityContext.fsGroupChangePolicy", volumes)
}

func isRoot(user *int64) bool { return user != nil && *user == 0 }

// secure sets what differs between a pod's containers.
func (c *Container) secure() {
	s := restricted()
	s.ReadOnlyRootFilesystem = c.ReadOnlyRoot
	if len(c.Capabilities) > 0 {
		c.from("securityContext", "capabilities")
	}
	for i, capability := range c.Capabilities {
		s.Capabilities.Add = append(s.Capabilities.Add, corev1.Capability(capability))
		c.from(fmt.Sprintf("securityContext.capabilities.add[%d]", i), "capabilities", fmt.Sprint(i))
	}
	if c.Privileged && len(c.Capabilities) > 0 {
		c.report("privileged-capabilities", []string{"capabilities"}, "a privileged container has all capabilities", "State one of privileged and capabilities.")
	}
	if c.Privileged {
		// A privileged container has all of them, and the API server refuses
		// to forbid it their escalation.
		s.Privileged, s.AllowPrivilegeEscalation, s.Capabilities = new(true), nil, nil
	}
	if c.role != isMain {
		s.RunAsUser, s.RunAsGroup = c.User, c.Container.Group
		if isRoot(c.User) {
			s.RunAsNonRoot = new(false)
		}
	}
	c.target().SecurityContext = s
	c.from("securityContext.readOnlyRootFilesystem", "readOnlyRoot")
	c.from("securityContext.privileged", "privileged")
	c.from("securityContext.runAsUser", "user")
	c.from("securityContext.runAsNonRoot", "user")
	c.from("securityContext.runAsGroup", "group")
}

// restricted is what the Pod Security Standard of that name asks for, and the
// read-only root.
func restricted() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		ReadOnlyRootFilesystem:   new(true),
		AllowPrivilegeEscalation: new(false),
	}
}
