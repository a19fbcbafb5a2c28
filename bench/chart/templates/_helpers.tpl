{{- define "cassandra.name" -}}
{{ .Release.Name }}-cassandra
{{- end }}

{{- define "cassandra.appLabels" -}}
app.kubernetes.io/managed-by: {{ .Values.managedBy }}
app.kubernetes.io/name: {{ .Release.Name }}
{{- with .Values.team }}
example.com/team: {{ . }}
{{- end }}
{{- end }}

{{- define "cassandra.labels" -}}
app.kubernetes.io/component: cassandra
{{ include "cassandra.appLabels" . }}
{{- end }}

{{- define "cassandra.selector" -}}
app.kubernetes.io/component: cassandra
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}

{{- define "cassandra.meta" -}}
name: {{ include "cassandra.name" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "cassandra.labels" . | nindent 2 }}
{{- end }}

{{- define "cassandra.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "cassandra.seeds" -}}
{{- $name := include "cassandra.name" . -}}
{{- $seeds := list -}}
{{- range until (min 3 (int .Values.replicas) | int) -}}
{{- $seeds = append $seeds (printf "%s-%d.%s-peers.%s.svc.%s" $name . $name $.Release.Namespace $.Values.domain) -}}
{{- end -}}
{{ join "," $seeds }}
{{- end }}

{{- define "cassandra.containerSecurity" -}}
capabilities:
  drop:
  - ALL
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
{{- end }}

{{- define "cassandra.podSecurity" -}}
runAsUser: {{ .Values.user }}
runAsNonRoot: true
fsGroup: {{ .Values.user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}
