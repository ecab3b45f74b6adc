"""What is known of a file without looking into its documents again: what they are called, what they refer to, and their digests.

The digest of a document that has a file to itself is that of the file. Of several in one file, each has the digest of the lines that
are its own, from one ``---`` to the next.
"""

import re
from _blake2 import blake2b  # see compiler.incremental.memory
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct

from compiler.incremental.memory import KEY_BYTES
from compiler.source import Document

_MARKER: Final = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_OUT_OF_THE_ORDINARY: Final = re.compile(r"^(?:%|\.\.\.(?:[ \t\r\n]|\Z))", re.MULTILINE)
_CONTENT: Final = re.compile(r"^[ \t]*[^ \t\r\n#]", re.MULTILINE)


class Settings(Struct, array_like=True, frozen=True):
    """What a Repository document says about what is read and written."""

    output: str
    workloads: bool


class Head(Struct, array_like=True, frozen=True):
    """What the repository as a whole has to know of a document.

    Attributes:
        line: what is added to lines that are counted from the document's own beginning.
        digest: of its path, its text and where it stands in that.
        everywhere: whether all clusters matter to it; if not, ``clusters`` are the names of those that do.
        accelerator, host: the names that it refers to, empty where it does not.
        settings: of a Repository.
    """

    path: str
    index: int
    line: int
    digest: bytes
    kind: str
    name: str
    everywhere: bool = False
    clusters: tuple[str, ...] = ()
    accelerator: str = ""
    host: str = ""
    settings: Settings | None = None


def heads(documents: Sequence[Document], others: Sequence[Document], token: bytes) -> tuple[Head, ...]:
    """Return the heads of the valid documents of a file.

    Args:
        documents: ours.
        others: the other ones in the same file.
        token: the digest of the file's path and content.
    """
    if len(documents) + len(others) == 1:
        return tuple(_head(document, 0, token) for document in documents)
    parts = parts_of(documents[0].file.text) if documents else None
    if parts is not None and len(parts) <= documents[-1].index:
        parts = None  # they were taken apart differently; the whole file decides then
    found = []
    for document in documents:
        if parts is None:
            line, given = 0, b"%d:" % document.index + token
        else:
            line, text = parts[document.index]
            given = f"{document.file.path}\0{text}".encode("utf-8", "surrogateescape")
        found.append(_head(document, line, blake2b(given, digest_size=KEY_BYTES).digest()))
    return tuple(found)


def parts_of(text: str) -> list[tuple[int, str]] | None:
    """Return the documents of a stream as text, each with the number of lines before it, or None where that is not so simple.

    A line that begins with ``---`` begins a document wherever it stands (YAML 1.2, 9.1.2). After a directive or the end of a document
    (``%``, ``...``) it need not.
    """
    if _OUT_OF_THE_ORDINARY.search(text):
        return None
    starts = [0, *(found.start() for found in _MARKER.finditer(text)), len(text)]
    parts = []
    line = 0
    for start, end in pairwise(starts):
        part = text[start:end]
        # What stands before the first marker is a document only if there is something to read.
        if start or _CONTENT.search(part):
            parts.append((line, part))
        line += part.count("\n")
    return parts


def _head(document: Document, line: int, digest: bytes) -> Head:
    kind: str = document.value["kind"]
    name = document.get("metadata", "name") or ""
    spec: dict[str, Any] = document.value.get("spec") or {}
    common = (document.file.path, document.index, line, digest, kind, name)
    match kind:
        case "BurstPolicy":
            clusters = spec["match"]["clusters"]
            limited = [
                each for use in spec.get("pools", ()) for override in use.get("overrides", ()) for each in override["clusters"]
            ]
            names = tuple(sorted({*clusters.get("names", ()), *limited}))
            return Head(*common, "names" not in clusters, names, spec.get("accelerator", ""))
        case "Cluster":
            return Head(*common, host=(spec.get("federation") or {}).get("host", ""))
        case "PolicyTest":
            return Head(*common, clusters=(spec["cluster"],))
        case "PlacementPolicy":
            written = [each["name"] for each in spec.get("clusters", ())]
            different = [each for override in spec.get("overrides", ()) for each in override["clusters"]]
            everywhere = bool(written) == ("selector" in spec) or "selector" in spec
            return Head(*common, everywhere, tuple(sorted({*written, *different})), spec.get("accelerator", ""), spec["host"])
        case "Repository":
            return Head(*common, settings=Settings(spec.get("output", "rendered"), bool(spec.get("workloads"))))
        case _:
            return Head(*common)
