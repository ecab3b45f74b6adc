"""Bundles in parts: what was split is joined again, and nothing else is."""

import bz2
import hashlib
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.engine import split as module
from webhook.engine.bundle import BundleError, Reason
from webhook.engine.split import VERSION, Index, Part, join, read_index, split


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have parts of few bytes."""
    monkeypatch.setattr(module, "PART_BYTES", 20)


@pytest.mark.usefixtures("small_parts")
def test_what_was_split_is_joined_again() -> None:
    """Content of any kind comes back, through its index as text."""
    for content in (b"x", bytes(range(256)) * 3, b"a" * 100_000):
        index, parts = split(content, "sha256:0", "overbank-bundle")
        assert join(read_index(index.encode()), {"another": b"", **parts}) == content


def refused(index: Index, parts: dict[str, bytes]) -> Reason:
    """Return why parts are refused."""
    with pytest.raises(BundleError) as error:
        join(index, parts)
    return error.value.reason


@pytest.mark.usefixtures("small_parts")
def test_parts_of_two_sets_are_never_mixed() -> None:
    """A part that is missing, or is another set's under the right name, is told apart from content that is broken."""
    index, parts = split(bytes(range(256)), "sha256:0", "x")
    _, others = split(bytes(reversed(range(256))), "sha256:1", "x")
    names = list(parts)
    assert len(names) > 2
    assert refused(index, {name: parts[name] for name in names[1:]}) is Reason.MIXED
    assert refused(index, parts | {names[0]: others[next(iter(others))][::-1]}) is Reason.MIXED
    assert refused(index, parts | {names[-1]: parts[names[-1]][:-1]}) is Reason.MIXED


def listing(size: int, *raw: bytes) -> tuple[Index, dict[str, bytes]]:
    """Return an index that fits these parts, whatever they hold."""
    parts = {f"x-{number}": each for number, each in enumerate(raw)}
    listed = tuple(Part(name, len(each), hashlib.sha256(each).hexdigest()) for name, each in parts.items())
    return Index(VERSION, "sha256:0", size, listed), parts


def test_a_bomb_is_not_uncompressed() -> None:
    """Parts that hold more than their index promises are given up as soon as that is seen: memory stays small."""
    bomb = bz2.compress(b"\0" * 200_000_000)
    assert len(bomb) < 1000
    tracemalloc.start()
    try:
        assert refused(*listing(1000, bomb)) is Reason.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("size", "raw"),
    [
        (5, [bz2.compress(b"abc")]),
        (3, [bz2.compress(b"abc")[:-5]]),
        (3, [bz2.compress(b"abc") + b"x"]),
        (3, [bz2.compress(b"abc"), b"x"]),
        (6, [bz2.compress(b"abc"), bz2.compress(b"def")]),
        (3, [b"abc"]),
    ],
)
def test_what_does_not_hold_what_it_promises_is_refused(size: int, raw: list[bytes]) -> None:
    """Content that is cut off, too short, not compressed, or followed by something else is refused."""
    assert refused(*listing(size, *raw)) is Reason.MALFORMED


@given(raw=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4), size=st.integers(1, 1000))
def test_noise_in_parts_is_refused(raw: list[bytes], size: int) -> None:
    """Parts of any bytes are refused with a reason."""
    refused(*listing(size, *raw))


INDEX: dict[str, Any] = {
    "version": VERSION,
    "digest": "sha256:0",
    "size": 3,
    "parts": [{"name": "x-0", "size": 3, "sha256": "0" * 64}],
}


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 64 * 1024 * 1024 + 1},
        {"size": 0},
        {"parts": []},
        {"parts": INDEX["parts"] * 129},
        {"parts": [{"name": "../secrets", "size": 3, "sha256": "0" * 64}]},
        {"parts": [{"name": "x", "size": 10_000_000, "sha256": "0" * 64}]},
        {"parts": [{"name": "x", "size": 3, "sha256": "0"}]},
        {"more": 1},
    ],
)
def test_an_index_keeps_to_its_limits(changes: dict[str, Any]) -> None:
    """An index that asks for too much, or for objects by names that no object can have, is refused before anything is read."""
    read_index(msgspec.json.encode(INDEX))
    with pytest.raises(BundleError) as error:
        read_index(msgspec.json.encode(INDEX | changes))
    assert error.value.reason is Reason.MALFORMED


def test_an_index_of_tomorrow_is_told_apart() -> None:
    """An index of a later version is refused with that reason, and one that is too long without being read."""
    for raw, reason in (
        (msgspec.json.encode({"version": "overbank.dev/bundle-parts/v9", "new": 1}), Reason.VERSION),
        (b" " * 70_000, Reason.TOO_LARGE),
    ):
        with pytest.raises(BundleError) as error:
            read_index(raw)
        assert error.value.reason is reason


@given(raw=st.binary(max_size=100) | st.sampled_from([b"{}", b"[]", b"[" * 50_000, b'{"version": "\xff"}', b'{"version": 1}']))
def test_noise_is_no_index(raw: bytes) -> None:
    """Any other bytes are refused with a reason."""
    with pytest.raises(BundleError):
        read_index(raw)
