"""What was given, sorted by what it is: ResourcePolicies, objects of KubeAdmiral, workloads, and what is passed over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.importing.already import ordered_already
from compiler.importing.federation import GROUP
from compiler.importing.marks import lost
from compiler.importing.placements import Federation, federated
from compiler.importing.pods import ByHand, by_hand
from compiler.importing.resource_policies import Ordered, is_resource_policy, read
from compiler.importing.twins import Twins
from compiler.manifests.manifest import Manifest, manifests_of
from compiler.source import Document

_CLUSTER_WIDE: Final = ("ClusterPropagationPolicy", "ClusterOverridePolicy")
"""Kinds of ``pkg/apis/core/v1alpha1`` that place objects of every namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file's documents, and the cluster that they come from; empty where that is not said."""

    cluster: str
    documents: Sequence[Document]


@dataclass(slots=True, kw_only=True)
class Pile:
    """What was found. ``passed`` counts objects that are nothing to us, ``there`` ResourcePolicies that the repository builds already."""

    ordered: list[Ordered] = field(default_factory=list)
    handwritten: list[ByHand] = field(default_factory=list)
    federation: Federation = field(default_factory=Federation)
    passed: int = 0
    there: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)


def sorted_out(given: Iterable[Given], files: Mapping[str, bytes]) -> Pile:
    """Sort objects. ``files`` are what the repository builds, by path below its output folder."""
    pile, twins = Pile(), Twins()
    for cluster, manifest in _manifests(given):
        if manifest.group == GROUP and manifest.kind in _CLUSTER_WIDE:
            pile.diagnostics.append(_cluster_wide(manifest))
            continue
        ours = is_resource_policy(manifest)
        if not ours and not federated(manifest):
            pile.federation.bind(manifest)
            pods = by_hand(manifest, cluster) if cluster else []
            pile.handwritten += pods
            pile.passed += not pods
            continue
        twin = twins.seen(cluster if ours else "", manifest)
        if twin is not None:
            pile.diagnostics += twin
        elif ours and not cluster:
            pile.diagnostics.append(_from_where(manifest))
        elif ours and ordered_already(manifest, cluster, files):
            pile.there += 1
        else:
            _read(pile, cluster, manifest)
    return pile


def _cluster_wide(manifest: Manifest) -> Diagnostic:
    message = f"{manifest.kind} `{manifest.name}` is for all namespaces, and a placement policy for one"
    return diagnose(
        codes.UNSAID, manifest.at_name(), message, help=[f"write a {manifest.kind[7:]} in each namespace, and import those"]
    )


def _read(pile: Pile, cluster: str, manifest: Manifest) -> None:
    if is_resource_policy(manifest):
        found, unsaid = read(manifest, cluster)
        pile.diagnostics += unsaid
        pile.ordered += [found] if found is not None else []
    else:
        pile.federation.add(manifest)
    pile.diagnostics += lost(manifest)


def _manifests(given: Iterable[Given]) -> Iterator[tuple[str, Manifest]]:
    """Yield the objects of each cluster, the same ones in the same order however the files were given."""
    found = [(each.cluster, manifest) for each in given for document in each.documents for manifest in manifests_of(document)]
    yield from sorted(found, key=lambda pair: (pair[0], pair[1].place))


def _from_where(manifest: Manifest) -> Diagnostic:
    message = f"no telling which cluster {manifest.title} comes from"
    path = manifest.document.file.path
    return diagnose(codes.NEEDED, manifest.at_name(), message, help=[f"name it before the file: CLUSTER={path}, or with --cluster"])
