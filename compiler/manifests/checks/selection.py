"""Which pods of elastic placements an object selects, and how findings about them are put."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from compiler.manifests.manifest import Manifest
from compiler.manifests.placing import Elastic
from compiler.spelling import listing
from webhook.engine.policy import Runtime
from webhook.engine.selector import Operator, Requirement, Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The pods of one manifest that an object selects, on all clusters where a policy may bring them onto ``runtimes``."""

    manifest: Manifest
    runtimes: tuple[Runtime, ...]
    policies: tuple[str, ...]
    clusters: tuple[str, ...]

    @property
    def notes(self) -> list[str]:
        """Who brings the pods there, and where."""
        subject = "policies" if len(self.policies) > 1 else "policy"
        where = "clusters" if len(self.clusters) > 1 else "cluster"
        return [f"{subject} {listing(self.policies)} may bring the pods there on {where} {listing(self.clusters)}"]


def selected(namespace: str, selector: Selector, elastic: Iterable[Elastic], runtimes: Collection[Runtime]) -> Iterator[Selected]:
    """Yield the manifests whose pods an object of the namespace selects, among those that may run on ``runtimes``."""
    found: dict[tuple[Any, ...], tuple[Manifest, set[Runtime], set[str], set[str]]] = {}
    for each in elastic:
        there = set(each.runtimes).intersection(runtimes)
        if not there or each.manifest.effective_namespace != namespace or not selector.matches(each.labels):
            continue
        manifest, on, policies, clusters = found.setdefault(each.manifest.place, (each.manifest, set(), set(), set()))
        on |= there
        policies.add(each.policy)
        clusters.add(each.cluster.name)
    for _, (manifest, on, policies, clusters) in sorted(found.items()):
        yield Selected(
            manifest=manifest,
            runtimes=tuple(sorted(on)),
            policies=tuple(sorted(policies)),
            clusters=tuple(sorted(clusters)),
        )


def label_selector(written: Any) -> Selector | None:
    """Read a meta/v1 LabelSelector; None where it is none, since then the API server refuses the object."""
    if not isinstance(written, dict):
        return None
    labels, expressions = written.get("matchLabels") or {}, written.get("matchExpressions") or []
    try:
        return Selector.of(
            labels,
            [Requirement(each["key"], Operator(each["operator"]), tuple(each.get("values") or ())) for each in expressions],
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def flat_selector(written: Any) -> Selector | None:
    """Read a map of labels, as a Service has it; None where there is nothing in it, since then nothing is selected."""
    if not isinstance(written, dict) or not all(isinstance(value, str) for value in written.values()):
        return None
    return Selector.of(written) if written else None


_NAMES = {Runtime.ECI: "ECI", Runtime.VCI: "VCI", Runtime.AI_NODE: "AI nodes"}


def named(runtimes: Iterable[Runtime]) -> str:
    """Write runtimes for people: ``ECI and AI nodes``."""
    return " and ".join(_NAMES[each] for each in runtimes)
