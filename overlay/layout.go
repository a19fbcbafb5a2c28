package overlay

import (
	"errors"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

// Layout is how an application is laid out in files. The zero value is [Kustomize].
type Layout string

const (
	Kustomize Layout = "kustomize" // base/ and overlays/<env>/
	Rendered  Layout = "rendered"  // these, and rendered/<env>/ with all objects of each environment
)

// Layouts are all of them, the default first.
var Layouts = []Layout{Kustomize, Rendered}

// ParseLayout finds a layout by its name.
func ParseLayout(name string) (Layout, error) {
	var names []string
	for _, l := range Layouts {
		if string(l) == name {
			return l, nil
		}
		names = append(names, string(l))
	}
	message := "there are " + strings.Join(names, ", ")
	if hint := diag.DidYouMean(name, names); hint != "" {
		message += "; d" + strings.TrimPrefix(hint, "D")
	}
	return "", errors.New(message)
}

// Render returns the files of rendered/<env>/: the objects of an environment as
// they are applied, one in a file, for reviewers and for engines that know no
// kustomize. The base is an environment like the others, for it may be deployed
// like them; a reader of rendered/ finds all that there are.
//
// They need no proof: the objects that are written here are those that [Emit]
// compares kustomize's build with.
func Render(env string, set *manifest.Set) []File {
	d := directory{path: "rendered/" + env}
	for _, o := range objects(set) {
		d.write(o.stem(), ordered(o.tree, o.typ))
	}
	return sorted(d.files)
}
