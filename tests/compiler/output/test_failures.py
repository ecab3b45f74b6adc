"""Disks, permissions and names that do not play along: the tree is as it was, or the next run goes on; the message says what and where."""

import errno
import os
import resource
import stat
import subprocess
import sys
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


@pytest.fixture
def permissions(tmp_path: Path) -> None:
    """Skip the test where permissions hold nobody back, as with root."""
    folder = tmp_path / "read-only"
    folder.mkdir(0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("whoever runs this may write everywhere: permissions were NOT tested")


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


@pytest.mark.usefixtures("permissions")
@pytest.mark.parametrize("place", [".", "clusters", "clusters/a", "clusters/a/shop"])
def test_folder_that_may_not_be_written_to_is_found_first(rendered: Path, files: Files, compare: Compare, place: str) -> None:
    """A read-only folder anywhere keeps the whole build from beginning, and is named."""
    (rendered / place).chmod(0o555)
    changes = compare({**files, POLICY: b"new\n", "clusters/c/kustomization.yaml": b"new\n"}, rendered)
    with pytest.raises(output.OutputError, match=r"cannot write .*: permission denied; nothing was changed"):
        output.apply(changes, rendered)
    (rendered / place).chmod(0o755)
    assert not output.is_unfinished(rendered)
    assert compare(files, rendered).changes == ()


def test_folder_without_permission_is_found_first(
    rendered: Path, files: Files, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for whoever may write everywhere: the operating system's answer is asked for before anything is staged."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "shop" and real(path, mode))
    with pytest.raises(output.OutputError, match=r"cannot write .*shop: permission denied; nothing was changed"):
        output.apply(compare({**files, POLICY: b"new\n"}, rendered), rendered)
    assert not output.is_unfinished(rendered)


def test_file_and_lock_that_may_not_be_written_to_are_replaced(rendered: Path, files: Files, build: Build) -> None:
    """Permissions of a file itself do not matter, as it is not written to but replaced."""
    for path in (POLICY, "clusters/a/overbank.lock"):
        (rendered / path).chmod(0o444)
    assert build({**files, POLICY: b"new\n"}, rendered) == [POLICY]


@pytest.mark.usefixtures("permissions")
def test_file_that_cannot_be_read_is_named(rendered: Path, files: Files, compare: Compare) -> None:
    """What cannot be compared cannot be overwritten either; the error names it."""
    (rendered / POLICY).chmod(0o000)
    with pytest.raises(output.OutputError, match=r"cannot read .*policy\.yaml: permission denied"):
        compare(files, rendered)


@pytest.mark.parametrize("name", ["x" * 256, "/".join(["x" * 200] * 30)])
def test_name_that_is_too_long_is_found_first(rendered: Path, files: Files, compare: Compare, tree: Tree, name: str) -> None:
    """A path that the file system does not take is an error before anything is written."""
    before = tree(rendered)
    with pytest.raises(output.OutputError, match=r"cannot (read|write) .*: file name too long"):
        output.apply(compare({**files, f"clusters/a/{name}": b""}, rendered), rendered)
    assert tree(rendered) == before


def test_longest_name_can_be_written(rendered: Path, files: Files, build: Build) -> None:
    """A name as long as file systems take is no problem: staged content has names of its own."""
    path = f"clusters/a/{'x' * 255}"
    assert build({**files, path: b"x"}, rendered) == [path]


def test_other_file_system_below_the_output_folder_is_in_the_way(
    rendered: Path, files: Files, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be renamed across file systems, so a mount inside of the output folder stops the build before it begins."""
    real = os.lstat

    def lstat(path: Any, **options: Any) -> Any:
        found = real(path, **options)
        if Path(path).name != "shop":
            return found
        return os.stat_result([*found[:2], found.st_dev + 1, *found[3:]])

    monkeypatch.setattr(os, "lstat", lstat)
    refused = compare({**files, POLICY: b"new\n"}, rendered).refused(force=True)
    assert [(each.path, each.why) for each in refused] == [(POLICY, "clusters/a/shop is on another file system")]


def test_output_folder_may_be_on_another_file_system_than_temporary_files(
    tmp_path: Path, files: Files, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is staged where temporary files go: that folder need not even exist."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    build(files, tmp_path / "rendered")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o644), (0o002, 0o644), (0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_modes_of_files_follow_the_umask(tmp_path: Path, files: Files, build: Build, umask: int, mode: int) -> None:
    """Files and locks are never executable or writable for others; the umask takes the rest, and Git sees no difference."""
    before = os.umask(umask)
    try:
        build(files, tmp_path / "rendered")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "rendered").rglob("*") if path.is_file()}
    assert modes == {mode}


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


def test_two_builds_at_once_leave_one_whole_tree(
    tmp_path: Path, write: Callable[..., Path], minimal: dict[str, str], build: Build, tree: Tree
) -> None:
    """Two processes that build different policies into one folder both succeed, and the tree is what one of them gives."""
    program = Path(sys.executable).with_name("overbank")
    other = {**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("max: 3", "max: 4")}
    repositories = [write(minimal, "one"), write(other, "two")]
    for repository in repositories:
        subprocess.run([program, "build", repository], check=True, capture_output=True)
    wanted = [tree(repository / "rendered") for repository in repositories]
    for _ in range(3):
        running = [
            subprocess.Popen([program, "build", each, "-o", tmp_path / "out"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for each in repositories
        ]
        assert [process.wait() for process in running] == [0, 0]
        assert tree(tmp_path / "out") in wanted
    build({}, tmp_path / "out")
    assert tree(tmp_path / "out") == {}


def test_second_build_waits_and_then_fails(tmp_path: Path, files: Files, build: Build) -> None:
    """While one build has the folder, another says that it waits, and ends with an error when the time is over."""
    folder = tmp_path / "rendered"
    build(files, folder)
    notes: list[str] = []
    with (
        output.hold(folder, notify=notes.append, seconds=0),
        pytest.raises(
            output.OutputError, match=r"another build is writing to .* and did not end within 0\.1 s; nothing was changed"
        ),
        output.hold(folder, notify=notes.append, seconds=0.1),
    ):
        pytest.fail("two builds at once")
    assert notes == [f"another build is writing to {folder}; waiting for it, 0.1 s at most"]
    with output.hold(folder, notify=notes.append, seconds=0):
        assert len(notes) == 1


def test_second_build_goes_on_when_the_first_ends(tmp_path: Path) -> None:
    """A build that waits gets the folder as soon as the other process has ended, also by a kill."""
    program = (
        "import sys; from pathlib import Path; from compiler import output\n"
        "with output.hold(Path(sys.argv[1]), notify=print, seconds=0):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "rendered"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        notes: list[str] = []

        def waiting(note: str) -> None:
            notes.append(note)
            process.kill()

        with output.hold(tmp_path / "rendered", notify=waiting, seconds=60):
            assert len(notes) == 1


def test_readers_do_not_keep_each_other_out(rendered: Path) -> None:
    """Two checks run at once; a check and a build do not; and a folder that is not there need not be held."""
    silent: Callable[[str], None] = pytest.fail
    with (
        output.hold(rendered, notify=silent, seconds=0, writing=False),
        output.hold(rendered, notify=silent, seconds=0, writing=False),
    ):
        with pytest.raises(output.OutputError, match="another build"), output.hold(rendered, notify=[].append, seconds=0):
            pytest.fail("a build while others read")
        with output.hold(rendered / "none", notify=silent, seconds=0, writing=False):
            assert not (rendered / "none").exists()


def test_folder_that_cannot_be_locked_is_warned_about(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On file systems and platforms without such locks a build goes on, with a warning."""
    import fcntl  # noqa: PLC0415 - beside what is done to it

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    notes: list[str] = []
    monkeypatch.setattr(fcntl, "flock", refuse)
    with output.hold(rendered, notify=notes.append, seconds=0):
        pass
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with output.hold(rendered, notify=notes.append, seconds=0):
        pass
    assert notes == [
        f"{rendered} cannot be locked ({reason}); see to it that no other build writes there"
        for reason in ("no locks available", "this system has no flock")
    ]


def test_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    """A source that a command edits keeps its permissions, and nothing stays beside it, also when it fails."""
    target = tmp_path / "cluster.yaml"
    target.write_bytes(b"old\n")
    target.chmod(0o664)
    output.replace_file(tmp_path, "cluster.yaml", b"new\n")
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new\n", 0o664)
    with pytest.raises(output.OutputError, match=r"cannot write .*none\.yaml: no such file or directory"):
        output.replace_file(tmp_path, "none.yaml", b"new\n")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(output.OutputError, match="is a link; remove it"):
        output.replace_file(tmp_path, "link/cluster.yaml", b"new\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cluster.yaml", "link"]
