"""Disks that are full or refuse: the tree is as it was, or the next run goes on; the message says what and where."""

import errno
import os
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from compiler import output
from compiler.output import durable

Files = Mapping[str, bytes]
Build = Callable[..., list[str]]
Compare = Callable[..., output.Changes]
Tree = Callable[[Path], dict[str, bytes]]

POLICY = "clusters/a/shop/policy.yaml"

_UNFINISHED = "; the build is unfinished, and the next one goes on from here"


@pytest.fixture
def changed(files: Files) -> dict[str, bytes]:
    """Return the files of a build that changes one, deletes one and makes one."""
    return {"clusters/a/kustomization.yaml": b"new\n", POLICY: files[POLICY], "clusters/c/kustomization.yaml": b"new\n"}


@contextmanager
def _small_files() -> Iterator[None]:
    """Let no file grow beyond 64 bytes, as a full disk or a quota would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_room_for_content_changes_nothing(rendered: Path, files: Files, compare: Compare, tree: Tree) -> None:
    """When there is no room for what is staged, it is removed and the tree is as it was, to the byte."""
    before = tree(rendered)
    changes = compare({**files, POLICY: b"x" * 100}, rendered)
    with _small_files(), pytest.raises(output.OutputError, match=r"cannot write .*: file too large; nothing was changed"):
        output.apply(changes, rendered)
    assert tree(rendered) == before
    assert not output.is_unfinished(rendered)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "no space left on device; make room on that file system; nothing was changed"),
        (errno.EDQUOT, "disk quota exceeded; the quota is used up; nothing was changed"),
        (errno.EROFS, "read-only file system; nothing was changed"),
        (errno.EIO, "input/output error; nothing was changed"),
    ],
)
def test_disk_that_refuses_to_synchronise_changes_nothing(
    rendered: Path, changed: Files, compare: Compare, number: int, says: str
) -> None:
    """Some disks are only found to be full when content is synchronised; that is before anything is changed."""

    def refuse(_: object) -> None:
        raise OSError(number, os.strerror(number))

    changes = compare(changed, rendered)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(output.OutputError, match=f"cannot write {rendered}: {says}"):
            output.apply(changes, rendered)
    assert compare(changed, rendered) == changes


@pytest.mark.parametrize("call", ["replace", "unlink", "mkdir", "rmdir", "fsync"])
def test_disk_that_refuses_in_between_is_gone_on_with(
    rendered: Path, changed: Files, build: Build, compare: Compare, call: str
) -> None:
    """Whichever call fails after the journal is written, however late, the error says how it stands and the next build ends it."""
    real = getattr(os, call)
    before = {path: (rendered / path).read_bytes() for path in ("clusters/a/kustomization.yaml", POLICY)}
    before["clusters/b/kustomization.yaml"] = b"resources: []\n"
    failures = 0
    while True:
        left = failures

        def refuse(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if (rendered / output.STAGING / "journal.json").exists():
                left -= 1
                if left == -1:
                    raise OSError(errno.EPERM, "Operation not permitted", "somewhere")
            return real(*arguments, **options)

        changes = compare(changed, rendered)
        says = ""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, call, refuse)
            try:
                output.apply(changes, rendered)
            except output.OutputError as error:
                says = str(error)
        if says.endswith("nothing was changed"):
            assert compare(changed, rendered) == changes
        else:
            assert says in {"", f"cannot write somewhere: operation not permitted{_UNFINISHED}"}
        build(changed, rendered)
        assert compare(changed, rendered).changes == ()
        if not says:
            break
        failures += 1
        build(before, rendered)
    assert failures


def test_partial_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system may write less than it was given; the rest is written after it."""
    monkeypatch.setattr(durable, "memoryview", lambda content: memoryview(content)[:], raising=False)
    durable.create(tmp_path / "x", b"0123456789" * 100_000)
    assert (tmp_path / "x").read_bytes() == b"0123456789" * 100_000


def test_disk_keeps_things_in_the_order_in_which_they_are_relied_on(
    rendered: Path, changed: Files, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content and journal are synchronised before the first change, and every changed folder before the journal goes."""
    events: list[tuple[str, str]] = []
    fsync, replace, unlink = os.fsync, os.replace, os.unlink

    def name(path: Any) -> str:
        return Path(path).relative_to(rendered.resolve()).as_posix()

    def note_fsync(descriptor: int) -> None:
        events.append(("fsync", name(os.readlink(f"/proc/self/fd/{descriptor}"))))  # noqa: PTH115 - as the kernel writes it
        fsync(descriptor)

    def note_replace(source: Any, target: Any) -> None:
        events.append(("change", name(target)))
        replace(source, target)

    def note_unlink(path: Any) -> None:
        events.append(("change", name(path)))
        unlink(path)

    if not Path("/proc/self/fd").exists():
        pytest.skip("there is no /proc: the order of synchronisation was NOT tested")
    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    monkeypatch.setattr(os, "unlink", note_unlink)
    changes = compare(changed, rendered.resolve())
    output.apply(changes, rendered.resolve())
    journal = ("change", f"{output.STAGING}/journal.json")
    written, removed = (index for index, event in enumerate(events) if event == journal)
    staged = {path for kind, path in events[:written] if kind == "fsync"}
    contents = [each for each in changes.changes if each.content is not None]
    assert len(staged) == len(contents) + 1
    assert f"{output.STAGING}/journal.new" in staged
    assert events[written + 1 : written + 3] == [("fsync", output.STAGING), ("fsync", ".")]
    done = events[written + 3 : removed]
    targets = [index for index, event in enumerate(done) if event[0] == "change"]
    assert {done[index][1] for index in targets} == {each.path for each in changes.changes}
    after = {path for kind, path in done[max(targets) :] if kind == "fsync"}
    assert after >= {"clusters", "clusters/a", "clusters/c"}
    assert events[removed + 1] == ("fsync", output.STAGING)


@pytest.mark.parametrize("release", ["6.1.0", "5.7.19", "4.18.0-el8", "unknown"])
def test_many_files_are_kept_at_once_where_the_kernel_says_if_that_fails(
    tmp_path: Path, compare: Compare, monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    """Large builds wait once for the file system, except on kernels that would not say that writing failed."""
    files = {f"clusters/a/{number}.yaml": b"x" for number in range(durable.MANY + 1)}
    system = os.uname()
    calls: list[int] = []
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((system[0], system[1], release, *system[3:])))
    monkeypatch.setattr(os, "fsync", calls.append)
    (tmp_path / "rendered").mkdir()
    output.apply(compare(files, tmp_path / "rendered"), tmp_path / "rendered")
    at_once = release == "6.1.0" and system.sysname == "Linux"
    assert (len(calls) < durable.MANY) is at_once
    assert compare(files, tmp_path / "rendered").changes == ()
