package compiler

import (
	corev1 "k8s.io/api/core/v1"
)

// accounts makes a ServiceAccount for each group. Its pods get no token: a
// database has nothing to ask the Kubernetes API.
func accounts(c *Context) {
	for _, g := range c.Groups {
		g.add(&corev1.ServiceAccount{
			TypeMeta:                     kind("v1 ServiceAccount"),
			ObjectMeta:                   g.named(g.Name),
			AutomountServiceAccountToken: new(false),
		})
	}
}
