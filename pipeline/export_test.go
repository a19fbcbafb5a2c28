package pipeline

import "github.com/statefulc/statefulc/diag"

// Told is what is told of an environment of which CUE refuses something.
func (env Environment) Told(found diag.List) diag.List {
	return env.unnamed(certain(found, env.Environment).Sorted())
}
