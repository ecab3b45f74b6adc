{{- /* The Service that the compiler writes into the MutatingWebhookConfiguration; everything else is called after it. */ -}}
{{- define "overbank.name" -}}overbank-webhook{{- end -}}

{{- define "overbank.selector" -}}
app.kubernetes.io/name: overbank-webhook
{{- end -}}

{{- define "overbank.labels" -}}
{{ include "overbank.selector" . }}
app.kubernetes.io/part-of: overbank
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- define "overbank.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "overbank.watched" -}}{{- if eq .Values.bundle.source "watch" -}}true{{- end -}}{{- end -}}
{{- define "overbank.selfManaged" -}}{{- if eq .Values.tls.source "selfManaged" -}}true{{- end -}}{{- end -}}

{{- /* Whether anything lives in the cluster that the webhook has to read or write. */ -}}
{{- define "overbank.api" -}}
{{- if or (include "overbank.watched" .) (include "overbank.selfManaged" .) .Values.watchNamespaces -}}true{{- end -}}
{{- end -}}
