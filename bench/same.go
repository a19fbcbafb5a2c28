package main

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"sigs.k8s.io/yaml"
)

// objects are those of a YAML stream, by kind and name.
func objects(stream []byte) (map[string]any, error) {
	all := map[string]any{}
	for _, text := range bytes.Split(append([]byte("\n"), stream...), []byte("\n---\n")) {
		text = append(text, '\n') // a block of text ends with it
		var o struct {
			Kind     string
			Metadata struct{ Name string }
		}
		var whole any
		if err := yaml.Unmarshal(text, &whole); err != nil {
			return nil, err
		}
		if whole == nil {
			continue // comments
		}
		if err := yaml.Unmarshal(text, &o); err != nil {
			return nil, err
		}
		all[o.Kind+"/"+o.Metadata.Name] = whole
	}
	return all, nil
}

// same is an error if two streams are not of the same objects.
func same(want, got []byte) error {
	a, err := objects(want)
	if err != nil {
		return err
	}
	b, err := objects(got)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !reflect.DeepEqual(a[name], b[name]) {
			return fmt.Errorf("%s is not the same, or not there", name)
		}
	}
	if len(a) == 0 || len(a) != len(b) {
		return fmt.Errorf("%d objects, not %d", len(b), len(a))
	}
	return nil
}
