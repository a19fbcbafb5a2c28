package overlay

import (
	"strconv"
	"strings"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// isSame reports whether a YAML node says just what a tree does: the same keys,
// the same elements in the same order, and scalars of the same type. It is
// strict, so that what it takes needs no further look; a text with a character
// that kustomize's printer gets wrong does.
func isSame(n *kyaml.Node, v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return n.Kind == kyaml.MappingNode && len(n.Content) == 2*len(v) && sameEntries(n.Content, v)
	case []any:
		return n.Kind == kyaml.SequenceNode && len(n.Content) == len(v) && sameElements(n.Content, v)
	}
	return n.Kind == kyaml.ScalarNode && sameScalar(n, v)
}

// sameEntries compares keys and values in turn. No key is there twice: there
// are as many as the map has, and all of them are found.
func sameEntries(content []*kyaml.Node, m map[string]any) bool {
	seen := make(map[string]bool, len(m))
	for i := 0; i < len(content); i += 2 {
		key := content[i].Value
		v, ok := m[key]
		if !ok || seen[key] || !isCarried(key) || !isSame(content[i+1], v) {
			return false
		}
		seen[key] = true
	}
	return true
}

func sameElements(content []*kyaml.Node, list []any) bool {
	for i, v := range list {
		if !isSame(content[i], v) {
			return false
		}
	}
	return true
}

func sameScalar(n *kyaml.Node, v any) bool {
	switch v := v.(type) {
	case string:
		return n.ShortTag() == kyaml.NodeTagString && n.Value == v && isCarried(v)
	case bool:
		return n.ShortTag() == kyaml.NodeTagBool && n.Value == strconv.FormatBool(v)
	case int64:
		return n.ShortTag() == kyaml.NodeTagInt && n.Value == strconv.FormatInt(v, 10)
	}
	return false
}

// isCarried reports whether kustomize prints all characters of a text as they are.
func isCarried(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return isEscaped(r) && r != '\n' && r != '\t' }) < 0
}
