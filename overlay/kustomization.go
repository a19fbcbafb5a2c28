package overlay

import "regexp"

// kustomization is what we need of a kustomization.yaml. There are no labels
// and prefixes in it: these transformers change fields that are immutable.
type kustomization struct {
	namespace string
	resources []string
	images    []image
	replicas  []count
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
	doc = append(doc, listed("resources", k.resources, func(path string) any { return path })...)
	doc = append(doc, listed("images", k.images, func(i image) any { return i.document() })...)
	doc = append(doc, listed("replicas", k.replicas, func(c count) any { return c.document() })...)
	return append(doc, listed("patches", k.patches, func(p patchFile) any { return p.document() })...)
}

// listed is a field with a list; there is none without elements.
func listed[T any](key string, elements []T, document func(T) any) mapping {
	if len(elements) == 0 {
		return nil
	}
	list := make([]any, len(elements))
	for i, e := range elements {
		list[i] = document(e)
	}
	return mapping{{key, list}}
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
