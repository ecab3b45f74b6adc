"""Round trip and digest: what is built is read as it was, and no change after the build goes unnoticed."""

import copy
import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.webhook.engine.bundle.rich import LEAVES, NODES, RICH, Route, parent_of, resealed, rich_tree, rich_with
from webhook.engine.bundle import Bundle, BundleError, decode, encode, seal
from webhook.engine.fields import Fields
from webhook.engine.policy import NamespaceMatch
from webhook.engine.selector import Selector


@given(data=st.data())
def test_what_is_written_is_read_back(data: st.DataObject, bundles: SearchStrategy[Bundle]) -> None:
    """Any bundle survives its encoding, and encoding it again gives the same bytes."""
    bundle = data.draw(bundles)
    raw = encode(bundle)
    assert decode(raw) == bundle
    assert encode(decode(raw)) == raw


@given(data=st.data())
def test_the_digest_is_that_of_the_canonical_form(data: st.DataObject, bundles: SearchStrategy[Bundle]) -> None:
    """The digest is the SHA-256 of the JSON with sorted keys, no white space and an empty digest, as any tool can compute it."""
    raw = encode(data.draw(bundles))
    assert json.loads(resealed(json.loads(raw)))["digest"] == json.loads(raw)["digest"]


def test_a_bundle_is_written_for_people_to_review() -> None:
    """The bytes have sorted keys, two spaces of indentation, characters as they are, and a final newline."""
    assert encode(RICH).decode() == json.dumps(rich_tree(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "write",
    [
        lambda tree: json.dumps(tree).encode(),
        lambda tree: json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode(),
        lambda tree: json.dumps(dict(reversed(tree.items())), indent="\t").encode(),
        lambda tree: b"\r\n " + json.dumps(tree, indent=7).encode() + b" \n\n",
    ],
    ids=["one-line", "compact", "reversed", "spacious"],
)
def test_formatting_does_not_matter(write: Any) -> None:
    """White space, escapes and the order of keys may change without the digest noticing."""
    assert decode(write(rich_tree())) == seal(RICH)


def test_defaults_may_be_spelled_out() -> None:
    """A field that is written with its default value says nothing new, so the digest still belongs."""
    tree = rich_tree()
    tree["policies"][1] |= {"override": False, "placement": None}
    assert decode(json.dumps(tree).encode()) == seal(RICH)


@pytest.mark.parametrize(("route", "value"), LEAVES, ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else "")
def test_the_digest_covers_every_value(route: Route, value: Any) -> None:
    """Whichever single value is changed after the build, the bundle is refused."""
    flipped = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "x": "y", "Equal": ""}
    changed = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else flipped.get(value, value + "x")
    # A version of another reader, and values that mean nothing, are refused before the digest is looked at.
    reason = {"version": "cannot be read", "all": "exactly one of", "effect": "a toleration has no"}.get(
        str(route[-1]), "digest does not belong"
    )
    with pytest.raises(BundleError, match=reason):
        decode(json.dumps(rich_with(route, changed)).encode())


@pytest.mark.parametrize(("route", "value"), NODES, ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else "")
def test_the_digest_covers_every_list_and_map(route: Route, value: Any) -> None:
    """Entries can be neither taken out of a list or an object after the build nor change places in a list."""
    for index in range(len(value)) if isinstance(value, list) else list(value):
        tree = rich_with(route, copy.deepcopy(value))
        del parent_of(tree, (*route, index))[index]
        if value[index] in ({}, []) and (*route, index) != ("namespaces", "empty"):  # a default that was spelled out
            assert decode(json.dumps(tree).encode()) == seal(RICH)
        else:
            with pytest.raises(BundleError):
                decode(json.dumps(tree).encode())
    if isinstance(value, list) and len(value) > 1:
        with pytest.raises(BundleError, match="digest does not belong"):
            decode(json.dumps(rich_with(route, value[::-1])).encode())


@pytest.mark.parametrize(
    "route",
    [
        ("namespaces",),
        ("namespaces", "default"),
        ("policies", 0, "inject", "labels"),
        ("policies", 0, "inject", "annotations"),
        ("policies", 0, "placement", "fields", "labels"),
        ("policies", 0, "placement", "fields", "annotations"),
        ("policies", 0, "placement", "accelerator", "annotations"),
    ],
    ids=lambda route: ".".join(map(str, route)),
)
def test_the_digest_covers_entries_that_are_added(route: Route) -> None:
    """A map of the author's keys can get no further key after the build."""
    with pytest.raises(BundleError, match="digest does not belong"):
        decode(json.dumps(rich_with((*route, "new"), {} if route == ("namespaces",) else "x")).encode())


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:" + "0" * 64, None, "upper", "bare"])
def test_another_digest_is_refused(digest: str | None) -> None:
    """A bundle with an empty, missing, wrong or differently written digest is refused."""
    tree = rich_tree()
    sealed = tree.pop("digest")
    written = {"upper": sealed.upper(), "bare": sealed.removeprefix("sha256:")}.get(digest or "", digest)
    if written is not None:
        tree["digest"] = written
    with pytest.raises(BundleError, match="digest does not belong"):
        decode(json.dumps(tree).encode())


def test_a_policy_has_a_digest_of_its_own() -> None:
    """The digest of a policy is that of its own canonical JSON and hangs on no other policy."""
    (burst, *_), tree = RICH.policies, rich_tree()["policies"][0]
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert burst.digest() == hashlib.sha256(canonical).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "burst-2"},
        {"priority": 101},
        {"namespaces": NamespaceMatch(all=True)},
        {"pods": Selector()},
        {"placement": None},
        {"inject": Fields()},
        {"override": False},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_every_field_of_a_policy_changes_its_digest(changed: dict[str, Any]) -> None:
    """The applied annotation tells any two versions of a policy apart."""
    burst = RICH.policies[0]
    assert msgspec.structs.replace(burst, **changed).digest() != burst.digest()
