"""Reports to the letter: frames, wide characters, one line each, and the JSON that programs rely on."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from compiler.codes import names, policies, reading
from compiler.diagnostics import Diagnostic, diagnose, has_errors, in_order
from compiler.pipeline import Result
from compiler.report import json_v1, text
from compiler.report.style import ansi
from compiler.source import Document, Location, SourceFile, Span
from compiler.suppression.ignore import Suppressed

Parse = Callable[[str], list[Document]]


def _one(parse: Parse, source: str, *route: str | int, **details: Any) -> Diagnostic:
    (document,) = parse(source)
    return diagnose(names.DANGLING, document.at(*route), "message", **details)


def test_frame_shows_line_and_marks(parse: Parse) -> None:
    """A finding has a heading, its place, the source line and carets below the value."""
    assert text.render([_one(parse, "spec:\n  cluster: icd\n", "spec", "cluster")]) == (
        "error[OB2104]: message\n --> test.yaml:2:12\n  |\n2 |   cluster: icd\n  |            ^^^\n\n"
    )


def test_label_notes_and_help_follow(parse: Parse) -> None:
    """The label stands behind the carets, notes and help below the frame, in this order."""
    finding = _one(parse, "a: b\n", "a", label="here", notes=["fact", "another"], help=["do this"])
    assert text.render([finding]) == (
        "error[OB2104]: message\n"
        " --> test.yaml:1:4\n"
        "  |\n"
        "1 | a: b\n"
        "  |    ^ here\n"
        "  = note: fact\n"
        "  = note: another\n"
        "  = help: do this\n"
        "\n"
    )


def test_related_places_have_their_own_frames(parse: Parse) -> None:
    """Another place of the same file is framed in line order, one of another file below with its path."""
    (document,) = parse("first: 1\nsecond: 2\n")
    other = SourceFile("other.yaml", "\n" * 99 + "third: 3\n")
    finding = diagnose(
        policies.OVERRIDE_LABELS,
        document.at("second"),
        "message",
        related=[(document.at_key("first"), "earlier"), (Location("other.yaml", Span(100, 1, 100, 6), other), "elsewhere")],
    )
    assert text.render([finding]) == (
        "warning[OB4107]: message\n"
        "   --> test.yaml:2:9\n"
        "    |\n"
        "  1 | first: 1\n"
        "    | ----- earlier\n"
        "    |\n"
        "  2 | second: 2\n"
        "    |         ^\n"
        "   ::: other.yaml:100:1\n"
        "    |\n"
        "100 | third: 3\n"
        "    | ----- elsewhere\n"
        "\n"
    )


def test_file_as_a_whole_has_no_frame() -> None:
    """Without a span there is only the path, and a related label without a text shows nothing."""
    assert text.render([diagnose(reading.LINK, Location("a.yaml"), "message")]) == "warning[OB0110]: message\n --> a.yaml\n\n"
    related = [(Location("b.yaml"), "see this"), (Location("c.yaml"), "")]
    assert text.render([diagnose(reading.LINK, Location("a.yaml"), "message", related=related)]) == (
        "warning[OB0110]: message\n --> a.yaml\n ::: b.yaml\n  | see this\n ::: c.yaml\n\n"
    )


def test_value_over_several_lines_is_marked_on_its_first(parse: Parse) -> None:
    """Of a value that spans lines, the first line is shown and marked to its end."""
    assert text.render([_one(parse, "spec:\n  pools:\n  - a\n", "spec")]) == (
        "error[OB2104]: message\n --> test.yaml:2:3\n  |\n2 |   pools:\n  |   ^^^^^^\n\n"
    )


@pytest.mark.parametrize(
    ("source", "route", "line", "marks"),
    [
        ("{漢字: 値段}\n", "漢字", "{漢字: 値段}", "       ^^^^"),
        ("{😀: x}\n", "😀", "{😀: x}", "     ^"),
        ("{é: x}\n", "é", "{é: x}", "    ^"),
        ("a:\t\tb\n", "a", "a:\t\tb", "  \t\t^"),
        ("{\uff46: \uff47}\n", "\uff46", "{\uff46: \uff47}", "     ^^"),
        ("a:\n", "a", "a:", "  ^"),
        ("a: ''\n", "a", "a: ''", "   ^^"),
    ],
)
def test_marks_stand_below_what_they_mark(parse: Parse, source: str, route: str, line: str, marks: str) -> None:
    """Wide characters count two columns, tabs stay tabs, and an empty value still has one mark."""
    lines = text.render([_one(parse, source, route)]).split("\n")
    assert lines[3:5] == [f"1 | {line}", f"  | {marks}"]


@pytest.mark.parametrize("position", [0, 100, 1000])
def test_long_lines_are_cut_around_the_mark(parse: Parse, position: int) -> None:
    """Of a line of thousands of characters a window is shown, with the marks inside of it."""
    entries = [f"k{number:04}: v" for number in range(2000)]
    entries[position] = "target: value"
    lines = text.render([_one(parse, "{" + ", ".join(entries) + "}\n", "target")]).split("\n")
    shown, marks = lines[3].removeprefix("1 | "), lines[4].removeprefix("  | ")
    assert len(shown) == text.MAX_LINE
    assert shown[len(marks) - 5 : len(marks)] == "value"
    assert marks.strip() == "^^^^^"


def test_paths_are_shown_as_seen_from_here(parse: Parse) -> None:
    """People get paths that lead to the file from the current folder, whatever repository was named."""
    finding = _one(parse, "a: b\n", "a")
    assert " --> test.yaml:1:4\n" in text.render([finding], root=".")
    assert " --> policies/test.yaml:1:4\n" in text.render([finding], root="policies/")
    assert " --> ../other/test.yaml:1:4\n" in text.render([finding], root="../other")
    assert text.concise([finding], root="policies") == "policies/test.yaml:1:4: error[OB2104]: message\n"


def test_concise_is_one_line_each(parse: Parse) -> None:
    """The concise form has place, severity, code and message on one line."""
    findings = [_one(parse, "a: b\n", "a", notes=["fact"]), diagnose(reading.LINK, Location("x.yaml"), "another")]
    assert text.concise(findings) == "test.yaml:1:4: error[OB2104]: message\nx.yaml: warning[OB0110]: another\n"


def test_nothing_to_report_is_an_empty_text() -> None:
    """Without findings the text reports are empty."""
    assert (text.render([]), text.concise([])) == ("", "")


def test_colour_changes_nothing_but_escape_sequences(parse: Parse) -> None:
    """A coloured report without its escape sequences is the plain report."""
    finding = _one(parse, "{漢: b}\n", "漢", label="here", notes=["fact"], help=["do"], related=[(Location("x.yaml"), "there")])
    coloured = text.render([finding], ansi)
    assert "\x1b[1;31merror[OB2104]\x1b[0m: \x1b[1mmessage\x1b[0m\n" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text.render([finding])
    assert ansi("", "bold") == ""


def _hostile(compiled: Callable[[Mapping[str, str | bytes]], Result], minimal: dict[str, str]) -> list[Diagnostic]:
    """Return findings whose messages, source lines, help and paths have control characters in them."""
    found = compiled(
        {
            **minimal,
            "a.yaml": minimal["burst/web.yaml"] + '  "\\e]0;title\\a\\nerror[OB0000]: forged": 1\n',
            "b.yaml": b"# \x1b[2J\x07 \xff\n",
            "c.yaml": 'apiVersion: "overbank.dev/\\e[31m\\r"\nkind: Cluster\n',
            "d\x1b[31m\n.yaml": "[",
            "e.yaml": minimal["burst/web.yaml"].replace("{app: web}", '{"a\\u202eb\\x9b1m": "x\\ny"}'),
        }
    ).diagnostics
    assert len(found) >= 5
    return found


def test_no_control_character_reaches_the_terminal(
    compiled: Callable[[Mapping[str, str | bytes]], Result], minimal: dict[str, str]
) -> None:
    """Whatever a stranger's file has in it, a report for people has no control or direction-changing characters but its own."""
    found = _hostile(compiled, minimal)
    for report in (text.render(found), text.concise(found)):
        assert not {character for character in report if character < " " or character in "\x7f\x9b\u202e"} - {"\n"}


def test_line_breaks_in_values_forge_no_findings(
    compiled: Callable[[Mapping[str, str | bytes]], Result], minimal: dict[str, str]
) -> None:
    """A concise report has exactly as many lines as findings, also where a key or a path has a line break in it."""
    found = _hostile(compiled, minimal)
    assert text.concise(found).count("\n") == len(found)
    assert not any(line.startswith("error[OB0000]") for line in text.render(found).split("\n"))


def test_json_v1_has_its_promised_shape(parse: Parse) -> None:
    """The JSON report has exactly these fields; taking one away or renaming it breaks the promise in its name."""
    (document,) = parse("漢: b\nc: d\n")
    finding = diagnose(
        names.DANGLING,
        document.at("漢"),
        "message",
        label="here",
        related=[(Location("other.yaml"), "there")],
        notes=["fact"],
        help=["do this"],
    )
    known = Suppressed(diagnose(reading.LINK, Location("y.yaml"), "known"), "it is meant")
    report = json_v1.render([finding, diagnose(reading.LINK, Location("x.yaml"), "link")], [known])
    assert report.endswith("}\n")
    assert json.loads(report) == {
        "format": "json-v1",
        "diagnostics": [
            {
                "code": "OB2104",
                "severity": "error",
                "title": "reference to something that does not exist",
                "page": "docs/codes/OB2104.md",
                "message": "message",
                "location": {
                    "path": "test.yaml",
                    "span": {"line": 1, "column": 4, "endLine": 1, "endColumn": 5},
                    "label": "here",
                },
                "related": [{"path": "other.yaml", "span": None, "label": "there"}],
                "notes": ["fact"],
                "help": ["do this"],
                "fix": None,
            },
            {
                "code": "OB0110",
                "severity": "warning",
                "title": "symbolic link is not followed",
                "page": "docs/codes/OB0110.md",
                "message": "link",
                "location": {"path": "x.yaml", "span": None, "label": ""},
                "related": [],
                "notes": [],
                "help": [],
                "fix": None,
            },
        ],
        "suppressed": [
            {
                "code": "OB0110",
                "severity": "warning",
                "title": "symbolic link is not followed",
                "page": "docs/codes/OB0110.md",
                "message": "known",
                "location": {"path": "y.yaml", "span": None, "label": ""},
                "related": [],
                "notes": [],
                "help": [],
                "fix": None,
                "justification": "it is meant",
            }
        ],
        "summary": {"errors": 1, "warnings": 1, "infos": 0, "suppressed": 1},
    }


def test_json_v1_without_findings() -> None:
    """A clean report is a report, with an empty list."""
    assert json.loads(json_v1.render([])) == {
        "format": "json-v1",
        "diagnostics": [],
        "suppressed": [],
        "summary": {"errors": 0, "warnings": 0, "infos": 0, "suppressed": 0},
    }


def test_findings_are_ordered_by_place_then_code_then_text() -> None:
    """The order is that of paths, lines and columns; equal findings are one."""
    file = SourceFile("b.yaml", "")

    def at(line: int, column: int, path: str = "b.yaml") -> Location:
        return Location(path, Span(line, column, line, column + 1), file)

    ordered = [
        diagnose(names.DANGLING, Location("a.yaml"), "z"),
        diagnose(names.DANGLING, at(9, 9, "a.yaml"), "a"),
        diagnose(names.DANGLING, at(2, 1), "a"),
        diagnose(names.DANGLING, at(10, 1), "a"),
        diagnose(names.DANGLING, at(10, 2), "a"),
        diagnose(names.DANGLING, at(10, 2), "b"),
        diagnose(names.POOL_MISSING, at(10, 2), "a"),
    ]
    assert in_order([*reversed(ordered), ordered[2]]) == ordered


def test_only_errors_stop_a_build() -> None:
    """Warnings are findings, and no errors."""
    warning, error = (diagnose(code, Location("a"), "x") for code in (reading.LINK, names.DANGLING))
    assert not has_errors([])
    assert not has_errors([warning])
    assert has_errors([warning, error])
