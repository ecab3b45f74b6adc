"""From which version on a platform has a feature, and which add-ons it needs. The one table of version facts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from compiler.model import Platform, PoolType
from compiler.platforms import pages
from compiler.versions import Version


class Feature(StrEnum):
    """Things that not every version can do."""

    RESOURCE_POLICY = "ResourcePolicy"
    UNIT_MAX = "`max` on a unit of a ResourcePolicy"
    IGNORE_DEFAULTS = "ignorePreviousPod and ignoreTerminatingPod with the defaults of today"
    IGNORE_PODS = "a choice which pods a `max` ignores"
    PREEMPT_POLICY = "preemptPolicy"
    MATCH_LABEL_KEYS = "matchLabelKeys"
    MAX_RESOURCES = "maxResources of a unit"
    POLICY_EDITS = "a change of a ResourcePolicy whose pods live"
    ADVANCE = "`advance` (whenTryNextUnits)"
    ACS_UNIT = "an acs unit"
    ACS_UNITS = "more than one acs unit"
    VIRTUAL_AFFINITY = "node affinity to virtual nodes"
    BURST_RESOURCE = "burst-resource"
    GANG = "gang scheduling"
    CPU_TOPOLOGY = "CPU topology-aware scheduling"
    GPU_SHARE = "sharing of GPUs"


@dataclass(frozen=True, slots=True)
class Gate:
    """The lowest versions, None where there is no condition, and where it is written."""

    kubernetes: Version | None
    scheduler: Version | None
    source: str

    def closed_by(self, kubernetes: Version, scheduler: Version | None) -> str | None:
        """Say what keeps the feature away, or None where it is there. An unknown scheduler version keeps a gate closed."""
        if self.kubernetes is not None and kubernetes < self.kubernetes:
            return f"it needs Kubernetes {self.kubernetes}, and the cluster has {kubernetes}"
        if self.scheduler is not None and scheduler is None:
            return f"it needs scheduler {self.scheduler}, and the cluster does not declare `scheduler.version`"
        if self.scheduler is not None and scheduler is not None and scheduler < self.scheduler:
            return f"it needs scheduler {self.scheduler}, and the cluster has {scheduler}"
        return None


_PRO = f"{pages.ACK_RESOURCE_POLICY} (documented)"
_REGISTERED = f"{pages.ACK_CO_SCHEDULER} (documented)"


def _gate(kubernetes: str | None, scheduler: str | None, source: str = _PRO) -> Gate:
    return Gate(
        Version.parse(kubernetes) if kubernetes else None,
        Version.parse(scheduler) if scheduler else None,
        source,
    )


GATES: Final[dict[tuple[Platform, Feature], Gate]] = {
    (Platform.ACK_REGISTERED, Feature.RESOURCE_POLICY): _gate("1.18.8", None, _REGISTERED),
    (Platform.ACK_PRO, Feature.RESOURCE_POLICY): _gate("1.20.11", None),
    # Registered clusters have no such gate: the sample of ACK_ONE_ECI uses max on v1.20.9 (documented by example).
    (Platform.ACK_PRO, Feature.UNIT_MAX): _gate("1.22", "5.0"),
    (Platform.ACK_PRO, Feature.IGNORE_DEFAULTS): _gate(None, "6.4"),
    (Platform.ACK_PRO, Feature.IGNORE_PODS): _gate(None, "6.1"),
    (Platform.ACK_PRO, Feature.PREEMPT_POLICY): _gate(None, "6.1"),
    (Platform.ACK_PRO, Feature.MATCH_LABEL_KEYS): _gate(None, "6.2"),
    (Platform.ACK_PRO, Feature.MAX_RESOURCES): _gate(None, "6.9.5"),
    (Platform.ACK_PRO, Feature.POLICY_EDITS): _gate("1.21", "6.1"),
    (Platform.ACK_PRO, Feature.ADVANCE): _gate("1.24", "6.4"),
    (Platform.ACK_PRO, Feature.ACS_UNIT): _gate("1.26", "6.7.1"),
    (Platform.ACK_PRO, Feature.ACS_UNITS): _gate("1.26", "6.8.3"),
    (Platform.ACK_PRO, Feature.VIRTUAL_AFFINITY): _gate("1.22", "5.9", f"{pages.ACK_AFFINITY} (documented)"),
    (Platform.ACK_PRO, Feature.BURST_RESOURCE): _gate("1.18", None, f"{pages.ACK_BURST_RESOURCE} (documented)"),
    (Platform.ACK_REGISTERED, Feature.BURST_RESOURCE): _gate("1.18.8", None, _REGISTERED),
    (Platform.ACK_PRO, Feature.GANG): _gate("1.16", None, f"{pages.ACK_GANG} (documented)"),
    (Platform.ACK_REGISTERED, Feature.GANG): _gate("1.18.8", None, _REGISTERED),
    (Platform.ACK_REGISTERED, Feature.CPU_TOPOLOGY): _gate("1.18.8", None, _REGISTERED),
    (Platform.ACK_REGISTERED, Feature.GPU_SHARE): _gate("1.18.8", None, _REGISTERED),
}

VIRTUAL_AFFINITY_ADDON: Final = ("ack-virtual-node", Version.parse("2.10.0"), f"{pages.ACK_AFFINITY} (documented)")
"""The add-on, and from which version on it lets node affinity reach its nodes."""

BURST_RESOURCE_ENDS: Final = Version.parse("1.24")
"""From this Kubernetes version on ACK Pro no longer maintains burst-resource (``pages.ACK_BURST_RESOURCE``, May 2023)."""

MATCH_CONDITIONS: Final = Version.parse("1.28")
"""``matchConditions`` of webhooks are on by default (KEP-3716: alpha 1.27, beta 1.28, stable 1.30)."""

ADMISSION_POLICY: Final = Version.parse("1.30")
"""``admissionregistration.k8s.io/v1`` has ValidatingAdmissionPolicy (KEP-3488). Its beta of 1.28 and 1.29 is off by default, as all
beta APIs are since 1.24 (KEP-3136)."""

MAX_REPORTED: Final = 500
"""How many policies have their missing mutations reported: the API server evaluates an expression for each, for every pod."""

AUTOSCALING_V2: Final = Version.parse("1.23")
"""``autoscaling/v2`` is served (KEP-2702). Its predecessor v2beta2 is gone from 1.26 on and is never written."""

CONTAINER_METRICS: Final = Version.parse("1.27")
"""Metrics of type ContainerResource are on by default (KEP-1610: alpha 1.20, beta 1.27, stable 1.30)."""

SCHEDULER_ADDON: Final[dict[Platform, tuple[str, str]]] = {
    Platform.ACK_REGISTERED: ("ack-co-scheduler", f"{pages.ACK_ONE_ECI}, step 1 (documented)"),
    Platform.VKE: ("scheduler-plugin", f"{pages.VKE_RESOURCE_POLICY} (documented)"),
}
"""The add-on whose scheduler reads a ResourcePolicy and the like. On ACK Pro it is the managed scheduler itself."""

VIRTUAL_NODE_ADDON: Final[dict[PoolType, tuple[str, str]]] = {
    PoolType.ECI: ("ack-virtual-node", f"{pages.ACK_ONE_ECI}, step 1 (documented)"),
    PoolType.VCI: ("vci-virtual-kubelet", f"{pages.VKE_MULTI_CLOUD_GPU}, prerequisites (documented)"),
}
"""The add-on without which a serverless pool has no node."""

CPU_TOPOLOGY_ADDON: Final = ("resource-controller", f"{pages.ACK_CO_SCHEDULER} (documented)")
"""The add-on that binds containers to CPUs."""
