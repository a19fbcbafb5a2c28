package overlay

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// A number is a quantity where the type says so, and never a text.
func TestNumbersThatAreQuantities(t *testing.T) {
	for text, same := range map[string]bool{
		`resources: {requests: {cpu: 2}}`:    true,
		`resources: {requests: {cpu: "2"}}`:  true,
		`resources: {requests: {cpu: 2.0}}`:  false,
		`resources: {requests: {cpu: 02}}`:   false,
		`resources: {requests: {cpu: 3}}`:    false,
		`resources: {requests: {cpu: true}}`: false,
	} {
		want := tree{"resources": tree{"requests": tree{"cpu": "2"}}}
		if got := isSame(kyaml.MustParse(text).YNode(), want, reflect.TypeFor[corev1.Container]()); got != same {
			t.Errorf("%s is the same: %v", text, got)
		}
	}
	env := kyaml.MustParse(`env: [{name: A, value: 2}]`).YNode()
	want := tree{"env": []any{tree{"name": "A", "value": "2"}}}
	if isSame(env, want, reflect.TypeFor[corev1.Container]()) {
		t.Error("a number is the same as a text")
	}
}
