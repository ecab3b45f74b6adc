"""``overbank check --fix``: what it changes on disk, what it leaves alone, and what it then says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.cli.steps import fixing

Write = Callable[..., Path]
Cli = Callable[..., Any]

POOL = "  - {name: serverless, type: eci}\n"


def test_safe_fixes(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A field without effect goes, with its line; comments, and everything else, stay; what is left is reported."""
    policy = minimal["burst/web.yaml"] + "  # about the label\n  mirrorLabel: false\n  priority: 1  # kept\n"
    repo = write({**minimal, "burst/web.yaml": policy})
    outcome = cli("check", repo)
    assert "OB3111" in outcome.out
    assert "can be fixed: 1 with `overbank check --fix`" in outcome.err
    outcome = cli("check", "--fix", repo)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "fixed burst/web.yaml\nfixed 1 finding in 1 file\nno findings in 3 documents\n"
    assert (repo / "burst/web.yaml").read_text() == policy.replace("  mirrorLabel: false\n", "")
    assert cli("check", "--fix", repo).err == "no findings in 3 documents\n"


def test_fixes_that_take_a_comment_are_for_those_who_ask(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """Where the comment on a line would go with it, the fix is done with --unsafe-fixes only."""
    policy = minimal["burst/web.yaml"] + "  mirrorLabel: false  # for the cost reports\n"
    repo = write({**minimal, "burst/web.yaml": policy})
    assert "can be fixed: 1 with `--unsafe-fixes`" in cli("check", "--fix", repo).err
    assert (repo / "burst/web.yaml").read_text() == policy
    assert cli("check", "--unsafe-fixes", repo).code == 0
    assert (repo / "burst/web.yaml").read_text() == minimal["burst/web.yaml"]


def test_a_difference_is_shown_and_nothing_written(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """--diff prints what would change, exits 1 if anything would, and does not touch the file."""
    policy = minimal["burst/web.yaml"] + "  mirrorLabel: false\n"
    repo = write({**minimal, "burst/web.yaml": policy})
    outcome = cli("check", "--diff", repo)
    assert outcome.code == 1
    assert outcome.out.startswith("--- a/burst/web.yaml\n+++ b/burst/web.yaml\n@@ ")
    assert "\n-  mirrorLabel: false\n" in outcome.out
    assert outcome.err == "would fix 1 finding in 1 file\nno findings left\n"
    assert (repo / "burst/web.yaml").read_text() == policy
    (repo / "burst/web.yaml").write_text(minimal["burst/web.yaml"])
    assert cli("check", "--diff", repo).code == 0


def test_misspelt_words_are_corrected_one_after_the_other(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A kind, then a field, then a reference: each is seen when the one before it is right, in one run; line ends and marks stay."""
    policy = minimal["burst/web.yaml"].replace("BurstPolicy", "BurstPolcy").replace("pools:", "poools:")
    policy = "\ufeff" + policy.replace("{names: [idc]}", "{names: ['icd']}  # 🙂").replace("\n", "\r\n")
    repo = write({**minimal, "burst/web.yaml": policy})
    assert cli("check", "--fix", repo).code == 1
    assert (repo / "burst/web.yaml").read_bytes() == policy.encode()
    assert cli("check", "--unsafe-fixes", repo).code == 0
    wanted = policy.replace("BurstPolcy", "BurstPolicy").replace("poools", "pools").replace("'icd'", "'idc'")
    assert (repo / "burst/web.yaml").read_bytes() == wanted.encode()


def test_what_is_near_to_two_is_not_corrected(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A name that could be either of two is left to its author."""
    other = minimal["clusters/idc.yaml"].replace("name: idc}", "name: idd}", 1)
    policy = minimal["burst/web.yaml"].replace("[idc]", "[idx]")
    repo = write({**minimal, "clusters/idd.yaml": other, "burst/web.yaml": policy})
    outcome = cli("check", "--unsafe-fixes", repo)
    assert outcome.code == 1
    assert (repo / "burst/web.yaml").read_text() == policy


@pytest.mark.parametrize(
    ("path", "old", "new", "unsafe"),
    [
        ("clusters/idc.yaml", POOL, POOL.replace("eci", "eci, podsPerNode: 3, nodes: {max: 2}"), False),
        ("clusters/idc.yaml", POOL, POOL.replace("eci", "eci, nodeSelector: {a: b}"), True),
        ("clusters/idc.yaml", '"1.30"', "1.30", False),
        ("burst/web.yaml", "names: [shop]", "names: [shop, shop]", False),
        (
            "burst/web.yaml",
            "  - {name: serverless}\n",
            "  - {name: serverless}\n  advance: {policy: TimeoutOrExceedMax, timeout: 5m}\n",
            False,
        ),
        ("burst/web.yaml", "max: 3}", "max: 3, overrides: [{clusters: [elsewhere], max: 3}]}", True),
        ("burst/web.yaml", "{name: serverless}", "{name: serverles}", True),
    ],
)
def test_fixes(cli: Cli, write: Write, minimal: dict[str, str], *, path: str, old: str, new: str, unsafe: bool) -> None:
    """What a finding says is in the way is gone afterwards, and nothing else has changed; what needs a look is not done unasked."""
    assert old in minimal[path]
    repo = write({**minimal, path: minimal[path].replace(old, new)})
    before = (repo / path).read_text()
    cli("check", "--fix", repo)
    assert ((repo / path).read_text() == before) is unsafe
    outcome = cli("check", "--unsafe-fixes", repo)
    assert outcome.code == 0, outcome.out
    assert (repo / path).read_text() == minimal[path]


@pytest.mark.parametrize("pools", ["{name: idc, max: 2}, {name: idcc}", "{name: idc, max: 3}, {name: servers}"])
def test_pools_are_renamed_only_to_what_every_cluster_has(cli: Cli, write: Write, minimal: dict[str, str], pools: str) -> None:
    """A pool that the policy lists already, or that one of its clusters knows by the name as it is written, is left to its author."""
    other = minimal["clusters/idc.yaml"].replace("name: idc}", "name: far}", 1).replace("serverless", "servers")
    policy = minimal["burst/web.yaml"].replace("{names: [idc]}", "{all: true}")
    policy = policy[: policy.index("  pools:")] + f"  pools: [{pools}]\n"
    repo = write({**minimal, "clusters/far.yaml": other, "burst/web.yaml": policy})
    outcome = cli("check", "--unsafe-fixes", repo)
    assert "OB2106" in outcome.out
    assert "fix" not in outcome.err
    assert (repo / "burst/web.yaml").read_text() == policy


def test_of_two_misspelt_pools_neither_becomes_the_one_that_both_are_near_to(
    cli: Cli, write: Write, minimal: dict[str, str]
) -> None:
    """Which of them was meant is left to the author: renamed both, the policy would list one pool twice."""
    policy = minimal["burst/web.yaml"].replace("{name: serverless}", "{name: serverles}\n  - {name: serverlesss}")
    repo = write({**minimal, "burst/web.yaml": policy})
    outcome = cli("check", "--unsafe-fixes", repo)
    assert outcome.out.count("OB2106") == 2
    assert (repo / "burst/web.yaml").read_text() == policy


def test_fixes_are_part_of_the_report(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """`json-v1` has the edits with their places, also of what the cache knows, moved with its document."""
    policy = minimal["burst/web.yaml"] + "  mirrorLabel: false\n"
    repo = write({**minimal, "burst/web.yaml": policy})
    wanted = {
        "title": "remove `mirrorLabel`",
        "safe": True,
        "edits": [{"path": "burst/web.yaml", "span": {"line": 12, "column": 1, "endLine": 13, "endColumn": 1}, "text": ""}],
    }
    for _ in range(2):
        (found,) = json.loads(cli("check", "--format", "json-v1", repo).out)["diagnostics"]
        assert found["fix"] == wanted
    (repo / "burst/web.yaml").write_text("# one line more\n" + policy)
    (found,) = json.loads(cli("check", "--format", "json-v1", repo).out)["diagnostics"]
    assert found["fix"]["edits"][0]["span"]["line"] == 13
    assert cli("check", "--fix", "--no-cache", repo).code == 0


def test_a_fix_may_be_in_another_file_than_its_finding(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A policy says that a pool's nodeSelector has no effect, and the edit is in the cluster's document, also out of the cache."""
    policy = minimal["burst/web.yaml"].replace("  - {name: idc, max: 3}\n", "")
    cluster = minimal["clusters/idc.yaml"].replace("type: eci", "type: eci, nodeSelector: {a: b}")
    repo = write({**minimal, "burst/web.yaml": policy, "clusters/idc.yaml": "# one\n---\n" + cluster})
    reports = [json.loads(cli("check", "--format", "json-v1", repo).out)["diagnostics"] for _ in range(2)]
    assert reports[0] == reports[1]
    assert [each["path"] for each in reports[0][0]["fix"]["edits"]] == ["clusters/idc.yaml"]
    assert cli("check", "--unsafe-fixes", repo).out == ""
    assert (repo / "clusters/idc.yaml").read_text() == "# one\n---\n" + minimal["clusters/idc.yaml"]


def test_files_that_change_meanwhile_are_left_alone(
    cli: Cli, write: Write, minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever saves a file while it is fixed does not lose what was saved."""
    repo = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"] + "  mirrorLabel: false\n"})
    compile_slices = fixing.compile_slices

    def saving(*arguments: Any, **named: Any) -> Any:
        outcome = compile_slices(*arguments, **named)
        (repo / "burst/web.yaml").write_text("# mine\n")
        return outcome

    monkeypatch.setattr(fixing, "compile_slices", saving)
    outcome = cli("check", "--fix", repo)
    assert outcome.code == 2
    assert "burst/web.yaml was changed meanwhile; it was not fixed" in outcome.err
    assert (repo / "burst/web.yaml").read_text() == "# mine\n"


def test_links_are_not_followed(
    cli: Cli, write: Write, minimal: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a folder becomes a link while a repository is fixed, nothing is written behind it."""
    repo = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"] + "  mirrorLabel: false\n"})
    compile_slices = fixing.compile_slices

    def moving(*arguments: Any, **named: Any) -> Any:
        outcome = compile_slices(*arguments, **named)
        if not (repo / "burst").is_symlink():
            (repo / "burst").rename(tmp_path / "elsewhere")
            (repo / "burst").symlink_to(tmp_path / "elsewhere")
        return outcome

    monkeypatch.setattr(fixing, "compile_slices", moving)
    assert cli("check", "--fix", repo).code == 2
    assert "mirrorLabel" in (tmp_path / "elsewhere/web.yaml").read_text()


def test_permissions_stay(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A file that is written anew may be read and run by those who could before."""
    repo = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"] + "  mirrorLabel: false\n"})
    (repo / "burst/web.yaml").chmod(0o640)
    assert cli("check", "--fix", repo).code == 0
    assert (repo / "burst/web.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  priority: 1  # overbank: ignore[OB4107] why\n", "  priority: 1\n"),
        ("  # overbank: ignore[OB4107, OB3111] why\n  priority: 1\n", "  priority: 1\n"),
        ("  priority: 1  # kept # overbank: ignore[OB4107] why # kept too\n", "  priority: 1  # kept # kept too\n"),
        (
            "  mirrorLabel: false  # overbank: ignore[OB4107 , OB3111,OB3118] why\n",
            "  mirrorLabel: false  # overbank: ignore[OB3111] why\n",
        ),
        (
            "  mirrorLabel: false  # overbank: ignore[OB3111] why # overbank: ignore[OB4107] a [b], c\n",
            "  mirrorLabel: false  # overbank: ignore[OB3111] why\n",
        ),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_suppressions_without_a_finding_go(
    cli: Cli, write: Write, minimal: dict[str, str], *, before: str, after: str, end: str
) -> None:
    """Codes that suppress nothing go, the comment with the last of them; others, and other comments, stay."""
    repo = write({**minimal, "burst/web.yaml": (minimal["burst/web.yaml"] + before).replace("\n", end)})
    assert "OB0114" in cli("check", repo).out
    outcome = cli("check", "--fix", repo)
    assert (outcome.code, outcome.out) == (0, "")
    assert (repo / "burst/web.yaml").read_bytes() == (minimal["burst/web.yaml"] + after).replace("\n", end).encode()


def test_suppressions_in_the_wrong_line_keep_their_reason(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """What is found in another line of the file is not removed from a comment: the comment is to be moved."""
    policy = minimal["burst/web.yaml"] + "  mirrorLabel: false  # kept\n  priority: 1  # overbank: ignore[OB3111, OB4107] why\n"
    repo = write({**minimal, "burst/web.yaml": policy})
    assert "move the comment to the end of that line" in cli("check", "--fix", repo).out
    assert (repo / "burst/web.yaml").read_text() == policy.replace(", OB4107]", "]")


def test_suppressions_stay_where_a_value_would_grow(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A line of comment that ends a text which keeps its blank lines is not removed: they would become part of it."""
    cluster = minimal["clusters/idc.yaml"] + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: |+\n    b\n"
    cluster += "# overbank: ignore[OB4107] why\n\n  c: d\n"
    repo = write({**minimal, "clusters/idc.yaml": cluster})
    assert "OB0114" in cli("check", "--fix", repo).out
    assert (repo / "clusters/idc.yaml").read_text() == cluster
