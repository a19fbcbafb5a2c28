package plain

import "github.com/statefulc/statefulc/diag"

const (
	badYAML     = "yaml-invalid"
	invalid     = "manifest-invalid"
	twiceStated = "manifest-twice"
	unbuilt     = "kustomize-build"
	remote      = "kustomize-remote"
	selectors   = "kustomize-selectors"
	claimPatch  = "claim-patch"
	idlePatch   = "patch-idle"
	addedByName = "patch-container"
	status      = "status-written"
	spelled     = "spelling"
	badWaiver   = "waiver-comment"
)

// Rules are what reading manifests reports.
var Rules = []diag.Rule{
	{
		ID:   badYAML,
		What: "A file that is no YAML, or a map with one key twice.",
		Why: `kubectl and the API server read nothing of such a file. A document that is no YAML does not hide the others of its file.
A template of Helm is named once: what it becomes is not known here.`,
		Source: "sigs.k8s.io/yaml; k8s.io/apimachinery/pkg/util/yaml",
		Fix:    "Mend the file.",
		Final:  true,
	},
	{
		ID:   invalid,
		What: "An object that the API server cannot decode: an unknown field, a value of the wrong type, no name.",
		Why: `kubectl and the GitOps tools ask for strict validation, so such an object is refused as a whole. A scalar without quotes is
read as YAML 1.1 has it: no is false, 012 is ten, 1e3 is a thousand, and none of them is a string.`,
		Source: "k8s.io/apimachinery/pkg/runtime/serializer/json; sigs.k8s.io/yaml",
		Fix:    "Write the object as the API server takes it.",
		Final:  true,
	},
	{
		ID:     twiceStated,
		What:   "Two objects of one name in what is checked together.",
		Why:    "The later one replaces the first at every sync, or the first the later; Flux refuses both.",
		Source: "kustomize: may not add resource with an already registered id; argo-cd: RepeatedResourceWarning",
		Fix:    "Remove one of them, or check the directories of different clusters one by one.",
		Final:  true,
	},
	{
		ID:   unbuilt,
		What: "A kustomization that kustomize does not build.",
		Why: `Argo CD, Flux and kubectl build it with the same code, and apply nothing. Replicas of an object that is not there, and a merge
patch that names one, are among the reasons.`,
		Source: "sigs.k8s.io/kustomize/api",
		Fix:    "See what kustomize says.",
		Final:  true,
	},
	{
		ID:       remote,
		Severity: diag.Warning,
		What:     "A resource of a kustomization that stands in another repository.",
		Why:      "statefulc uses no network. What it holds is not checked, and a patch of it has no target here.",
		Fix:      "Vendor it, or see to it that it is checked where it is.",
	},
	{
		ID:       selectors,
		Severity: diag.Warning,
		What:     "A field of a kustomization that rewrites what a StatefulSet cannot change: its selector, its claim templates, its name.",
		Why: `Selectors and claim templates are immutable: a label that is added, changed or removed makes every later sync fail. Which
kustomize writes labels into claim templates has changed: 5.8.1 does for includeTemplates, later ones do not. Another name
is another StatefulSet with empty volumes, and names of pods in arguments and files do not follow.`,
		Source: "measured with kustomize 5.8.1; kustomize#1009, #3249, commit 80f63ae",
		Fix:    "Use labels without includeSelectors and includeTemplates, and patches.",
	},
	{
		ID:   claimPatch,
		What: "A merge patch of volumeClaimTemplates that leaves out something the StatefulSet has.",
		Why: `The list is atomic: the patch replaces it whole, claims and fields that it does not repeat are gone, without a word. A
StatefulSet that exists cannot be changed that way; a new one runs without its volume.`,
		Source: "kubernetes#74819, kustomize#819; measured with kustomize 5.8.1",
		Fix:    "Use a JSON patch (op: replace) for the field, guarded by a test of the claim's name.",
	},
	{
		ID:   idlePatch,
		What: "A patch whose target the kustomization does not have; images of nothing.",
		Why: `kustomize passes over a patch whose target matches nothing, and exits with 0: the change is in Git, and never in the cluster.
Images of nothing are passed over too, and only warned about: a list of images may be one that several overlays share.`,
		Source: "measured with kustomize 5.8.1",
		Fix:    "Name an object that is there, or remove the patch.",
	},
	{
		ID:       addedByName,
		Severity: diag.Warning,
		What:     "A merge patch of a container that the object does not have.",
		Why: `Containers are merged by name, and one that is not found is added: the change never comes to the container that was meant.
Told are those without an image, which is an error, and those whose name is nearly that of one that there is.`,
		Source: "sigs.k8s.io/kustomize/kyaml/yaml/merge2; measured with kustomize 5.8.1",
		Fix:    "Name the container as the object does.",
	},
	{
		ID:       status,
		Severity: diag.Warning,
		What:     "A status in a manifest.",
		Why: `Controllers write it. Argo CD compares it with theirs, and the object is out of sync for ever; a change of it in a pod template
or a claim template that a newer client prints has rolled every StatefulSet of a cluster.`,
		Source: "measured with Argo CD's gitops-engine: status: {replicas: 0} of a StatefulSet; kubernetes/kubernetes#134773",
		Fix:    "Leave it out.",
	},
	{
		ID:       spelled,
		Severity: diag.Info,
		What:     "A quantity that is spelled otherwise than the API server stores it; a null or an empty struct that says nothing.",
		Why: `What is in the cluster reads otherwise than what is in Git, so whoever compares them sees a change that is none. An empty struct in a
pod template restarts all pods when somebody tidies it away: the template's hash is another one.`,
		Source: "k8s.io/apimachinery/pkg/api/resource (canonical form); kubernetes pkg/controller/history (hash of the template)",
		Fix:    "Write the amount as it is stored, and leave out what says nothing.",
	},
	{
		ID:   badWaiver,
		What: "A comment of a manifest that is for statefulc, and that it does not understand.",
		Why: `"# statefulc:waive RULE REASON" accepts the findings of a rule on the thing at that line, or at the next one if the comment
has a line of its own, and on all within; at the first line of a document on all of it. "until 2026-12-31" at the end is its
last day. One without a reason would be kept for ever, and one that is misspelled does nothing.`,
		Fix:   "Write # statefulc:waive RULE REASON, and if it has a last day, until 2026-12-31 behind it.",
		Final: true,
	},
}
