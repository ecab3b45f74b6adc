"""Depfiles: real make and real ninja build again when, and only when, a file that decided the output has changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.depfile import DepfileError, render

OVERBANK = Path(sys.executable).with_name("overbank")
BUILD = f"{OVERBANK} build repo -o out --depfile overbank.d --depfile-target stamp"
MAKEFILE = f"""\
stamp:
\t{BUILD}
\techo built >> log
\ttouch stamp
-include overbank.d
"""
NINJA = f"""\
rule overbank
  command = {BUILD} && echo built >> log && touch stamp
  depfile = overbank.d
build stamp: overbank
"""
ODD = "burst/a b#c$d:e\\f \\g.yaml"
"""A name with everything that Makefiles read in their own way."""

Build = Callable[[], int]


@pytest.fixture(params=["make", "ninja"])
def build(request: pytest.FixtureRequest, write: Callable[..., Path], minimal: dict[str, str]) -> Build:
    """Return a function that runs the build tool and gives how often the repository has been built."""
    tool: str = request.param
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on PATH: its reading of depfiles was NOT tested")
    folder = write({**minimal, "apps/other.yaml": "kind: Other\n", "notes.txt": "", "rendered/old.txt": ""}).parent
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "build.ninja").write_text(NINJA)

    def run() -> int:
        found = subprocess.run([tool], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
        assert found.returncode == 0, found.stdout + found.stderr
        _age(folder)
        return len((folder / "log").read_text().splitlines())

    return run


def _age(folder: Path) -> None:
    """Set everything back in time, the stamp after its inputs: what is written from now on is newer."""
    for path in folder.rglob("*"):
        if path.name != ".ninja_log":
            moment = path.stat().st_mtime - 1000
            os.utime(path, (moment, moment))
    stamp = max(path.stat().st_mtime for path in folder.rglob("*")) + 100
    for name in ("stamp", "overbank.d"):
        os.utime(folder / name, (stamp, stamp))


def test_what_is_up_to_date_is_not_built_again(build: Build) -> None:
    """A second run has nothing to do."""
    assert [build(), build()] == [1, 1]


def test_a_changed_policy_is_built(build: Build, tmp_path: Path) -> None:
    """A change of a policy, of the settings, or of a document that is not ours but was read to know that, builds again."""
    assert build() == 1
    for count, path in enumerate(("burst/web.yaml", "overbank.yaml", "apps/other.yaml"), 2):
        with (tmp_path / "repo" / path).open("a") as file:
            file.write("# changed\n")
        assert build() == count, path
    assert build() == 4


def test_an_unrelated_file_is_not_an_input(build: Build, tmp_path: Path) -> None:
    """A change of what the compiler never reads does not count, and neither does what comes and goes in the output."""
    assert build() == 1
    (tmp_path / "repo/notes.txt").write_text("changed")
    (tmp_path / "out/clusters/idc/foreign.yaml").write_text("new")
    (tmp_path / "repo/rendered/old.txt").write_text("new")
    assert [build(), build()] == [1, 1]


def test_a_new_file_is_built(build: Build, tmp_path: Path) -> None:
    """A policy that is added, at the root, in a folder or with a folder of its own, builds again, and then nothing does."""
    assert build() == 1
    for count, path in enumerate(("accelerators.yaml", "burst/more.yaml", "teams/web/policy.yaml"), 2):
        file = tmp_path / "repo" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("kind: Other\n")
        assert [build(), build(), build()] == [count] * 3, path


def test_a_folder_that_has_gone_is_built(build: Build, tmp_path: Path) -> None:
    """Folders that go build again, once, even those in which nothing was read."""
    (tmp_path / "repo/teams/empty").mkdir(parents=True)
    assert build() == 1
    shutil.rmtree(tmp_path / "repo/teams/empty")
    assert [build(), build()] == [2, 2]
    shutil.rmtree(tmp_path / "repo/teams")
    shutil.rmtree(tmp_path / "repo/apps")
    assert [build(), build(), build()] == [3, 3, 3]


def test_a_folder_beside_a_program_is_not_made_of_it(build: Build, tmp_path: Path) -> None:
    """The rules that make has built in do not take ``burst.sh`` for what the folder ``burst`` is made of."""
    assert build() == 1
    (tmp_path / "repo/burst.sh").write_text("exit 1\n")
    assert [build(), build()] == [2, 2]


@pytest.mark.parametrize("tool", ["make", "ninja"])
def test_building_where_the_policies_are_comes_to_an_end(
    tool: str, write: Callable[..., Path], minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With stamp, depfile, output and the tool's own files in the root of the repository, the second run is the last that builds."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on PATH: building in the root was NOT tested")
    folder = write(minimal)
    command = f"{OVERBANK} build --depfile overbank.d --depfile-target stamp"
    (folder / "Makefile").write_text(MAKEFILE.replace(BUILD, command).replace("log", ".log"))
    (folder / "build.ninja").write_text(NINJA.replace(BUILD, command).replace("log", ".log"))
    monkeypatch.chdir(folder)

    def run() -> int:
        subprocess.run([tool], capture_output=True, check=True, timeout=60)
        return len((folder / ".log").read_text().splitlines())

    first, second, third, fourth = run(), run(), run(), run()
    assert (first, second) in {(1, 1), (1, 2)}
    assert second == third == fourth
    rule = (folder / "overbank.d").read_text()
    assert "burst/:" in rule
    assert "rendered" not in rule


def test_the_folder_of_ninja_is_no_input(write: Callable[..., Path], minimal: dict[str, str], cli: Callable[..., Any]) -> None:
    """Where ninja makes and removes files with every build, nothing would ever be up to date: the folder is left out, with a note."""
    folder = write({**minimal, ".ninja_lock": ""})
    built = cli("build", folder, "--depfile", folder / "d")
    assert (built.code, "new files directly in" in built.err, "builddir" in built.err) == (0, True, True)
    rule = (folder / "d").read_text()
    assert (f"{folder}/:\n" in rule, f"{folder}/burst/:\n" in rule) == (False, True)
    assert "builddir" not in cli("build", folder, "--depfile", folder / "d", "--format", "json-v1").err


def test_what_is_excluded_as_a_whole_is_no_input(
    write: Callable[..., Path], minimal: dict[str, str], cli: Callable[..., Any]
) -> None:
    """Nobody waits for new files in a folder that is excluded, unless another pattern takes some back in; nor in the output."""

    def listed(patterns: str, *options: str | Path) -> set[str]:
        settings = minimal["overbank.yaml"].replace("{}", f"{{exclude: {patterns}}}")
        made = {f"{name}/a.yaml": "kind: Other\n" for name in ("vendor", "vendor/deep", "made", "rendered/clusters")}
        folder = write({**minimal, **made, "overbank.yaml": settings})
        assert cli("build", folder, "--depfile", folder / ".d", *options).code == 0
        lines = (folder / ".d").read_text().splitlines()
        return {line.removeprefix(str(folder)).strip("/:") for line in lines if line.endswith("/:")}

    own = {"", "burst", "clusters"}
    assert listed("[vendor/]") == {*own, "made"}
    assert listed("[vendor/, '!vendor/deep/a.yaml']") == {*own, "made", "vendor", "vendor/deep"}


def test_an_output_elsewhere_in_the_repository_is_no_input(
    write: Callable[..., Path], minimal: dict[str, str], cli: Callable[..., Any]
) -> None:
    """What -o names is left out as spec.output is, however it is written."""
    folder = write({**minimal, "made/here/clusters/old/a.txt": ""})
    assert cli("build", folder, "-o", folder / "burst/../made/here", "--depfile", folder / ".d", "--depfile-target", "s").code == 0
    rule = (folder / ".d").read_text()
    assert (f"{folder}/made/:" in rule, "made/here" in rule) == (True, False)


def test_a_depfile_that_stays_the_same_is_not_written_again(
    write: Callable[..., Path], minimal: dict[str, str], cli: Callable[..., Any]
) -> None:
    """Its folder may be an input, and replacing a file in it changes that."""
    folder = write(minimal)
    found = []
    for _ in range(2):
        assert cli("build", folder, "--depfile", folder / "d").code == 0
        found.append(((folder / "d").stat().st_ino, (folder / "d").stat().st_mtime_ns))
    assert found[0] == found[1]


def test_a_file_that_has_gone_does_not_stop_the_build(build: Build, tmp_path: Path) -> None:
    """A deleted or renamed policy builds again, without an error about a missing rule."""
    assert build() == 1
    (tmp_path / "repo/burst/web.yaml").rename(tmp_path / "repo/burst/site.yaml")
    assert build() == 2
    (tmp_path / "repo/apps/other.yaml").unlink()
    assert build() == 3
    assert build() == 3


def test_odd_names_are_inputs_like_others(build: Build, tmp_path: Path) -> None:
    """Blanks and signs that mean something in a Makefile are escaped, so that such a file is found."""
    odd = tmp_path / "repo" / ODD
    (tmp_path / "repo/burst/web.yaml").rename(odd)
    assert [build(), build()] == [1, 1]
    with odd.open("a") as file:
        file.write("# changed\n")
    assert [build(), build()] == [2, 2]


def test_files_of_scenarios_and_manifests_are_inputs(sample: Path, tmp_path: Path, overbank: Callable[..., Any]) -> None:
    """Whatever the compiler read is an input, and without a target of its own the rule makes every file of the output."""
    assert overbank("build", sample, "-o", tmp_path / "out", "--depfile", tmp_path / "d").returncode == 0
    rule, *phony = (tmp_path / "d").read_text().split("\n\n")
    targets, _, inputs = rule.partition(":")
    written = {str(path) for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != "overbank.lock"}
    assert set(targets.replace("\\\n", "").split()) == written
    read = set(inputs.replace("\\\n", "").split())
    assert {str(sample / "overbank.yaml"), str(sample / "burst/gpu-demo.yaml"), str(sample / "clusters/ack-poc.yaml")} <= read
    assert {line.rstrip(":\n") for line in phony} == read


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a=b", "a%b", "a\x7f"])
def test_what_no_depfile_can_say_is_refused(name: str) -> None:
    """A line break, an equals sign or a per cent sign in a name is an error, and not a rule about something else."""
    with pytest.raises(DepfileError, match="cannot be written"):
        render(["stamp"], [name])


def test_the_command_line_says_so(minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]) -> None:
    """A name that cannot be written, and a target without a depfile, are wrong usage with a way out."""
    folder = write({**minimal, "a=b.yaml": "kind: Other\n"})
    outcome = cli("build", folder, "--depfile", folder / "d")
    assert (outcome.code, "a=b.yaml" in outcome.err, "rename it" in outcome.err) == (2, True, True)
    assert not (folder / "d").exists()
    outcome = cli("build", folder, "--depfile-target", "stamp")
    assert (outcome.code, "--depfile only" in outcome.err) == (2, True)


@given(st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="=%"), min_size=1), min_size=1))
def test_escaping_can_be_undone(names: list[str]) -> None:
    """Two lists of names never give the same rule."""
    text = render(["stamp"], names)
    body = text.split("\n\n")[0].removeprefix("stamp: \\\n  ")
    assert [_read(each) for each in body.split(" \\\n  ")] == names


def _read(word: str) -> str:
    """Read a word as make does: backslashes before a blank or a number sign are halved, the rest stand for themselves."""
    word = word.removeprefix("./") if word.startswith("./~") else word
    out, index = "", 0
    while index < len(word):
        run = len(word) - len(word[index:].lstrip("\\")) - index
        after = word[index + run : index + run + 1]
        if run and after and after in " #":
            out, index = out + "\\" * (run // 2) + after, index + run + 1
        elif run and after and after == ":":
            out, index = out + "\\" * (run - 1) + after, index + run + 1
        elif run:
            out, index = out + "\\" * run, index + run
        else:
            step = 2 if word.startswith("$$", index) else 1
            out, index = out + word[index], index + step
    return out
