"""What is known of a file without looking into its documents again: what they are called, what they refer to, and their digests.

The digest of a document that has a file to itself is that of the file. Of several in one file, each has the digest of the lines that
decide what it says and where it says so, counted from its own first line: from the line in which the document before it ends, because
directives stand in between, to the line in which the one after it begins.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from compiler.incremental.memory import KEY_BYTES
from compiler.source import Document


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
    together = sorted((*documents, *others), key=lambda each: each.index)
    own = {id(document) for document in documents}
    found = []
    lines: list[str] = []
    for position, document in enumerate(together):
        if id(document) not in own:
            continue
        lines = lines or document.file.text.split("\n")
        line = document.mark.span.line
        start = together[position - 1].mark.span.end_line if position else 1
        end = together[position + 1].mark.span.line - 1 if position + 1 < len(together) else len(lines)
        region = "\n".join((document.file.path, str(line - start), str(end - start), *lines[start - 1 : end]))
        digest = hashlib.blake2b(region.encode("utf-8", "surrogateescape"), digest_size=KEY_BYTES).digest()
        found.append(_head(document, line - 1, digest))
    return tuple(found)


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
