{{- define "kith.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "kith.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "kith.labels" -}}
{{ include "kith.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "kith.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "kith.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "kith.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "kith.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .name }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end }}

{{- define "kith.env" -}}
{{- $secret := .Values.secrets.settings }}
{{- range list "KITH_DATABASE_URL" "KITH_DATABASE_AUTH_URL" "KITH_DATABASE_DISPATCH_URL" "KITH_REDIS_URL" "KITH_SECRET_KEY" }}
{{ include "kith.secretEnv" (dict "name" . "secret" $secret) }}
{{- end }}
{{ include "kith.secretEnv" (dict "name" "KITH_MAIL_URL" "secret" $secret "optional" true) }}
- name: KITH_PUBLIC_URL
  value: {{ .Values.publicUrl | quote }}
- name: KITH_LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
- name: KITH_LOG_JSON
  value: "1"
- name: KITH_BLOB_URL
  value: {{ .Values.blobs.url | default "file:///var/lib/kith-blobs" | quote }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "kith.placement" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* One deployment: root, component, command, replicas, resources, grace, and optionally env, ports, probes (YAML text). */}}
{{- define "kith.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "kith.name" .root }}-{{ .component }}
  labels:
    {{- include "kith.labels" . | nindent 4 }}
spec:
  {{- if not .scaled }}
  replicas: {{ .replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "kith.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "kith.labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "kith.name" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .grace }}
      securityContext:
        {{- include "kith.podSecurity" . | nindent 8 }}
      {{- include "kith.placement" .root | nindent 6 }}
      containers:
        - name: {{ .component }}
          image: {{ include "kith.image" .root | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: {{ .command | toJson }}
          securityContext:
            {{- include "kith.containerSecurity" . | nindent 12 }}
          env:
            {{- include "kith.env" .root | nindent 12 }}
            {{- with .env }}
            {{- . | nindent 12 }}
            {{- end }}
          {{- with .more }}
          {{- . | nindent 10 }}
          {{- end }}
          resources:
            {{- toYaml .resources | nindent 12 }}
          volumeMounts:
            - name: home
              mountPath: /var/lib/kith
            - name: keys
              mountPath: /var/lib/kith/keys
              readOnly: true
            - name: tmp
              mountPath: /tmp
            {{- if not .root.Values.blobs.url }}
            - name: blobs
              mountPath: /var/lib/kith-blobs
            {{- end }}
      volumes:
        - name: home
          emptyDir:
            sizeLimit: {{ .root.Values.scratchSize }}
        - name: keys
          secret:
            secretName: {{ .root.Values.secrets.keys }}
            defaultMode: 0440
        - name: tmp
          emptyDir:
            sizeLimit: 2Gi
        {{- if not .root.Values.blobs.url }}
        - name: blobs
          persistentVolumeClaim:
            claimName: {{ .root.Values.blobs.existingClaim | default (printf "%s-blobs" (include "kith.name" .root)) }}
        {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "kith.name" .root }}-{{ .component }}
  labels:
    {{- include "kith.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "kith.selector" . | nindent 6 }}
{{- end }}
