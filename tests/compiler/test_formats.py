"""Findings for other programs: SARIF, GitHub's annotations, JUnit and Markdown, each held against what its reader takes."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from markdown_it import MarkdownIt

from compiler.codes import names, policies, reading
from compiler.diagnostics import Code, Diagnostic, Edit, Fix, Severity, diagnose
from compiler.report import github, junit, markdown, sarif
from compiler.report.selection import Selection
from compiler.source import Location, SourceFile, Span

VENDORED = Path(__file__).parent / "vendored"
INFO = Code("OB4299", Severity.INFO, "may be meant", "Nothing.\n\nNothing at all.")
NASTY = "50% of a,b: c\r\n::error::d \x1b[31m \x07 <b>&\"'`|[x](https://example.com)\ud800\ufffe"


@pytest.fixture(scope="module")
def valid_sarif() -> Callable[[str], dict[str, Any]]:
    """Return a function that holds a log against the official schema, and returns its only run."""
    validator = jsonschema.Draft202012Validator(
        json.loads((VENDORED / "sarif-2.1.0.json").read_text()), format_checker=jsonschema.FormatChecker()
    )

    def run(log: str) -> dict[str, Any]:
        value = json.loads(log)
        assert [error.message for error in validator.iter_errors(value)] == []
        (only,) = value["runs"]
        return only  # type: ignore[no-any-return]

    return run


def _finding(code: Code = names.DANGLING, line: int = 2, text: str = "a: 1\nb: 漢\nc: 3\n", message: str = "wrong") -> Diagnostic:
    file = SourceFile("burst/a b#漢.yaml", text)
    other = Location("clusters/idc.yaml", Span(1, 1, 3, 2), SourceFile("clusters/idc.yaml", "x: 1\n"))
    where = Location(file.path, Span(line, 4, line, 5), file)
    return diagnose(code, where, message, label="here", related=[(other, "there")], notes=["fact"], help=["do this"])


def test_sarif_of_nothing_has_empty_results(valid_sarif: Callable[[str], dict[str, Any]]) -> None:
    """A clean log has results, of which there are none, and says which tool of which version found nothing."""
    run = valid_sarif(sarif.render([], version="1.2.3"))
    assert run["results"] == []
    assert run["tool"]["driver"] == {"name": "overbank", "version": "1.2.3", "rules": []}
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_has_places_rules_and_levels(valid_sarif: Callable[[str], dict[str, Any]]) -> None:
    """Places are relative to the root of the checkout and encoded, a file as a whole begins at line 1, infos are notes."""
    whole = diagnose(reading.LINK, Location("x.yaml"), "link")
    run = valid_sarif(sarif.render([_finding(), whole, _finding(INFO)], root="policies", version="1"))
    first, second, third = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "policies/burst/a%20b%23%E6%BC%A2.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 4, "endLine": 2, "endColumn": 5},
    }
    assert first["message"]["text"] == "wrong\nhere\n[policies/clusters/idc.yaml:1:1](1): there\nnote: fact\nhelp: do this"
    assert first["relatedLocations"][0]["id"] == 1
    assert first["relatedLocations"][0]["message"] == {"text": "there"}
    assert second["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert [each["level"] for each in (first, second, third)] == ["error", "warning", "note"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == [each["ruleId"] for each in run["results"]]
    assert rules[-1]["defaultConfiguration"] == {"level": "note"}
    assert rules[-1]["fullDescription"] == {"text": "Nothing."}
    assert all("snippet" not in each["locations"][0]["physicalLocation"]["region"] for each in run["results"])


def test_sarif_links_to_nothing_that_strangers_write(valid_sarif: Callable[[str], dict[str, Any]]) -> None:
    """The only links of a message are those to related places, whatever names and values look like."""
    finding = _finding(message="[x](https://example.com) spec.pools[0] [y](2)")
    finding = finding._replace(related=(finding.related[0]._replace(text="[z](3)"),), notes=("[v](4)",))
    text = valid_sarif(sarif.render([finding], version="1"))["results"][0]["message"]["text"]
    assert re.findall(r"(?<!\\)\]\((.*?)\)", text) == ["1"]
    assert "spec.pools[0]" in text


def test_sarif_has_the_edits_of_a_fix(valid_sarif: Callable[[str], dict[str, Any]]) -> None:
    """A fix is a change of each file that it edits, with the region that goes and the text that comes."""
    fix = Fix(
        "write `idc`", (Edit(_finding().primary.where, "idc"), Edit(Location("b.yaml", Span(1, 1, 1, 1)), "# new\n")), safe=True
    )
    (given,) = valid_sarif(sarif.render([_finding()._replace(fix=fix)], version="1"))["results"][0]["fixes"]
    assert given["description"] == {"text": "write `idc`"}
    assert [each["artifactLocation"]["uri"] for each in given["artifactChanges"]] == ["burst/a%20b%23%E6%BC%A2.yaml", "b.yaml"]
    assert given["artifactChanges"][0]["replacements"] == [
        {"deletedRegion": {"startLine": 2, "startColumn": 4, "endLine": 2, "endColumn": 5}, "insertedContent": {"text": "idc"}}
    ]


def test_sarif_fingerprints_stay_when_lines_move() -> None:
    """A fingerprint follows the text of its line, and findings that are alike have different ones."""

    def prints(*found: Diagnostic) -> list[str]:
        results = json.loads(sarif.render(found, version="1"))["runs"][0]["results"]
        return [each["partialFingerprints"]["overbank/v1"] for each in results]

    assert prints(_finding()) == prints(_finding(line=4, text="# new\n# lines\na: 1\nb: 漢\n", message="in other words"))
    assert len({*prints(_finding(), _finding(message="another"), _finding(line=3))}) == 3


def test_sarif_keeps_to_the_limits(valid_sarif: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """What exceeds the limits is left out, the least severe first, and a notification counts it."""
    found = [_finding(INFO), _finding(policies.OVERRIDE_LABELS), _finding(), _finding(INFO)]
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    run = valid_sarif(sarif.render(found, version="1"))
    assert [each["level"] for each in run["results"]] == ["warning", "error"]
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"].startswith("2 infos left out")
    monkeypatch.setattr(sarif, "MAX_BYTES", sarif._ROOM + 2000)
    assert [each["level"] for each in valid_sarif(sarif.render(found, version="1"))["results"]] == ["error"]


def test_every_format_takes_whatever_is_written(valid_sarif: Callable[[str], dict[str, Any]]) -> None:
    """Texts of strangers, with control characters, markup and commands, leave every format well formed."""
    finding = _finding(message=NASTY)._replace(notes=(NASTY,), help=(NASTY,))
    valid_sarif(sarif.render([finding], version="1").encode().decode())
    lines = github.render([finding]).split("\n")
    assert len(lines) == 2
    assert lines[0].startswith("::error file=burst/a b#漢.yaml,line=2,endLine=2,col=4,endColumn=5,title=OB2104 ")
    assert "50%25 of a,b: c" in lines[0]
    xmlschema.XMLSchema10(str(VENDORED / "junit-10.xsd")).validate(junit.render([finding]))
    cells = [token for token in MarkdownIt().enable("table").parse(markdown.render([finding])) if token.type == "inline"]
    assert [
        child.type for cell in cells for child in cell.children or () if child.type in ("link_open", "image", "html_block")
    ] == []


def test_annotations_escape_what_separates() -> None:
    """In a property colons and commas are written as their codes, in the text they stay."""
    command = github.render([_finding(policies.OVERRIDE_LABELS)], root="a:b,c")
    assert command.startswith("::warning file=a%3Ab%2Cc/burst/a b#漢.yaml,line=2,")
    assert "title=OB4107 merge%3A override" in command
    assert command.endswith("::wrong%0Ahere%0Aa:b,c/clusters/idc.yaml:1:1: there%0Anote: fact%0Ahelp: do this\n")


def test_annotations_keep_to_the_budget() -> None:
    """Ten are shown, the most severe first; of more, the last one counts those that are not."""
    ten = [_finding(policies.OVERRIDE_LABELS)] * 9 + [_finding()]
    assert [line.split(" ")[0] for line in github.render(ten).splitlines()] == ["::error", *["::warning"] * 9]
    lines = github.render([*ten, _finding(INFO), _finding(INFO)]).splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("::notice title=overbank::and 1 warning, 2 infos more")


def test_an_annotation_of_several_lines_has_no_columns() -> None:
    """GitHub refuses columns where the first line is not the last."""
    where = Location("a.yaml", Span(1, 1, 3, 2), SourceFile("a.yaml", "a:\n- 1\n- 2\n"))
    assert github.render([diagnose(names.DANGLING, where, "wrong")]).startswith("::error file=a.yaml,line=1,endLine=3,title=")


def test_junit_fails_what_counts() -> None:
    """A finding is a case; those that reach the level fail, others pass with their text, and a clean report has a case that passes."""
    schema = xmlschema.XMLSchema10(str(VENDORED / "junit-10.xsd"))
    found = [_finding(), _finding(), _finding(INFO)]
    for level, failures in ((Severity.ERROR, 2), (Severity.INFO, 3)):
        report = junit.render(found, root="policies", fail_level=level)
        schema.validate(report)
        suite = ET.fromstring(report)[0]
        assert (suite.get("tests"), suite.get("failures")) == ("3", str(failures))
        assert len(suite.findall("testcase/failure")) == failures
        assert [each.get("name") for each in suite][1] == "OB2104 reference to something that does not exist (2)"
        assert {each.get("classname") for each in suite} == {"policies/burst/a b#漢.yaml"}
    clean = junit.render([])
    schema.validate(clean)
    assert [each.get("name") for each in ET.fromstring(clean)[0]] == ["no findings"]


def test_markdown_fits() -> None:
    """The table has the most severe findings first and keeps to its limit, with what is left out counted."""
    found = [_finding(INFO), *[_finding(policies.OVERRIDE_LABELS)] * 100, _finding()]
    text = markdown.render(found, limit=3000)
    assert len(text.encode()) <= 3000
    assert text.startswith("### Overbank: 1 error, 100 warnings, 1 info\n")
    assert [line[:8] for line in text.splitlines() if line.startswith("| ")][1:3] == ["| error ", "| warnin"]
    left = re.search(r"Left out for want of room: (\d+) warnings, 1 info", text)
    assert left
    assert int(left[1]) + text.count("| warning") == 100
    assert markdown.render([]) == "### Overbank: no findings\n"


@pytest.mark.parametrize(
    ("select", "ignore", "shown"),
    [
        ((), (), ["OB0110", "OB2104", "OB4107"]),
        (("OB2", "OB4107"), (), ["OB2104", "OB4107"]),
        ((), ("OB",), []),
        (("OB41",), ("OB4107",), []),
        (("OB4107",), ("OB41",), ["OB4107"]),
        (("OB41",), ("OB41",), []),
        ((), ("OB2", "OB0110"), ["OB4107"]),
    ],
)
def test_the_longer_prefix_decides(select: tuple[str, ...], ignore: tuple[str, ...], shown: list[str]) -> None:
    """Codes are selected and ignored by prefix; the longer of two decides, and of equal ones the one that ignores."""
    found = [_finding(reading.LINK), _finding(), _finding(policies.OVERRIDE_LABELS)]
    assert [each.code.id for each in Selection(select=select, ignore=ignore).divide(found).shown] == shown


def test_infos_are_for_those_who_ask() -> None:
    """Infos are below the level unless it is theirs."""
    chosen = Selection().divide([_finding(INFO), _finding()])
    assert ([each.code for each in chosen.shown], [each.code for each in chosen.below]) == ([names.DANGLING], [INFO])
    assert Selection(level=Severity.INFO).divide([_finding(INFO)]).below == []
    assert Selection(level=Severity.ERROR).divide([_finding(reading.LINK)]).shown == []
