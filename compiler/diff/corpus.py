"""Pods of manifests, tests and dumps under both sides: those that get something else, before and after."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import jsonpatch
import msgspec
from msgspec import structs

from compiler.diff.side import Side
from compiler.sweep.footprint import footprint
from compiler.trial import NotAPodError, Sent, send
from webhook.engine import patch
from webhook.engine.decision import Decision
from webhook.engine.mutate import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A pod that is tried.

    Attributes:
        title: how people call it. path: where it was read.
        labels: the namespace's; None stands for those that the cluster declares.
        clusters: where it is tried, None for everywhere.
    """

    title: str
    path: str
    pod: dict[str, Any]
    namespace: str
    labels: dict[str, str] | None = None
    clusters: tuple[str, ...] | None = None


class FieldChange(NamedTuple):
    """A field of a pod that is ours; None where it is not there."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodChange:
    """A pod that is not treated as before.

    Attributes:
        clusters: where it is treated like this.
        owners: the policies that place it, before and after; empty where none does.
        denied: the reasons for which it is denied, before and after.
        fields: what differs in the pod that comes of it.
        warnings: what its author is told before and after, where that differs.
    """

    title: str
    path: str
    namespace: str
    clusters: tuple[str, ...]
    owners: tuple[str, str]
    denied: tuple[tuple[str, ...], tuple[str, ...]]
    fields: tuple[FieldChange, ...]
    warnings: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of the samples.

    Attributes:
        pods: how many there were. changes: those that are treated otherwise, by path and title.
        refused: those that no API server would take, with the reason.
    """

    pods: int = 0
    changes: tuple[PodChange, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def try_out(samples: Iterable[Sample], before: Side, after: Side, clusters: Iterable[str]) -> Tried:
    """Try pods in clusters that are there on both sides. Clusters whose bundles are the same need not be among them."""
    pairs = {name: Pair(before, after, name) for name in clusters}
    found: list[PodChange] = []
    refused: list[tuple[str, str]] = []
    number = 0
    for sample in samples:
        number += 1
        try:
            found += _tried(sample, send(sample.pod), pairs)
        except NotAPodError as error:
            refused.append((f"{sample.path}: {sample.title}", str(error)))
    ordered = sorted(found, key=lambda each: (each.path, each.title, each.namespace, each.clusters))
    return Tried(pods=number, changes=tuple(ordered), refused=tuple(sorted(refused)))


def _tried(sample: Sample, sent: Sent, pairs: Mapping[str, "Pair"]) -> Iterator[PodChange]:
    """Yield what becomes of a pod, clusters with the same outcome together."""
    outcomes: dict[tuple[Any, ...], list[str]] = {}
    for name, pair in pairs.items():
        if sample.clusters is None or name in sample.clusters:
            outcome = pair.outcome(sent, sample.namespace, sample.labels)
            if outcome is not None:
                outcomes.setdefault(outcome, []).append(name)
    for (owners, denied, fields, warnings), names in outcomes.items():
        yield PodChange(
            title=sample.title,
            path=sample.path,
            namespace=sample.namespace,
            clusters=tuple(names),
            owners=owners,
            denied=denied,
            fields=fields,
            warnings=warnings,
        )


Outcome = tuple[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]], tuple[FieldChange, ...], tuple[Any, Any]]
_SILENT: Final[tuple[tuple[str, ...], tuple[str, ...]]] = ((), ())


class Pair:
    """The engines of one cluster on both sides.

    A pod is treated otherwise only where a policy matches it that is not the same on both sides, so these are asked first; the engines with all
    policies are made for the first pod that one of them matches.
    """

    def __init__(self, before: Side, after: Side, cluster: str) -> None:
        self._bundles = (before.bundle(cluster), after.bundle(cluster))
        first, second = self._bundles
        self._alike = (first.excluded_namespaces, first.namespaces, first.claims) == (
            second.excluded_namespaces,
            second.namespaces,
            second.claims,
        )
        kept = {each.name: each for each in first.policies}
        same = {each.name for each in second.policies if kept.get(each.name) == each}
        self._different = tuple(
            Engine(structs.replace(bundle, policies=tuple(each for each in bundle.policies if each.name not in same)))
            for bundle in self._bundles
        )

    @cached_property
    def _engines(self) -> tuple[Engine, ...]:
        return tuple(map(Engine, self._bundles))

    def outcome(self, sent: Sent, namespace: str, labels: dict[str, str] | None) -> Outcome | None:
        """Return what differs for a pod, None where nothing does.

        Raises:
            NotAPodError: a field that a matching policy looks at has the wrong type.
        """
        try:
            if self._alike and not any(map(_concerns, self._admitted(self._different, sent, namespace, labels))):
                return None
            first, second = self._admitted(self._engines, sent, namespace, labels)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise NotAPodError.of(error) from error
        fields = () if first.denied or second.denied else _fields(sent, first, second)
        owners = (first.owner or "", second.owner or "")
        warnings = _SILENT if first.warnings == second.warnings else (tuple(first.warnings), tuple(second.warnings))
        if not fields and owners[0] == owners[1] and first.denied == second.denied and warnings is _SILENT:
            return None
        return owners, (tuple(first.denied), tuple(second.denied)), fields, warnings

    def _admitted(self, engines: Iterable[Engine], sent: Sent, namespace: str, labels: dict[str, str] | None) -> list[Decision]:
        return [
            engine.admit(sent.typed, namespace, bundle.namespaces.get(namespace) if labels is None else labels)
            for engine, bundle in zip(engines, self._bundles, strict=True)
        ]


def _concerns(decision: Decision) -> bool:
    return bool(decision.policies or decision.warnings or decision.denied)


def _fields(sent: Sent, first: Decision, second: Decision) -> tuple[FieldChange, ...]:
    operations = [patch.encode(each.operations) for each in (first, second)]
    if operations[0] == operations[1]:
        return ()
    pods: list[Any] = [jsonpatch.JsonPatch(msgspec.json.decode(each)).apply(sent.pod) for each in operations]
    before, after = map(footprint, pods)
    return tuple(
        FieldChange(field, before.get(field), after.get(field))
        for field in sorted({*before, *after})
        if before.get(field) != after.get(field)
    )
