"""When there is colour."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "options", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"CLICOLOR_FORCE": "1"}, [], True),
        ({"CLICOLOR_FORCE": "0"}, [], False),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False),
        ({"NO_COLOR": "", "FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": ""}, [], False),
        ({}, ["--color", "always"], True),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
        ({"FORCE_COLOR": "1"}, ["--color", "auto"], True),
    ],
)
def test_colour_of_a_pipe(
    cli: Cli, broken: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], options: list[str], *, coloured: bool
) -> None:
    """The option decides, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE; a pipe has no colour by itself."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in cli("check", broken, *options).out) is coloured
    for command in (("explain",), ("check", broken, "--format", "json-v1")):
        expected = coloured and command == ("explain",)
        assert ("\x1b[" in cli(*command, *options).out) is expected


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False), ({"TERM": "xterm"}, True)]
)
def test_colour_of_a_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, coloured: bool) -> None:
    """A terminal has colour unless it is dumb or somebody does not want any."""
    monkeypatch.delenv("TERM", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    cli("explain")
    assert ("\x1b[" in terminal.getvalue()) is coloured
