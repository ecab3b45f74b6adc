"""``overbank diff`` on real repositories: the command, its formats, and what it forbids."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.cli.arguments.forbidding import FORBIDDABLE
from compiler.diff.forbidden import KINDS
from tests.compiler.diff.edits import WEB, WIDENED

Cli = Callable[..., Any]
Files = Mapping[str, str | bytes]
History = Callable[[Files], Path]
Git = Callable[..., None]
Report = Callable[[Any], dict[str, Any]]

GOLDEN = Path(__file__).parent / "golden"


def test_nothing_differs_from_itself(history: History, files: dict[str, str], cli: Cli, report_of: Report) -> None:
    """A revision beside itself, or beside a work tree that has it checked out, is the same: exit code 0, and it is said."""
    folder = history(files)
    for arguments in (("HEAD",), ("HEAD", "HEAD"), ("main", "HEAD")):
        outcome = cli("diff", *arguments, "-C", folder)
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.endswith(": nothing differs\n")
    report = report_of(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))
    assert report["differs"] is False
    assert not any(report[name] for name in ("policies", "running", "consequences", "objects", "forbidden"))


def test_the_sample_does_not_differ_from_itself(sample: Path, cli: Cli) -> None:
    """Two folders with the same files are the same, for the whole sample repository."""
    outcome = cli("diff", sample, sample)
    assert (outcome.code, outcome.err) == (0, "")


def test_schedulers_that_rule_edits_out(history: History, files: dict[str, str], cli: Cli) -> None:
    """Below scheduler 6.1 an edit of a ResourcePolicy with live pods is ruled out by the vendor, and that is said."""
    folder = history({**files, "clusters/ack.yaml": files["clusters/ack.yaml"].replace('"6.4"', '"6.0"')})
    (folder / WEB).write_text(files[WEB].replace("max: 2", "max: 4"))
    outcome = cli("diff", "HEAD", "-C", folder)
    assert "! running pods: edit ruled out while pods exist: below scheduler 6.1" in outcome.out


def test_schedulers_that_rule_edits_of_selectors_out(
    history: History, files: dict[str, str], write: Callable[..., Path], cli: Cli
) -> None:
    """A selector is a part of a ResourcePolicy, so below scheduler 6.1 it must not be edited either, whether pods are let go or kept."""
    folder = history({**files, "clusters/ack.yaml": files["clusters/ack.yaml"].replace("6.4", "6.0")})
    (folder / WEB).write_text(files[WEB].replace("stage: live}", "stage: live, team: a}"))
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": "web", "stage": "live", **more}},
            "spec": {"nodeName": "n", "schedulerName": "somebody", "containers": [{"name": "c", "image": "i"}]},
        }
        for name, more in (("let-go", {}), ("kept", {"team": "a"}))
    ]
    dump = write({"live.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})}, "dump") / "live.json"
    outcome = cli("diff", "HEAD", "-C", folder, "--live", f"ack={dump}", "--forbid", "running")
    assert "! running pods: edit ruled out while pods exist: below scheduler 6.1" in outcome.out
    assert "cluster ack: 2 edit ruled out while pods exist" in outcome.out
    assert "error[OB5608]: running pods of policy `web` on cluster ack: edit ruled out while pods exist" in outcome.err


def test_a_repository_below_the_top_of_git(history: History, files: dict[str, str], cli: Cli, report_of: Report) -> None:
    """``-C`` may name a folder below the top of the Git repository; revisions are then read there."""
    folder = history({f"policies/{path}": text for path, text in files.items()})
    (folder / "policies" / WEB).write_text(files[WEB].replace(", stage: live", ""))
    report = report_of(cli("diff", "HEAD", "-C", folder / "policies", "--format", "json-v1"))
    assert [(each["name"], each["place"]) for each in report["policies"]] == [("web", WEB)]


def test_a_comment_fits_and_says_what_it_lacks(history: History, files: dict[str, str], cli: Cli) -> None:
    """Where a difference is too large for a comment, whole entries are left out, and it is said how many of what."""
    many = {
        f"burst/{number}.yaml": files[WEB].replace("name: web", f"name: web-{number}").replace("stage: live", f"stage: s{number}")
        for number in range(150)
    }
    folder = history({**files, **many})
    for path, text in many.items():
        (folder / path).write_text(text.replace("max: 2", "max: 3").replace("app: web, ", ""))
    outcome = cli("diff", "HEAD", "-C", folder, "--format", "markdown")
    assert len(outcome.out.encode()) <= 65_536
    assert re.search(r"\*\*Left out, since a comment holds 65,536 characters:\*\* \d+ of 150 policies", outcome.out)


@pytest.mark.parametrize("kind", ["wider", "narrower", "incomparable"])
def test_only_what_is_forbidden_fails(changed: Callable[..., Path], cli: Cli, kind: str) -> None:
    """With ``--exit-zero`` a difference is no failure, unless it is of a forbidden kind."""
    outcome = cli("diff", "HEAD", "-C", changed(WIDENED), "--exit-zero", "--forbid", kind)
    assert outcome.code == (1 if kind == "wider" else 0)
    assert ("OB5601" in outcome.err) == (kind == "wider")


def test_options_name_all_kinds() -> None:
    """The command line offers exactly what can be forbidden."""
    assert FORBIDDABLE == KINDS


@pytest.mark.parametrize("side", ["BASE", "HEAD"])
def test_a_side_that_fails_is_never_no_change(history: History, files: dict[str, str], git: Git, cli: Cli, side: str) -> None:
    """Where a side cannot be rendered, the exit code is 2, its findings are shown with its name, and nothing is written."""
    folder = history(files)
    git(folder, "checkout", "--quiet", "-b", "broken")
    (folder / WEB).write_text(files[WEB].replace("serverless", "servrless"))
    git(folder, "commit", "--quiet", "--all", "--message", "break it")
    names = ("broken", "main") if side == "BASE" else ("main", "broken")
    outcome = cli("diff", *names, "-C", folder)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{side}: broken cannot be rendered" in outcome.err
    assert "broken:burst/web.yaml:" in outcome.err


def test_the_work_tree_is_not_touched(changed: Callable[..., Path], cli: Cli) -> None:
    """Revisions are read from the object store: files, index and branch are as they were."""
    folder = changed(WIDENED)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}
    cli("diff", "HEAD", "HEAD", "-C", folder)
    cli("diff", "HEAD", "-C", folder)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()} == before


@pytest.mark.parametrize("arguments", [("--no-cache",), ()])
def test_the_cache_changes_nothing(changed: Callable[..., Path], cli: Cli, arguments: tuple[str, ...]) -> None:
    """The answer is the same with a cache, cold and warm, and without."""
    folder = changed(WIDENED)
    expected = cli("diff", "HEAD", "-C", folder, "--no-cache").out
    assert [cli("diff", "HEAD", "-C", folder, *arguments).out for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("no-such-branch",), 2, "BASE no-such-branch: there is no revision"),
        (("HEAD", "no-such-branch"), 2, "HEAD no-such-branch: there is no revision"),
        (("HEAD", "--pods", "nowhere"), 2, "cannot read nowhere"),
        (("HEAD", "--live", "nope=x.json"), 2, "there is no cluster `nope` on both sides"),
        (("HEAD", "--live", "x.json"), 2, "does not say which cluster that is"),
        (("HEAD", "./clusters"), 3, "there is no overbank.yaml in HEAD"),
    ],
)
def test_what_cannot_be_compared(  # noqa: PLR0917 - what is given and what is expected
    history: History,
    files: dict[str, str],
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    """Wrong arguments say which side or file they are about, and write nothing."""
    monkeypatch.chdir(history(files))
    outcome = cli("diff", *arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert words in outcome.err


@pytest.mark.parametrize(("format_", "name"), [("text", "text.txt"), ("markdown", "comment.md"), ("json-v1", "report.json")])
def test_golden(changed: Callable[..., Path], cli: Cli, monkeypatch: pytest.MonkeyPatch, format_: str, name: str) -> None:
    """One change of several kinds, in all formats; ``OVERBANK_ACCEPT=1`` rewrites what is expected."""
    folder = changed(WIDENED, (WEB, "max: 2", "max: 4"), (WEB, "  priority", "  inject: {labels: {team: a}}\n  priority"))
    monkeypatch.chdir(folder)
    outcome = cli("diff", "HEAD", "--format", format_, "--forbid", "wider")
    assert outcome.code == 1
    if os.environ.get("OVERBANK_ACCEPT"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(outcome.out, encoding="utf-8")
    assert outcome.out == (GOLDEN / name).read_text(encoding="utf-8")
