"""All pods of a cluster that run or wait, judged and gathered by workload."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from compiler.model import Cluster, namespace_labels
from compiler.observed.objects import Kind, Object, Objects, key_of, mapping, texts
from compiler.sweep.judge import Judge
from compiler.sweep.ownership import POD, Workload
from compiler.sweep.verdict import Judged, Verdict
from compiler.trial import Bench

NAMESPACE = Kind("Namespace")
_OVER = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep found.

    Attributes:
        pods: all that were judged, by workload, then name.
        ended: how many have ended or are about to. namespaces: whose labels are those that the Cluster document declares, or not known.
    """

    cluster: str
    pods: tuple[Judged, ...] = field(repr=False)
    ended: int
    declared: tuple[str, ...]

    @property
    def counts(self) -> Counter[Verdict]:
        """How many pods have each verdict."""
        return Counter(each.verdict for each in self.pods)

    @property
    def has_findings(self) -> bool:
        """Whether something ought to be done."""
        return any(each.verdict.is_finding for each in self.pods)

    def by_workload(self, verdicts: Iterable[Verdict]) -> dict[Workload, dict[Verdict, list[Judged]]]:
        """Return the pods of some verdicts, by workload."""
        wanted = frozenset(verdicts)
        found: dict[Workload, dict[Verdict, list[Judged]]] = {}
        for each in self.pods:
            if each.verdict in wanted:
                found.setdefault(each.workload, {}).setdefault(each.verdict, []).append(each)
        return found


def sweep(cluster: Cluster, today: Bench, objects: Objects, namespaces: tuple[str, ...] = (), then: Bench | None = None) -> Sweep:
    """Judge all pods, of some namespaces only if there are any."""
    judge = Judge(today, objects, cluster.kubernetes, then)
    known = {key_of(each).name: texts(each, "metadata", "labels") for each in objects.of(NAMESPACE)}
    judged = []
    declared: set[str] = set()
    ended = 0
    for pod in objects.of(POD):
        namespace = key_of(pod).namespace or "default"
        if namespaces and namespace not in namespaces:
            continue
        if not isinstance(pod.get("spec"), dict) or _has_ended(pod):
            ended += 1
            continue
        labels = known.get(namespace)
        if labels is None:
            declared.add(namespace)
            labels = cluster.namespaces.get(namespace)
            labels = namespace_labels(cluster.kubernetes, namespace, labels) if labels is not None else None
        judged.append(judge.judge(pod, namespace, labels))
    pods = sorted(judged, key=lambda each: (each.workload, each.name))
    return Sweep(cluster=cluster.name, pods=tuple(pods), ended=ended, declared=tuple(sorted(declared)))


def _has_ended(pod: Object) -> bool:
    return mapping(pod, "status").get("phase") in _OVER or bool(mapping(pod, "metadata").get("deletionTimestamp"))
