package apiserver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"github.com/statefulc/statefulc/manifest"
)

// strict decodes as the server does for fieldValidation=Strict, which kubectl
// and the GitOps tools ask for: unknown and duplicate fields are refused. Text
// that we have written ourselves is JSON, which is faster to read.
var (
	strict     = json.NewSerializerWithOptions(json.DefaultMetaFactory, creator{}, legacyscheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
	strictJSON = json.NewSerializerWithOptions(json.DefaultMetaFactory, creator{}, legacyscheme.Scheme, json.SerializerOptions{Strict: true})
)

// creator makes the objects to decode into: of the Go type, or untyped for a
// custom resource.
type creator struct{}

func (creator) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	if kinds[gvk].custom() != nil {
		return &unstructured.Unstructured{}, nil
	}
	return legacyscheme.Scheme.New(gvk)
}

// decode reads the text of an object strictly, a custom resource by its
// definition. What it says of the latter is what schemaCoercingDecoder in
// k8s.io/apiextensions-apiserver/pkg/apiserver would.
func decode(with runtime.Decoder, text []byte) (runtime.Object, *schema.GroupVersionKind, error) {
	o, gvk, err := with.Decode(text, nil, nil)
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return o, gvk, err
	}
	unknown, wrong := kinds[*gvk].custom().definition().coerce(u)
	if wrong != nil {
		return nil, gvk, wrong
	}
	var errs []error
	if duplicates, ok := runtime.AsStrictDecodingError(err); ok {
		errs = duplicates.Errors()
	}
	for _, path := range unknown {
		errs = append(errs, fmt.Errorf(`unknown field "%s"`, path))
	}
	if len(errs) > 0 {
		return u, gvk, runtime.NewStrictDecodingError(errs)
	}
	return u, gvk, nil
}

// CreateYAML is [Create] for an object as text, YAML or JSON. Text that the
// server cannot decode is refused, and that alone is reported, as the server
// does. It errs on text that is not one document, and on an object that names
// no kind or one that [Kinds] does not list.
func CreateYAML(text []byte) ([]Verdict, error) {
	if err := oneDocument(text); err != nil {
		return nil, err
	}
	return createText(strict, text)
}

func createText(with runtime.Decoder, text []byte) ([]Verdict, error) {
	o, gvk, err := decode(with, text)
	switch {
	case runtime.IsMissingKind(err), runtime.IsMissingVersion(err), runtime.IsNotRegisteredError(err):
		return nil, fmt.Errorf("apiserver: %w", err)
	case gvk == nil: // not even YAML
		return undecodable(err), nil
	}
	if err := known(*gvk); err != nil {
		return nil, err
	}
	if err != nil {
		return undecodable(err), nil
	}
	return create(o.(manifest.Resource), *gvk), nil
}

// oneDocument errs on a second document, which the decoder would not look at.
func oneDocument(text []byte) error {
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for n := 0; ; n++ {
		_, err := documents.Read()
		switch {
		case errors.Is(err, io.EOF) && n == 1:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("apiserver: %d documents where one object was expected", n)
		case err != nil:
			return err
		}
	}
}

// undecodable reads an error of the decoder: one verdict for each unknown
// field and each key that is there twice, or one for the first value that has
// the wrong type. Of a key we know the line only, and of a quantity nothing.
func undecodable(err error) []Verdict {
	strictErr, ok := runtime.AsStrictDecodingError(err)
	if !ok {
		return []Verdict{misfit(err.Error())}
	}
	var out []Verdict
	for _, e := range strictErr.Errors() {
		for line := range strings.Lines(strings.TrimPrefix(e.Error(), "yaml: unmarshal errors:\n")) {
			out = append(out, misfit(strings.TrimSpace(line)))
		}
	}
	return sorted(out)
}

// The texts of the decoder, sigs.k8s.io/json, that name a field.
var (
	unknownField = regexp.MustCompile(`^unknown field "(.+)"$`)
	wrongType    = regexp.MustCompile(`^json: (cannot unmarshal .+ into Go struct field) ([^.]+)\.(\S+) (of type .+)$`)
)

// misfit takes the field out of a text of the decoder.
func misfit(text string) Verdict {
	if m := unknownField.FindStringSubmatch(text); m != nil {
		return Verdict{Refused, m[1], "unknown field"}
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		return Verdict{Refused, inObject(m[2], m[3]), m[1] + " " + m[4]}
	}
	return Verdict{Refused, "", text}
}

// inObject is where a field stands that the decoder names from where it began:
// at the object, or at the only part of a custom resource that has a Go type.
func inObject(of, name string) string {
	if of == "ObjectMeta" && !strings.Contains(name, "metadata.") {
		return "metadata." + name
	}
	return name
}
