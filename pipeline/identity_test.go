package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/statefulc/statefulc/pipeline"
	"github.com/statefulc/statefulc/schema"
	"github.com/statefulc/statefulc/spec"
)

// Every variable of spec.Identity is told by the schema, set where it is
// mentioned, and known to the rule on variables, which sees a misspelt one.
func TestIdentity(t *testing.T) {
	var args []string
	for _, name := range spec.Identity {
		args = append(args, fmt.Sprintf("%q", "$("+name+")"), fmt.Sprintf("%q", "$("+name+"X)"))
		if !strings.Contains(string(schema.Files()["container.cue"]), name) {
			t.Errorf("the schema does not speak of %s", name)
		}
	}
	r, err := carried(specDir(t, `package app

import "statefulc.dev/v1"

base: v1.#App & {
	name: "db"
	groups: db: {
		image: "db:1", replicas: 1, placement: "any", cpu: "1", memory: "1Gi", stable: true
		args: [`+strings.Join(args, ", ")+`]
	}
}
`), (*pipeline.Pipeline).Vet)
	if err != nil || r.Found.HasErrors() {
		t.Fatalf("%v %v", err, reported(r.Found))
	}
	found := strings.Join(reported(r.Found), "\n")
	var known []string
	for _, o := range r.Environments[0].Objects.Objects {
		set, ok := o.Value.(*appsv1.StatefulSet)
		if !ok {
			continue
		}
		for _, v := range set.Spec.Template.Spec.Containers[0].Env {
			if v.ValueFrom == nil {
				t.Errorf("%s comes from nowhere", v.Name)
			}
			known = append(known, v.Name)
		}
	}
	if got, want := strings.Join(known, " "), strings.Join(spec.Identity, " "); got != want {
		t.Errorf("the container has %s, want %s", got, want)
	}
	for _, name := range spec.Identity {
		if strings.Contains(found, ": "+name+" is no variable") || !strings.Contains(found, ": "+name+"X is no variable") {
			t.Errorf("the rule on variables does not know %s: %s", name, found)
		}
	}
}
