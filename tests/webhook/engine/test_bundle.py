"""The bundle's bytes: what is written is read back, and what cannot be trusted is refused with a BundleError."""

import copy
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from webhook.engine.bundle import VERSION, Bundle, BundleError, Cluster, decode, encode, seal
from webhook.engine.fields import Fields, Toleration
from webhook.engine.policy import Accelerator, NamespaceMatch, Placement, Policy
from webhook.engine.selector import Operator, Requirement, Selector

Route = tuple[str | int, ...]

RICH = Bundle(
    version=VERSION,
    cluster=Cluster(name="ack-poc", platform="ack-pro"),
    excluded_namespaces=("kube-system", "overbank-system"),
    namespaces={"default": {"env": "prod"}, "empty": {}},
    policies=(
        Policy(
            name="burst",
            priority=100,
            namespaces=NamespaceMatch(names=("default", "team-a")),
            pods=Selector.of(
                {"app": "x"}, [Requirement("tier", Operator.NOT_IN, ("a", "b")), Requirement("role", Operator.EXISTS)]
            ),
            placement=Placement(
                mechanism="resourcePolicy",
                marker=True,
                fields=Fields(labels={"l/~": "v"}, annotations={"a": "b"}, scheduler_name="ack-co-scheduler"),
                accelerator=Accelerator("nvidia.com/gpu", {"k8s.aliyun.com/eci-use-specs": "ecs.gn5i-c2g1.large"}),
            ),
            inject=Fields(
                labels={"team": "é"},
                annotations={"note": 'two\nlines, "quoted"'},
                tolerations=(Toleration(key="k", operator="Equal", value="v", effect="NoExecute", toleration_seconds=30),),
            ),
            override=True,
        ),
        Policy(name="all", priority=0, namespaces=NamespaceMatch(all=True), pods=Selector()),
        Policy(name="some", priority=0, namespaces=NamespaceMatch(selector=Selector.of({"env": "prod"})), pods=Selector()),
    ),
)
"""A bundle in which every field is set somewhere."""

TERM = {"matchExpressions": [{"key": "a", "operator": "Exists"}]}


def _tree() -> Any:
    return json.loads(encode(RICH))


def _sealed(tree: Any) -> bytes:
    """Write a tree with the digest that belongs to it, computed from the documented canonical form."""
    canonical = json.dumps({**tree, "digest": ""}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return json.dumps({**tree, "digest": f"sha256:{hashlib.sha256(canonical).hexdigest()}"}).encode()


def _walk(value: Any, route: Route = ()) -> Iterator[tuple[Route, Any]]:
    yield route, value
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _walk(child, (*route, key))


def _parent(tree: Any, route: Route) -> Any:
    for step in route[:-1]:
        tree = tree[step]
    return tree


def _with(route: Route, value: Any) -> Any:
    tree = _tree()
    _parent(tree, route)[route[-1]] = value
    return tree


LEAVES = [(route, value) for route, value in _walk(_tree()) if not isinstance(value, dict | list)]
NODES = [(route, value) for route, value in _walk(_tree()) if isinstance(value, dict | list) and route]
OBJECTS = [
    route
    for route, value in _walk(_tree())
    if isinstance(value, dict)
    and route[:1] not in (("namespaces",), ("claims",))
    and route[-1:] not in (("labels",), ("annotations",))
]
"""Objects whose keys are ours; those of the maps that are left out are the author's."""


# --- Round trip and digest ----------------------------------------------------------------------------------------------------


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
    assert json.loads(_sealed(json.loads(raw)))["digest"] == json.loads(raw)["digest"]


def test_a_bundle_is_written_for_people_to_review() -> None:
    """The bytes have sorted keys, two spaces of indentation, characters as they are, and a final newline."""
    assert encode(RICH).decode() == json.dumps(_tree(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


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
    assert decode(write(_tree())) == seal(RICH)


def test_defaults_may_be_spelled_out() -> None:
    """A field that is written with its default value says nothing new, so the digest still belongs."""
    tree = _tree()
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
        decode(json.dumps(_with(route, changed)).encode())


@pytest.mark.parametrize(("route", "value"), NODES, ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else "")
def test_the_digest_covers_every_list_and_map(route: Route, value: Any) -> None:
    """Entries can be neither taken out of a list or an object after the build nor change places in a list."""
    for index in range(len(value)) if isinstance(value, list) else list(value):
        tree = _with(route, copy.deepcopy(value))
        del _parent(tree, (*route, index))[index]
        if value[index] in ({}, []) and (*route, index) != ("namespaces", "empty"):  # a default that was spelled out
            assert decode(json.dumps(tree).encode()) == seal(RICH)
        else:
            with pytest.raises(BundleError):
                decode(json.dumps(tree).encode())
    if isinstance(value, list) and len(value) > 1:
        with pytest.raises(BundleError, match="digest does not belong"):
            decode(json.dumps(_with(route, value[::-1])).encode())


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
        decode(json.dumps(_with((*route, "new"), {} if route == ("namespaces",) else "x")).encode())


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:" + "0" * 64, None, "upper", "bare"])
def test_another_digest_is_refused(digest: str | None) -> None:
    """A bundle with an empty, missing, wrong or differently written digest is refused."""
    tree = _tree()
    sealed = tree.pop("digest")
    written = {"upper": sealed.upper(), "bare": sealed.removeprefix("sha256:")}.get(digest or "", digest)
    if written is not None:
        tree["digest"] = written
    with pytest.raises(BundleError, match="digest does not belong"):
        decode(json.dumps(tree).encode())


def test_a_policy_has_a_digest_of_its_own() -> None:
    """The digest of a policy is that of its own canonical JSON and hangs on no other policy."""
    (burst, *_), tree = RICH.policies, _tree()["policies"][0]
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


# --- What is refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["overbank.dev/bundle/v2", "overbank.dev/bundle/v1 ", "overbank.dev/bundle/V1", "v1", ""])
def test_another_version_is_refused(version: str) -> None:
    """A bundle of any other version is refused, with both versions named, although its digest belongs to it."""
    with pytest.raises(BundleError, match=re.escape(f"cannot be read by this webhook, which reads {VERSION!r}")) as refused:
        decode(_sealed(_with(("version",), version)))
    assert repr(version) in str(refused.value)


def test_a_newer_version_with_other_fields_is_called_newer() -> None:
    """Where everything but the version is unknown, the version is what is complained about."""
    with pytest.raises(BundleError, match="cannot be read by this webhook"):
        decode(b'{"version": "overbank.dev/bundle/v2", "policies": {"a": 1}, "future": [true]}')


@pytest.mark.parametrize("route", OBJECTS, ids=lambda route: ".".join(map(str, route)) or "top")
def test_unknown_fields_are_refused(route: Route) -> None:
    """At every level a field that this engine does not know is refused, since it could change what the rest means."""
    with pytest.raises(BundleError, match="unknown field `newField`"):
        decode(_sealed(_with((*route, "newField"), None)))


@pytest.mark.parametrize(
    ("route", "value"), [*LEAVES, *NODES], ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else ""
)
def test_wrong_types_are_refused(route: Route, value: Any) -> None:
    """A value of any other JSON type is refused, although the digest belongs to it."""
    for wrong in ("1", 1, 1.5, True, [[]], {"x": {"y": 1}}):
        if type(wrong) is not type(value):
            tree = _with(route, wrong)
            with pytest.raises(BundleError):
                decode(json.dumps(tree).encode() if route == ("digest",) else _sealed(tree))


@pytest.mark.parametrize(
    ("route", "value"),
    [
        (("policies", 0, "pods", "requirements", 0, "operator"), "Matches"),
        (("policies", 0, "pods", "requirements", 0), {"key": "a", "operator": "In"}),
        (("policies", 0, "pods", "requirements", 0), {"key": "a", "operator": "Exists", "values": ["x"]}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "", "operator": "Equal", "value": "v"}),
        (("policies", 0, "inject", "tolerations", 0), {}),
        (("policies", 0, "namespaces"), {}),
        (("policies", 0, "namespaces"), {"names": []}),
        (("policies", 0, "namespaces"), {"names": ["a"], "all": True}),
        (("policies", 0, "namespaces"), {"selector": {"requirements": []}, "all": True}),
        (("policies", 0, "namespaces"), {"names": ["a"], "selector": {"requirements": []}}),
        (("policies", 0, "name"), ""),
        (("policies", 0, "name"), "Burst,x@1"),
        (("policies", 0, "name"), "a\n"),
        (("policies", 0, "name"), "a" * 64),
        (("policies", 0, "rollout"), -1),
        (("policies", 0, "rollout"), 10_001),
        (("policies", 0, "rollout"), 10**30),
        (("policies", 0, "priority"), None),
        (("policies", 0, "placement", "incompatible"), "strip"),
        (("policies", 0, "placement", "incompatible"), "allow"),
        (("policies", 0, "placement", "foreign"), {"verdict": "refuse"}),
        (("policies", 0, "placement", "runtimes"), ["lambda"]),
        (("policies", 0, "placement", "accelerator", "required"), [{}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": []}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": [{"key": "a", "operator": "In"}]}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1", "2"]}]}]),
        (("policies", 0, "inject", "preferred"), [{"weight": 1, "preference": {}}]),
        (("policies", 0, "inject", "preferred"), [{"weight": 0, "preference": TERM}]),
        (("policies", 0, "inject", "preferred"), [{"weight": 101, "preference": TERM}]),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Gt", "value": "1"}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Exists", "value": "v"}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Exists", "effect": "Never"}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Exists", "tolerationSeconds": 3}),
        (("policies", 0, "scheduling"), {"gang": {"nameLabel": "job", "minAvailable": 0}}),
        (("policies", 0, "scheduling"), {"gang": {"nameLabel": "job"}}),
        (("policies", 0, "scheduling"), {"gpuShare": {"memoryGib": -8}}),
        (("policies", 0, "scheduling"), {"gpuShare": {"memoryGib": 8, "gpus": 0}}),
    ],
)
def test_values_that_mean_nothing_are_refused(route: Route, value: Any) -> None:
    """What no compiler writes is refused: the API server would refuse every pod with it, or a policy would mean something else."""
    with pytest.raises(BundleError, match="malformed bundle"):
        decode(_sealed(_with(route, value)))


def test_policies_out_of_order_are_refused() -> None:
    """Policies must come by priority, descending, then by name; nobody but the compiler decides about order."""
    for order in ((1, 0, 2), (0, 2, 1), (2, 1, 0)):
        tree = _tree()
        tree["policies"] = [tree["policies"][index] for index in order]
        with pytest.raises(BundleError, match="unique and sorted"):
            decode(_sealed(tree))


def test_a_policy_that_comes_twice_is_refused() -> None:
    """One policy cannot stand twice in a bundle."""
    tree = _tree()
    tree["policies"].insert(1, tree["policies"][0])
    with pytest.raises(BundleError, match="unique and sorted"):
        decode(_sealed(tree))


def test_two_policies_of_one_name_are_refused() -> None:
    """A name stands for one policy, in the marker label as well, also where two of that name have different priorities."""
    tree = _tree()
    tree["policies"].insert(1, {**tree["policies"][0], "priority": 50})
    with pytest.raises(BundleError, match="unique"):
        decode(_sealed(tree))


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


@pytest.mark.parametrize("missing", ["version", "cluster", "excludedNamespaces", "namespaces", "policies"])
def test_a_missing_part_is_refused(missing: str) -> None:
    """No part of a bundle has a default."""
    tree = _tree()
    del tree[missing]
    with pytest.raises(BundleError, match=f"missing required field `{missing}`"):
        decode(_sealed(tree))


def test_no_beginning_of_a_bundle_is_a_bundle() -> None:
    """A file that was cut off anywhere is refused."""
    raw = json.dumps(_tree()).encode()
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
    raw = bytearray(json.dumps(_tree(), ensure_ascii=False).encode())
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
            decode(_sealed(_with(("policies",), text)))


# --- Namespaces ---------------------------------------------------------------------------------------------------------------


def test_namespaces_match_by_name_by_selector_or_all() -> None:
    """Names are exact, selectors need known labels, and all means all."""
    names, everything = NamespaceMatch(names=("a", "b")), NamespaceMatch(all=True)
    selected = NamespaceMatch(selector=Selector.of({"env": "prod"}))
    assert [names.matches(name, {"env": "prod"}) for name in ("a", "b", "ab", "")] == [True, True, False, False]
    assert [selected.matches("a", labels) for labels in ({"env": "prod"}, {"env": "dev"}, {}, None)] == [True, False, False, False]
    assert everything.matches("a", None)


@pytest.mark.parametrize("choices", [{}, {"names": ("a",), "all": True}, {"selector": Selector(), "all": True}])
def test_a_namespace_match_chooses_exactly_once(choices: dict[str, Any]) -> None:
    """A match that chooses nothing or twice cannot be made."""
    with pytest.raises(ValueError, match="exactly one of"):
        NamespaceMatch(**choices)
