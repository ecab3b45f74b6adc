"""A Git revision as a source, in real repositories: what is found there, what never runs, and what is said when something is missing."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.sources import SourceError
from compiler.sources.git import Git, GitError
from compiler.sources.revision import Revision, RevisionError
from compiler.sources.tree import Tree

Run = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs git in a folder, with a home and a configuration of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    (home / ".gitconfig").write_text(
        '[user]\nname = Somebody\nemail = somebody@example.com\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
    )

    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    return run


@pytest.fixture
def commit(git: Run) -> Callable[[Path], str]:
    """Return a function that commits all files of a folder, makes a repository of it before if need be, and returns the hash."""

    def run(folder: Path, *init: str) -> str:
        if not (folder / ".git").exists():
            git(folder, "init", "--quiet", *init)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "a change")
        return git(folder, "rev-parse", "HEAD")

    return run


Write = Callable[..., Path]
Commit = Callable[..., str]


def test_what_is_found_is_what_a_checkout_would_have(write: Write, commit: Commit, git: Run) -> None:
    """Paths, links and contents are those that the same files have on disk, links of every kind and hidden files included."""
    root = write(
        {"b.yaml": "b: 1\n", "a/z.yml": "z: 1\r\n", "a/.h/x.yaml": "", ".x.yaml": "", "note.txt": "", "a/b/c.yaml": "\0\xff"}
    )
    (root / "file.yaml").symlink_to("b.yaml")
    (root / "folder").symlink_to("a/b")
    (root / "again").symlink_to("folder")
    (root / "a/up").symlink_to("../a")
    (root / "dangling.yml").symlink_to("nowhere")
    (root / "readme").symlink_to("note.txt")
    (root / "\u00fc \t\n.yaml").write_text("odd: 1")
    commit(root)
    tree = Tree(root)
    with Revision(root, "HEAD") as revision:
        assert revision.paths() == tree.paths()
        assert revision.links() == tree.links() == ("a/up", "again", "dangling.yml", "file.yaml", "folder")
        assert {path: revision.read(path, 100) for path in tree.paths()} == {path: tree.read(path, 100) for path in tree.paths()}
        assert revision.read("note.txt", 5) == b""
    assert git(root, "status", "--porcelain") == ""


def test_links_that_lead_in_circles_are_followed_nowhere(write: Write, commit: Commit) -> None:
    """Links to each other end the search for a folder, and are mentioned: nobody can tell what they were to lead to."""
    root = write({"a.yaml": ""})
    (root / "loop").symlink_to("pool")
    (root / "pool").symlink_to("loop")
    commit(root)
    with Revision(root, "HEAD") as revision:
        tree = Tree(root)
        assert revision.paths() == tree.paths() == ("a.yaml",)
        assert revision.links() == tree.links() == ("loop", "pool")


def test_the_work_tree_and_the_index_do_not_matter(write: Write, commit: Commit, git: Run) -> None:
    """Older revisions are read as they were, by branch, tag, hash and relation, and nothing in the work tree or the index changes."""
    root = write({"a.yaml": "a: 1"})
    first = commit(root)
    git(root, "tag", "--annotate", "v1", "--message", "one")
    write({"a.yaml": "a: 2", "b.yaml": ""})
    commit(root)
    write({"a.yaml": "a: 3", "c.yaml": ""})
    git(root, "add", "c.yaml")
    index = (root / ".git/index").read_bytes()
    for name in ("HEAD~1", "v1", first, first[:12], "main^", "main@{0}^"):
        with Revision(root, name) as revision:
            assert (revision.commit, revision.paths(), revision.read("a.yaml", 9)) == (first, ("a.yaml",), b"a: 1")
    assert (root / ".git/index").read_bytes() == index
    assert (root / "a.yaml").read_text() == "a: 3"


def test_a_folder_of_a_larger_repository_is_the_root(write: Write, commit: Commit) -> None:
    """Paths are relative to the folder that is given, however deep it is in the repository."""
    root = write({"infra/policies/a.yaml": "a", "infra/policies/b/c.yaml": "c", "other.yaml": "o"})
    commit(root)
    with Revision(root / "infra/policies", "main") as revision:
        assert revision.paths() == ("a.yaml", "b/c.yaml")
        assert revision.read("b/c.yaml", 9) == b"c"
        with pytest.raises(SourceError, match="leaves the repository"):
            revision.read("../../other.yaml", 9)
    with Revision(root / "infra", "main", subfolder="policies/b") as revision:
        assert revision.paths() == ("c.yaml",)


def test_a_folder_that_the_revision_lacks_is_named(write: Write, commit: Commit) -> None:
    """A folder that came later, or was a file then, is an error that names it and the revision."""
    root = write({"a.yaml": "", "policies": "a file"})
    commit(root)
    (root / "policies").unlink()
    write({"policies/a.yaml": "", "new/a.yaml": ""})
    for folder in ("policies", "new"):
        with pytest.raises(RevisionError, match=f"revision `main` has no folder {folder}"):
            Revision(root / folder, "main")


def test_bare_repositories_are_read(write: Write, commit: Commit, git: Run, tmp_path: Path) -> None:
    """A bare repository has no work tree, and needs none."""
    root = write({"policies/a.yaml": "a"})
    commit(root)
    git(tmp_path, "clone", "--quiet", "--bare", str(root), "bare.git")
    with Revision(tmp_path / "bare.git", "main") as revision:
        assert revision.paths() == ("policies/a.yaml",)
    with Revision(tmp_path / "bare.git", "main", subfolder="policies") as revision:
        assert revision.read("a.yaml", 9) == b"a"


def test_repositories_of_sha_256_are_read(write: Write, commit: Commit) -> None:
    """Objects may have the long hashes."""
    root = write({"a.yaml": "a"})
    assert len(commit(root, "--object-format=sha256")) == 64
    with Revision(root, "HEAD") as revision:
        assert revision.read("a.yaml", 9) == b"a"


def test_submodules_are_not_entered(write: Write, commit: Commit, git: Run) -> None:
    """A submodule is named like a link: it stands where a folder could be, and is not followed."""
    root, inner = write({"a.yaml": ""}), write({"x.yaml": ""}, "inner")
    commit(inner)
    commit(root)
    git(root, "submodule", "--quiet", "add", str(inner), "sub")
    commit(root)
    with Revision(root, "HEAD") as revision:
        assert (revision.paths(), revision.links()) == (("a.yaml",), ("sub",))
        with pytest.raises(SourceError, match="not a regular file"):
            revision.read("sub", 9)


def test_reading_is_limited_and_goes_on_after_large_files(write: Write, commit: Commit) -> None:
    """At most so many bytes are returned; what is left over of a small or a large file does not get into the next one."""
    root = write({"a.yaml": "a" * 3_000_000, "b.yaml": "b" * 1000, "c.yaml": "c", "d.yaml": ""})
    commit(root)
    with Revision(root, "HEAD") as revision:
        for _ in range(2):
            assert revision.read("a.yaml", 10) == b"a" * 10
            assert revision.read("b.yaml", 10) == b"b" * 10
            assert revision.read("c.yaml", 10) == b"c"
            assert revision.read("d.yaml", 10) == b""
        assert len(revision.read("a.yaml", 4_000_000)) == 3_000_000


@pytest.mark.parametrize("path", ["nowhere.yaml", "link.yaml", "", "/a.yaml", "../a.yaml", "a\0.yaml", "folder"])
def test_what_is_no_file_of_the_revision_is_refused(path: str, write: Write, commit: Commit) -> None:
    """Absent files, links, folders and paths that leave the repository cannot be read."""
    root = write({"a.yaml": "", "folder/b.yaml": ""})
    (root / "link.yaml").symlink_to("a.yaml")
    commit(root)
    with Revision(root, "HEAD") as revision, pytest.raises(SourceError):
        revision.read(path, 9)


@pytest.mark.parametrize("name", ["nope", "--all", "-h", "--git-dir=/", "HEAD:a.yaml", "main..main", "", "a\0b", "a\nb", "0" * 40])
def test_unknown_revisions_are_named_and_never_options(name: str, write: Write, commit: Commit) -> None:
    """What names no commit is an error, also where it looks like an option."""
    root = write({"a.yaml": ""})
    commit(root)
    with pytest.raises(RevisionError, match=r"no revision|no name|no single commit"):
        Revision(root, name)


def test_a_range_names_no_single_commit(write: Write, commit: Commit) -> None:
    """An excluded commit is none that could be read."""
    root = write({"a.yaml": ""})
    commit(root)
    with pytest.raises(RevisionError, match="names no single commit"):
        Revision(root, "^main")


def test_a_branch_whose_name_is_an_option_is_read(write: Write, commit: Commit, git: Run) -> None:
    """Git itself can make such branches; their names are names."""
    root = write({"a.yaml": "a"})
    git(root, "init", "--quiet")
    commit(root)
    git(root, "update-ref", "refs/heads/--output=x", "HEAD")
    with Revision(root, "--output=x") as revision:
        assert revision.paths() == ("a.yaml",)
    assert not (root / "x").exists()


def test_a_folder_without_git_is_refused_with_help(write: Write, git: Run) -> None:
    """Outside of a Git repository the error says what else can be named."""
    assert git
    with pytest.raises(RevisionError, match="not a git repository") as caught:
        Revision(write({"a.yaml": ""}), "main")
    assert "name a folder" in caught.value.help


def test_an_absent_git_is_said(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the executable the error names it."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RevisionError, match="git is not installed"):
        Revision(write({"a.yaml": ""}), "main")


def test_a_shallow_clone_says_that_it_is_one(write: Write, commit: Commit, git: Run, tmp_path: Path) -> None:
    """In a shallow clone, as CI makes them, an unknown revision comes with the command that fetches it."""
    root = write({"a.yaml": "a: 1"})
    commit(root)
    write({"a.yaml": "a: 2"})
    commit(root)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", "shallow")
    with pytest.raises(RevisionError, match="there is no revision `HEAD~1`") as caught:
        Revision(tmp_path / "shallow", "HEAD~1")
    assert "git fetch --depth=1" in caught.value.help


def test_a_partial_clone_is_not_filled_behind_ones_back(write: Write, commit: Commit, git: Run, tmp_path: Path) -> None:
    """Objects that a partial clone lacks are an error of the file; nothing is fetched, and no command of its configuration runs."""
    root = write({"a.yaml": "a: 1"})
    first = commit(root)
    write({"a.yaml": "a: 2"})
    commit(root)
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", f"file://{root}", "partial")
    partial = tmp_path / "partial"
    git(partial, "config", "remote.origin.url", f"ext::touch {tmp_path}/ran")
    git(partial, "config", "protocol.ext.allow", "always")
    with Revision(partial, first) as revision:
        assert revision.paths() == ("a.yaml",)
        with pytest.raises(SourceError, match="fetch it first"):
            revision.read("a.yaml", 9)
    assert not (tmp_path / "ran").exists()


def test_a_damaged_repository_is_an_error(write: Write, commit: Commit, git: Run) -> None:
    """Where the tree of a commit is gone, the error says that objects are missing."""
    root = write({"a.yaml": "a"})
    commit(root)
    tree = git(root, "rev-parse", "HEAD^{tree}")
    (root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(RevisionError) as caught:
        Revision(root, "HEAD")
    assert "git ls-tree fails" in str(caught.value)
    assert "lacks objects" in caught.value.help


def test_nothing_that_a_repository_configures_is_run(write: Write, commit: Commit, git: Run, tmp_path: Path) -> None:
    """Hooks, fsmonitor, textconv, filters, pagers and aliases of a stranger's repository stay unused."""
    root = write({"a.yaml": "a", ".gitattributes": "*.yaml filter=evil diff=evil\n"})
    commit(root)
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    evil.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "pager.ls-tree", "diff.evil.textconv", "filter.evil.smudge", "core.sshCommand"):
        git(root, "config", name, str(evil))
    git(root, "config", "alias.ls-tree", f"!{evil}")
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        shutil.copy(evil, root / ".git/hooks" / hook)
    (tmp_path / "ran").unlink(missing_ok=True)
    with Revision(root, "HEAD") as revision:
        assert revision.read("a.yaml", 9) == b"a"
    assert not (tmp_path / "ran").exists()


def test_variables_that_lead_git_elsewhere_are_ignored(
    write: Write, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside of a hook git sets variables that point to another repository; the folder that was named counts."""
    root, other = write({"a.yaml": "a"}), write({"b.yaml": "b"}, "other")
    commit(root)
    commit(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "nonsense")
    with Revision(root, "HEAD") as revision:
        assert revision.paths() == ("a.yaml",)


def test_replacements_of_objects_do_not_count(write: Write, commit: Commit, git: Run) -> None:
    """A commit's hash names that commit, whatever replacement this clone has for it."""
    root = write({"a.yaml": "a: 1"})
    first = commit(root)
    write({"a.yaml": "a: 2"})
    git(root, "replace", first, commit(root))
    with Revision(root, first) as revision:
        assert revision.read("a.yaml", 9) == b"a: 1"


@pytest.mark.parametrize("answer", ["sleep 60", "exec sleep 60"])
def test_a_git_that_hangs_is_ended(answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that takes too long is an error, and the process is gone."""
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(GitError, match=r"takes longer than 0\.2 seconds"):
        Git(tmp_path, seconds=0.2).ask(["rev-parse"])


def test_an_endless_answer_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More bytes than the limit are an error, however many there are."""
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec yes\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(GitError, match="prints more than 1,000 bytes"):
        Git(tmp_path).ask(["ls-tree"], limit=1000)
