"""Features that a pod may use and virtual pools may lack: where the pod uses them.

A function here gives the fields of a pod that use the feature, as ``spec.volumes[cache].hostPath``, and nothing for a harmless pod. Only
what the author set counts. What a runtime makes of it stands in ``webhook.engine.runtimes``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from webhook.engine.anatomy import Subject

Finder: TypeAlias = Callable[[Subject], Iterable[str]]

MAX_ECI_VOLUMES: Final = 20
MAX_ECI_CONTAINERS: Final = 20
ECI_PORTS: Final = frozenset({111, 10250, 10255})
OSS_DRIVER: Final = "ossplugin.csi.alibabacloud.com"

_EFFECTIVE_LABELS: Final = (
    "alibabacloud.com/eci",
    "alibabacloud.com/fluid-sidecar-target",
    "aliyun.com/gpu-count",
    "pod-group.scheduling.sigs.k8s.io/min-available",
    "pod-group.scheduling.sigs.k8s.io/name",
)
_EFFECTIVE_ANNOTATIONS: Final = (
    "alibabacloud.com/burst-resource",
    "cpu-policy",
    "cpuset-scheduler",
    "kubernetes.io/egress-bandwidth",
    "kubernetes.io/ingress-bandwidth",
)
"""Keys that do something on other nodes. All others are their authors' own notes."""

_ECI_PREFIX: Final = "k8s.aliyun.com/"
"""All annotations of ECI begin so (Alibaba, pod annotations)."""

_HARDWARE: Final = (
    "ack.node.gpu.",
    "aliyun.accelerator/",
    "beta.kubernetes.io/instance-type",
    "feature.node.kubernetes.io/",
    "machine.cluster.vke.volcengine.com/",
    "node.kubernetes.io/instance-type",
    "nvidia.com/",
)
"""How labels begin that tell the hardware of a node."""

_CLAIM: Final = re.compile(rb'"(?:ephemeral|persistentVolumeClaim)"')
_ECI_PORT: Final = re.compile(rb"1(?:11|025[05])")
_EMPTY_DIR: Final = re.compile(rb'"emptyDir"')
_HOST_PATH: Final = re.compile(rb'"hostPath"')
_HOST_PORT: Final = re.compile(rb'"hostPort"')
_IN_CLUSTER: Final = re.compile(rb"\.svc")
_NAME: Final = re.compile(rb'"name"')
_TOKEN: Final = re.compile(rb'"serviceAccountToken"')
"""Words to look for in what is not decoded."""

_SERVICE: Final = re.compile(r"[a-z0-9]\.[-a-z0-9]{1,63}\.svc(?![-a-z0-9])")


def daemon_set(subject: Subject) -> Sequence[str]:
    """The pod is one of a DaemonSet. The engine leaves such pods alone; this is for those who look at manifests."""
    return ("metadata.ownerReferences",) if subject.controller == "DaemonSet" else ()


def host_path(subject: Subject) -> Sequence[str]:
    """Directories of the host."""
    return [f"spec.volumes[{each.name}].hostPath" for each in subject.volumes(_HOST_PATH) if each.host_path is not None]


def host_network(subject: Subject) -> Sequence[str]:
    """The host's network."""
    return ("spec.hostNetwork",) if subject.spec.host_network else ()


def host_pid(subject: Subject) -> Sequence[str]:
    """The host's processes."""
    return ("spec.hostPID",) if subject.spec.host_pid else ()


def host_pid_or_ipc(subject: Subject) -> Sequence[str]:
    """The host's processes, or their shared memory."""
    return [*host_pid(subject), "spec.hostIPC"] if subject.spec.host_ipc else host_pid(subject)


def many_volumes(subject: Subject) -> Sequence[str]:
    """More volumes than ECI mounts. The token that is mounted everywhere is not counted."""
    if len(subject.spec.volumes) <= MAX_ECI_VOLUMES * len('{"name":"x"},'):
        return ()
    return ("spec.volumes",) if len(subject.volumes(_NAME)) > MAX_ECI_VOLUMES else ()


def many_containers(subject: Subject) -> Sequence[str]:
    """More containers than ECI runs, without init containers."""
    return ("spec.containers",) if len(subject.containers) > MAX_ECI_CONTAINERS else ()


def privileged(subject: Subject) -> Sequence[str]:
    """Privileged containers."""
    return [f"{path}.securityContext.privileged" for path, settings in subject.security_contexts() if settings.get("privileged")]


def reserved_ports(subject: Subject) -> Sequence[str]:
    """Ports of ECI's own."""
    return [f"{path}.ports[{port.container_port}]" for path, port in subject.ports(_ECI_PORT) if port.container_port in ECI_PORTS]


def host_ports(subject: Subject) -> Sequence[str]:
    """Ports of the host. Together with its network, the API server fills them in by itself."""
    if subject.spec.host_network:
        return ()
    return [f"{path}.ports[{port.container_port}].hostPort" for path, port in subject.ports(_HOST_PORT) if port.host_port]


def effective_labels(subject: Subject) -> Sequence[str]:
    """Labels that do something on other nodes."""
    return [f"metadata.labels[{key}]" for key in sorted(subject.labels) if key in _EFFECTIVE_LABELS]


def effective_annotations(subject: Subject) -> Sequence[str]:
    """Annotations that do something on other nodes."""
    return [
        f"metadata.annotations[{key}]"
        for key in sorted(subject.annotations)
        if key in _EFFECTIVE_ANNOTATIONS or key.startswith(_ECI_PREFIX)
    ]


def empty_dir(subject: Subject) -> Sequence[str]:
    """Directories that live as long as the pod."""
    return [f"spec.volumes[{each.name}].emptyDir" for each in subject.volumes(_EMPTY_DIR) if each.empty_dir is not None]


def security_context(subject: Subject) -> Sequence[str]:
    """Security contexts with something in them."""
    pod = ["spec.securityContext"] if subject.security_context else []
    return pod + [f"{path}.securityContext" for path, _ in subject.security_contexts()]


def tokens(subject: Subject) -> Sequence[str]:
    """Service account tokens that the author asked for. A Secret that holds one cannot be told from others by looking at the pod."""
    return [
        f"spec.volumes[{each.name}].projected"
        for each in subject.volumes(_TOKEN)
        if each.projected is not None and any(source.service_account_token is not None for source in each.projected.sources or ())
    ]


def volume_claims(subject: Subject) -> Iterator[str]:
    """Volume claims, but for those that are declared to be OSS volumes; claims that are made with the pod never are."""
    for each in subject.volumes(_CLAIM):
        if each.ephemeral is not None:
            yield f"spec.volumes[{each.name}].ephemeral"
        claim = each.persistent_volume_claim
        if claim is not None and subject.claims.get(claim.claim_name) != OSS_DRIVER:
            yield f"spec.volumes[{each.name}].persistentVolumeClaim"


def service_clients(subject: Subject) -> Sequence[str]:
    """Variables that name a Service of the cluster."""
    return [
        f"{path}.env[{variable.name}]"
        for path, variable in subject.environment(_IN_CLUSTER)
        if variable.value and _SERVICE.search(variable.value)
    ]


def cluster_dns(subject: Subject) -> Sequence[str]:
    """Names of the cluster.

    ``ClusterFirst`` is what the API server writes where the author wrote nothing, so only the other spelling is a wish.
    """
    asked = subject.spec.dns_policy == "ClusterFirstWithHostNet"
    return ("spec.dnsPolicy",) if asked and not subject.has_nameservers else ()


def hardware(subject: Subject) -> Iterator[str]:
    """Nodes chosen by their hardware."""
    for key in sorted(subject.spec.node_selector or ()):
        if key.startswith(_HARDWARE):
            yield f"spec.nodeSelector[{key}]"
    named = dict.fromkeys(subject.affinity.node_keys())
    for member, key in named:
        if key.startswith(_HARDWARE):
            yield f"spec.affinity.nodeAffinity.{member}[{key}]"


def pod_affinity(subject: Subject) -> Iterator[str]:
    """Affinity between pods."""
    affinity = subject.affinity
    for name, each in (("podAffinity", affinity.pod_affinity), ("podAntiAffinity", affinity.pod_anti_affinity)):
        if each is not None and (each.required or each.preferred):
            yield f"spec.affinity.{name}"


def spreading(subject: Subject) -> Sequence[str]:
    """Spreading over a topology."""
    return ("spec.topologySpreadConstraints",) if subject.has_spread_constraints else ()
