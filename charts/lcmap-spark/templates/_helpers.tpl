{{- define "lcmap-spark.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "lcmap-spark.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "lcmap-spark.labels" -}}
{{ include "lcmap-spark.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "lcmap-spark.metadata" -}}
name: {{ include "lcmap-spark.fullname" . | quote }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "lcmap-spark.labels" . | nindent 2 }}
{{- end }}

{{- define "lcmap-spark.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "lcmap-spark.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "lcmap-spark.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The operator's identities, each with the folders that its Secrets are mounted at. */}}
{{- define "lcmap-spark.identities" -}}
{{- $identities := list }}
{{- range $place, $it := . }}
{{- $identity := dict "master" $it.master }}
{{- if $it.credentialsSecretName }}
{{- $_ := set $identity "credentials" (printf "/etc/lcmap-spark-mesos/%d/credentials" $place) }}
{{- end }}
{{- with $it.certificates }}
{{- $_ := set $identity "certificates" (printf "/etc/lcmap-spark-mesos/%d/certificates" $place) }}
{{- $verification := dict "verify" (.verify | default "Full") }}
{{- with .serverName }}
{{- $_ := set $verification "serverName" . }}
{{- end }}
{{- $_ := set $identity "verification" $verification }}
{{- end }}
{{- $identities = append $identities $identity }}
{{- end }}
{{- toJson $identities }}
{{- end }}

{{- define "lcmap-spark.subjects" -}}
- kind: ServiceAccount
  name: {{ include "lcmap-spark.serviceAccountName" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
{{- end }}

{{/* What the operator does in a namespace whose jobs it looks after, and nothing else: it never updates a pod, and
reads no Secret unless it is let to. The API server's audit log over the tests is held against this list. */}}
{{- define "lcmap-spark.rules" -}}
# Jobs; deleted when ttlAfterFinished is over, patched to keep them until their frameworks are gone from Mesos.
- apiGroups: [lcmap.usgs.gov]
  resources: [sparkjobs]
  verbs: [get, list, watch, patch, delete]
- apiGroups: [lcmap.usgs.gov]
  resources: [sparkjobs/status]
  verbs: [patch]
# To own pods that a deletion of their job waits for, where OwnerReferencesPermissionEnforcement asks (OpenShift).
- apiGroups: [lcmap.usgs.gov]
  resources: [sparkjobs/finalizers]
  verbs: [update]
# Drivers; get asks the API server itself before a driver is called lost.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, delete]
# A notebook's token and storage; they are never read.
- apiGroups: [""]
  resources: [secrets, persistentvolumeclaims]
  verbs: [create]
{{- if .Values.mesos.readJobSecrets }}
# What jobs show to masters for which the operator has nothing of its own to show.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
{{- end }}
# A notebook's address; get asks whose one of the same name is.
- apiGroups: [""]
  resources: [services]
  verbs: [get, create]
# Why a pod waits, in the words of scheduler and kubelet.
- apiGroups: [""]
  resources: [events]
  verbs: [list]
# What happened to a job.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
