"""Dumps: what ``kubectl get KIND,... -o json`` (or ``-o yaml``) printed, lists of any kinds mixed."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from compiler.load import decode, load
from compiler.observed.objects import Object
from compiler.source import Document

MAX_BYTES: Final = 512 * 1024 * 1024
"""A pod has about 10 kB in JSON."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class NotADumpError(Exception):
    """The bytes are no list of objects; the text says why."""


def read(path: str, raw: bytes) -> list[Object]:
    """Return the objects of a dump, in its order.

    Raises:
        NotADumpError: it is too large, no JSON or YAML, or holds something that is no object of Kubernetes.
    """
    if len(raw) > MAX_BYTES:
        raise NotADumpError(f"it has more than {MAX_BYTES // 1024**2} MiB")
    if raw.startswith(_UTF_16):
        raise NotADumpError("it is UTF-16, and not UTF-8, as PowerShell writes it; use `| Out-File -Encoding utf8` there")
    body = raw.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise NotADumpError("it is empty")
    return [each for value in _values(path, body) for each in objects(value)]


def _values(path: str, raw: bytes) -> list[Any]:
    if raw.lstrip()[:1] in (b"{", b"["):
        try:
            return [msgspec.json.decode(raw)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotADumpError(f"it is no JSON: {error}") from error
    file, problems = decode(path, raw)
    documents: list[Document] = []
    if file is not None:
        documents, problems = load(file)
    if problems:
        raise NotADumpError(f"{problems[0].primary.where.locate()}: {problems[0].message}")
    return [each.value for each in documents]


def objects(value: Any, api_version: str = "", kind: str = "") -> Iterator[Object]:
    """Yield an object, or those of a list; the items of the API's own lists name no kind, so theirs is the list's.

    Raises:
        NotADumpError: something is no object, or one page of several.
    """
    if isinstance(value, list):
        for each in value:
            yield from objects(each, api_version, kind)
        return
    if not isinstance(value, dict):
        raise NotADumpError("it holds something that is no object of Kubernetes")
    own_version, own_kind = str(value.get("apiVersion") or api_version), str(value.get("kind") or kind)
    if own_kind.endswith("List") and isinstance(value.get("items"), list):
        metadata = value.get("metadata")
        if isinstance(metadata, dict) and metadata.get("continue"):
            raise NotADumpError("it is one page of several; kubectl follows pages by itself, leave `limit` alone")
        yield from objects(value["items"], own_version, "" if own_kind == "List" else own_kind.removesuffix("List"))
        return
    if own_kind.endswith("List"):  # kubectl prints null for an empty list of some kinds
        return
    metadata = value.get("metadata")
    if not own_kind or not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise NotADumpError(f"it holds {'a ' + own_kind if own_kind else 'something'} without a {'name' if own_kind else 'kind'}")
    yield {**value, "apiVersion": own_version, "kind": own_kind}
