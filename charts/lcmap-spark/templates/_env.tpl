{{/* The operator's configuration, by the names that `lcmap-spark operator --help` tells. */}}
{{- define "lcmap-spark.env" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: LCMAP_AGENT_IMAGE
  value: {{ include "lcmap-spark.image" . }}
- name: LCMAP_AGENT_IMAGE_PULL_POLICY
  value: {{ .Values.image.pullPolicy }}
- name: LCMAP_LEASE_NAME
  value: {{ include "lcmap-spark.fullname" . }}
- name: LCMAP_LEASE_DURATION
  value: {{ .Values.leaderElection.leaseDuration }}
- name: LCMAP_LOG_FILTER_FILE
  value: /etc/lcmap-spark/log-filter
- name: LCMAP_CONCURRENCY
  value: {{ .Values.concurrency | quote }}
- name: LCMAP_PROGRESS_INTERVAL
  value: {{ .Values.progressInterval }}
{{- with .Values.watch.namespaces }}
- name: LCMAP_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.watch.namespaceSelector }}
- name: LCMAP_NAMESPACE_SELECTOR
  value: {{ . | quote }}
{{- end }}
{{- with .Values.jobs.image }}
- name: LCMAP_DEFAULT_IMAGE
  value: {{ . | quote }}
{{- end }}
- name: LCMAP_DRIVER_CORES
  value: {{ .Values.jobs.driver.cores | quote }}
- name: LCMAP_DRIVER_MEMORY
  value: {{ .Values.jobs.driver.memory }}
{{- with .Values.jobs.conf }}
- name: LCMAP_CONF
  {{- $lines := list }}
  {{- range $property, $value := . }}
  {{- $lines = append $lines (printf "%s=%s" $property $value) }}
  {{- end }}
  value: {{ join "\n" $lines | quote }}
{{- end }}
{{- with .Values.mesos }}
{{- range $name, $value := dict "MASTER" .master "ROLE" .role "USER" .user "CREDENTIALS_SECRET" .credentialsSecretName "CERTIFICATES_SECRET" .certificates.secretName "SERVER_NAME" .certificates.serverName }}
{{- with $value }}
- name: LCMAP_MESOS_{{ $name }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if .certificates.secretName }}
- name: LCMAP_MESOS_VERIFY
  value: {{ .certificates.verify | quote }}
{{- end }}
{{- with .totalCores }}
- name: LCMAP_TOTAL_CORES
  value: {{ . | quote }}
{{- end }}
{{- with .maxTotalCores }}
- name: LCMAP_MAX_TOTAL_CORES
  value: {{ . | quote }}
{{- end }}
{{- if .identities }}
- name: LCMAP_MESOS_IDENTITIES
  value: /etc/lcmap-spark/mesos-identities.json
{{- end }}
{{- if .readJobSecrets }}
- name: LCMAP_READ_JOB_SECRETS
  value: "true"
{{- end }}
- name: LCMAP_ABANDON_AFTER
  value: {{ .abandonAfter | quote }}
{{- with .cluster }}
- name: LCMAP_CLUSTER
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
