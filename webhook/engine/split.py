"""A bundle in parts: what does not fit into one ConfigMap is compressed, cut up, and listed in an index.

The index names every part with its digest and belongs to exactly one set of parts. A part is named by the content of its set, so that
the parts of an old and a new bundle are there side by side, and whoever reads an index reads either the one or the other.

bzip2, and not gzip: there are several implementations of deflate (zlib, zlib-ng and others), which give different bytes for the same
content, so that two machines would render different trees. Of bzip2 there is one. Its level is its block size.
"""

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from webhook.engine.bundle import MAX_BUNDLE_BYTES, BundleError, Reason

VERSION: Final = "overbank.dev/bundle-parts/v1"

PART_BYTES: Final = 700 * 1024
"""Of one part. A ConfigMap holds 1 MiB, and etcd takes 1.5 MiB by default; in YAML a part is a third longer."""

MAX_PARTS: Final = 128
"""More than a bundle of ``MAX_BUNDLE_BYTES`` ever has, however badly it compresses."""

MAX_INDEX_BYTES: Final = 64 * 1024

_LEVEL: Final = 9


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part: the name of the object that holds it, how many bytes it has, and their SHA-256 in hexadecimal."""

    name: Annotated[str, Meta(pattern="^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\\Z", max_length=253)]
    size: Annotated[int, Meta(ge=1, le=PART_BYTES)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}\\Z")]


class Index(Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle is put together from. ``digest`` is the bundle's own, ``size`` its bytes once it is uncompressed."""

    version: str
    digest: str
    size: Annotated[int, Meta(ge=1, le=MAX_BUNDLE_BYTES)]
    parts: Annotated[tuple[Part, ...], Meta(min_length=1, max_length=MAX_PARTS)]

    def encode(self) -> bytes:
        """Return the bytes of ``index.json``."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=2) + b"\n"


def split(content: bytes, digest: str, prefix: str) -> tuple[Index, dict[str, bytes]]:
    """Cut up a bundle.

    Args:
        content: the bytes of ``bundle.json``.
        digest: of the bundle.
        prefix: what the names of all parts begin with.

    Returns:
        The index, and the parts by their names.
    """
    import bz2  # noqa: PLC0415 - few bundles are so large

    compressed = bz2.compress(content, _LEVEL)
    name = f"{prefix}-{hashlib.sha256(compressed).hexdigest()[:12]}"
    cut = [compressed[start : start + PART_BYTES] for start in range(0, len(compressed), PART_BYTES)]
    parts = {f"{name}-{number}": each for number, each in enumerate(cut)}
    listed = tuple(Part(each, len(part), hashlib.sha256(part).hexdigest()) for each, part in parts.items())
    return Index(VERSION, digest, len(content), listed), parts


def read_index(raw: bytes) -> Index:
    """Read an index.

    Raises:
        BundleError: it is none, or of another version.
    """
    if len(raw) > MAX_INDEX_BYTES:
        raise BundleError(f"the index of the bundle's parts is larger than {MAX_INDEX_BYTES // 1024} KiB", Reason.TOO_LARGE)
    try:
        version = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("version")
        if version is not None and bytes(version) != msgspec.json.encode(VERSION):
            raise BundleError(
                f"the bundle's parts cannot be read by this webhook, which reads {VERSION!r}; "
                "run the same release of overbank and overbank-webhook",
                Reason.VERSION,
            )
        return msgspec.json.decode(raw, type=Index)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BundleError(f"malformed index of a bundle's parts: {error}") from error


def join(index: Index, parts: dict[str, bytes]) -> bytes:
    """Put a bundle together again; no more is uncompressed than the index promises.

    Args:
        index: lists what belongs together.
        parts: by their names; others than those of the index are left alone.

    Raises:
        BundleError: a part is missing or of another set, or they do not give what the index promises.
    """
    import bz2  # noqa: PLC0415 - few bundles are so large

    reader = bz2.BZ2Decompressor()
    content = bytearray()
    for part in index.parts:
        raw = parts.get(part.name)
        if raw is None:
            raise BundleError(f"the part {part.name} of the bundle is missing", Reason.MIXED)
        if len(raw) != part.size or hashlib.sha256(raw).hexdigest() != part.sha256:
            raise BundleError(f"the part {part.name} of the bundle does not belong to its index", Reason.MIXED)
        if reader.eof:
            raise BundleError(f"the bundle ends before its part {part.name}")
        try:
            content += reader.decompress(raw, index.size + 1 - len(content))
        except (OSError, EOFError, ValueError) as error:
            raise BundleError(f"the part {part.name} of the bundle cannot be uncompressed") from error
        if len(content) > index.size:
            raise BundleError(f"the bundle's parts hold more than the {index.size} bytes of its index", Reason.TOO_LARGE)
    if not reader.eof or reader.unused_data or len(content) != index.size:
        raise BundleError(f"the bundle's parts do not hold the {index.size} bytes of its index")
    return bytes(content)
