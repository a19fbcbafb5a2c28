package manifest

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
)

var strict = serializer.WithoutConversionCodecFactory{CodecFactory: serializer.NewCodecFactory(scheme.Scheme)}.DecoderToVersion(
	kjson.NewSerializerWithOptions(kjson.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, kjson.SerializerOptions{Strict: true}), nil)

// Decode reads a tree into the Go type of its kind, and refuses fields that
// the type does not have. An object of a kind that is not of Kubernetes itself
// is taken as it is. The error is the decoder's, which may hold several.
func Decode(tree map[string]any) (Resource, error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	u := new(unstructured.Unstructured)
	if err := u.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	if !scheme.Scheme.Recognizes(u.GroupVersionKind()) {
		return u, nil
	}
	object, _, err := strict.Decode(text, nil, nil)
	if err != nil {
		return nil, err
	}
	resource, ok := object.(Resource)
	if !ok {
		return nil, fmt.Errorf("%s is no kind of objects", u.GetKind())
	}
	resource.GetObjectKind().SetGroupVersionKind(u.GroupVersionKind())
	return resource, nil
}
