"""Dumps: what ``kubectl get nodes -o json`` (or ``-o yaml``) printed, read with positions where they are known."""

import re
from collections import Counter
from typing import Final

import msgspec

from compiler.codes import inventory as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.inventory import nodes
from compiler.inventory.nodes import Node, NotNodesError
from compiler.load import decode, load
from compiler.source import Document, Location, Route, Span

MAX_BYTES: Final = 256 * 1024 * 1024
"""A node has 10 to 30 kB, most of it names of images."""

_BYTE: Final = re.compile(r"^(?P<what>.*) \(byte (?P<at>\d+)\)$", re.DOTALL)
_ROUTE: Final = re.compile(r"^(?P<what>.*) - at `\$(?P<route>.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_OR_NOTHING: Final = re.compile(r" \| null(?=`)")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_KUBECTL: Final = ("write it with `kubectl get nodes -o json`",)


def read(path: str, raw: bytes) -> tuple[list[Node], list[Diagnostic]]:
    """Read the nodes of a dump; without findings, these are all its nodes, sorted by name."""
    if len(raw) > MAX_BYTES:
        return [], [diagnose(codes.BAD_NODES, Location(path), f"the list of nodes has more than {MAX_BYTES // 1024**2} MiB")]
    if raw.startswith(_UTF_16):
        help_lines = ["PowerShell writes it so; there, use `kubectl get nodes -o json | Out-File -Encoding utf8 nodes.json`"]
        return [], [diagnose(codes.BAD_NODES, Location(path), "the list of nodes is UTF-16, and not UTF-8", help=help_lines)]
    body = raw.removeprefix(b"\xef\xbb\xbf")
    found, problems = _json(path, body) if body.lstrip()[:1] in (b"{", b"[") else _yaml(path, raw)
    if problems:
        return [], problems
    twice = sorted(name for name, times in Counter(node.name for node in found).items() if times > 1)
    if twice:
        return [], [diagnose(codes.BAD_NODES, Location(path), f"node `{twice[0]}` is listed twice", help=_KUBECTL)]
    return sorted(found, key=lambda node: node.name), []


def _json(path: str, raw: bytes) -> tuple[list[Node], list[Diagnostic]]:
    try:
        found, onward = nodes.decode(raw)
    except NotNodesError as error:
        return [], [diagnose(codes.BAD_NODES, Location(path), f"this is no list of nodes: {error}", help=_KUBECTL)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return [], [_malformed(path, raw, str(error))]
    if onward:
        help_lines = ["kubectl follows pages by itself; leave `--chunk-size` and `limit` alone"]
        return [], [
            diagnose(codes.BAD_NODES, Location(path), "this is one page of several; the other nodes are missing", help=help_lines)
        ]
    return found, []


def _malformed(path: str, raw: bytes, says: str) -> Diagnostic:
    at = _BYTE.match(says)
    offset = int(at["at"]) if at else len(raw) if "truncated" in says else None
    if offset is None:
        shape = _ROUTE.match(says)
        message = f"`{shape['route'].removeprefix('.')}`: {_words(shape['what'])}" if shape else _words(says)
        return diagnose(codes.BAD_NODES, Location(path), message, help=_KUBECTL)
    # Around the place only, since the text of a large dump would be decoded for a single line.
    line = raw.count(b"\n", 0, offset) + 1
    start = raw.rfind(b"\n", 0, offset) + 1
    column = len(raw[start:offset].decode("utf-8", errors="replace")) + 1
    where = Location(path, Span(line, column, line, column + 1))
    return diagnose(codes.BAD_NODES, where, _words(at["what"] if at else says), help=_KUBECTL)


def _yaml(path: str, raw: bytes) -> tuple[list[Node], list[Diagnostic]]:
    file, problems = decode(path, raw)
    if file is None:
        return [], problems
    documents, problems = load(file)
    if problems:
        return [], problems
    found: list[Node] = []
    for document in documents:
        try:
            found += nodes.converted(document.value)
        except NotNodesError as error:
            return [], [diagnose(codes.BAD_NODES, document.at(), f"this is no list of nodes: {error}", help=_KUBECTL)]
        except msgspec.ValidationError as error:
            return [], [_misshapen(document, str(error))]
    return found, []


def _misshapen(document: Document, says: str) -> Diagnostic:
    shape = _ROUTE.match(says)
    route: Route = tuple(name or int(index) for name, index in _STEP.findall(shape["route"])) if shape else ()
    return diagnose(codes.BAD_NODES, document.at(*route), _words(shape["what"] if shape else says), help=_KUBECTL)


def _words(says: str) -> str:
    """Return what the decoder says, as the rest of a sentence."""
    plain = _OR_NOTHING.sub("", says.removeprefix("JSON is malformed: "))
    for name, word in (
        ("`int | float | str`", "a quantity"),
        ("`object`", "a mapping"),
        ("`array`", "a list"),
        ("`str`", "a string"),
        ("`null`", "nothing"),
        ("`int`", "a number"),
        ("`float`", "a number"),
        ("`bool`", "true or false"),
    ):
        plain = plain.replace(name, word)
    return plain if plain.startswith(("`", "JSON")) else plain[:1].lower() + plain[1:]
