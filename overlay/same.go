package overlay

import (
	"reflect"
	"strconv"
	"strings"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// isSame reports whether a YAML node says just what the tree of a value of type
// t does: the same keys, the same elements in the same order, and scalars of the
// same type, where a number is a quantity too. It is strict, so that what it
// takes needs no further look; a text with a character that kustomize's printer
// gets wrong does.
func isSame(n *kyaml.Node, v any, t reflect.Type) bool {
	switch v := v.(type) {
	case map[string]any:
		return n.Kind == kyaml.MappingNode && len(n.Content) == 2*len(v) && sameEntries(n.Content, v, t)
	case []any:
		return n.Kind == kyaml.SequenceNode && len(n.Content) == len(v) && sameElements(n.Content, v, below(t, ""))
	case string:
		return n.Kind == kyaml.ScalarNode && sameText(n, v, t)
	}
	return n.Kind == kyaml.ScalarNode && sameScalar(n, v)
}

// sameEntries compares keys and values in turn. No key is there twice: there
// are as many as the map has, and all of them are found.
func sameEntries(content []*kyaml.Node, m map[string]any, t reflect.Type) bool {
	seen := make(map[string]bool, len(m))
	for i := 0; i < len(content); i += 2 {
		key := content[i].Value
		v, ok := m[key]
		if !ok || seen[key] || !isCarried(key) || !isSame(content[i+1], v, below(t, key)) {
			return false
		}
		seen[key] = true
	}
	return true
}

func sameElements(content []*kyaml.Node, list []any, t reflect.Type) bool {
	for i, v := range list {
		if !isSame(content[i], v, t) {
			return false
		}
	}
	return true
}

// sameText takes 2 for the quantity "2", which [ordered] writes so.
func sameText(n *kyaml.Node, v string, t reflect.Type) bool {
	tag := n.ShortTag()
	return n.Value == v && (tag == kyaml.NodeTagString && isCarried(v) || tag == kyaml.NodeTagInt && isBare(v, t))
}

func sameScalar(n *kyaml.Node, v any) bool {
	switch v := v.(type) {
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
