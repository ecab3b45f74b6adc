"""What every command has: usage errors, help, the version, folders that are not there, and Ctrl-C."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler import __version__
from compiler.cli import COMMANDS
from compiler.cli import check as check_command

Cli = Callable[..., Any]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--frobnicate"],
        ["check", "--frobnicate"],
        ["check", "a", "b"],
        ["check", "--form", "text"],
        ["check", "--format", "yaml"],
        ["check", "--color", "sometimes"],
        ["try", "pod.yaml"],
        ["try", "--cluster", "idc"],
        ["build", "-o"],
        ["schema", "Cluster", "BurstPolicy"],
    ],
)
def test_wrong_usage_is_exit_2(cli: Cli, arguments: list[str]) -> None:
    """What cannot be understood ends with 2, what is wrong on stderr and nothing on stdout; options are not abbreviated."""
    outcome = cli(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith(("usage: overbank", "overbank: error: "))


@pytest.mark.parametrize(("word", "advice"), [("chek", "did you mean `check`?"), ("frobnicate", "commands: init, check,")])
def test_command_that_does_not_exist_is_told_from_those_that_do(cli: Cli, word: str, advice: str) -> None:
    """A misspelt command ends with 2 and the one that was meant, or all of them."""
    outcome = cli(word, "x")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"there is no command `{word}`" in outcome.err
    assert advice in outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli: Cli, command: str) -> None:
    """Help goes to stdout and is a success; it begins with the command's own line."""
    outcome = cli(command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"usage: overbank {command} ")
    summary = " ".join(outcome.out.split())
    assert COMMANDS[command][1:] in summary


def test_help_lists_all_commands_and_exit_codes(cli: Cli) -> None:
    """The general help names every command with its summary, and what the exit codes mean."""
    outcome = cli("--help")
    text = " ".join(outcome.out.split())
    for command, summary in COMMANDS.items():
        assert f"{command} {summary}" in text
    assert "exit codes: 0 clean, 1 findings, 2 usage or environment, 3 nothing found" in text


def test_version(cli: Cli, overbank: Overbank) -> None:
    """The version is one line on stdout, from the function and from the installed program."""
    outcome = cli("--version")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"overbank {__version__}\n", "")
    run = overbank("--version")
    assert (run.returncode, run.stdout.decode(), run.stderr) == (0, outcome.out, b"")


@pytest.mark.parametrize("command", ["check", "build", "test"])
def test_missing_folder_is_exit_2_and_other_folder_exit_3(cli: Cli, tmp_path: Path, command: str) -> None:
    """A folder that is not there is an environment error; one without overbank.yaml has nothing where something is needed."""
    missing = cli(command, tmp_path / "none")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == f"overbank: error: {tmp_path / 'none'} is not a folder\n"
    empty = cli(command, tmp_path)
    assert (empty.code, empty.out) == (3, "")
    assert f"{tmp_path} is no policy repository: there is no overbank.yaml" in empty.err
    assert "  help: " in empty.err


def test_interrupt_is_exit_130(cli: Cli, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command with the shell's code for it and without a traceback."""

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "run", interrupted)
    outcome = cli("check", repo)
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "")


@pytest.mark.parametrize(
    ("arguments", "problem", "advice"),
    [
        (("check", "--exit-zro"), "check has no option `--exit-zro`", "did you mean `--exit-zero`?"),
        (("check", "--fail-levl=info"), "check has no option `--fail-levl`", "did you mean `--fail-level`?"),
        (("check", "--nonsense", "."), "check has no option `--nonsense`", "overbank check --help lists its options"),
        (("check", ".", "more"), "check does not take `more` as well", "overbank check --help says what it takes"),
    ],
)
def test_options_that_do_not_exist(cli: Cli, arguments: tuple[str, ...], problem: str, advice: str) -> None:
    """What a command does not take is refused, with the option that was meant."""
    outcome = cli(*arguments)
    assert (outcome.code, outcome.err) == (2, f"overbank: error: {problem}\n  help: {advice}\n")
