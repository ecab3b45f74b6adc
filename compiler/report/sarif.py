"""Diagnostics as SARIF 2.1.0, which GitHub, GitLab and editors show beside the code.

Places are relative to ``%SRCROOT%``, the root of the checkout; nothing names the machine. The size is bounded as GitHub bounds it:
https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
"""

import json
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from compiler.diagnostics import Code, Diagnostic, Fix, Label, Severity
from compiler.report.pages import page_of
from compiler.report.style import printable
from compiler.report.tally import tally
from compiler.source import Location

MAX_RESULTS: Final = 25_000
MAX_BYTES: Final = 10_000_000
_ROOM: Final = 1_000_000
"""Bytes kept for what is not a result: the rules with their explanations."""
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT: Final = "%SRCROOT%"
Result = Callable[[Diagnostic], dict[str, Any]]
Value = dict[str, Any]


def render(diagnostics: Iterable[Diagnostic], *, root: str = ".", version: str) -> str:
    """Return the log as JSON with a final newline.

    Args:
        diagnostics: findings. Those that comments suppress are not for a log: GitHub does not read ``suppressions``, and would open an alert
            for each (https://github.com/github/codeql-action/issues/1230).
        root: the repository's folder as seen from the root of the checkout.
        version: of the tool.
    """
    found = list(diagnostics)
    rules = {code.id: code for code in sorted({each.code for each in found}, key=lambda code: code.id)}
    indices = {id_: index for index, id_ in enumerate(rules)}
    results, left_out = _within_limits(found, _Results(root, indices).result)
    driver: Value = {"name": "overbank", "version": version, "rules": [_rule(code) for code in rules.values()]}
    run: Value = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the checkout."}}},
        "results": [],
    }
    if left_out:
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [_notification(left_out)]}]
    head = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)
    # One result at a time, as in json_v1.
    listed = "[\n" + ",\n".join(results) + "\n      ]" if results else "[]"
    return head.replace('"results": []', f'"results": {listed}', 1) + "\n"


def _within_limits(found: Sequence[Diagnostic], result: Result) -> tuple[list[str], list[Severity]]:
    """Return the results that fit as JSON, in their order, and the severities of those that do not; the most severe go first."""
    texts = [_indented(result(each)) for each in found]
    ranks = [*_LEVELS]
    order = sorted(range(len(found)), key=lambda at: ranks.index(found[at].code.severity))
    left, kept = MAX_BYTES - _ROOM, set[int]()
    for index in order:
        left -= len(texts[index].encode()) + 2
        if left < 0 or len(kept) == MAX_RESULTS:
            break
        kept.add(index)
    left_out = [each.code.severity for index, each in enumerate(found) if index not in kept]
    return [text for index, text in enumerate(texts) if index in kept], left_out


def _indented(value: Value) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "        " + text.replace("\n", "\n        ")


def _notification(left_out: list[Severity]) -> Value:
    text = f"{tally(left_out)} left out: a log holds {MAX_RESULTS:,} results or {MAX_BYTES // 1_000_000} MB; --format json-v1 lists all"
    return {"level": "warning", "message": {"text": text}}


class _Results:
    """Makes results; those that are alike are told apart by their number.

    Args:
        root: see ``render``.
        indices: of the rules by the codes' identifiers.
    """

    def __init__(self, root: str, indices: dict[str, int]) -> None:
        self._root = root
        self._indices = indices
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def result(self, diagnostic: Diagnostic) -> Value:
        """Return a finding."""
        code = diagnostic.code
        said = [_plain(diagnostic.message), _plain(diagnostic.primary.text)]
        # GitHub shows only those related places that the message links to, by their ids (SARIF 2.1.0, 3.11.6).
        said += [self._link(label, number) for number, label in enumerate(diagnostic.related, start=1)]
        said += [_plain(f"note: {each}") for each in diagnostic.notes] + [_plain(f"help: {each}") for each in diagnostic.help]
        result: Value = {
            "ruleId": code.id,
            "ruleIndex": self._indices[code.id],
            "level": _LEVELS[code.severity],
            "message": {"text": "\n".join(each for each in said if each)},
            "locations": [self._location(diagnostic.primary)],
        }
        if diagnostic.related:
            result["relatedLocations"] = [
                {"id": number, **self._location(label)} for number, label in enumerate(diagnostic.related, start=1)
            ]
        result["partialFingerprints"] = {"overbank/v1": self._fingerprint(diagnostic)}
        if diagnostic.fix:
            result["fixes"] = [self._fix(diagnostic.fix)]
        return result

    def _link(self, label: Label, number: int) -> str:
        place = re.sub(r"([][\\])", r"\\\1", printable(label.where.locate().shown(self._root)))
        return f"[{place}]({number}): {_plain(label.text)}" if label.text else f"[{place}]({number})"

    def _location(self, label: Label) -> Value:
        place = label.where.locate()
        location: Value = {"physicalLocation": {"artifactLocation": self._artifact(place), "region": _region(place)}}
        if label.text:
            location["message"] = {"text": printable(label.text)}
        return location

    def _artifact(self, place: Location) -> Value:
        path = posixpath.normpath(posixpath.join(self._root, place.path))
        return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": _ROOT}

    def _fix(self, fix: Fix) -> Value:
        """Return the edits by file."""
        changes: dict[str, Value] = {}
        for edit in fix.edits:
            place = edit.where.locate()
            change = changes.setdefault(place.path, {"artifactLocation": self._artifact(place), "replacements": []})
            change["replacements"].append({"deletedRegion": _region(place), "insertedContent": {"text": edit.text}})
        return {"description": {"text": printable(fix.title)}, "artifactChanges": [*changes.values()]}

    def _fingerprint(self, diagnostic: Diagnostic) -> str:
        """Return what stays when lines move: the code, the file and the text of the line; of several alike, the number too."""
        place = diagnostic.primary.where.locate()
        line = place.file.line(place.span.line, 0, 4096).strip() if place.file and place.span else ""
        key = (diagnostic.code.id, place.path, line)
        self._seen[key] += 1
        return sha256("\0".join((*key, str(self._seen[key]))).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _plain(text: str) -> str:
    """Write a text in which no reader finds a link: names come from strangers."""
    return re.sub(r"\](?=\()", r"\\]", printable(text))


def _region(place: Location) -> Value:
    # GitHub shows nothing that has no line; a file as a whole is shown at its first.
    if place.span is None:
        return {"startLine": 1}
    span = place.span
    return {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}


def _rule(code: Code) -> Value:
    return {
        "id": code.id,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": " ".join(code.explanation.partition("\n\n")[0].split())},
        "help": {"text": code.explanation, "markdown": code.explanation},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "properties": {"page": page_of(code)},
    }
