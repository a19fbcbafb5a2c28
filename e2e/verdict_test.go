package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/statefulc/statefulc/apiserver"
)

// The package apiserver is the API server without a cluster. Here both judge
// the same text: each object of the corpus, and of each committed example.
// Refused or taken, field and words of each error, warnings and dropped fields
// must agree, for a create and for server-side apply. Both sides read the
// feature gates of this process, so the good objects must also be taken.
func TestVerdictsAreThoseOfTheServer(t *testing.T) {
	desk := newDesk(t)
	seen := map[difference]bool{}
	for _, s := range append(corpus(t), exampleSubmissions(t)...) {
		t.Run(s.name, func(t *testing.T) {
			ours, err := apiserver.CreateYAML(s.text)
			if err != nil {
				t.Fatal(err)
			}
			for _, request := range []string{"create", "apply"} {
				theirs := desk.submit(t, request, s)
				if s.good && (theirs.refused != nil || len(theirs.warnings) > 0) {
					t.Errorf("%s: the server is not content: %v %q", request, theirs.refused, theirs.warnings)
				}
				for _, d := range compare(request, ours, s, theirs) {
					if known, ok := isKnown(s.name, request, d); ok {
						seen[known] = true
						continue
					}
					t.Errorf("%s: %s", request, d)
				}
			}
		})
	}
	for _, k := range knownDifferences {
		if !seen[k] {
			t.Errorf("a known difference is gone: %s, %s: %s", k.object, k.request, k.text)
		}
	}
}

// difference is one that we live with. An entry that no longer occurs fails.
type difference struct{ object, request, text, reason string }

var knownDifferences = []difference{
	{
		"service/ip-families-without-policy", "create", "must be 'RequireDualStack' or 'PreferDualStack'",
		"the allocator of addresses says this, and for most of what it says it has to know the families of the cluster",
	},
	{
		"service/ip-families-without-policy", "apply", "must be 'RequireDualStack' or 'PreferDualStack'",
		"as for create",
	},
	{
		"statefulset/metadata-of-the-server", "apply", "uid mismatch",
		"a uid and a resource version are compared with what is in the cluster",
	},
	{
		"statefulset/owner-twice", "create", "only the server has the warning: .metadata.ownerReferences contains duplicate entries",
		"the handler of the request removes and warns, in front of the storage; apply refuses, and that we say",
	},
	{
		"statefulset/owner-twice", "create", "the server does not store metadata.ownerReferences[1]",
		"as for the warning",
	},
}

func isKnown(object, request, text string) (difference, bool) {
	for _, k := range knownDifferences {
		if k.object == object && k.request == request && strings.Contains(text, k.text) {
			return k, true
		}
	}
	return difference{}, false
}

// submission is the text of an object on its way to the server.
type submission struct {
	name string // of the test
	kind schema.GroupVersionKind
	text []byte
	good bool // the server has nothing to say of it
}

// corpus are the objects with one fault each; see TestCorpus in apiserver. A
// ConfigMap that is too large is made here.
func corpus(t *testing.T) []submission {
	t.Helper()
	const dir = "../testdata/apiserver"
	files, err := filepath.Glob(dir + "/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus in %s: %v", dir, err)
	}
	out := []submission{{
		name: "configmap/too-large",
		kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"},
		text: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata: {a: " + strings.Repeat("x", 1<<20+1) + "}\n"),
	}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, submission{
			name: strings.TrimSuffix(strings.TrimPrefix(file, dir+"/"), ".yaml"),
			kind: schema.FromAPIVersionAndKind(line(text, "apiVersion"), line(text, "kind")),
			text: text,
			good: strings.HasPrefix(filepath.Base(file), "good"),
		})
	}
	return out
}

// line is the value of a top-level field of a text that may not be YAML.
func line(text []byte, field string) string {
	m := regexp.MustCompile(`(?m)^` + field + `: (\S+)$`).FindSubmatch(text)
	if m == nil {
		return ""
	}
	return string(m[1])
}

// exampleSubmissions are the objects of all environments of all examples, but
// those of kinds that apiserver does not know.
func exampleSubmissions(t *testing.T) []submission {
	t.Helper()
	var out []submission
	for _, dir := range environments(t) {
		m := build(t, dir)
		addNamespaces(t, m)
		for _, o := range m {
			if !apiserver.Knows(o.GroupVersionKind()) {
				continue
			}
			text, err := yaml.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(dir, examples+"/") + "/" + title(o)
			out = append(out, submission{name: name, kind: o.GroupVersionKind(), text: text, good: true})
		}
	}
	if len(out) == 0 {
		t.Fatalf("the examples in %s have no object", examples)
	}
	return out
}

// desk is where text is handed in as it is: a client would decode it first.
type desk struct {
	client *http.Client
	host   string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	config := server(t)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{client: client, host: config.Host}
}

// answer is what the server says. Of refused and stored one is set.
type answer struct {
	refused  *metav1.Status
	stored   map[string]any
	warnings []string
}

// submit asks to create or to apply an object, as a dry run that is strict
// about fields.
func (d *desk) submit(t *testing.T, request string, s submission) answer {
	t.Helper()
	method, url, contentType := http.MethodPost, d.host+resourcePath(t, s), "application/yaml"
	if request == "apply" {
		method, url, contentType = http.MethodPatch, url+"/"+cmp.Or(s.object().GetName(), "nameless"), "application/apply-patch+yaml"
	}
	code, header, body := d.do(t, method, url+"?dryRun=All&fieldManager=e2e&fieldValidation=Strict", contentType, s.text)
	var a answer
	parsed, errs := utilnet.ParseWarningHeaders(header["Warning"])
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, w := range parsed {
		a.warnings = append(a.warnings, w.Text)
	}
	if code >= 400 {
		a.refused = &metav1.Status{}
		decode(t, body, a.refused)
		return a
	}
	stored := &unstructured.Unstructured{}
	decode(t, body, stored)
	a.stored = stored.Object
	return a
}

func (d *desk) do(t *testing.T, method, url, contentType string, body []byte) (code int, header http.Header, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, answer
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// resourcePath is where objects of this kind are created.
func resourcePath(t *testing.T, s submission) string {
	t.Helper()
	mapping, err := kinds().RESTMapping(s.kind.GroupKind(), s.kind.Version)
	if err != nil {
		t.Fatal(err)
	}
	path := groupPath(s.kind.GroupVersion())
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		path += "/namespaces/" + cmp.Or(s.object().GetNamespace(), metav1.NamespaceDefault)
	}
	return path + "/" + mapping.Resource.Resource
}

func groupPath(gv schema.GroupVersion) string {
	if gv.Group == "" {
		return "/api/" + gv.Version
	}
	return "/apis/" + gv.String()
}

// object is the text as far as it can be read; some is not YAML.
func (s submission) object() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	if text, err := yaml.YAMLToJSON(s.text); err == nil {
		_ = o.UnmarshalJSON(text) // not an object: it has no name either
	}
	return o
}

// compare says where our verdicts are not the server's answer.
func compare(request string, ours []apiserver.Verdict, s submission, a answer) []string {
	refusals := say(ours, func(v apiserver.Verdict) bool { return v.Kind == apiserver.Refused && !byApply(v) })
	unapplied := say(ours, byApply)
	switch {
	case a.refused == nil && len(refusals) > 0:
		return []string{"the server takes the object, we refuse it: " + strings.Join(refusals, "; ")}
	case a.refused == nil && len(unapplied) > 0 && request == "apply":
		return []string{"the server applies the object, we refuse that: " + strings.Join(unapplied, "; ")}
	case a.refused == nil:
		return append(compareWarnings(ours, a), compareLosses(ours, s, a)...)
	case len(refusals) == 0 && (len(unapplied) == 0 || request == "create"):
		return []string{"we take the object, the server refuses it: " + a.refused.Message}
	case request == "apply":
		return compareApply(ours, a)
	}
	return compareRefusals(ours, a)
}

func byApply(v apiserver.Verdict) bool {
	return v.Kind == apiserver.Refused && strings.HasPrefix(v.Message, apiserver.ByApply)
}

// compareRefusals goes by the causes that validation gives. Other answers are
// one text, in which what we say must occur.
func compareRefusals(ours []apiserver.Verdict, a answer) []string {
	refusals := slices.DeleteFunc(slices.Clone(ours), func(v apiserver.Verdict) bool { return v.Kind != apiserver.Refused || byApply(v) })
	if a.refused.Details == nil || len(a.refused.Details.Causes) == 0 {
		return notIn(a.refused.Message, refusals)
	}
	var theirs []string
	for _, c := range a.refused.Details.Causes {
		field := strings.TrimPrefix(strings.TrimPrefix(c.Field, "[]"), "<nil>") // the paths of the whole object
		theirs = append(theirs, sentence(field, uid.ReplaceAllString(c.Message, noUID)))
	}
	return sets("error", say(refusals, nil), theirs)
}

// uid is what the server gives to each object, and prints in errors about the
// selector of a job. In ours it is noUID.
var uid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

const noUID = "00000000-0000-0000-0000-000000000000"

// compareApply allows for the way in which apply decodes: by a schema, with
// errors of its own, before anything else.
func compareApply(ours []apiserver.Verdict, a answer) []string {
	var applied, unapplied []apiserver.Verdict
	for _, v := range ours {
		message, only := strings.CutPrefix(v.Message, apiserver.ByApply)
		applied = append(applied, apiserver.Verdict{Kind: v.Kind, Field: v.Field, Message: message})
		if only {
			unapplied = append(unapplied, apiserver.Verdict{Message: message})
		}
	}
	if a.refused.Details != nil && len(a.refused.Details.Causes) > 0 {
		return compareRefusals(applied, a)
	}
	return notIn(a.refused.Message, unapplied)
}

// notIn lists verdicts whose field or words do not occur in a text. The decoder
// names the fields of a custom resource's metadata by their Go type.
func notIn(text string, ours []apiserver.Verdict) []string {
	text = strings.ReplaceAll(text, " ObjectMeta.", " metadata.")
	var out []string
	for _, v := range ours {
		rest, all := text, strings.Contains(text, v.Field)
		for _, word := range strings.Fields(v.Message) {
			_, after, ok := strings.Cut(rest, word)
			rest, all = after, all && ok
		}
		if !all {
			out = append(out, fmt.Sprintf("we say %q, the server %q", v, text))
		}
	}
	return out
}

// compareWarnings leaves out the server's warnings of duplicates that we
// refuse because of apply.
func compareWarnings(ours []apiserver.Verdict, a answer) []string {
	theirs := slices.DeleteFunc(slices.Clone(a.warnings), func(w string) bool {
		return slices.ContainsFunc(ours, func(v apiserver.Verdict) bool { return byApply(v) && strings.HasPrefix(w, v.Field) })
	})
	return sets("warning", say(ours, func(v apiserver.Verdict) bool { return v.Kind == apiserver.Warned }), theirs)
}

// compareLosses looks for what was sent in what is stored.
func compareLosses(ours []apiserver.Verdict, s submission, a answer) []string {
	lost := losses("", s.object().Object, a.stored)
	var out []string
	for _, v := range ours {
		if v.Kind == apiserver.Dropped && !slices.ContainsFunc(lost, func(f string) bool { return strings.HasPrefix(f, v.Field) }) {
			out = append(out, fmt.Sprintf("the server stores %s, we say %q", v.Field, v))
		}
	}
	for _, f := range lost {
		if !slices.ContainsFunc(ours, func(v apiserver.Verdict) bool { return v.Kind == apiserver.Dropped && strings.HasPrefix(f, v.Field) }) {
			out = append(out, "the server does not store "+f)
		}
	}
	return out
}

// losses are the scalars that were sent and are not stored.
func losses(at string, sent, stored any) []string {
	var out []string
	switch sent := sent.(type) {
	case map[string]any:
		m, _ := stored.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(sent)) {
			out = append(out, losses(strings.TrimPrefix(at+"."+k, "."), sent[k], m[k])...)
		}
	case []any:
		l, _ := stored.([]any)
		for i, e := range sent {
			out = append(out, losses(fmt.Sprintf("%s[%d]", at, i), e, slices.Concat(l, make([]any, len(sent)))[i])...)
		}
	default:
		if !same(sent, stored) {
			out = append(out, at)
		}
	}
	return out
}

// same allows for quantities, which are stored in another notation.
func same(a, b any) bool {
	if fmt.Sprint(a) == fmt.Sprint(b) {
		return true
	}
	x, errA := resource.ParseQuantity(fmt.Sprint(a))
	y, errB := resource.ParseQuantity(fmt.Sprint(b))
	return errA == nil && errB == nil && x.Cmp(y) == 0
}

// say puts the verdicts that are asked for into sentences.
func say(ours []apiserver.Verdict, which func(apiserver.Verdict) bool) []string {
	var out []string
	for _, v := range ours {
		if which == nil || which(v) {
			out = append(out, sentence(v.Field, v.Message))
		}
	}
	return out
}

func sentence(field, message string) string {
	if field == "" {
		return message
	}
	return field + ": " + message
}

// sets lists what only one side says.
func sets(what string, ours, theirs []string) []string {
	var out []string
	for _, s := range theirs {
		if !slices.Contains(ours, s) {
			out = append(out, "only the server has the "+what+": "+s)
		}
	}
	for _, s := range ours {
		if !slices.Contains(theirs, s) {
			out = append(out, "only we have the "+what+": "+s)
		}
	}
	return out
}

// The lists that server-side apply merges, and their keys, are those that the
// server publishes in its OpenAPI documents.
func TestMergeKeysAreThoseOfTheServer(t *testing.T) {
	desk := newDesk(t)
	for _, gvk := range builtIn() {
		code, _, body := desk.do(t, http.MethodGet, desk.host+"/openapi/v3"+groupPath(gvk.GroupVersion()), "", nil)
		if code != http.StatusOK {
			t.Fatalf("%v: %d %s", gvk, code, body)
		}
		var document openAPI
		decode(t, body, &document)
		document.eachList(document.kind(t, gvk), nil, func(path []string, list openAPISchema) {
			if path[0] == "status" {
				return // nobody applies it
			}
			want := list.ListType == "map" || list.ListType == "set"
			keys, ok := apiserver.MergeKeys(path...)
			if ok != want || !slices.Equal(keys, list.MapKeys) {
				t.Errorf("%s: %s is a list of type %q with keys %q, we say merged: %v, keys %q",
					gvk.Kind, strings.Join(path, "."), list.ListType, list.MapKeys, ok, keys)
			}
		})
	}
}

// builtIn are the kinds of Kubernetes itself. The lists of a custom resource,
// and how they are merged, are no business of ours but for their duplicates,
// which the corpus has.
func builtIn() []schema.GroupVersionKind {
	return slices.DeleteFunc(apiserver.Kinds(), func(gvk schema.GroupVersionKind) bool { return !scheme.Scheme.Recognizes(gvk) })
}

// openAPI is what we read of an OpenAPI document.
type openAPI struct {
	Components struct{ Schemas map[string]openAPISchema }
}

type openAPISchema struct {
	Ref        string `json:"$ref"`
	AllOf      []openAPISchema
	Items      *openAPISchema
	Properties map[string]openAPISchema
	ListType   string                    `json:"x-kubernetes-list-type"`
	MapKeys    []string                  `json:"x-kubernetes-list-map-keys"`
	Kinds      []metav1.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
}

func (d openAPI) kind(t *testing.T, gvk schema.GroupVersionKind) openAPISchema {
	t.Helper()
	for _, s := range d.Components.Schemas {
		if slices.Contains(s.Kinds, metav1.GroupVersionKind(gvk)) {
			return s
		}
	}
	t.Fatalf("the server has no schema of %v", gvk)
	return openAPISchema{}
}

// eachList visits the lists of a schema with the names that lead to them.
func (d openAPI) eachList(s openAPISchema, path []string, visit func([]string, openAPISchema)) {
	if s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	for _, part := range s.AllOf {
		d.eachList(part, path, visit)
	}
	if s.Items != nil {
		visit(path, s)
		d.eachList(*s.Items, path, visit)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		d.eachList(s.Properties[name], append(slices.Clip(path), name), visit)
	}
}
