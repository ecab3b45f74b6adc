"""Bundles and switches in files: single ones, folders, mounted ConfigMaps, and everything else that may be in their place."""

import asyncio
import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.webhook.mounts import mount
from webhook.bundles import files as module
from webhook.bundles.files import BundleFile, SwitchFile
from webhook.bundles.switch import parse
from webhook.engine import bundle as bundles
from webhook.engine.bundle import Bundle, BundleError, Reason

Make = Callable[..., Bundle]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often."""
    monkeypatch.setattr(module, "POLL_SECONDS", 0.005)


async def beside(work: Coroutine[Any, Any, Any], test: Coroutine[Any, Any, Any]) -> None:
    """Run work that never ends while a test runs."""
    task = asyncio.create_task(work)
    try:
        await test
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_reads_a_file_with_its_signature(tmp_path: Path, bundle: Bundle, signer: Any) -> None:
    """The signature is beside the bundle, under the bundle's name."""
    raw = bundles.encode(bundle)
    for name, beside_it in (("bundle.json", "bundle.sig"), ("other.json", "other.sig")):
        (tmp_path / name).write_bytes(raw)
        assert BundleFile(tmp_path / name).read().signature is None
        (tmp_path / beside_it).write_bytes(signer.sign(raw))
        content = BundleFile(tmp_path / name).read()
        assert (content.raw, content.signature) == (raw, signer.sign(raw))
    assert BundleFile(tmp_path).read().raw == raw


@pytest.mark.parametrize("name", ["missing", "folder", "fifo", "large"])
def test_refuses_what_is_no_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read is refused with what the system says, and a FIFO keeps nobody waiting."""
    monkeypatch.setattr(module, "MAX_BUNDLE_BYTES", 10)
    (tmp_path / "folder" / "bundle.json").mkdir(parents=True)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b" " * 11)
    expected = {"missing": "No such file", "folder": "Is a directory", "fifo": "Is no file", "large": "larger than"}[name]
    with pytest.raises(BundleError, match=expected) as refused:
        BundleFile(tmp_path / name).read()
    assert refused.value.reason is (Reason.TOO_LARGE if name == "large" else Reason.UNREADABLE)


def test_a_mounted_index_says_where_to_look(tmp_path: Path) -> None:
    """A folder with the index of a bundle in parts cannot have the parts, and says what can."""
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(BundleError, match="--bundle-config-map"):
        BundleFile(tmp_path).read()


def test_follows_a_file(tmp_path: Path, watch: Any, make_bundle: Make) -> None:
    """A file that appears, changes, breaks and is mended is followed; while it is broken the last good one decides."""
    watched, path = watch(), tmp_path / "bundle.json"
    one, two = make_bundle("one"), make_bundle("two")

    async def test() -> None:
        await watched.until(lambda: "No such file" in watched.readiness.reason)
        path.write_bytes(bundles.encode(one))
        await watched.until(lambda: watched.digest == one.digest)
        path.write_bytes(b"{")
        await watched.until(lambda: watched.metric("bundle_stale") == 1)
        assert watched.digest == one.digest
        path.unlink()
        await watched.until(lambda: watched.metric("bundle_refusals_total", reason="unreadable") == 2)
        path.write_bytes(bundles.encode(two))
        await watched.until(lambda: watched.digest == two.digest)
        assert watched.metric("bundle_stale") == 0

    asyncio.run(beside(BundleFile(path).follow(watched.keeper), test()))


def test_notices_a_change_within_one_tick_of_the_clock(tmp_path: Path, watch: Any, make_bundle: Make) -> None:
    """Two writes of the same length, at the same time by the file system's clock, are told apart."""
    watched, path = watch(), tmp_path / "bundle.json"
    one, two = make_bundle("one"), make_bundle("two")
    path.write_bytes(bundles.encode(one))

    async def test() -> None:
        await watched.until(lambda: watched.digest == one.digest)
        times = path.stat()
        with path.open("r+b") as file:
            file.write(bundles.encode(two))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        await watched.until(lambda: watched.digest == two.digest)

    asyncio.run(beside(BundleFile(path).follow(watched.keeper), test()))


@pytest.mark.parametrize("named", ["folder", "file"])
def test_a_mounted_bundle_and_its_signature_change_together(
    tmp_path: Path, watch: Any, make_bundle: Make, signer: Any, logged: Any, *, named: str
) -> None:
    """However often a mounted ConfigMap changes, a bundle is never seen with another one's signature."""
    folder = tmp_path / "mounted"
    watched = watch(keys=signer.keys)
    mount(folder, {"bundle.json": b"broken", "bundle.sig": b"broken"})

    async def test() -> None:
        for number in range(30):
            each = make_bundle(str(number))
            raw = bundles.encode(each)
            await asyncio.to_thread(mount, folder, {"bundle.json": raw, "bundle.sig": signer.sign(raw)})
            await watched.until(lambda digest=each.digest: watched.digest == digest)

    path = folder if named == "folder" else folder / "bundle.json"
    asyncio.run(beside(BundleFile(path).follow(watched.keeper), test()))
    assert [line["problem"] for line in logged("bundle refused") if "malformed signature" not in line["problem"]] == []
    assert watched.metric("bundle_loads_total") == 30


@pytest.fixture
def overtaken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, dict[str, bytes], int], None]:
    """Return a function that has a kubelet swap a volume, and clear away what was in it, while one of the next files is opened."""

    def run(folder: Path, files: dict[str, bytes], number: int) -> None:
        opened, count = module._opened, iter(range(number))

        def late(path: str, flags: int) -> int:
            if next(count, None) == number - 1:
                old = (folder / "..data").resolve()
                mount(folder, files)
                shutil.rmtree(old)
                raise FileNotFoundError(errno.ENOENT, "it was on its way into the folder that is gone", path)
            return opened(path, flags)

        monkeypatch.setattr(module, "_opened", late)

    return run


@pytest.mark.parametrize("named", ["folder", "file"])
@pytest.mark.parametrize("number", [1, 2], ids=["bundle", "signature"])
def test_a_bundle_whose_version_goes_while_it_is_read_is_read_anew(  # noqa: PLR0917 - fixtures
    tmp_path: Path, make_bundle: Make, signer: Any, overtaken: Any, named: str, number: int
) -> None:
    """What a kubelet swaps and clears away in the middle of a look is neither missing nor unsigned: the next version is there."""
    folder = tmp_path / "mounted"
    old, new = (bundles.encode(make_bundle(name)) for name in ("one", "two"))
    mount(folder, {"bundle.json": old, "bundle.sig": signer.sign(old)})
    overtaken(folder, {"bundle.json": new, "bundle.sig": signer.sign(new)}, number)
    content = BundleFile(folder if named == "folder" else folder / "bundle.json").read()
    assert (content.raw, content.signature) == (new, signer.sign(new))


@pytest.mark.parametrize("named", ["folder", "file"])
def test_a_switch_whose_version_goes_while_it_is_read_is_read_anew(tmp_path: Path, overtaken: Any, named: str) -> None:
    """A kubelet that swaps a switch in the middle of a look, and clears away the old one, does not switch everything on."""
    folder = tmp_path / "mounted"
    mount(folder, {"disable": b"web"})
    overtaken(folder, {"disable": b"web batch"}, 1)
    assert SwitchFile(folder if named == "folder" else folder / "disable").read() == parse("web batch")


def test_a_switch_that_goes_with_its_version_is_gone(tmp_path: Path, overtaken: Any) -> None:
    """A version of the volume without a switch switches nothing off, also where it comes in the middle of a look."""
    folder = tmp_path / "mounted"
    mount(folder, {"disable": b"web"})
    overtaken(folder, {"other": b""}, 1)
    assert SwitchFile(folder).read() == parse("")


def test_reads_a_switch(tmp_path: Path) -> None:
    """A switch is a file, or the file ``disable`` of a folder; where there is none, nothing is switched off."""
    assert SwitchFile(tmp_path / "missing").read() == parse("")
    assert SwitchFile(tmp_path).read() == parse("")
    (tmp_path / "disable").write_bytes(b"web\n\xff\n")
    assert SwitchFile(tmp_path).read() == SwitchFile(tmp_path / "disable").read() == parse("web\n\N{REPLACEMENT CHARACTER}")


def test_follows_a_switch(tmp_path: Path, watch: Any, bundle: Bundle, content: Any, logged: Any) -> None:
    """A thrown switch is heeded, an unreadable one changes nothing, and one that is gone switches everything on again."""
    watched, path = watch(), tmp_path / "disable"
    watched.keeper.load(content(bundle))

    async def test() -> None:
        path.write_text("web")
        await watched.until(lambda: watched.metric("emergency_disabled_policies") == 1)
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "fifo").replace(path)  # in one step: a switch that is gone would switch everything on
        await watched.until(lambda: bool(logged("emergency switch cannot be read")))
        assert watched.metric("emergency_disabled_policies") == 1
        path.unlink()
        await watched.until(lambda: watched.metric("emergency_disabled_policies") == 0)

    asyncio.run(beside(SwitchFile(path).follow(watched.keeper), test()))
