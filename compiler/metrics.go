package compiler

import (
	"fmt"
)

// metrics asks Prometheus, by its operator, to read a port of each pod.
func metrics(c *Context) {
	for _, g := range c.Groups {
		if g.Metrics != nil {
			g.monitor()
		}
	}
}

func (g *Group) monitor() {
	at := g.path.Join("metrics")
	if g.portNamed(g.Metrics.Port, at.Join("port"), "peer", "client", "metrics") == nil {
		return
	}
	labels := map[string]any{}
	for key, value := range g.selector() {
		labels[key] = value
	}
	endpoint := map[string]any{
		"port":     g.Metrics.Port,
		"path":     g.Metrics.Path,
		"interval": fmt.Sprintf("%ds", g.Metrics.Every.Seconds()),
	}
	if g.Metrics.TLS {
		endpoint["scheme"] = "https"
		endpoint["tlsConfig"] = map[string]any{"insecureSkipVerify": true}
	}
	o := g.add(custom("monitoring.coreos.com/v1 ServiceMonitor", g.named(g.Name), map[string]any{
		// The headless Service has every pod, and a label that the other
		// Service of the group has too: it is chosen by its own.
		"selector": map[string]any{"matchLabels": labels, "matchExpressions": []any{
			map[string]any{"key": labelPeers, "operator": "Exists"},
		}},
		"endpoints": []any{endpoint},
	}))
	o.From("spec.endpoints[0].port", at.Join("port"))
	o.From("spec.endpoints[0].path", at.Join("path"))
	o.From("spec.endpoints[0].interval", at.Join("every"))
	o.From("spec.endpoints[0].scheme", at.Join("tls"))
	o.From("spec.endpoints[0].tlsConfig", at.Join("tls"))
	o.From("spec.selector.matchLabels["+labelApp+"]", []string{"name"})
}
