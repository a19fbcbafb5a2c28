package compiler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

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

func asYAML(v spec.Tree) string {
	text, err := yaml.Marshal(v)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return string(text)
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
