"""Real pushes to a bare repository whose pre-receive hook checks them: what is accepted, what is refused, and what the pusher reads."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.compiler.hooks.references import tip

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]

WRONG = "pools:\n  - {name: idc, max: 3}"
MISSPELT = "poools:\n  - {name: idc, max: 3}"


def test_right_policies_are_accepted(installed: Callable[..., None], work: Path, server: Path, git: Git) -> None:
    """A push of policies that compile is taken over, and the hook has nothing to say."""
    installed()
    pushed = git(work, "push", "origin", "main")
    assert "remote:" not in pushed.stderr
    assert tip(git, server, "main") == git(work, "rev-parse", "main").stdout.strip()


def test_wrong_policies_are_refused_with_the_place_on_the_pushers_terminal(
    installed: Callable[..., None], work: Path, server: Path, git: Git, change: Callable[..., None]
) -> None:
    """The pusher reads path, line and column, code, source line and help; the reference stays where it was."""
    installed()
    git(work, "push", "origin", "main")
    before = tip(git, server, "main")
    change(burst__web=(work / "burst/web.yaml").read_text().replace(WRONG, MISSPELT))
    pushed = git(work, "push", "origin", "main", check=False)
    assert pushed.returncode != 0
    assert tip(git, server, "main") == before
    refused = git(work, "rev-parse", "HEAD").stdout.strip()
    assert git(server, "cat-file", "-e", refused, check=False).returncode != 0  # it never left quarantine
    told = [line.removeprefix("remote: ").rstrip() for line in pushed.stderr.splitlines() if line.startswith("remote: ")]
    assert told[0].startswith("overbank: refs/heads/main (")
    assert told[1:] == [
        "error[OB1101]: unknown field `poools` in `spec`",
        " --> burst/web.yaml:9:3",
        "  |",
        "9 |   poools:",
        "  |   ^^^^^^",
        "  = help: did you mean `pools`?",
        "",
        "  for more: overbank explain OB1101",
        "overbank: refused: nothing of this push is taken over",
    ]


def test_findings_may_be_one_line_each(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None], minimal: dict[str, str]
) -> None:
    """``--format concise`` is for logs."""
    installed("--format", "concise")
    change(burst__web=minimal["burst/web.yaml"].replace(WRONG, MISSPELT))
    pushed = git(work, "push", "origin", "main", check=False)
    assert "remote: burst/web.yaml:9:3: error[OB1101]: unknown field `poools` in `spec`" in pushed.stderr


def test_all_references_of_a_push_stand_and_fall_together(
    installed: Callable[..., None], work: Path, server: Path, git: Git, change: Callable[..., None]
) -> None:
    """One wrong branch among many refuses them all; branches of the same policies are checked once."""
    installed()
    for number in range(20):
        git(work, "branch", f"same-{number}")
    git(work, "switch", "--quiet", "--create", "wrong")
    change(burst__web="kind: [")
    pushed = git(work, "push", "--all", "origin", check=False)
    assert pushed.returncode != 0
    assert git(server, "for-each-ref").stdout == ""
    assert pushed.stderr.count("error[OB") == 1
    git(work, "push", "origin", "main", *(f"same-{number}" for number in range(20)))
    assert len(git(server, "for-each-ref").stdout.splitlines()) == 21


def test_branches_tags_and_forced_pushes(
    installed: Callable[..., None], work: Path, server: Path, git: Git, change: Callable[..., None]
) -> None:
    """A forced push and an annotated tag are checked; deleting is not, nor is what holds no files."""
    installed()
    git(work, "push", "origin", "main")
    change(burst__web="kind: [")
    git(work, "commit", "--quiet", "--amend", "--message", "another history")
    assert git(work, "push", "--force", "origin", "main", check=False).returncode != 0
    git(work, "tag", "--annotate", "wrong", "--message", "a tag")
    refused = git(work, "push", "origin", "wrong", check=False)
    assert "refs/tags/wrong" in refused.stderr
    assert "error[OB" in refused.stderr
    git(work, "reset", "--quiet", "--hard", "HEAD~1")
    git(work, "tag", "--annotate", "right", "--message", "a tag")
    git(work, "notes", "add", "--message", "a note")
    blob = git(work, "hash-object", "-w", "burst/web.yaml").stdout.strip()
    pushed = git(work, "push", "origin", "right", "refs/notes/commits", f"{blob}:refs/tags/file", "main:extra")
    assert "refs/notes/commits" in pushed.stderr
    assert "there is no overbank.yaml, so there is nothing to check" in pushed.stderr
    git(work, "push", "origin", "--delete", "extra")
    assert tip(git, server, "extra") == ""


def test_a_push_that_leaves_the_policies_alone_is_not_held_up(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None]
) -> None:
    """What was wrong before the hook was there is not the fault of who changes something else."""
    (work / "policies").mkdir()
    git(work, "mv", "overbank.yaml", "clusters", "burst", "policies")
    change(policies__burst__web="kind: [")
    git(work, "push", "origin", "main")
    installed("--path", "policies")
    change(other="fine: true")
    assert "remote:" not in git(work, "push", "origin", "main").stderr
    git(work, "switch", "--quiet", "--create", "new")
    refused = git(work, "push", "origin", "new", check=False)
    assert refused.returncode != 0  # a new branch has no policies before it
    assert "policies/burst/web.yaml:1" in refused.stderr


def test_only_some_references_may_be_meant(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None]
) -> None:
    """``--ref`` names what is checked, by patterns of branches or of full names."""
    installed("--ref", "main", "--ref", "refs/heads/release/*")
    change(burst__web="kind: [")
    git(work, "push", "origin", "main:drafts")
    assert git(work, "push", "origin", "main", check=False).returncode != 0
    assert git(work, "push", "origin", "main:release/1", check=False).returncode != 0


def test_warnings_are_shown_and_accepted_unless_they_refuse(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None], minimal: dict[str, str]
) -> None:
    """By default errors refuse; ``--fail-level warning`` refuses both."""
    installed()
    change(burst__web=minimal["burst/web.yaml"] + "  priority: 10\n", link="a: 1")
    (work / "again.yaml").symlink_to("link.yaml")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "a link")
    pushed = git(work, "push", "origin", "main")
    assert "warning[OB" in pushed.stderr
    installed("--fail-level", "warning")
    assert git(work, "push", "origin", "main:other", check=False).returncode != 0


def test_differences_may_be_forbidden(
    installed: Callable[..., None], work: Path, server: Path, git: Git, change: Callable[..., None]
) -> None:
    """A push to a protected branch that makes a policy wider is refused with a pod that shows it; narrowing, new branches and mending are not."""
    installed("--ref", "main", "--forbid", "wider", "--forbid", "removed")
    git(work, "push", "origin", "main")
    before = tip(git, server, "main")
    narrow = (work / "burst/web.yaml").read_text()
    change(burst__web=narrow.replace("{names: [shop]}", "{names: [shop, stage]}"))
    refused = git(work, "push", "origin", "main", check=False)
    assert refused.returncode != 0
    assert tip(git, server, "main") == before
    assert f"policy `web` reaches more pods than in {before[:12]}" in refused.stderr
    assert "burst/web.yaml:3:18" in refused.stderr
    assert "in namespace stage" in refused.stderr
    git(work, "push", "origin", "main:proposal")
    change(burst__web=None)
    gone = git(work, "push", "origin", "main", check=False)
    assert f"policy `web` is gone; {before[:12]} has it" in gone.stderr
    change(burst__web=narrow.replace("{app: web}", "{app: web, tier: front}"))
    git(work, "push", "origin", "main")


def test_what_was_wrong_before_can_be_mended(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None]
) -> None:
    """Nothing can be compared with policies that cannot be rendered; that is said, and is no reason to refuse what is right."""
    right = (work / "burst/web.yaml").read_text()
    change(burst__web="kind: [")
    git(work, "push", "origin", "main")
    installed("--forbid", "wider")
    change(burst__web=right)
    assert "has errors, so nothing is compared with it" in git(work, "push", "origin", "main").stderr
