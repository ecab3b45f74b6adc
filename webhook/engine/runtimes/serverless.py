"""What serverless containers cannot run: ECI of Alibaba and VCI of Volcengine."""

from typing import Final

from webhook.engine.policy import Runtime, Verdict
from webhook.engine.runtimes import features
from webhook.engine.runtimes.rows import Row

_ECI_LIMITS: Final = "Alibaba help 89138, limits of elastic container instances"
_ECI_SELF_MANAGED: Final = "Alibaba help 363065, connecting self-managed clusters to elastic container instances"
_ECI_OVERVIEW: Final = "Alibaba, ECI overview for ACK clusters, 2021"
_ECI_SERVERLESS: Final = "Alibaba, ACK Serverless overview"
_VCI: Final = "Volcengine docs 6460/1159231, VCI"

ROWS: Final[tuple[Row, ...]] = (
    Row(
        "eci.daemonset",
        Runtime.ECI,
        Verdict.DENY,
        "metadata.ownerReferences",
        "ECI runs no pods of DaemonSets; run the agent as a sidecar container",
        _ECI_LIMITS,
        features.daemon_set,
    ),
    Row(
        "eci.hostpath",
        Runtime.ECI,
        Verdict.DENY,
        "spec.volumes[].hostPath",
        "ECI cannot mount directories of a host; use an emptyDir or a volume claim",
        _ECI_LIMITS,
        features.host_path,
    ),
    Row(
        "eci.hostnetwork",
        Runtime.ECI,
        Verdict.DENY,
        "spec.hostNetwork",
        "on ECI there is no host whose network a pod could share; leave hostNetwork out",
        _ECI_LIMITS,
        features.host_network,
    ),
    Row(
        "eci.volumes",
        Runtime.ECI,
        Verdict.DENY,
        "spec.volumes",
        f"ECI mounts at most {features.MAX_ECI_VOLUMES} volumes into a pod; gather some of them in projected volumes",
        _ECI_LIMITS,
        features.many_volumes,
    ),
    Row(
        "eci.containers",
        Runtime.ECI,
        Verdict.DENY,
        "spec.containers",
        f"ECI runs at most {features.MAX_ECI_CONTAINERS} containers in a pod; split the pod",
        _ECI_LIMITS,
        features.many_containers,
    ),
    Row(
        "eci.reserved-ports",
        Runtime.ECI,
        Verdict.WARN,
        "spec.containers[].ports[].containerPort",
        "ECI keeps the ports 111, 10250 and 10255 for itself; listen on another port",
        _ECI_LIMITS,
        features.reserved_ports,
    ),
    Row(
        "eci.privileged",
        Runtime.ECI,
        Verdict.WARN,
        "spec.containers[].securityContext.privileged",
        "ECI is documented to refuse privileged containers (its current limits do not say); ask for single capabilities instead",
        _ECI_SELF_MANAGED,
        features.privileged,
    ),
    Row(
        "eci.hostpid",
        Runtime.ECI,
        Verdict.WARN,
        "spec.hostPID",
        "on ECI there is no host whose processes a pod could see; leave hostPID out",
        _ECI_OVERVIEW,
        features.host_pid,
    ),
    Row(
        "eci.nodeport-service",
        Runtime.ECI,
        Verdict.WARN,
        "spec.type",
        "ECI pods cannot be reached through node ports; use a LoadBalancer Service",
        _ECI_LIMITS,
        kind="Service",
    ),
    Row(
        "eci.session-affinity",
        Runtime.ECI,
        Verdict.WARN,
        "spec.sessionAffinity",
        "Services with session affinity are not supported with ECI pods in serverless clusters",
        _ECI_SERVERLESS,
        kind="Service",
    ),
    Row(
        "eci.networkpolicy",
        Runtime.ECI,
        Verdict.WARN,
        "spec.podSelector",
        "network policies have no effect on ECI pods; use a security group",
        _ECI_OVERVIEW,
        kind="NetworkPolicy",
    ),
    Row(
        "vci.daemonset",
        Runtime.VCI,
        Verdict.DENY,
        "metadata.ownerReferences",
        "VCI runs no pods of DaemonSets; run the agent as a sidecar container",
        _VCI,
        features.daemon_set,
    ),
    Row(
        "vci.hostpath",
        Runtime.VCI,
        Verdict.DENY,
        "spec.volumes[].hostPath",
        "VCI cannot mount directories of a host; use an emptyDir or a volume claim",
        _VCI,
        features.host_path,
    ),
)
