"""Nodes: what is read of them, from the API's JSON or a dump, and nothing else, since they have much that nobody needs here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from compiler.model import Taint


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node.

    Attributes:
        allocatable: quantities by resource.
        ready: whether its condition Ready is true. cordoned: whether it takes no new pods.
        kubelet: the version that its kubelet reports; empty if none.
    """

    name: str
    labels: dict[str, str]
    taints: tuple[Taint, ...]
    allocatable: dict[str, str]
    ready: bool
    cordoned: bool
    kubelet: str

    @property
    def marks(self) -> list[tuple[str, str, str]]:
        """The taints as key, value and effect."""
        return [(taint.key, taint.value, taint.effect) for taint in self.taints]


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    labels: dict[str, str] | None = None
    continue_: str | None = msgspec.field(default=None, name="continue")


class _Taint(msgspec.Struct, rename="camel"):
    key: str
    effect: str
    value: str | None = None


class _Spec(msgspec.Struct, rename="camel"):
    taints: list[_Taint] | None = None
    unschedulable: bool | None = None


class _Condition(msgspec.Struct, rename="camel"):
    type: str
    status: str


class _Info(msgspec.Struct, rename="camel"):
    kubelet_version: str | None = None


class _Status(msgspec.Struct, rename="camel"):
    allocatable: dict[str, str | int | float] | None = None
    conditions: list[_Condition] | None = None
    node_info: _Info | None = None


class Entry(msgspec.Struct, rename="camel"):
    """A node as the API writes it, or a list of nodes; the items of a NodeList name no kind."""

    kind: str = ""
    metadata: _Metadata | None = None
    spec: _Spec | None = None
    status: _Status | None = None
    items: "list[Entry] | None" = None


class NotNodesError(Exception):
    """What was given is something else; the text says what."""


def decode(raw: bytes) -> tuple[list[Node], str | None]:
    """Read JSON: a List or NodeList, a list, or one Node.

    Returns:
        The nodes, and the token for the next page of an API's answer, None at its end.

    Raises:
        NotNodesError: it is of other kinds.
        msgspec.DecodeError: it is no JSON, or of another shape.
    """
    try:
        entry: Entry | list[Entry]
        entry = msgspec.json.decode(raw, type=list[Entry]) if raw.lstrip()[:1] == b"[" else msgspec.json.decode(raw, type=Entry)
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deeply") from error
    onward = entry.metadata.continue_ if isinstance(entry, Entry) and entry.metadata else None
    return nodes(entry), onward or None


def converted(value: Any) -> list[Node]:
    """Read plain data of the same forms.

    Raises:
        NotNodesError: it is of other kinds.
        msgspec.ValidationError: it is of another shape.
    """
    return nodes(msgspec.convert(value, type=list[Entry]) if isinstance(value, list) else msgspec.convert(value, type=Entry))


def nodes(entry: Entry | list[Entry]) -> list[Node]:
    """Return the nodes of an entry.

    Raises:
        NotNodesError: something in it is no node.
    """
    if isinstance(entry, list):
        entries: Iterable[Entry] = entry
    elif entry.items is not None or entry.kind.endswith("List"):
        entries = entry.items or ()
    else:
        entries = (entry,)
        if not entry.kind:
            raise NotNodesError("it names no kind, and has no items")
    return [_node(each, index) for index, each in enumerate(entries)]


def _node(entry: Entry, index: int) -> Node:
    named = entry.metadata.name if entry.metadata else ""
    if entry.kind not in ("", "Node"):
        raise NotNodesError(f"item {index + 1} is a {entry.kind}{f' named {named}' if named else ''}, and no Node")
    if not named:
        raise NotNodesError(f"item {index + 1} has no name")
    spec, status = entry.spec or _Spec(), entry.status or _Status()
    labels = entry.metadata.labels if entry.metadata else None
    return Node(
        name=named,
        labels=labels or {},
        taints=tuple(Taint(key=each.key, value=each.value or "", effect=each.effect) for each in spec.taints or ()),
        allocatable={key: str(quantity) for key, quantity in (status.allocatable or {}).items()},
        ready=any(each.type == "Ready" and each.status == "True" for each in status.conditions or ()),
        cordoned=bool(spec.unschedulable),
        kubelet=(status.node_info.kubelet_version if status.node_info else None) or "",
    )
