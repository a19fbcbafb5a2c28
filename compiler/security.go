package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// security lets a container do what it was stated to need.
func security(c *Context) {
	for _, g := range c.Groups {
		g.podSecurity()
		pod := g.pod()
		for i := range pod.InitContainers {
			pod.InitContainers[i].SecurityContext = restricted()
		}
		g.mainSecurity()
	}
}

// podSecurity runs the pod as the stated user, and as anyone but root if none
// is. Volumes belong to the stated group, else to one numbered like the user;
// the primary group stays the image's, which some images need to be root's.
func (g *Group) podSecurity() {
	s := &corev1.PodSecurityContext{
		RunAsUser:      g.User,
		RunAsGroup:     g.Container.Group,
		FSGroup:        g.Container.Group,
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if g.User == nil || *g.User != 0 {
		s.RunAsNonRoot = new(true)
	}
	volumes := "group"
	if s.FSGroup == nil {
		s.FSGroup, volumes = g.User, "user"
	}
	if s.FSGroup != nil {
		// Else every start walks through all files of the volume.
		s.FSGroupChangePolicy = new(corev1.FSGroupChangeOnRootMismatch)
	}
	g.pod().SecurityContext = s
	const field = "spec.template.spec.securityContext."
	g.from(field+"runAsUser", "user")
	g.from(field+"runAsNonRoot", "user")
	g.from(field+"runAsGroup", "group")
	g.from(field+"fsGroup", volumes)
	g.from(field+"fsGroupChangePolicy", volumes)
}

func (g *Group) mainSecurity() {
	s := restricted()
	s.ReadOnlyRootFilesystem = g.ReadOnlyRoot
	for i, capability := range g.Capabilities {
		s.Capabilities.Add = append(s.Capabilities.Add, corev1.Capability(capability))
		g.from(g.inMain(fmt.Sprintf("securityContext.capabilities.add[%d]", i)), "capabilities", fmt.Sprint(i))
	}
	g.main().SecurityContext = s
	g.from(g.inMain("securityContext.readOnlyRootFilesystem"), "readOnlyRoot")
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
