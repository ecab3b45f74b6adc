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
    IGNORE_PODS = "ignorePreviousPod and ignoreTerminatingPod with the defaults of today"


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

GATES: Final[dict[tuple[Platform, Feature], Gate]] = {
    (Platform.ACK_REGISTERED, Feature.RESOURCE_POLICY): Gate(Version.parse("1.18.8"), None, _REGISTERED),
    (Platform.ACK_PRO, Feature.RESOURCE_POLICY): Gate(Version.parse("1.20.11"), None, _PRO),
    # Registered clusters have no such gate: the sample of ACK_ONE_ECI uses max on v1.20.9 (documented by example).
    (Platform.ACK_PRO, Feature.UNIT_MAX): Gate(Version.parse("1.22"), Version.parse("5.0"), _PRO),
    (Platform.ACK_PRO, Feature.IGNORE_PODS): Gate(None, Version.parse("6.4"), _PRO),
}

MATCH_CONDITIONS: Final = Version.parse("1.28")
"""``matchConditions`` of webhooks are on by default (KEP-3716: alpha 1.27, beta 1.28, stable 1.30)."""

AUTOSCALING_V2: Final = Version.parse("1.23")
"""``autoscaling/v2`` is served (KEP-2702). Its predecessor v2beta2 is gone from 1.26 on and is never written."""

CONTAINER_METRICS: Final = Version.parse("1.27")
"""Metrics of type ContainerResource are on by default (KEP-1610: alpha 1.20, beta 1.27, stable 1.30)."""

RESOURCE_POLICY_ADDON: Final[dict[Platform, tuple[str, str]]] = {
    Platform.ACK_REGISTERED: ("ack-co-scheduler", f"{pages.ACK_ONE_ECI}, step 1 (documented)"),
    Platform.VKE: ("scheduler-plugin", f"{pages.VKE_RESOURCE_POLICY} (documented)"),
}
"""The add-on that reads a ResourcePolicy. On ACK Pro it is the managed scheduler itself."""

VIRTUAL_NODE_ADDON: Final[dict[PoolType, tuple[str, str]]] = {
    PoolType.ECI: ("ack-virtual-node", f"{pages.ACK_ONE_ECI}, step 1 (documented)"),
    PoolType.VCI: ("vci-virtual-kubelet", f"{pages.VKE_MULTI_CLOUD_GPU}, prerequisites (documented)"),
}
"""The add-on without which a serverless pool has no node."""
