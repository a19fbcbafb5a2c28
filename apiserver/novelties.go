package apiserver

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// novelties are what 1.37 takes and 1.31 does not, of the kinds that we know,
// by the Go type in k8s.io/api and the name in JSON.
//
// The sources are the types of k8s.io/api from v0.31 to v0.37 (known), the
// history of each gate in pkg/features/kube_features.go of Kubernetes 1.37,
// and of 1.33 for two gates that are gone (works), and the rules that ask for
// the gates (when, refusal). Tests hold the table against the rules with their
// gates set back to each version, and in e2e against the types and against a
// server that emulates 1.34 to 1.36.
//
// A set may have ordinals, a retention policy for its claims, native sidecars
// and the label apps.kubernetes.io/pod-index in all of these versions, and a
// budget its policy for unhealthy pods.
var novelties = map[string]novelty{
	// StatefulSet and claims. A set is stored with the class of its claims, the claims are not.
	"RollingUpdateStatefulSetStrategy.maxUnavailable":     {works: "1.37", early: "1.35.3", source: "KEP-961, MaxUnavailableStatefulSet"},
	"PersistentVolumeClaimSpec.volumeAttributesClassName": {works: "1.34", source: "KEP-3751, VolumeAttributesClass"},
	"PersistentVolumeSpec.volumeAttributesClassName":      {works: "1.34", source: "KEP-3751, VolumeAttributesClass"},

	// Other kinds.
	"HPAScalingRules.tolerance":               {known: "1.33", works: "1.35", source: "KEP-4951, HPAConfigurableTolerance"},
	"HorizontalPodAutoscalerSpec.minReplicas": {when: is(int32(0)), works: "1.37", refusal: "less than 1 is refused", source: "KEP-2021, HPAScaleToZero"},
	"JobSpec.managedBy":                       {works: "1.32", source: "KEP-4368, JobManagedBy"},
	"Service.metadata":                        {when: isNewServiceName, below: "name", works: "1.36", refusal: "a name that begins with a digit is refused", source: "KEP-5311, RelaxedServiceNameValidation"},
	"ServiceSpec.trafficDistribution":         {when: is("PreferSameZone", "PreferSameNode"), works: "1.34", refusal: "only PreferClose is supported", source: "KEP-3015, PreferSameTrafficDistribution"},

	// Pods. A variable that refers to the zone is stored in all versions, but
	// empty: only later ones copy the label from the node.
	"ObjectFieldSelector.fieldPath":               {when: is(labelField(corev1.LabelTopologyZone), labelField(corev1.LabelTopologyRegion)), works: "1.35", source: "KEP-4742, PodTopologyLabelsAdmission"},
	"PodDNSConfig.searches":                       {when: isNewSearch, works: "1.33", refusal: "a domain with _, or of a dot, is refused", source: "KEP-4427, RelaxedDNSSearchValidation"},
	"PodSecurityContext.seLinuxChangePolicy":      {known: "1.32", works: "1.33", source: "KEP-1710, SELinuxChangePolicy"},
	"PodSecurityContext.supplementalGroupsPolicy": {works: "1.33", source: "KEP-3619, SupplementalGroupsPolicy"},
	"PodSpec.hostUsers":                           {works: "1.33", source: "KEP-127, UserNamespacesSupport"},
	"PodSpec.hostnameOverride":                    {known: "1.34", works: "1.35", source: "KEP-4762, HostnameOverride"},
	"PodSpec.resourceClaims":                      {works: "1.34", source: "KEP-4381, DynamicResourceAllocation"},
	"PodSpec.resources":                           {known: "1.32", works: "1.34", source: "KEP-2837, PodLevelResources"},

	// Containers.
	"Container.resizePolicy":       {works: "1.33", source: "KEP-1287, InPlacePodVerticalScaling"},
	"Container.restartPolicy":      {when: isNewRestartPolicy, known: "1.34", works: "1.35", unknown: "anything but Always of an init container is refused", source: "KEP-5307, ContainerRestartRules"},
	"Container.restartPolicyRules": {known: "1.34", works: "1.35", source: "KEP-5307, ContainerRestartRules"},
	"ContainerRestartRule.action":  {when: is(corev1.ContainerRestartRuleActionRestartAllContainers), works: "1.36", refusal: "only Restart is supported", source: "KEP-5532, RestartAllContainersOnContainerExits"},
	"EnvVar.name":                  {when: isNewVariable, works: "1.32", refusal: "anything but letters, digits, _, - and . is refused", source: "KEP-4369, RelaxedEnvironmentVariableValidation"},
	"EnvVarSource.fileKeyRef":      {known: "1.34", works: "1.35", refusal: "a variable without a source is refused", source: "KEP-3721, EnvFiles"},
	"LifecycleHandler.sleep":       {when: is(corev1.SleepAction{}), works: "1.33", refusal: "less than 1 second is refused", source: "KEP-4818, PodLifecycleSleepActionAllowZero"},
	"ResourceRequirements.claims":  {works: "1.34", source: "KEP-4381, DynamicResourceAllocation"},
	"SecurityContext.procMount":    {when: is(corev1.UnmaskedProcMount), works: "1.33", source: "KEP-4265, ProcMountType"},

	// Volumes.
	"VolumeProjection.clusterTrustBundle": {works: "1.37", source: "KEP-3257, ClusterTrustBundleProjection"},
	"VolumeProjection.podCertificate":     {known: "1.34", works: "1.37", source: "KEP-4317, PodCertificateRequest"},
	"VolumeSource.image":                  {works: "1.35", source: "KEP-4639, ImageVolume"},
}

// is is true of these values.
func is(values ...any) func(string, any) bool {
	return func(_ string, value any) bool { return slices.Contains(values, value) }
}

// labelField is how a variable refers to a label of its pod.
func labelField(label string) string { return "metadata.labels['" + label + "']" }

func isNewRestartPolicy(at string, value any) bool {
	return value != corev1.ContainerRestartPolicyAlways || !initContainer.MatchString(at)
}

var initContainer = regexp.MustCompile(`\.initContainers\[\d+\]\.restartPolicy$`)

func isNewVariable(_ string, value any) bool {
	name := value.(string)
	return len(validation.IsRelaxedEnvVarName(name)) == 0 && len(validation.IsEnvVarName(name)) > 0
}

func isNewServiceName(_ string, value any) bool {
	name := value.(metav1.ObjectMeta).Name
	return len(validation.IsDNS1123Label(name)) == 0 && len(validation.IsDNS1035Label(name)) > 0
}

func isNewSearch(_ string, value any) bool {
	return slices.ContainsFunc(value.([]string), func(domain string) bool {
		return len(validation.IsDNS1123Subdomain(strings.TrimSuffix(domain, "."))) > 0
	})
}
