{{- define "dq.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name }}{{ end -}}
{{- end }}

{{- define "dq.selector" -}}
app.kubernetes.io/name: dataquarantine
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dq.labels" -}}
{{ include "dq.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "dq.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "dq.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "dq.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "dq.env" -}}
- {name: DQ_CONFIG, value: /etc/dataquarantine/dataquarantine.yaml}
- {name: DQ_DATA_DIR, value: /var/lib/dataquarantine/worker}
- {name: DQ_SPOOL__FOLDER, value: /var/lib/dataquarantine/spool}
{{- range $variable, $from := .Values.secretEnv }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $from.name }}, key: {{ $from.key }}}}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "dq.mounts" -}}
- {name: config, mountPath: /etc/dataquarantine/dataquarantine.yaml, subPath: dataquarantine.yaml, readOnly: true}
{{- range $name, $versions := .Values.schemas }}
- {name: schemas-{{ $name | lower | replace "_" "-" | replace "." "-" }}, mountPath: /etc/dataquarantine/schemas/{{ $name }}, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "dq.volumes" -}}
- {name: config, configMap: {name: {{ include "dq.name" . }}}}
{{- $root := . }}
{{- range $name, $versions := .Values.schemas }}
- {name: schemas-{{ $name | lower | replace "_" "-" | replace "." "-" }}, configMap: {name: {{ include "dq.name" $root }}-schema-{{ $name | lower | replace "_" "-" | replace "." "-" }}}}
{{- end }}
- {name: tmp, emptyDir: {}}
{{- end }}
