package compiler

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/statefulc/statefulc/spec"
)

// accounts makes a ServiceAccount for each group. Its pods get no token: a
// database has nothing to ask the Kubernetes API, unless rights are stated.
func accounts(c *Context) {
	for _, g := range c.Groups {
		account := &corev1.ServiceAccount{
			TypeMeta:                     kind("v1 ServiceAccount"),
			ObjectMeta:                   g.named(g.Name),
			AutomountServiceAccountToken: new(len(g.API) > 0),
		}
		account.Annotations = g.Account
		o := g.add(account)
		o.From("automountServiceAccountToken", g.path.Join("api"))
		byKey(g.Account, func(key, _ string) { o.From("metadata.annotations["+key+"]", g.path.Join("account", key)) })
		if len(g.API) > 0 {
			g.rights()
		}
	}
}

// rights are those of the group's pods in their namespace.
func (g *Group) rights() {
	role := &rbacv1.Role{TypeMeta: kind("rbac.authorization.k8s.io/v1 Role"), ObjectMeta: g.named(g.Name)}
	o := g.add(role)
	for i, right := range g.API {
		role.Rules = append(role.Rules, ruleOf(right))
		o.From(fmt.Sprintf("rules[%d]", i), g.path.Join("api", fmt.Sprint(i)))
	}
	g.bind(g.Name, g.Name, g.path.Join("api"), g.selector())
}

func ruleOf(right spec.Right) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{right.Group}, Resources: right.Resources, Verbs: right.Verbs}
}

// bind gives a role to the account of the same namespace.
func (c *Context) bind(role, account string, from spec.Path, labels map[string]string) {
	o := c.add(&rbacv1.RoleBinding{
		TypeMeta:   kind("rbac.authorization.k8s.io/v1 RoleBinding"),
		ObjectMeta: c.named(role),
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: c.App.Namespace}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role},
	}, from, labels)
	o.From(fmt.Sprintf("subjects[%s].namespace", account), spec.Path{"namespace"})
}
