package overlay

import "regexp"

// kustomization is what we need of a kustomization.yaml. There are no labels,
// prefixes or images in it: transformers change fields that are immutable.
type kustomization struct {
	namespace string
	resources []string
	patches   []patchFile // in the order in which kustomize applies them
}

// patchFile names a patch; a strategic merge names its object itself, JSON
// 6902 needs it as target.
type patchFile struct {
	path   string
	target *object
}

func (k kustomization) document() mapping {
	doc := mapping{{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}}
	if k.namespace != "" {
		doc = append(doc, entry{"namespace", k.namespace})
	}
	resources := make([]any, len(k.resources))
	for i, path := range k.resources {
		resources[i] = path
	}
	doc = append(doc, entry{"resources", resources})
	if len(k.patches) == 0 {
		return doc
	}
	patches := make([]any, len(k.patches))
	for i, p := range k.patches {
		patches[i] = p.document()
	}
	return append(doc, entry{"patches", patches})
}

func (p patchFile) document() mapping {
	doc := mapping{{"path", p.path}}
	if p.target == nil {
		return doc
	}
	gvk := p.target.gvk()
	var target mapping
	if gvk.Group != "" {
		target = append(target, entry{"group", gvk.Group})
	}
	// kustomize takes a target's name for a regular expression.
	target = append(target, entry{"version", gvk.Version}, entry{"kind", gvk.Kind}, entry{"name", regexp.QuoteMeta(p.target.Name)})
	if ns := p.target.Namespace; ns != "" {
		target = append(target, entry{"namespace", ns})
	}
	return append(doc, entry{"target", target})
}
