"""What a stranger can make large gives no report that is larger than what people read. How time grows is measured in bench/growth.py."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from compiler.codes import names
from compiler.diagnostics import diagnose
from compiler.pipeline import Result
from compiler.report import json_v1, text
from compiler.source import Location, SourceFile, Span
from compiler.spelling import did_you_mean, listing


def test_lines_of_any_kind() -> None:
    """A line is found with and without a line break after it, with CRLF, in stretches, and beyond the end."""
    file = SourceFile("a.yaml", "one\r\n\nthree")
    assert [file.line(number) for number in (1, 2, 3, 4, 9)] == ["one", "", "three", "", ""]
    assert [file.line(3, *stretch) for stretch in ((1,), (1, 3), (3, 9), (9, 12), (0, 0))] == ["hree", "hr", "ee", "", ""]
    assert file.line(1, 1, 9) == "ne"
    assert file.end() == Span(3, 6, 3, 7)


@pytest.mark.parametrize("code", [names.DANGLING, names.POOL_MISSING])
def test_text_says_what_it_leaves_out(code: Any) -> None:
    """Of one code in one file fifty findings are shown, of all a thousand, errors first; what is left out is counted, and JSON has all."""
    file = SourceFile("a.yaml", "x\n" * 60)
    alike = [diagnose(code, Location("a.yaml", Span(line, 1, line, 2), file), "m") for line in range(1, 61)]
    for shown in (text.concise(alike), text.render(alike)):
        assert shown.count(f"[{code.id}]: m\n") == 50
        assert f"... and 10 more {code.severity}[{code.id}] in a.yaml; --format json-v1 lists all\n" in shown
    assert len(json.loads(json_v1.render(alike))["diagnostics"]) == 60
    many = [diagnose(code, Location(f"{number}.yaml"), "m") for number in range(1200)]
    shown = text.concise(many)
    assert shown.count(f"[{code.id}]") == 1000
    assert shown.endswith("... and 200 more findings; --format json-v1 lists all\n")


def test_errors_are_shown_before_warnings_where_there_is_no_room() -> None:
    """Where more is found than is shown, warnings are left out first, since errors stop the build; the order stays that of places."""
    from compiler.codes import reading  # noqa: PLC0415 - the only use

    warnings = [diagnose(reading.LINK, Location(f"a{number:04}.yaml"), "m") for number in range(1500)]
    errors = [diagnose(names.DANGLING, Location(f"b{number:04}.yaml"), "m") for number in range(10)]
    lines = text.concise([*warnings, *errors]).splitlines()
    assert len([line for line in lines if names.DANGLING.id in line]) == 10
    assert len([line for line in lines if reading.LINK.id in line]) == 990
    assert lines[-1] == "... and 510 more findings; --format json-v1 lists all"


def test_suggestions_do_not_compare_all_with_all() -> None:
    """Among many names only those that begin alike are compared; among few all are, as before."""
    few, many = [f"cluster-{number}" for number in range(100)], [f"cluster-{number:05}" for number in range(20_000)]
    assert did_you_mean("lcuster-1", few) == ["did you mean `cluster-1`?"]
    assert did_you_mean("cluster-0777", many)[0].startswith("did you mean `cluster-0")
    assert did_you_mean("CLUSTER-07777", many) == ["did you mean `cluster-07777`?"]
    assert did_you_mean("other", many) == []
    assert listing(many, limit=2) == "`cluster-00000`, `cluster-00001` and 19998 more"


def _document(kind: str, name: str, spec: str) -> str:
    return f"apiVersion: overbank.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def _policy(name: str) -> str:
    match = "{clusters: {names: [idc]}, namespaces: {names: [shop]}, pods: {matchLabels: {app: a}}}"
    return _document("BurstPolicy", name, f"{{match: {match}, pools: [{{name: idc}}]}}")


def test_contradictions_are_not_counted_out(memory: Callable[..., Result], minimal: dict[str, str]) -> None:
    """Policies that all contradict each other give a thousand findings and one that says so, not as many as there are pairs."""
    result = memory({**minimal, "a.yaml": "---\n".join(_policy(f"p{each}") for each in range(60))})
    codes = [each.code.id for each in result.diagnostics]
    assert codes.count("OB0111") == 1
    assert 1000 < len(codes) < 1100
