package source

import (
	"regexp"
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
)

// habits are words of Kubernetes, of Helm charts and of kustomize, and what
// stands for them in the language.
var habits = map[string][]string{
	"accessModes":                   {"mode"},
	"activeDeadlineSeconds":         {"deadline"},
	"affinity":                      {"placement"},
	"backoffLimit":                  {"retries"},
	"capacity":                      {"size"},
	"command":                       {"exec"},
	"commonLabels":                  {"labels"},
	"configMap":                     {"files"},
	"configMaps":                    {"files"},
	"containerPort":                 {"ports"},
	"containers":                    {"sidecars"},
	"cron":                          {"schedule"},
	"emptyDir":                      {"scratch"},
	"envFrom":                       {"env"},
	"extraContainers":               {"sidecars"},
	"extraEnv":                      {"env"},
	"failureThreshold":              {"fails"},
	"fsGroup":                       {"group"},
	"httpGet":                       {"http"},
	"imagePullSecrets":              {"pullSecrets"},
	"img":                           {"image"},
	"initContainers":                {"init"},
	"initialDelaySeconds":           {"delay"},
	"interval":                      {"every"},
	"lifecycle":                     {"onStart", "onStop"},
	"limits":                        {"cpuLimit", "memory"},
	"livenessProbe":                 {"live"},
	"mem":                           {"memory"},
	"minReadySeconds":               {"settle"},
	"mnt":                           {"mount"},
	"mountPath":                     {"mount"},
	"nodeSelector":                  {"nodes"},
	"path":                          {"mount"},
	"periodSeconds":                 {"every"},
	"persistence":                   {"storage"},
	"podAnnotations":                {"annotations"},
	"podAntiAffinity":               {"placement"},
	"podDisruptionBudget":           {"disruption"},
	"podManagementPolicy":           {"start"},
	"postStart":                     {"onStart"},
	"preStop":                       {"onStop"},
	"priorityClassName":             {"priority"},
	"pvc":                           {"storage"},
	"readinessProbe":                {"ready"},
	"readOnlyRootFilesystem":        {"readOnlyRoot"},
	"replicaCount":                  {"replicas"},
	"repository":                    {"image"},
	"requests":                      {"cpu", "memory"},
	"resources":                     {"cpu", "cpuLimit", "memory"},
	"retries":                       {"fails"},
	"runAsGroup":                    {"group"},
	"runAsUser":                     {"user"},
	"schedulerName":                 {"placement"},
	"secretKeyRef":                  {"secret"},
	"securityContext":               {"user", "group", "capabilities"},
	"serviceAccount":                {"account", "api"},
	"startupProbe":                  {"startup"},
	"storage":                       {"size"},
	"storageClass":                  {"class"},
	"storageClassName":              {"class"},
	"tag":                           {"image"},
	"tcpSocket":                     {"tcp"},
	"terminationGracePeriodSeconds": {"grace"},
	"timeoutSeconds":                {"timeout"},
	"tolerations":                   {"tolerate"},
	"topologySpreadConstraints":     {"placement"},
	"updateStrategy":                {"update"},
	"valueFrom":                     {"secret", "key"},
	"volumeClaimTemplates":          {"storage"},
	"volumeMounts":                  {"storage", "scratch", "files"},
	"volumes":                       {"storage", "scratch", "files"},

	"Always": {"true"}, "no": {"false"}, "off": {"false"}, "on": {"true"}, "yes": {"true"},
	"OrderedReady": {"ordered"}, "OnDelete": {"manual"}, "RollingUpdate": {"rolling"},
	"ROX": {"ReadOnlyMany"}, "RWO": {"ReadWriteOnce"}, "RWOP": {"ReadWriteOncePod"}, "RWX": {"ReadWriteMany"},
	"required": {"strict"}, "preferred": {"spread"},
}

// meant is the remedy for a word that is not known here: what stands for it,
// if it is another tool's, or the word that is like it. "" if nothing is.
func meant(word string, known []string) string {
	var own []string
	for _, k := range habits[word] {
		if slices.Contains(known, k) {
			own = append(own, `"`+k+`"`)
		}
	}
	switch n := len(own); {
	case n == 1:
		return "Did you mean " + own[0] + "?"
	case n > 1:
		return "Did you mean " + strings.Join(own[:n-1], ", ") + " and " + own[n-1] + "?"
	}
	return diag.DidYouMean(word, known)
}

// corrected are other spellings of a text that may be what was meant, the
// nearest first; of what is long, none. Whoever uses them tries each.
func corrected(s string) []string {
	if len(s) > longest {
		return nil
	}
	tight := strings.ReplaceAll(s, " ", "")
	dot := strings.ReplaceAll(tight, ",", ".")
	out := []string{tight, dot, "/" + s, strings.TrimRight(s, "/."), strings.TrimPrefix(s, "v"), dashed.Replace(strings.ToLower(s))}
	if m := unit.FindStringSubmatch(dot); m != nil {
		letters := strings.ToLower(m[2])
		out = append(out, m[1]+letters, m[1]+letters[:1])
	}
	if digits.MatchString(s) {
		out = append(out, s+"s")
	}
	return append(out, strings.ToUpper(s))
}

var (
	dashed = strings.NewReplacer("_", "-", " ", "-")
	digits = regexp.MustCompile(`^[0-9]+$`)
	unit   = regexp.MustCompile(`^([0-9.]+)([A-Za-z]+)$`)
)
