package compiler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v2"

	"github.com/statefulc/statefulc/spec"
)

// content is the text of a file and the field that states it.
type content struct{ text, field string }

// content is what is in a file of the container, which is made once: two passes
// ask for it.
func (c *Container) content(path string) content {
	if c.contents == nil {
		c.contents = map[string]content{}
	}
	if _, made := c.contents[path]; !made {
		c.contents[path] = contentOf(c.Files[path])
	}
	return c.contents[path]
}

func contentOf(f spec.File) content {
	switch {
	case f.Text != nil:
		return content{*f.Text, "text"}
	case f.YAML != nil:
		return content{asYAML(f.YAML), "yaml"}
	case f.JSON != nil:
		return content{asJSON(f.JSON), "json"}
	case f.Properties != nil:
		return content{properties(f.Properties), "properties"}
	}
	return content{ini(f.INI), "ini"}
}

// asYAML is what sigs.k8s.io/yaml writes, which prints JSON, reads it and prints
// it again to find out which numbers are integers. Here they are as they were
// stated.
func asYAML(v spec.Tree) string {
	text, err := yaml.Marshal(counted(map[string]any(v)))
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return string(text)
}

// counted is a value with its numbers as numbers.
func counted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = counted(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = counted(value)
		}
		return out
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := v.Float64(); err == nil {
			return n
		}
		return v.String()
	}
	return v
}

// asJSON is indented, sorted, and leaves < and & alone.
func asJSON(v spec.Tree) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		panic(err) // it was decoded from JSON
	}
	return b.String()
}

func properties(values map[string]spec.Scalar) string {
	var b strings.Builder
	byKey(values, func(key string, value spec.Scalar) { fmt.Fprintf(&b, "%s=%s\n", key, value) })
	return b.String()
}

func ini(sections map[string]map[string]spec.Scalar) string {
	var parts []string
	byKey(sections, func(name string, values map[string]spec.Scalar) {
		parts = append(parts, fmt.Sprintf("[%s]\n%s", name, properties(values)))
	})
	return strings.Join(parts, "\n")
}
