"""What strangers write never reaches a terminal as it is: in no format, in no part of a report."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.codes import names
from compiler.diagnostics import diagnose
from compiler.pipeline import Result
from compiler.report import json_v1, text
from compiler.report.style import ansi, printable
from compiler.source import Location, SourceFile, Span

RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0001-\U000e007f]"
)

HOSTILE = {
    "a colour": "\x1b[31m",
    "a title of a window": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://example.org\x1b\\",
    "an eight-bit control": "\x9b2J",
    "the way back": "a\rb\bc",
    "a line break": "a\nerror[OB0000]: forged",
    "line breaks of Unicode": "a\u2028b\u2029c\x85d",
    "an override": "\u202egpj\u202c",
    "isolates": "\u2066a\u2069",
    "nothing to see": "a\u200b\u2060\ufeff\xad",
    "tags": "\U000e0041\U000e007f",
    "delete": "\x7f",
    "a surrogate": "\udcff",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_part_of_a_report_is_raw(name: str) -> None:
    """Message, label, notes, help, path and source line are shown with what is hidden made visible, also after JSON is decoded."""
    hostile = HOSTILE[name]
    file = SourceFile(hostile, f"{hostile.replace(chr(10), '')} x\n")
    where = Location(hostile, Span(1, 1, 1, 2), file)
    finding = diagnose(names.DANGLING, where, hostile, label=hostile, related=[(where, hostile)], notes=[hostile], help=[hostile])
    for shown in (text.render([finding]), text.concise([finding])):
        assert not RAW.search(shown)
        assert not any(line.startswith("error[OB0000]") for line in shown.splitlines())
    assert text.concise([finding]).count("\n") == 1
    painted = text.render([finding], ansi)
    assert not RAW.search(re.sub(r"\x1b\[[0-9;]*m", "", painted))
    decoded = json.loads(json_v1.render([finding]))

    def check(value: Any) -> None:
        if isinstance(value, str):
            assert not RAW.search(value)
            assert "\n" not in value
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(each)

    check(decoded)


def test_what_is_hidden_is_shown_as_one_character_each() -> None:
    """Control characters have their pictures and the rest a replacement, so that columns and marks stay where they are."""
    assert printable("\x1b[0m\0\r\n\x7f\u202e\ufeff") == "\u241b[0m\u2400\u240d\u240a\u2421\ufffd\ufffd"
    assert printable("tab\t, \u6f22, \U0001f600, e\u0301") == "tab\t, \u6f22, \U0001f600, e\u0301"


def test_long_texts_are_cut(compiled: Callable[[Mapping[str, str]], Result], minimal: dict[str, str]) -> None:
    """A name of megabytes does not fill the screen, wherever a finding quotes it."""
    long = "x" * 900
    files = {
        "a.yaml": minimal["clusters/idc.yaml"].replace("name: idc}", f"name: {long}}}"),
        "b.yaml": minimal["burst/web.yaml"].replace("  pools:", f"  {long}: {{}}\n  pools:"),
        "c.yaml": f"apiVersion: overbank.dev/v1alpha1\nkind: {long * 1000}\n",
        "d.yaml": f"a: !{long} b\n",
        "e.yaml": f"a: *{long}\n",
        "f.yaml": minimal["burst/web.yaml"].replace("[idc]", f"[{long}]"),
        "g.yaml": f"{{{long}: 1, {long}: 2}}\n",
    }
    result = compiled({**minimal, **files})
    assert len(result.diagnostics) >= len(files)
    for each in text.concise(result.diagnostics).splitlines():
        assert len(each) < 400
    assert max(map(len, text.render(result.diagnostics).splitlines())) < 1200


def test_commands_show_no_control_characters(write: Callable[..., Path], minimal: dict[str, str], cli: Callable[..., Any]) -> None:
    """Escapes in double quotes are valid YAML, and reach no terminal through any command that reads them."""
    hostile = 'apiVersion: overbank.dev/v1alpha1\nkind: "\\e[31m\\u202e"\nmetadata: {name: "\\e]0;x\\a"}\n'
    root = write({**minimal, "\x1b[2J.yaml": hostile})
    for command in (
        ("check",),
        ("build",),
        ("test",),
        ("plan",),
        ("check", "--format", "json-v1"),
        ("check", "--format", "concise"),
    ):
        outcome = cli(*command, root)
        assert outcome.code == 1, command
        assert not RAW.search(outcome.out), command
        assert not RAW.search(outcome.err), command
