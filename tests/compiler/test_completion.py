"""Shell completion: the scripts run in the shells that they are for, and offer what the command line takes."""

import os
import pty
import re
import select
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import schemas
from compiler.cli import COMMANDS, make_parser
from compiler.codes.catalogue import ALL
from compiler.completion.grammar import commands

Offer = Callable[..., list[str]]

CLUSTERS = {"ack-poc", "ack-train", "idc-hangzhou", "idc-zhangjiakou", "vke-poc1", "vke-poc2"}


def _shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH: its completion was NOT run")
    return found


@pytest.fixture
def script(cli: Callable[..., object], tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes the script for a shell to a file."""

    def write(shell: str) -> Path:
        outcome = cli("completion", shell)
        assert (outcome.code, outcome.err) == (0, "")  # type: ignore[attr-defined]
        path = tmp_path / f"completion.{shell}"
        path.write_text(outcome.out)  # type: ignore[attr-defined]
        return path

    return write


@pytest.fixture(params=["bash", "fish"])
def offered(request: pytest.FixtureRequest, script: Callable[[str], Path], sample: Path) -> Offer:
    """Return a function that gives what a shell offers for the last of the words, in the sample repository or another folder."""
    shell: str = request.param
    program, path = _shell(shell), script(shell)

    def ask(*words: str, folder: Path = sample) -> list[str]:
        if shell == "bash":
            code = f'source {path}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _overbank; printf "%s\\n" "${{COMPREPLY[@]}}"'
            command = [program, "--norc", "-c", code, "bash", *words]
        else:
            command = [program, "--no-config", "-c", f"source {path}; complete -C '{' '.join(words)}'"]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
        assert ran.stderr == ""
        return [line.split("\t")[0] for line in ran.stdout.splitlines() if line]

    return ask


def test_commands_are_offered(offered: Offer) -> None:
    """Where a command has to stand, all of them are offered, and of its prefix those that fit."""
    assert set(offered("overbank", "")) == set(COMMANDS)
    assert offered("overbank", "sch") == ["schema"]


@pytest.mark.parametrize("command", COMMANDS)
def test_all_options_of_every_command_are_offered(offered: Offer, command: str) -> None:
    """What ``--help`` lists is offered, though arguments are added only to the command that is asked for."""
    every = {each.name: each for each in commands(make_parser(tuple(COMMANDS)), {})}
    long = {flag for option in every[command].options for flag in option.flags if flag.startswith("--")}
    assert "--help" in long
    assert set(offered("overbank", command, "--")) == long


def test_choices_are_offered(offered: Offer) -> None:
    """An option with choices offers these and nothing else, a later option too."""
    assert set(offered("overbank", "build", "--format", "")) == {
        "text",
        "concise",
        "json-v1",
        "sarif",
        "github",
        "junit",
        "markdown",
    }
    assert offered("overbank", "inventory", "--cluster", "a", "--pool-type", "i") == ["idc"]
    assert set(offered("overbank", "completion", "")) == {"bash", "zsh", "fish"}


def test_codes_and_kinds_are_offered(offered: Offer) -> None:
    """Explain takes every diagnostic code, schema every kind."""
    assert set(offered("overbank", "explain", "OB")) == {code.id for code in ALL}
    assert set(offered("overbank", "explain", "OB4101", "OB410")) == {code.id for code in ALL if code.id.startswith("OB410")}
    assert set(offered("overbank", "schema", "")) == set(schemas.KINDS)


def test_names_come_from_the_repository(offered: Offer, sample: Path) -> None:
    """Clusters and scenarios are those of the repository: the current folder, or the one that another word names."""
    assert set(offered("overbank", "try", "--cluster", "")) >= CLUSTERS
    assert offered("overbank", "plan", "--scenario", "gpu-by-w") == ["gpu-by-weight"]
    away = offered("overbank", "mutate", "--repo", str(sample), "--cluster", "vke-", folder=Path("/"))
    assert {"vke-poc1", "vke-poc2"} <= set(away)


def test_names_are_found_however_they_are_written(offered: Offer, write: Callable[..., Path]) -> None:
    """Block and flow style, quotes, comments and several documents in a file; nothing of hidden folders or other tools."""
    ours = "apiVersion: overbank.dev/v1alpha1\n"
    folder = write(
        {
            "overbank.yaml": f"{ours}kind: Repository\n",
            "a.yaml": f"{ours}kind: Cluster\nmetadata:\n  labels: {{name: wrong}}\n  name: 'one' # first\nspec: {{}}\n"
            f"---\n{ours}kind: Cluster\nmetadata: {{labels: {{a: b}}, name: two}}\n",
            "b c/d.yml": f'metadata: {{name: "three"}}\nkind: "Cluster"\n{ours}',
            "other.yaml": "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: four}\n",
            ".hidden/e.yaml": f"{ours}kind: Cluster\nmetadata: {{name: five}}\n",
            "f.yaml": f"{ours}kind: PlanScenario\nmetadata: {{name: six}}\n",
        }
    )
    assert set(offered("overbank", "try", "--cluster", "", folder=folder)) == {"one", "two", "three"}


def test_files_and_folders_are_offered(offered: Offer, write: Callable[..., Path]) -> None:
    """A repository is a folder, a pod a file."""
    folder = write({"fleet one/overbank.yaml": "", "fleet.txt": ""}).parent
    stripped = [each.rstrip("/").replace("\\ ", " ") for each in offered("overbank", "check", "repo/fl", folder=folder)]
    assert stripped == ["repo/fleet one"]
    assert "repo/fleet.txt" in offered("overbank", "try", "repo/fl", folder=folder)


def test_bash_takes_values_after_an_equals_sign(script: Callable[[str], Path]) -> None:
    """Bash hands ``--format=te`` over as three words."""
    code = f'source {script("bash")}; COMP_WORDS=(overbank build --format = te); COMP_CWORD=4; _overbank; echo "${{COMPREPLY[*]}}"'
    found = subprocess.run([_shell("bash"), "--norc", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout == "text\n"


def _typed(command: list[str], lines: list[str], folder: Path, setting_up: str) -> list[str]:
    """Type lines in a terminal, press tab after each, and return what they have become."""
    terminal, other = pty.openpty()
    # Lines of a width that somebody else's terminal has would be shown in part.
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    env = {**kept, "TERM": "dumb", "PS1": "", "INPUTRC": "/dev/null"}
    shell = subprocess.Popen(command, cwd=folder, env=env, stdin=other, stdout=other, stderr=other, start_new_session=True)
    os.close(other)
    received = b""
    try:
        # Control-A goes to the beginning of the line, so that the line itself is what is printed.
        typed = "".join(f"{line}\t\x01printf '<%s>\\n' '\x05'\r" for line in lines)
        os.write(terminal, f"{setting_up}\r{typed}echo fin''ished\r".encode())
        while b"finished" not in received:
            ready, _, _ = select.select([terminal], [], [], 30)
            assert ready, received
            received += os.read(terminal, 65536)
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)
    return re.findall(r"^<(.*)>$", re.sub(r"\x1b\[\?2004[hl]|\r", "\n", received.decode()), re.MULTILINE)


TYPED = {
    "overbank sch": "overbank schema ",
    "overbank build --forc": "overbank build --force ",
    "overbank inventory --pool-type i": "overbank inventory --pool-type idc ",
    "overbank try --cluster ack-p": "overbank try --cluster ack-poc ",
    "overbank explain OB4101 OB410": "overbank explain OB4101 OB410",
    "overbank schema Bu": "overbank schema BurstPolicy ",
    "overbank plan --format=markd": "overbank plan --format=markdown ",
    "overbank check acc": "overbank check accelerators/",
}


def test_tab_completes_in_bash(script: Callable[[str], Path], sample: Path) -> None:
    """In an interactive bash, tab completes commands, options, values, names and folders."""
    found = _typed([_shell("bash"), "--norc", "-i"], list(TYPED), sample, f"source {script('bash')}")
    assert found == list(TYPED.values())


def test_tab_completes_in_zsh(script: Callable[[str], Path], sample: Path) -> None:
    """In an interactive zsh, tab completes commands, options, values, names and folders."""
    setting_up = f"bindkey -e; autoload -U compinit; compinit -u -D; source {script('zsh')}"
    found = _typed([_shell("zsh"), "-f", "-i"], list(TYPED), sample, setting_up)
    assert [each.rstrip(" /") for each in found] == [each.rstrip(" /") for each in TYPED.values()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_well_formed(script: Callable[[str], Path], shell: str) -> None:
    """The shell itself finds nothing wrong with the script, which is the same every time."""
    path = script(shell)
    first = path.read_bytes()
    assert script(shell).read_bytes() == first
    subprocess.run([_shell(shell), "-n", path], check=True, timeout=60)


def test_an_unknown_shell_is_refused(cli: Callable[..., object]) -> None:
    """A shell without a script is wrong usage."""
    assert cli("completion", "tcsh").code == 2  # type: ignore[attr-defined]
