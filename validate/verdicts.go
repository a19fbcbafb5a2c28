package validate

import (
	"reflect"

	"github.com/statefulc/statefulc/apiserver"
	"github.com/statefulc/statefulc/manifest"
)

// Verdicts are what the API server said of objects, so that it is asked once:
// most of an overlay's objects are the base's. The zero value is ready; it is
// not for several goroutines at once.
type Verdicts struct {
	asked map[manifest.Ref][]asked
}

// asked is an object that was judged. It is not changed any more then.
type asked struct {
	value manifest.Resource
	said  []apiserver.Verdict
}

func (v *Verdicts) of(o *manifest.Object) []apiserver.Verdict {
	ref := o.Ref()
	for _, a := range v.asked[ref] {
		if reflect.DeepEqual(a.value, o.Value) {
			return a.said
		}
	}
	if v.asked == nil {
		v.asked = map[manifest.Ref][]asked{}
	}
	said := apiserver.Create(o.Value)
	v.asked[ref] = append(v.asked[ref], asked{o.Value, said})
	return said
}
