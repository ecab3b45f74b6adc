"""What holds for every repository, whoever wrote it."""

import json
import posixpath
import re
from collections.abc import Mapping

import yaml

from compiler.diagnostics import Diagnostic, has_errors
from compiler.incremental import Nothing, compile_slices
from compiler.incremental.contents import Unindexed
from compiler.load import decode, load
from compiler.pipeline import Result, compile_repository
from compiler.report import github, json_v1, junit, sarif, text
from compiler.source import Location
from tests.inmemory import InMemory

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What controls a terminal, reorders text, or cannot be encoded."""


def examine(files: Mapping[str, bytes], *, twice: bool = True) -> Result:
    """Compile a repository, and render and check everything that comes of it; ``twice`` shows that nothing changes.

    Raises:
        AssertionError: something does not hold. Any other exception is a finding as well.
    """
    result = compile_repository(InMemory(files))
    shown = _rendered(result)
    for diagnostic in result.diagnostics:
        _check_places(diagnostic, files)
    assert not (result.files and has_errors(result.diagnostics)), "errors stop the output"
    for path, content in result.files.items():
        _check_output(path, content)
    assert len({path.casefold() for path in result.files}) == len(result.files), "outputs collide where case does not count"
    if twice:
        again = compile_repository(InMemory(dict(reversed(files.items()))))
        assert _rendered(again) == shown
        assert again.files == result.files
        sliced = compile_slices(InMemory(files), Nothing(), Unindexed(), files=True)
        assert json_v1.render(sliced.diagnostics) == shown[2]
        assert dict(sliced.files) == ({} if result.failed else result.files)
    return result


def examine_bytes(raw: bytes) -> None:
    """Load the bytes of one file, and render and check what is found."""
    file, found = decode("fuzz.yaml", raw)
    documents = []
    if file is not None:
        documents, found = load(file)
        again, found_again = load(file, positions=True)
        # What the reader without positions accepts, the other one reads alike; as text, since not-a-number is no value's equal.
        assert [(each.index, repr(each.value)) for each in again] == [(each.index, repr(each.value)) for each in documents]
        assert len(found_again) == len(found)
    assert not (documents and found)
    for diagnostic in found:
        _check_places(diagnostic, {"fuzz.yaml": raw})
    _rendered(Result(diagnostics=found))


def _rendered(result: Result) -> list[str]:
    shown = [text.render(result.diagnostics), text.concise(result.diagnostics), json_v1.render(result.diagnostics)]
    shown += [sarif.render(result.diagnostics, version="1"), github.render(result.diagnostics), junit.render(result.diagnostics)]
    for each in shown:
        assert not RAW.search(each), ascii(RAW.findall(each))
        each.encode()
    assert len(json.loads(shown[2])["diagnostics"]) == len(result.diagnostics)
    return shown


def _check_places(diagnostic: Diagnostic, files: Mapping[str, bytes]) -> None:
    assert diagnostic.message
    for label in (diagnostic.primary, *diagnostic.related):
        place: Location = label.where.locate()
        if place.span is None:
            continue
        assert place.file is not None
        assert place.path in files, place
        lines = place.file.text.split("\n")
        span = place.span
        assert 1 <= span.line <= len(lines), place
        assert (span.line, span.column) <= (span.end_line, span.end_column), place
        # One behind the last character of a line is where something is missing.
        assert 1 <= span.column <= len(lines[span.line - 1]) + 2, place


def _check_output(path: str, content: bytes) -> None:
    assert posixpath.normpath(path) == path, path
    assert not path.startswith(("/", ".")), path
    assert re.fullmatch(r"[A-Za-z0-9._/-]+", path), path
    assert all(len(part) <= 255 for part in path.split("/")), path
    file, found = decode(path, content)
    assert file is not None, (path, found)
    documents, found = load(file)
    assert found == [], (path, found)
    if path.endswith(".json"):
        values = [json.loads(content, parse_constant=_refuse)]
    else:
        values = [each for each in yaml.load_all(content, yaml.CSafeLoader) if each is not None]
    assert values == [document.value for document in documents], path


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
