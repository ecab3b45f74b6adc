"""The version of Kubernetes that a document should declare, written as its author writes versions."""

import re
from collections.abc import Iterable

from compiler.inventory.nodes import Node
from compiler.model import Platform
from compiler.platforms.nodepools import Family, family
from compiler.versions import Version

_PARTS = re.compile(r"(?P<v>v?)(?P<numbers>[0-9]{1,9}(?:\.[0-9]{1,9}){1,2})(?P<suffix>[-+][-+0-9A-Za-z.]{,32})?")
"""Of any sane length: nodes say whatever they like, and documents may say no more than this."""


def newest_kubelet(nodes: Iterable[Node]) -> str | None:
    """Return the newest version of the kubelets, None if none reports one that can be read.

    Virtual nodes have no kubelet; what they report is the version of their provider.
    """
    real = [node for node in nodes if family(Platform.KUBERNETES, node.labels, node.marks) is Family.REAL]
    found = [(Version.parse(node.kubelet), node.kubelet) for node in real if _PARTS.fullmatch(node.kubelet)]
    return max(found, key=lambda each: (each[0], each[1]))[1] if found else None


def changed(declared: str, server: str | None, kubelet: str | None) -> str | None:
    """Return the version to declare, None where the declared one still holds.

    The API server's version counts as it is. A kubelet is never newer than the API server, and may be three minor versions older
    (Kubernetes, version skew policy), so it can only raise the declared version.

    Args:
        declared: as the author wrote it: with or without ``v``, patch level and the vendor's suffix, and that form is kept.
        server: what ``/version`` says, None if not asked.
        kubelet: the newest kubelet's.
    """
    old, new = _PARTS.fullmatch(declared), _PARTS.fullmatch(server or kubelet or "")
    if old is None or new is None:
        return None
    places = old["numbers"].count(".") + 1
    numbers = ".".join(new["numbers"].split(".")[:places])
    if not server and _numbers(numbers) < _numbers(old["numbers"]):
        return None
    suffix = (new["suffix"] or "") if old["suffix"] and places == new["numbers"].count(".") + 1 else ""
    if not server and _numbers(numbers) == _numbers(old["numbers"]):
        return None
    wanted = f"{old['v']}{numbers}{suffix}"
    return None if wanted == declared else wanted


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
