"""Real pushes to a bare repository whose pre-receive hook checks them: what is accepted, what is refused, and what the pusher reads."""

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]
Program = Callable[..., subprocess.CompletedProcess[bytes]]

WRONG = "pools:\n  - {name: idc, max: 3}"
MISSPELT = "poools:\n  - {name: idc, max: 3}"


@pytest.fixture
def installed(overbank: Program, server: Path) -> Callable[..., None]:
    """Return a function that installs the server's hook with options."""

    def run(*options: str) -> None:
        done = overbank("hook", "install", *options, server)
        assert (done.returncode, done.stdout.decode()) == (0, f"wrote {server}/hooks/pre-receive\n")

    return run


@pytest.fixture
def change(work: Path, git: Git) -> Callable[..., None]:
    """Return a function that commits files, or takes them away where the content is None."""

    def run(**files: str | None) -> None:
        for name, content in files.items():
            path = work / f"{name.replace('__', '/')}.yaml"
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text(content)
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "--message", "a change")

    return run


def _tip(git: Git, server: Path, ref: str) -> str:
    return git(server, "rev-parse", "--verify", "--quiet", ref, check=False).stdout.strip()


def test_right_policies_are_accepted(installed: Callable[..., None], work: Path, server: Path, git: Git) -> None:
    """A push of policies that compile is taken over, and the hook has nothing to say."""
    installed()
    pushed = git(work, "push", "origin", "main")
    assert "remote:" not in pushed.stderr
    assert _tip(git, server, "main") == git(work, "rev-parse", "main").stdout.strip()


def test_wrong_policies_are_refused_with_the_place_on_the_pushers_terminal(
    installed: Callable[..., None], work: Path, server: Path, git: Git, change: Callable[..., None]
) -> None:
    """The pusher reads path, line and column, code, source line and help; the reference stays where it was."""
    installed()
    git(work, "push", "origin", "main")
    before = _tip(git, server, "main")
    change(burst__web=(work / "burst/web.yaml").read_text().replace(WRONG, MISSPELT))
    pushed = git(work, "push", "origin", "main", check=False)
    assert pushed.returncode != 0
    assert _tip(git, server, "main") == before
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
    assert _tip(git, server, "extra") == ""


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


def test_a_repository_without_policies_is_accepted_unless_they_are_required(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None]
) -> None:
    """Without overbank.yaml there is nothing to check, which is said; ``--require`` refuses branches and tags, and nothing else."""
    installed()
    change(overbank=None)
    pushed = git(work, "push", "origin", "main")
    assert "note: refs/heads/main" in pushed.stderr
    installed("--require")
    change(another="a: 1")
    refused = git(work, "push", "origin", "main", check=False)
    assert "there is no overbank.yaml, which this repository asks for" in refused.stderr
    git(work, "notes", "add", "--message", "a note")
    git(work, "push", "origin", "refs/notes/commits")


@pytest.mark.parametrize("kind", ["link", "submodule", "folder"])
def test_policies_that_only_look_absent_are_refused(
    installed: Callable[..., None], work: Path, git: Git, server: Path, kind: str
) -> None:
    """A link, a submodule or a folder in the place of overbank.yaml is refused by its name: nobody meant to have nothing checked."""
    installed()
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    git(work, "rm", "--quiet", "--cached", "overbank.yaml")
    if kind == "submodule":
        git(work, "update-index", "--add", "--cacheinfo", f"160000,{head},overbank.yaml")
    else:
        (work / "overbank.yaml").rename(work / "real.yaml")
        if kind == "link":
            (work / "overbank.yaml").symlink_to("real.yaml")
        else:
            (work / "overbank.yaml").mkdir()
            (work / "overbank.yaml/a").write_text("")
        git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "moved")
    refused = git(work, "push", "origin", "main", check=False)
    assert "error: refs/heads/main" in refused.stderr
    assert f"overbank.yaml is a {kind.replace('link', 'symbolic link')}, where the file itself should be" in refused.stderr
    assert _tip(git, server, "refs/heads/main") == ""


def test_a_folder_of_policies_that_is_a_submodule_is_refused(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None]
) -> None:
    """Its commit is in another repository, so that nothing of it is here."""
    installed("--path", "infra/policies")
    (work / ".gitmodules").write_text('[submodule "p"]\npath = infra/policies\nurl = ../p.git\n')
    change(burst__web="a: 1")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{'12' * 20},infra/policies")
    git(work, "commit", "--quiet", "--message", "a submodule")
    refused = git(work, "push", "origin", "main", check=False)
    assert "infra/policies is a submodule, where the folder of the policies should be" in refused.stderr


@pytest.mark.parametrize("folder", ["infra", "infra/policies"])
def test_a_folder_of_policies_that_is_a_link_is_refused(installed: Callable[..., None], work: Path, git: Git, folder: str) -> None:
    """So is a link on the way to the folder; a folder that is not there is nothing to check, as ever."""
    installed("--path", "infra/policies")
    assert "note: refs/heads/main" in git(work, "push", "origin", "main").stderr
    (work / folder).parent.mkdir(exist_ok=True)
    (work / folder).symlink_to("elsewhere")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "a link")
    refused = git(work, "push", "origin", "main", check=False)
    assert f"{folder} is a symbolic link, where the folder of the policies should be" in refused.stderr


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


def test_a_hostile_tree_is_judged_and_does_no_harm(
    installed: Callable[..., None], work: Path, server: Path, git: Git, tmp_path: Path
) -> None:
    """Links out of the tree, submodules, 10,000 broken files and odd names end in a bounded refusal; nothing outside is read."""
    installed("--timeout", "100")
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hunter2\n")
    (work / "out.yaml").symlink_to(secret)
    (work / "up").symlink_to("../..")
    for number in range(10_000):
        path = work / f"many/{number // 100}/{number}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("apiVersion: overbank.dev/v1alpha1\nkind: [\n")
    (work / "\x1b[2J odd\n.yaml").write_text("apiVersion: overbank.dev/v1alpha1\nkind: {\n")
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    git(work, "add", "--all")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    git(work, "commit", "--quiet", "--message", "hostile")
    pushed = git(work, "push", "origin", "main", check=False)
    assert pushed.returncode != 0
    assert git(server, "for-each-ref").stdout == ""
    assert "hunter2" not in pushed.stderr
    assert "\x1b[2J" not in pushed.stderr
    assert len(pushed.stderr) < 30_000
    assert pushed.stderr.count("error[OB") == 20
    assert "more; `overbank check` in a work tree of that revision shows all" in pushed.stderr


def test_what_takes_too_long_is_refused(
    overbank: Program, work: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is bounded: a hook that is late refuses, and says so, however fast the machine is."""
    (work / "burst/web.yaml").write_text("kind: [")
    git(work, "add", "--all")
    program, path = tmp_path / "slow/git", os.environ["PATH"]
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase "$*" in *cat-file*) exec sleep 60;; *) PATH={shlex.quote(path)} exec git "$@";; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    done = overbank("hook", "run", "--timeout", "1", "pre-commit", cwd=work)
    assert done.returncode == 2
    assert b"the policies could not be checked in 1 seconds" in done.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"a b\n", "is no line that Git gives"),
        (b"main HEAD refs/heads/main\n", "names no objects"),
        (b"%s %s refs/heads/main\n" % (b"0" * 40, b"1" * 40), "git does not find the object 1111"),
    ],
)
def test_input_that_git_does_not_give_is_refused(overbank: Program, server: Path, given: bytes, told: str) -> None:
    """What cannot be understood or found refuses, instead of counting as nothing."""
    done = overbank("hook", "run", "pre-receive", cwd=server, input=given)
    assert done.returncode == 2
    assert told in done.stderr.decode()


def test_differences_may_be_forbidden(
    installed: Callable[..., None], work: Path, server: Path, git: Git, change: Callable[..., None]
) -> None:
    """A push to a protected branch that makes a policy wider is refused with a pod that shows it; narrowing, new branches and mending are not."""
    installed("--ref", "main", "--forbid", "wider", "--forbid", "removed")
    git(work, "push", "origin", "main")
    before = _tip(git, server, "main")
    narrow = (work / "burst/web.yaml").read_text()
    change(burst__web=narrow.replace("{names: [shop]}", "{names: [shop, stage]}"))
    refused = git(work, "push", "origin", "main", check=False)
    assert refused.returncode != 0
    assert _tip(git, server, "main") == before
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


def test_a_server_with_a_work_tree_checks_too(overbank: Program, work: Path, git: Git, tmp_path: Path) -> None:
    """A repository that has a work tree of its own takes pushes as well; its hook runs in the folder `.git`."""
    git(tmp_path, "clone", "--quiet", work, "deployed")
    deployed = tmp_path / "deployed"
    git(deployed, "config", "receive.denyCurrentBranch", "updateInstead")
    assert overbank("hook", "install", "--pre-receive", deployed).returncode == 0
    path = work / "burst/web.yaml"
    right = path.read_text()
    path.write_text("kind: [")
    git(work, "commit", "--quiet", "--all", "--message", "wrong")
    refused = git(work, "push", deployed, "main", check=False)
    assert "burst/web.yaml:1:" in refused.stderr
    assert (deployed / "burst/web.yaml").read_text() == right
    path.write_text(f"{right}  priority: 3\n")
    git(work, "commit", "--quiet", "--all", "--message", "right")
    git(work, "push", deployed, "main")
    assert (deployed / "burst/web.yaml").read_text().endswith("priority: 3\n")


def test_repositories_of_sha_256_are_checked(
    overbank: Program, write: Callable[..., Path], minimal: dict[str, str], git: Git
) -> None:
    """Objects may have the long hashes, in the index and in what is pushed."""
    folder = write({**minimal, "burst/empty.yaml": ""})
    bare = folder.parent / "long.git"
    git(folder, "init", "--quiet", "--object-format=sha256")
    git(folder.parent, "init", "--quiet", "--bare", "--object-format=sha256", bare)
    for each in (folder, bare):
        assert overbank("hook", "install", each).returncode == 0
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")
    git(folder, "push", bare, "main")
    (folder / "burst/web.yaml").write_text("kind: [")
    assert git(folder, "commit", "--all", "--message", "wrong", check=False).returncode != 0
    git(folder, "commit", "--quiet", "--all", "--no-verify", "--message", "wrong")
    refused = git(folder, "push", "--no-verify", bare, "main", check=False)
    assert "remote: overbank: refused" in refused.stderr
