"""One pod against one cluster's policies, offline, by the very engine that runs in the cluster."""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

import jsonpatch
import msgspec
from msgspec import Struct

from compiler.ir import ClusterIR
from compiler.source import Route, scalars
from webhook.engine import patch
from webhook.engine.decision import Decision
from webhook.engine.defaults import defaulted
from webhook.engine.mutate import Engine
from webhook.engine.pod import Pod

_AT: Final = re.compile(r" - at `\$((?:\.\w+|\[\d+\])*)")
"""Where msgspec found what it did not expect; a key of a map is `[...]` there, and ends what is known."""


class NotAPodError(Exception):
    """The API server would refuse the pod before it reaches a webhook; the text says why, ``route`` where, as far as is known."""

    def __init__(self, message: str, route: Route = ()) -> None:
        super().__init__(message)
        self.route = route

    @classmethod
    def of(cls, error: Exception) -> "NotAPodError":
        """Tell of a pod that could not be read."""
        found = _AT.search(str(error))
        steps = re.findall(r"\w+", found[1]) if found else []
        route = tuple(int(step) if step.isdecimal() else step for step in steps)
        return cls(f"the API server would refuse this pod: {error}", route)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What was sent, what was decided, and what came of it.

    Attributes:
        sent: the pod after API defaulting. after: the pod with the patch applied. operations: the JSON Patch. A pod that is denied
            has none, and ``after`` is what was sent.
    """

    sent: dict[str, Any]
    decision: Decision
    operations: list[dict[str, Any]]
    after: dict[str, Any]


class _Container(Struct, rename="camel"):
    volume_mounts: list[dict[str, Any]] | None = None


class _Spec(Struct, rename="camel"):
    """What defaulting reads, and the engine does not."""

    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    volumes: list[dict[str, Any]] | None = None


class _Manifest(Struct):
    spec: _Spec


def _typed(pod: dict[str, Any]) -> Pod:
    try:
        raw = msgspec.json.encode(pod)
        if b"null" in raw:  # which is what msgspec writes for numbers that JSON does not have
            _refuse_boundless(pod)
        msgspec.json.decode(raw, type=_Manifest)
        return msgspec.json.decode(raw, type=Pod)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise NotAPodError.of(error) from error


def _refuse_boundless(pod: dict[str, Any]) -> None:
    """Refuse infinite numbers and NaN, which no JSON has.

    Raises:
        NotAPodError: there is one.
    """
    for route, value in scalars(pod):
        if isinstance(value, float) and not isfinite(value):
            raise NotAPodError(f"the API server would refuse this pod: JSON has no number {value}", route)


@dataclass(frozen=True, slots=True)
class Sent:
    """A pod after API defaulting, as plain data and as the engine reads it; it can be tried against many clusters."""

    pod: dict[str, Any]
    typed: Pod


def send(pod: dict[str, Any]) -> Sent:
    """Fill in what the API server does for a pod as it stands in a manifest.

    Raises:
        NotAPodError: a field that is read has the wrong type.
    """
    _typed(pod)  # what it finds wrong, defaulting would stumble over
    sent = defaulted(pod)
    return Sent(sent, _typed(sent))


def received(pod: dict[str, Any]) -> Sent:
    """Take a pod as it stands, for one that the API server has defaulted already.

    Raises:
        NotAPodError: a field that is read has the wrong type.
    """
    return Sent(pod, _typed(pod))


class Bench:
    """A cluster's engine, made once for many trials."""

    def __init__(self, cluster: ClusterIR) -> None:
        self.cluster = cluster
        self._engine = Engine(cluster.bundle)

    def admit(self, pod: dict[str, Any], namespace: str, labels: dict[str, str] | None = None) -> Trial:
        """Admit a pod as it stands in a manifest.

        Args:
            pod: a Pod; defaults are filled in first.
            namespace: where it is created.
            labels: the namespace's labels; None stands for those that the cluster declares.

        Raises:
            NotAPodError: a field that is read has the wrong type.
        """
        sent = send(pod)
        decision = self.decide(sent, namespace, labels)
        operations: Any = msgspec.json.decode(patch.encode(decision.operations))
        after: Any = jsonpatch.JsonPatch(operations).apply(sent.pod)
        return Trial(sent=sent.pod, decision=decision, operations=operations, after=after)

    def decide(self, sent: Sent, namespace: str, labels: dict[str, str] | None = None) -> Decision:
        """Decide about a pod that is defaulted already; arguments and errors are those of ``admit``."""
        known = self.cluster.bundle.namespaces.get(namespace) if labels is None else labels
        try:
            return self._engine.admit(sent.typed, namespace, known)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise NotAPodError.of(error) from error
