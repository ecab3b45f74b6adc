"""The rendered objects of both sides, one file an object: those that are new, gone, or different."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

from compiler.diff.side import Rendered
from compiler.diff.values import Change, differences
from compiler.load import decode, load

_COMPONENT: Final = "components/"
_BUNDLE: Final = "webhook/bundle.json"
_BUNDLE_MAPS: Final = "webhook/configmap-overbank-bundle"


class Status(StrEnum):
    """What became of something."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """A file of the output that is not the same on both sides.

    Attributes:
        folder: that of the cluster or host, such as ``clusters/idc``. path: below it.
        kind, namespace, name: of the object; a file that holds no object of Kubernetes has its path for a name.
        derived: whether it only repeats what other files say (kustomization.yaml, the ConfigMaps of a bundle); it is not looked into.
        before, after: what it holds, None where it is not there.
        changes: what differs; none for an object that is new or gone, or written in another way by another release.
    """

    folder: str
    path: str
    status: Status
    kind: str
    namespace: str
    name: str
    derived: bool
    before: Any = field(repr=False)
    after: Any = field(repr=False)
    changes: tuple[Change, ...]

    @property
    def title(self) -> str:
        """The object for people: ``ResourcePolicy shop/web``."""
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}" if self.kind else name


def compare(before: Rendered, after: Rendered) -> tuple[ObjectChange, ...]:
    """Return what differs between two trees of files, by path. Files of the same digest are not looked into."""
    return tuple(_compare(before, after))


def _compare(before: Rendered, after: Rendered) -> Iterator[ObjectChange]:
    for path in sorted({*before.digests, *after.digests}):
        digest = before.digests.get(path)
        if digest == after.digests.get(path):
            continue
        status = Status.ADDED if digest is None else Status.CHANGED if path in after.digests else Status.REMOVED
        top, name, rest = path.split("/", 2)
        kind = _derived(rest)
        if kind:
            own = rest.rpartition("/")[2].removesuffix(".yaml")
            yield ObjectChange(
                folder=f"{top}/{name}",
                path=rest,
                status=status,
                kind=kind,
                namespace="",
                name=own,
                derived=True,
                before=None,
                after=None,
                changes=(),
            )
            continue
        had = _value(path, before[path]) if digest is not None else None
        has = _value(path, after[path]) if path in after.digests else None
        changes = differences(had, has) if status is Status.CHANGED else ()
        if rest == _BUNDLE:  # the order of policies follows from their priorities and names
            changes = tuple(each for each in changes if each.path != "policies (order)")
        shown = had if has is None else has
        metadata = shown.get("metadata") if isinstance(shown, dict) else None
        metadata = metadata if isinstance(metadata, dict) else {}
        yield ObjectChange(
            folder=f"{top}/{name}",
            path=rest,
            status=status,
            kind=_kind(rest, shown),
            namespace=str(metadata.get("namespace") or _namespace(rest)),
            name=str(metadata.get("name") or rest.rpartition("/")[2].removesuffix(".yaml")),
            derived=False,
            before=had,
            after=has,
            changes=changes,
        )


def _derived(path: str) -> str:
    """Return the kind of an object that only repeats what others say, empty for all others."""
    if path.rpartition("/")[2] == "kustomization.yaml":
        return "Kustomization"
    return "ConfigMap" if path.startswith(_BUNDLE_MAPS) else ""


def _kind(path: str, value: Any) -> str:
    if path == _BUNDLE:
        return "webhook"
    if path.startswith(_COMPONENT):
        return "patch of"
    return str(value.get("kind") or "") if isinstance(value, dict) else ""


def _namespace(path: str) -> str:
    """Return the namespace that the folder of a patch stands for."""
    parts = path.split("/")
    return parts[2] if path.startswith(_COMPONENT) and len(parts) > 3 else ""  # noqa: PLR2004 - components/workloads/NS/FILE


def _value(path: str, raw: bytes) -> Any:
    """Read a rendered file. Of a bundle, its digest is left out: it stands for all the rest."""
    if path.endswith(".json"):
        value = msgspec.json.decode(raw)
        if path.endswith(f"/{_BUNDLE}"):
            value.pop("digest", None)
        return value
    file, _ = decode(path, raw)
    documents = load(file)[0] if file is not None else []
    values = [each.value for each in documents]
    return values[0] if len(values) == 1 else values or raw.decode(errors="replace")
