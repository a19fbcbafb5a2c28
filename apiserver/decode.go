package apiserver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"github.com/statefulc/statefulc/manifest"
)

// strict decodes as the server does for fieldValidation=Strict, which kubectl
// and the GitOps tools ask for: unknown and duplicate fields are refused.
var strict = json.NewSerializerWithOptions(json.DefaultMetaFactory, legacyscheme.Scheme, legacyscheme.Scheme,
	json.SerializerOptions{Yaml: true, Strict: true})

// CreateYAML is [Create] for an object as text, YAML or JSON. Text that the
// server cannot decode is refused, and that alone is reported, as the server
// does. It errs on text that is not one document, and on an object that names
// no kind or one that [Kinds] does not list.
func CreateYAML(text []byte) ([]Verdict, error) {
	if err := oneDocument(text); err != nil {
		return nil, err
	}
	o, gvk, err := strict.Decode(text, nil, nil)
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
	wrongType    = regexp.MustCompile(`^json: (cannot unmarshal .+ into Go struct field) [^.]+\.(\S+) (of type .+)$`)
)

// misfit takes the field out of a text of the decoder.
func misfit(text string) Verdict {
	if m := unknownField.FindStringSubmatch(text); m != nil {
		return Verdict{Refused, m[1], "unknown field"}
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		return Verdict{Refused, m[2], m[1] + " " + m[3]}
	}
	return Verdict{Refused, "", text}
}
