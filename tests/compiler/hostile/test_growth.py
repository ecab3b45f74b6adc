"""Nothing takes more than n log n of time in what a stranger can make large, and no report is larger than what people read."""

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from compiler.codes import names
from compiler.diagnostics import Diagnostic, diagnose
from compiler.pipeline import Result
from compiler.report import json_v1, text
from compiler.source import Location, SourceFile, Span
from compiler.spelling import did_you_mean, listing

Compile = Callable[[Mapping[str, str | bytes]], Result]

STEP = 8


def _exponent(run: Callable[[int], object], size: int) -> float:
    """Return the exponent with which the time of a call grows from a size to eight times of it, by the best of three."""
    times = []
    for number in (size, size * STEP):
        best = math.inf
        for _ in range(3):
            start = time.process_time()
            run(number)
            best = min(best, time.process_time() - start)
        times.append(best)
    return math.log(times[1] / times[0]) / math.log(STEP)


def _findings(number: int, *, lines: int = 0) -> list[Diagnostic]:
    """Return findings on as many lines of one file, or all on one line."""
    file = SourceFile("a.yaml", "key: value\n" * number if not lines else "key: value, " * number)
    spans = (Span(line + 1, 6, line + 1, 11) if not lines else Span(1, line * 12 + 6, 1, line * 12 + 11) for line in range(number))
    return [diagnose(names.DANGLING, Location("a.yaml", span, file), "message") for span in spans]


@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("render", [text.render, text.concise, json_v1.render])
def test_reports_grow_with_their_findings(render: Callable[[list[Diagnostic]], str], lines: int) -> None:
    """Rendering is not quadratic, neither in the lines of a file nor in the length of one: no finding looks at the whole file."""
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("compiler.report.limits.MAX_ALIKE", 10**9)
        patch.setattr("compiler.report.limits.MAX_SHOWN", 10**9)
        assert _exponent(lambda number: render(_findings(number, lines=lines)), 1000) < 1.5


def test_places_are_found_without_reading_the_file_again() -> None:
    """Finding the line and column of an offset does not take longer in a longer file."""
    file = SourceFile("a.yaml", "a\n" * 400_000)
    file.span_at(0)
    start = time.process_time()
    for offset in range(0, 800_000, 80):
        file.span_at(offset)
        file.line(offset // 2 + 1)
    assert time.process_time() - start < 5  # 10,000 places; a scan for each took minutes


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
    start = time.process_time()
    for number in range(100):
        did_you_mean(f"clusted-{number}", many)
    assert time.process_time() - start < 30  # all of them took minutes


def _document(kind: str, name: str, spec: str) -> str:
    return f"apiVersion: overbank.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def _cluster(name: str, pools: str) -> str:
    return _document("Cluster", name, f'{{platform: ack-registered, kubernetesVersion: "1.30", pools: [{pools}]}}')


def _policy(name: str, *, app: str, pools: str = "{name: idc}", more: str = "", clusters: str = "idc") -> str:
    match = f"{{clusters: {{names: [{clusters}]}}, namespaces: {{names: [shop]}}, pods: {{matchLabels: {{app: {app}}}}}}}"
    return _document("BurstPolicy", name, f"{{match: {match}, pools: [{pools}]{more}}}")


def _numbered(pattern: str, number: int) -> str:
    return ", ".join(pattern.replace("#", str(each)) for each in range(number))


GROWING: dict[str, tuple[Callable[[int], Mapping[str, str]], int]] = {
    "pools of a cluster": (lambda n: {"a.yaml": _cluster("a", _numbered("{name: p#, type: ecs, nodeSelector: {a: x#}}", n))}, 100),
    "pools of the same name": (lambda n: {"a.yaml": _cluster("a", _numbered("{name: p, type: ecs, nodeSelector: {a: x}}", n))}, 100),
    "pools that do not exist": (lambda n: {"a.yaml": _policy("a", app="a", pools=_numbered("{name: p#}", n))}, 100),
    "labels": (lambda n: {"a.yaml": _policy("a", app="a", more=f", inject: {{labels: {{{_numbered('a#: x', n)}}}}}")}, 200),
    "clusters": (lambda n: {f"{each}.yaml": _cluster(f"c{each}", "{name: idc, type: idc}") for each in range(n)}, 40),
    "clusters of one name": (lambda n: {f"{each}.yaml": _cluster("c", "{name: idc, type: idc}") for each in range(n)}, 40),
    "clusters that do not exist": (lambda n: {"a.yaml": _policy("a", app="a", clusters=_numbered("idd#", n))}, 100),
    "policies of other pods": (lambda n: {f"{each}.yaml": _policy(f"p{each}", app=f"a{each}") for each in range(n)}, 40),
    "policies in one file": (lambda n: {"a.yaml": "---\n".join(_policy(f"p{each}", app=f"a{each}") for each in range(n))}, 40),
    "unknown fields": (lambda n: {"a.yaml": _document("Cluster", "a", f"{{{_numbered('a#: x', n)}}}")}, 100),
    "documents of other tools": (lambda n: {"a.yaml": "a: 1\n---\n" * n}, 1000),
    "files": (lambda n: {f"{each}.yaml": "a: 1\n" for each in range(n)}, 200),
}  # fmt: skip


@pytest.mark.parametrize("name", GROWING)
def test_compiling_grows_with_what_is_compiled(memory: Callable[..., Result], minimal: dict[str, str], name: str) -> None:
    """Eight times as much of anything takes about eight times as long, errors and their report included."""
    make, size = GROWING[name]

    def run(number: int) -> None:
        result = memory({**minimal, **make(number)})
        text.render(result.diagnostics)
        json_v1.render(result.diagnostics)

    run(size)
    assert _exponent(run, size) < 1.6


def test_contradictions_are_not_counted_out(memory: Callable[..., Result], minimal: dict[str, str]) -> None:
    """Policies that all contradict each other give a thousand findings and one that says so, not as many as there are pairs."""
    result = memory({**minimal, "a.yaml": "---\n".join(_policy(f"p{each}", app="a") for each in range(60))})
    codes = [each.code.id for each in result.diagnostics]
    assert codes.count("OB0111") == 1
    assert 1000 < len(codes) < 1100
