"""What becomes of pods that run already, by the rules of those who keep them. Each statement says whether it is documented or inferred.

==================================== ==================================================================================================
webhook, namespace labels            act when a pod is created, so running pods get what is new with their next creation (Kubernetes)
node affinity                        is ``IgnoredDuringExecution``: a scheduled pod stays where it is (Kubernetes)
VKE ResourcePolicy                   pods that were scheduled before a policy concerned them are scaled in first; after an edit, old pods
                                     follow the old order and new pods the new one (documented, ``pages.VKE_RESOURCE_POLICY``)
ACK ResourcePolicy                   the same of new ones, with scheduler below 5.0 or Kubernetes up to 1.20; an edit while its pods exist is
                                     ruled out below scheduler 6.1 or up to Kubernetes 1.20 (documented, ``pages.ACK_RESOURCE_POLICY``); from
                                     these versions on nothing is said, and schedulers bind only pods that wait (inferred)
PropagationPolicy                    replicas are divided anew when its content changes, unless it says otherwise (KubeAdmiral's
                                     ``rescheduleWhen.policyContentChanged``, true by default)
OverridePolicy, patches of manifests change the pod template, so that the workload's controller replaces its pods
==================================== ==================================================================================================
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from compiler.diff.objects import ObjectChange, Status
from compiler.model import Cluster, Platform
from compiler.platforms import pages
from compiler.versions import Version
from webhook.engine.keys import PLACEMENT_LABEL

RESOURCE_POLICY: Final = "ResourcePolicy"
_FIRST_UNTIL: Final = Version.parse("5.0")
_NO_EDITS_UNTIL: Final = Version.parse("6.1")
_KUBERNETES: Final = Version.parse("1.21")
"""The guide says "1.20 or earlier"."""


class When(StrEnum):
    """What becomes of running pods, the most urgent first."""

    NOW = "moves now"
    FORBIDDEN = "edit ruled out while pods exist"
    FIRST = "scaled in first"
    OLD_ORDER = "keeps the old order"
    LATER = "at next reschedule"
    UNAFFECTED = "unaffected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """A statement about running pods of a policy or of an object.

    Attributes:
        inferred: whether it stands in no source. source: which one it stands in, or whose rule it is inferred from.
    """

    when: When
    why: str
    source: str
    inferred: bool = False

    def __str__(self) -> str:
        return f"{self.why} ({'inferred from ' if self.inferred else ''}{self.source})"


_ON_CREATION: Final = Consequence(
    when=When.LATER,
    why="the webhook changes pods when they are created, and schedulers leave running pods where they are",
    source="Kubernetes",
)
_MARKED: Final = Consequence(
    when=When.LATER,
    why="the ResourcePolicy selects a label that the webhook writes when pods are created, so it concerns no running pod",
    source="Kubernetes",
)
_NOTHING: Final = Consequence(
    when=When.UNAFFECTED,
    why="neither running pods nor new ones get anything else",
    source="their normal form is the same, or only its place among policies that say nothing else",
)


def of_policy(objects: Iterable[ObjectChange], cluster: Cluster, *, concerns_new_pods: bool) -> tuple[Consequence, ...]:
    """Return what a change of a policy means to its running pods in one cluster, the most urgent first.

    Args:
        objects: its ResourcePolicies that differ.
        cluster: where.
        concerns_new_pods: whether some new pod is mutated or placed otherwise.
    """
    found = {each for change in objects for each in _of_object(change, cluster)}
    if concerns_new_pods:
        found.add(_ON_CREATION)
    return in_order(found) or (_NOTHING,)


def in_order(found: Iterable[Consequence]) -> tuple[Consequence, ...]:
    """Sort by urgency, then text."""
    urgency = list(When)
    return tuple(sorted(found, key=lambda each: (urgency.index(each.when), each.why)))


def _of_object(change: ObjectChange, cluster: Cluster) -> Iterator[Consequence]:
    old, new = _spec(change.before), _spec(change.after)
    if change.status is Status.REMOVED:
        yield released()
        return
    had, has = old.get("selector") or {}, new.get("selector") or {}
    # Selectors are flat maps of labels: the fewer they name, the more they select.
    if change.status is Status.ADDED or not had.items() <= has.items():
        yield _MARKED if PLACEMENT_LABEL in has else newly_matched(cluster)
    if change.status is Status.CHANGED and not has.items() <= had.items():
        yield released()
    if change.status is Status.CHANGED and (_without_selector(old) != _without_selector(new) or (old != new and no_edits(cluster))):
        yield edited(cluster)


def newly_matched(cluster: Cluster) -> Consequence:
    """Return what becomes of running pods that a ResourcePolicy selects for the first time."""
    if cluster.platform is Platform.VKE:
        return Consequence(
            when=When.FIRST,
            why="pods that were scheduled before the ResourcePolicy concerned them are scaled in first",
            source=pages.VKE_RESOURCE_POLICY,
        )
    if cluster.platform is Platform.ACK_PRO and _is_before(cluster, _FIRST_UNTIL):
        return Consequence(
            when=When.FIRST,
            why="below scheduler 5.0 or Kubernetes 1.21, pods that are older than the ResourcePolicy are scaled in first",
            source=pages.ACK_RESOURCE_POLICY,
        )
    return _staying("running pods stay where they are; in which order they are scaled in is not documented")


def edited(cluster: Cluster) -> Consequence:
    """Return what becomes of running pods whose ResourcePolicy says something else."""
    if cluster.platform is Platform.VKE:
        return Consequence(
            when=When.OLD_ORDER,
            why="after an edit, old pods follow the old order and new pods the new one",
            source=pages.VKE_RESOURCE_POLICY,
        )
    if no_edits(cluster):
        known = "" if cluster.scheduler is not None else ", and this cluster does not declare its scheduler's version"
        return Consequence(
            when=When.FORBIDDEN,
            why=f"below scheduler 6.1 or Kubernetes 1.21 a ResourcePolicy must not be modified while its pods exist{known}",
            source=pages.ACK_RESOURCE_POLICY,
        )
    return _staying("running pods stay where they are, and new ones follow the new units")


def no_edits(cluster: Cluster) -> bool:
    """Say whether the vendor rules out edits of a ResourcePolicy while its pods exist, its selector included."""
    return cluster.platform is Platform.ACK_PRO and _is_before(cluster, _NO_EDITS_UNTIL)


def released() -> Consequence:
    """Return what becomes of running pods that no ResourcePolicy selects any more."""
    return _staying("running pods stay where they are, and nothing orders their scale-in any more")


def _staying(why: str) -> Consequence:
    return Consequence(when=When.LATER, why=why, source="Kubernetes: schedulers bind waiting pods only", inferred=True)


def _is_before(cluster: Cluster, scheduler: Version) -> bool:
    """Say whether a version counts as an earlier one; a scheduler whose version is not known does."""
    return cluster.scheduler is None or cluster.scheduler < scheduler or cluster.kubernetes < _KUBERNETES


def of_object(change: ObjectChange) -> Consequence | None:
    """Return what an object of no single policy does to running pods, None where that is nothing or said elsewhere."""
    if change.kind == "patch of":
        return Consequence(
            when=When.NOW,
            why="where the Component is used, its patch changes the pod template, and the controller replaces the pods",
            source="Kubernetes: workload controllers",
        )
    if change.kind in ("PropagationPolicy", "ClusterPropagationPolicy"):
        return _propagation(change)
    if change.kind in ("OverridePolicy", "ClusterOverridePolicy"):
        return Consequence(
            when=When.NOW,
            why="members get other manifests; where the pod template differs, the controller replaces the pods",
            source="Kubernetes: workload controllers",
        )
    if change.kind == "Namespace":
        return Consequence(
            when=When.LATER, why="the label of the namespace counts for pods that are created from then on", source=pages.VNODES
        )
    return None


def _propagation(change: ObjectChange) -> Consequence:
    spec = _spec(change.before if change.after is None else change.after)
    policy = spec.get("reschedulePolicy") or {}
    source = "KubeAdmiral, reschedulePolicy"
    if policy.get("disableRescheduling") or (policy.get("rescheduleWhen") or {}).get("policyContentChanged") is False:
        return Consequence(
            when=When.LATER, why="the policy keeps replicas where they are until something else has them divided", source=source
        )
    avoids = (policy.get("replicaRescheduling") or {}).get("avoidDisruption", True)
    how = ", moving as few of the running ones as min and max allow" if avoids else ", moving running ones wherever that fits best"
    return Consequence(when=When.NOW, why=f"a changed policy has its workloads' replicas divided anew{how}", source=source)


def _spec(value: Any) -> dict[str, Any]:
    found = value.get("spec") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _without_selector(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != "selector"}
