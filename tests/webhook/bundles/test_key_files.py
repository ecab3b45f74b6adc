"""Public keys that change while the webhook runs: what they let in at once, what they leave alone, and files that are of no use."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from webhook.bundles import files, key_files
from webhook.bundles import keeper as keeping
from webhook.bundles.files import BundleFile
from webhook.bundles.key_files import KeyFiles
from webhook.engine import bundle as bundles
from webhook.engine import signature as signatures
from webhook.engine.bundle import Bundle

Make = Callable[..., Bundle]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often."""
    monkeypatch.setattr(files, "POLL_SECONDS", 0.005)
    monkeypatch.setattr(key_files, "POLL_SECONDS", 0.005)


def put(folder: Path, value: Bundle, *signers: Any) -> None:
    """Write a bundle that these have signed, as one step."""
    raw = bundles.encode(value)
    signed = [signatures.read(each.sign(raw)) for each in signers]
    one = signatures.Signatures(signed[0].version, signed[0].digest, tuple(each.signatures[0] for each in signed))
    (folder / "bundle.sig").write_bytes(one.encode())
    (folder / "bundle.new").write_bytes(raw)
    (folder / "bundle.new").replace(folder / "bundle.json")


def following(folder: Path, watched: Any, paths: tuple[Path, ...], test: Coroutine[Any, Any, None]) -> None:
    """Follow a bundle and the keys while a test runs."""

    async def main() -> None:
        sources = (KeyFiles(paths).follow(watched.keeper), BundleFile(folder).follow(watched.keeper))
        tasks = [asyncio.create_task(each) for each in sources]
        try:
            await test
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    asyncio.run(main())


def test_a_key_that_is_added_lets_its_bundle_in(
    tmp_path: Path, watch: Any, make_bundle: Make, *, signer: Any, stranger: Any, logged: Any
) -> None:
    """A bundle that was refused for its signature is taken over as soon as its key is in a file, without being touched."""
    watched, path, second = watch(keys=signer.keys), tmp_path / "keys.pub", make_bundle("two")
    path.write_bytes(signer.pem)
    put(tmp_path, make_bundle("one"), signer)

    async def test() -> None:
        await watched.until(lambda: watched.digest == make_bundle("one").digest)
        put(tmp_path, second, stranger)
        # Its signature is written before it, so the bundle that decides may be seen with that one first.
        await watched.until(lambda: any(f"is signed by {stranger.id}, and by no key" in text for _, _, text in watched.told))
        path.write_bytes(signer.pem + stranger.pem)
        await watched.until(lambda: watched.digest == second.digest)
        assert watched.store.current.key == stranger.id
        assert watched.metric("bundle_stale") == 0

    following(tmp_path, watched, (path,), test())
    (line,) = logged("public keys changed")
    assert (line["keys"], line["before"]) == (sorted([signer.id, stranger.id]), [signer.id])
    assert watched.metric("public_key_reloads_total") == 1


def test_a_key_that_is_taken_away_changes_nothing_that_decides(
    tmp_path: Path, watch: Any, make_bundle: Make, signer: Any, stranger: Any
) -> None:
    """What only that key has signed goes on deciding, is told to be refused, and gives way to a bundle of another key."""
    watched, path, first = watch(keys=signer.keys), tmp_path / "keys.pub", make_bundle("one")
    path.write_bytes(signer.pem)
    put(tmp_path, first, signer)

    async def test() -> None:
        await watched.until(lambda: watched.digest == first.digest)
        path.write_bytes(stranger.pem)
        await watched.until(lambda: watched.metric("bundle_stale") == 1)
        assert watched.digest == first.digest
        assert watched.readiness.reason == ""
        ((kind, _, text),) = watched.told
        assert kind == "BundleRefused"
        assert "the last good bundle decides" in text
        put(tmp_path, make_bundle("two"), stranger)
        await watched.until(lambda: watched.digest == make_bundle("two").digest)
        assert watched.metric("bundle_stale") == 0

    following(tmp_path, watched, (path,), test())


def test_a_bundle_of_two_keys_outlives_one(tmp_path: Path, watch: Any, bundle: Bundle, signer: Any, stranger: Any) -> None:
    """Where two keys have signed, taking one away leaves the bundle trusted by the other, which is named from then on."""
    watched, first, second = watch(keys=signer.keys), tmp_path / "one.pub", tmp_path / "two.pub"
    first.write_bytes(signer.pem)
    second.write_bytes(signer.pem)
    put(tmp_path, bundle, signer, stranger)

    async def test() -> None:
        await watched.until(lambda: watched.digest == bundle.digest)
        second.write_bytes(stranger.pem)
        await watched.until(lambda: len(watched.keeper.trust.keys) == 2)
        assert watched.store.current.key == signer.id
        first.write_bytes(stranger.pem)
        await watched.until(lambda: watched.store.current.key == stranger.id)
        assert watched.metric("bundle_refusals_total", reason="signature") == 0

    following(tmp_path, watched, (first, second), test())


@pytest.mark.parametrize("broken", [None, b"", b"-----BEGIN PRIVATE KEY-----"], ids=("gone", "empty", "private"))
def test_keys_that_cannot_be_read_leave_the_last_good_ones(
    tmp_path: Path, watch: Any, make_bundle: Make, *, signer: Any, logged: Any, broken: bytes | None
) -> None:
    """While a file is of no use the keys of before count, which is said and counted once, and what they signed is taken over."""
    watched, path = watch(keys=signer.keys), tmp_path / "keys.pub"
    path.write_bytes(signer.pem)

    async def test() -> None:
        if broken is None:
            path.unlink()
        else:
            path.write_bytes(broken)
        await watched.until(lambda: bool(logged("public keys cannot be read")))
        assert watched.metric("public_keys_stale") == 1
        put(tmp_path, make_bundle("one"), signer)
        await watched.until(lambda: watched.digest == make_bundle("one").digest)
        path.write_bytes(signer.pem)
        put(tmp_path, make_bundle("two"), signer)
        await watched.until(lambda: watched.digest == make_bundle("two").digest)
        await watched.until(lambda: watched.metric("public_keys_stale") == 0)

    following(tmp_path, watched, (path,), test())
    (line,) = logged("public keys cannot be read")
    assert line["problem"].startswith(f"{path}: ")
    assert line["kept"] == [signer.id]
    assert watched.metric("public_key_reload_failures_total") == 1
    assert watched.metric("public_key_reloads_total") == 0


@pytest.mark.parametrize("trusted", [True, False])
def test_keys_that_change_while_a_bundle_is_read_decide_about_it(
    watch: Any, bundle: Bundle, content: Any, *, signer: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """What was verified by the keys of before is neither taken over nor kept refused: it is looked at again by the new ones."""
    before, after = (stranger.keys, signer.keys) if trusted else (signer.keys, stranger.keys)
    watched = watch(keys=before)
    offered = content(bundle, signer.sign(bundles.encode(bundle)))
    asked: list[bool] = []
    watched.keeper.look_again = lambda: asked.append(True)
    aside = keeping.aside

    async def meanwhile(work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await aside(work, *arguments)
        finally:
            if not asked:
                watched.keeper.rekey(after)

    monkeypatch.setattr(keeping, "aside", meanwhile)

    async def run() -> None:
        await watched.keeper.offer(offered)
        assert (watched.digest, asked) == (None, [True])
        await watched.keeper.offer(offered)

    asyncio.run(run())
    assert watched.digest == (bundle.digest if trusted else None)
