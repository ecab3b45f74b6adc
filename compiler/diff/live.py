"""Running pods of a cluster, from a dump: what becomes of each by the rules of ``compiler.diff.running``, counted by workload.

Which ResourcePolicies select a pod follows from the labels that it carries now, exactly; what it would get if it were created again, from
what its author sent (``compiler.sweep.authored``).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.diff.corpus import Pair
from compiler.diff.running import Consequence, When, edited, in_order, newly_matched, no_edits, of_policy, released
from compiler.diff.side import Side
from compiler.load import decode, load
from compiler.model import namespace_labels
from compiler.observed.objects import Kind, Object, Objects, key_of, mapping, texts
from compiler.sweep.authored import Basis, authored
from compiler.sweep.ownership import POD, Workload, workload_of
from compiler.trial import NotAPodError, send

_NAMESPACE = Kind("Namespace")
_OVER = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Running pods of a workload with the same outlook.

    Attributes:
        unsure: of how many nobody knows what their author sent, so that what their next creation brings is worked out from the pod itself.
    """

    workload: Workload
    consequence: Consequence
    pods: int
    unsure: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What becomes of a cluster's running pods.

    Attributes:
        fates: by workload, without those that are not affected. unaffected: how many pods are not.
        unreadable: how many could not be read.
    """

    cluster: str
    fates: tuple[Fate, ...]
    unaffected: int
    unreadable: int = 0
    counts: Mapping[When, int] = field(default_factory=dict)


def observe(cluster: str, objects: Objects, before: Side, after: Side) -> Observed:
    """Say what becomes of all running pods of a cluster that is there on both sides."""
    outlook = _Outlook(cluster, objects, before, after)
    found: Counter[tuple[Workload, Consequence]] = Counter()
    unsure: Counter[tuple[Workload, Consequence]] = Counter()
    counts: Counter[When] = Counter()
    unreadable = 0
    for pod in objects.of(POD):
        spec, metadata = pod.get("spec"), mapping(pod, "metadata")
        if not isinstance(spec, dict) or mapping(pod, "status").get("phase") in _OVER or metadata.get("deletionTimestamp"):
            continue
        try:
            consequence, sure = outlook.of(pod)
        except NotAPodError:
            unreadable += 1
            continue
        counts[consequence.when] += 1
        if consequence.when is not When.UNAFFECTED:
            key = (workload_of(pod, objects), consequence)
            found[key] += 1
            unsure[key] += not sure
    urgency = list(When)
    ordered = sorted(found, key=lambda each: (urgency.index(each[1].when), each[0], each[1].why))
    return Observed(
        cluster=cluster,
        fates=tuple(
            Fate(workload=key[0], consequence=key[1], pods=found[key], unsure=unsure[key] if key[1].when is When.LATER else 0)
            for key in ordered
        ),
        unaffected=counts[When.UNAFFECTED],
        unreadable=unreadable,
        counts={when: counts[when] for when in When if counts[when]},
    )


class _Outlook:
    """What is known of one cluster."""

    def __init__(self, cluster: str, objects: Objects, before: Side, after: Side) -> None:
        self._cluster = after.clusters[cluster]
        self._objects = objects
        self._pair = Pair(before, after, cluster)
        self._policies = tuple(_resource_policies(cluster, side) for side in (before, after))
        self._labels = {key_of(each).name: texts(each, "metadata", "labels") for each in objects.of(_NAMESPACE)}

    def of(self, pod: Object) -> tuple[Consequence, bool]:
        """Return what becomes of a pod, and whether its author's words are known."""
        namespace = key_of(pod).namespace or "default"
        labels = texts(pod, "metadata", "labels")
        before, after = (each.get(namespace, {}) for each in self._policies)
        mine = [name for name, (selector, _) in before.items() if selector.items() <= labels.items()]
        old = [before[name][1] for name in mine]
        new = [spec for selector, spec in after.values() if selector.items() <= labels.items()]
        found: list[Consequence] = []
        if no_edits(self._cluster) and any(name in after and after[name] != before[name] for name in mine):
            found.append(edited(self._cluster))
        if new and not old:
            found.append(newly_matched(self._cluster))
        elif old and not new:
            found.append(released())
        elif old != new:
            found.append(edited(self._cluster))
        source = authored(pod, self._objects, self._cluster.kubernetes)
        known = self._labels.get(namespace)
        if known is None and namespace in self._cluster.namespaces:
            known = namespace_labels(self._cluster.kubernetes, namespace, self._cluster.namespaces[namespace])
        outcome = self._pair.outcome(send(source.pod), namespace, known)
        found += of_policy((), self._cluster, concerns_new_pods=outcome is not None)
        return in_order(found)[0], source.basis is not Basis.ITSELF


def _resource_policies(cluster: str, side: Side) -> dict[str, dict[str, tuple[dict[str, str], dict[str, Any]]]]:
    """Return the selectors and what else ResourcePolicies say, by namespace and name."""
    found: dict[str, dict[str, tuple[dict[str, str], dict[str, Any]]]] = {}
    for path in _paths(cluster, side):
        file, _ = decode(path, side.files[path])
        for document in load(file)[0] if file is not None else ():
            spec = {key: value for key, value in document.get("spec").items() if key != "selector"}
            namespace, name = (document.get("metadata", key) for key in ("namespace", "name"))
            found.setdefault(namespace, {})[name] = (document.get("spec", "selector"), spec)
    return found


def _paths(cluster: str, side: Side) -> Iterator[str]:
    prefix = f"clusters/{cluster}/"
    for path in side.files.digests:
        if path.startswith(prefix) and path.rpartition("/")[2].startswith("resourcepolicy."):
            yield path
