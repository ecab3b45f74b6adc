"""Bytes that are no bundle, or no longer: they are refused, and never mean something else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.bundle.rich import RICH, resealed, rich_tree, rich_with
from webhook.engine.bundle import BundleError, decode, seal


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"overbank.dev/bundle/v1"',
        b"{}",
        b"{",
        b'{"version": 1}',
        b'{"version": null}',
        b"\0",
        b"---\na: 1\n",
    ],
)
def test_what_is_no_bundle_is_refused(raw: bytes) -> None:
    """Other JSON, broken JSON and other formats are refused with a word on where bundles come from."""
    with pytest.raises(BundleError, match="overbank build"):
        decode(raw)


def test_no_beginning_of_a_bundle_is_a_bundle() -> None:
    """A file that was cut off anywhere is refused."""
    raw = json.dumps(rich_tree()).encode()
    for length in range(len(raw)):
        with pytest.raises(BundleError):
            decode(raw[:length])


@pytest.mark.parametrize(
    "raw",
    [
        b'{"version": "\xff"}',
        b'{"version": "overbank.dev/bundle/v1", "cluster": "\xc3\x28"}',
        b'{"\xff": 1, "version": "overbank.dev/bundle/v1"}',
        '{"version": "é"}'.encode("latin-1"),
    ],
    ids=["version", "elsewhere", "key", "latin-1"],
)
def test_text_that_is_no_utf_8_is_refused(raw: bytes) -> None:
    """Bytes that are no text are malformed like any others."""
    with pytest.raises(BundleError):
        decode(raw)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["list", "object"])
def test_endless_nesting_is_refused(opening: bytes) -> None:
    """A value that is nested too deeply to read is malformed, at a known place and at an unknown one."""
    for field in (b"unknown", b"policies"):
        with pytest.raises(BundleError):
            decode(b'{"version": "overbank.dev/bundle/v1", "%s": ' % field + opening * 100_000)


@given(raw=st.binary(max_size=200))
def test_random_bytes_are_refused(raw: bytes) -> None:
    """Whatever the bytes are, the answer is a BundleError and nothing else."""
    with pytest.raises(BundleError):
        decode(raw)


@given(data=st.data())
def test_damaged_bytes_never_change_a_bundle(data: st.DataObject) -> None:
    """After any damage a bundle is either refused with a BundleError or still says what was built."""
    raw = bytearray(json.dumps(rich_tree(), ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw) - 1))
        raw[start : start + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from((b"", b" ", b'"', b"}", b"[", b"0", b"null", b"\\u0000", b"\\ud800", b"\xff", b"e9"))
            | st.binary(max_size=3)
        )
    try:
        survived = decode(bytes(raw))
    except BundleError:
        return
    assert survived == seal(RICH)


@given(
    text=st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3))
)
def test_random_values_in_the_place_of_policies_are_refused(text: Any) -> None:
    """Well-formed JSON of the wrong shape is refused, although the digest belongs to it."""
    if text != []:
        with pytest.raises(BundleError):
            decode(resealed(rich_with(("policies",), text)))
