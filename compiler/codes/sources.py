"""Where the rules behind codes are written, for the pages of codes: vendors, Kubernetes, KubeAdmiral, YAML. No codes are here."""

from typing import Final

ACK_RESOURCE_POLICY: Final = (
    "Alibaba Cloud help 398680, custom elastic resource priority scheduling: "
    "https://www.alibabacloud.com/help/en/document_detail/398680.html"
)
ACK_CO_SCHEDULER: Final = (
    "Alibaba Cloud, ack-co-scheduler in registered clusters: "
    "https://www.alibabacloud.com/help/en/ack/use-ack-co-scheduler-to-coordinate-resource-scheduling"
)
ACK_MULTILEVEL: Final = (
    "Alibaba Cloud help 446694, multilevel scheduling with ack-co-scheduler: "
    "https://alibabacloud.com/help/en/doc-detail/446694.html"
)
ACK_AFFINITY: Final = (
    "Alibaba Cloud help 2369750, allocating pods to ECS and ECI by node affinity: "
    "https://www.alibabacloud.com/help/en/document_detail/2369750.html"
)
ACK_BURST_RESOURCE: Final = "Alibaba Cloud help 207460, ECI elastic scheduling: https://help.aliyun.com/document_detail/207460.html"
ACK_GANG: Final = "Alibaba Cloud help 178169, gang scheduling: https://www.alibabacloud.com/help/en/document_detail/178169.html"
ECI_LIMITS: Final = "Alibaba Cloud, limits of ECI: https://help.aliyun.com/en/eci/product-overview/limits"
ECI_ANNOTATIONS: Final = "Alibaba Cloud, annotations of ECI pods: https://help.aliyun.com/en/eci/user-guide/pod-annotations-1"
ECI_SPECIFICATIONS: Final = "Alibaba Cloud, creating an ECI pod in ACK: https://help.aliyun.com/zh/ack/create-an-eci-pod"
VKE_RESOURCE_POLICY: Final = (
    "Volcengine docs 6460/177068, elastic resource priority scheduling: https://volcengine.com/docs/6460/177068"
)
VCI_PODS: Final = "Volcengine docs 6460/1159231, VCI in VKE: https://volcengine.com/docs/6460/1159231"
VCI_ANNOTATIONS: Final = "Volcengine docs 6460/76920, annotations of VCI pods: https://volcengine.com/docs/6460/76920"
EGS_NAMES: Final = "Alibaba Cloud, names of instance types with GPUs: https://help.aliyun.com/en/egs/instance-naming-conventions"

_KUBERNETES: Final = "https://kubernetes.io/docs"
LABELS: Final = f"Kubernetes, labels and selectors: {_KUBERNETES}/concepts/overview/working-with-objects/labels/"
NAMES: Final = f"Kubernetes, names and IDs of objects: {_KUBERNETES}/concepts/overview/working-with-objects/names/"
NAME_LABEL: Final = f"Kubernetes, well-known labels: {_KUBERNETES}/reference/labels-annotations-taints/"
TAINTS: Final = f"Kubernetes, taints and tolerations: {_KUBERNETES}/concepts/scheduling-eviction/taint-and-toleration/"
AFFINITY: Final = f"Kubernetes, assigning pods to nodes: {_KUBERNETES}/concepts/scheduling-eviction/assign-pod-node/"
ADMISSION_WEBHOOKS: Final = (
    f"Kubernetes, dynamic admission control: {_KUBERNETES}/reference/access-authn-authz/extensible-admission-controllers/"
)
ADMISSION_POLICIES: Final = (
    f"Kubernetes, validating admission policy: {_KUBERNETES}/reference/access-authn-authz/validating-admission-policy/"
)
WEBHOOK_PRACTICES: Final = f"Kubernetes, admission webhook good practices: {_KUBERNETES}/concepts/cluster-administration/admission-webhooks-good-practices/"
AUTOSCALING: Final = f"Kubernetes, horizontal pod autoscaling: {_KUBERNETES}/tasks/run-application/horizontal-pod-autoscale/"
CRON_JOBS: Final = f"Kubernetes, CronJob: {_KUBERNETES}/concepts/workloads/controllers/cron-jobs/"
DISRUPTIONS: Final = f"Kubernetes, disruptions: {_KUBERNETES}/concepts/workloads/pods/disruptions/"
NETWORK_POLICIES: Final = f"Kubernetes, network policies: {_KUBERNETES}/concepts/services-networking/network-policies/"

_KUBEADMIRAL: Final = "https://github.com/kubewharf/kubeadmiral/blob/19de01cdeddef4caf97ada8384d691aae1ccc26e"
KUBEADMIRAL_TYPES: Final = f"KubeAdmiral, PropagationPolicy: {_KUBEADMIRAL}/pkg/apis/core/v1alpha1/types_propagationpolicy.go"
KUBEADMIRAL_OVERRIDES: Final = f"KubeAdmiral, OverridePolicy: {_KUBEADMIRAL}/pkg/apis/core/v1alpha1/types_overridepolicy.go"
KUBEADMIRAL_PLANNER: Final = f"KubeAdmiral, dividing by weight: {_KUBEADMIRAL}/pkg/controllers/scheduler/planner/planner.go"
KUBEADMIRAL_PRIORITY: Final = (
    f"KubeAdmiral, dividing by priority: {_KUBEADMIRAL}/pkg/controllers/scheduler/framework/plugins/preferencebinpack/planner.go"
)
KUBEADMIRAL_BINDING: Final = f"KubeAdmiral, policy of a workload: {_KUBEADMIRAL}/pkg/controllers/scheduler/scheduler.go"
KUBEADMIRAL_UNITS: Final = f"KubeAdmiral, what is scheduled: {_KUBEADMIRAL}/pkg/controllers/scheduler/schedulingunit.go"
KUBEADMIRAL_MIGRATION: Final = f"KubeAdmiral, automatic migration: {_KUBEADMIRAL}/pkg/controllers/automigration/controller.go"
KUBEADMIRAL_AUTOSCALING: Final = f"KubeAdmiral, centralized autoscaling: {_KUBEADMIRAL}/pkg/controllers/federatedhpa/controller.go"
KUBEADMIRAL_KINDS: Final = f"KubeAdmiral, stock FederatedTypeConfigs: {_KUBEADMIRAL}/config/sample/host/01-ftc.yaml"

YAML: Final = "YAML 1.2.2: https://yaml.org/spec/1.2.2/"
JSON_PATCH: Final = "RFC 6902, JSON Patch: https://www.rfc-editor.org/rfc/rfc6902"
JSON_POINTER: Final = "RFC 6901, JSON Pointer: https://www.rfc-editor.org/rfc/rfc6901"
TROJAN_SOURCE: Final = "Trojan Source: https://trojansource.codes/"
