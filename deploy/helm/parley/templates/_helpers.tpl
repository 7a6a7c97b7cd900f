{{/* Names and what several objects share. */}}

{{- define "parley.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "parley.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "parley.labels" -}}
{{ include "parley.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "parley.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Neither root nor anything that only root may. */}}
{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The engines' URLs and what else is set. A URL that is not here comes from existingSecret. */}}
{{- define "parley.env" -}}
- name: PARLEY_DATA
  value: /data
{{- if .Values.engines.enabled }}
{{- range $name := list "messages" "members" "cache" "bus" }}
{{- $url := get $.Values.engines $name }}
{{- if $url }}
- name: PARLEY_{{ upper $name }}
  value: {{ $url | quote }}
{{- else if and (has $name (list "messages" "members")) (not $.Values.existingSecret) }}
{{- fail (printf "engines.%s has no URL, and there is no existingSecret that could have it" $name) }}
{{- end }}
{{- end }}
{{- else if gt (int .Values.replicas) 1 }}
{{- fail "replicas: one more node to stand by needs engines" }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "parley.envFrom" -}}
{{- with .Values.existingSecret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end }}
