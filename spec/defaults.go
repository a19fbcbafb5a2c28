package spec

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// Default is the value of a field that a spec leaves out.
type Default struct {
	Type  string // of this package, and the definition of the schema: Probe is #Probe
	Field string // as the schema calls it
	Value string // as JSON
	Why   string
}

// Defaults is what is chosen for the user where a field is left out, and what
// a reader of the schema looks up. What is computed from other fields (the
// namespace, the names of dns) is said in the schema's own comments.
var Defaults = []Default{
	{"Group", "disruption", `1`, "no more than one pod is missing because of us"},
	{"Group", "start", `"ordered"`, "Kubernetes' own default: the next pod finds the one before"},
	{"Group", "grace", `"30s"`, "Kubernetes' own default"},
	{"Group", "update", `"rolling"`, "Kubernetes' own default"},

	{"Claims", "onScaleDown", `"retain"`, "the data of a pod outlives the pod"},
	{"Claims", "onDelete", `"retain"`, "the data of a pod outlives the pod"},

	{"ClientService", "type", `"ClusterIP"`, "nobody outside of the cluster is let in by chance"},
	{"Service", "type", `"ClusterIP"`, "nobody outside of the cluster is let in by chance"},

	{"Metrics", "path", `"/metrics"`, "what Prometheus' own libraries serve"},
	{"Metrics", "every", `"30s"`, "what prometheus-operator's charts ask for"},

	{"Snapshots", "keep", `7`, "a week of daily ones"},

	{"Container", "readOnlyRoot", `true`, "what a program may write to is stated: storage and scratch"},

	{"Storage", "mode", `"ReadWriteOnce"`, "every block volume can do it"},

	{"Certificate", "clusterIssuer", `true`, "one issuer serves all namespaces"},
	{"Certificate", "cert", `"tls.crt"`, "cert-manager's own name"},
	{"Certificate", "key", `"tls.key"`, "cert-manager's own name"},
	{"SecretStore", "cluster", `true`, "one store serves all namespaces"},

	{"Job", "deadline", `"1h"`, "a job that hangs is a job that failed"},
	{"Job", "retries", `3`, "less than Kubernetes' 6: what fails three times is not passing"},

	{"Probe", "every", `"10s"`, "Kubernetes' own default"},
	{"Probe", "timeout", `"5s"`, "Kubernetes' 1s is too short for a probe that starts a program"},
	{"Probe", "fails", `3`, "Kubernetes' own default"},

	{"StorageClass", "reclaim", `"Retain"`, "a deleted claim must not be deleted data"},
	{"StorageClass", "expand", `true`, "a volume that is full has to grow in place"},
	{"StorageClass", "binding", `"WaitForFirstConsumer"`, "the volume is made where its pod can run"},
}

// FillDefaults gives a the values of [Defaults] wherever it states none, and
// the application's name to its namespace, as the schema's dns does. The error
// is a row of the table that does not fit its field: a bug.
func (a *App) FillDefaults() error {
	a.Namespace = cmp.Or(a.Namespace, a.Name)
	return fill(reflect.ValueOf(a))
}

func fill(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return fill(v.Elem())
	case reflect.Map:
		return fillMap(v)
	case reflect.Slice:
		for i := range v.Len() {
			if err := fill(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return fillStruct(v)
	}
	return nil
}

// fillMap writes each value back: what a map holds cannot be changed in place.
func fillMap(v reflect.Value) error {
	if kind := v.Type().Elem().Kind(); kind != reflect.Struct && kind != reflect.Pointer && kind != reflect.Map {
		return nil
	}
	for _, key := range v.MapKeys() {
		filled := reflect.New(v.Type().Elem()).Elem()
		filled.Set(v.MapIndex(key))
		if err := fill(filled); err != nil {
			return err
		}
		v.SetMapIndex(key, filled)
	}
	return nil
}

func fillStruct(v reflect.Value) error {
	t := v.Type()
	for i := range t.NumField() {
		if err := fill(v.Field(i)); err != nil {
			return err
		}
	}
	for _, d := range defaultsOf(t) {
		if field := v.Field(d.index); field.IsZero() {
			if err := json.Unmarshal([]byte(d.Value), field.Addr().Interface()); err != nil {
				return fmt.Errorf("default of #%s.%s: %w", d.Type, d.Field, err)
			}
		}
	}
	return nil
}

// placed is a default at a field of its struct.
type placed struct {
	Default
	index int
}

// defaultsOf are the defaults of a struct. They are looked for once: tags are
// slow to read, and every environment has dozens of structs.
func defaultsOf(t reflect.Type) []placed {
	if known, ok := defaults.Load(t); ok {
		return known.([]placed)
	}
	var out []placed
	for _, d := range Defaults {
		for i := range t.NumField() {
			if d.Type == t.Name() && d.Field == t.Field(i).Tag.Get("json") {
				out = append(out, placed{d, i})
			}
		}
	}
	defaults.Store(t, out)
	return out
}

var defaults sync.Map // []placed by reflect.Type
