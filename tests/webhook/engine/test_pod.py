"""The typed view of a pod: what it asks for, and which tolerations cover each other."""

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.keys import GPU
from webhook.engine.fields import Toleration
from webhook.engine.pod import Pod, PodToleration, covers


def _pod(**spec: Any) -> Pod:
    return msgspec.json.decode(json.dumps({"spec": spec}), type=Pod)


@pytest.mark.parametrize("part", ["containers", "initContainers"])
@pytest.mark.parametrize("kind", ["limits", "requests"])
def test_any_container_can_ask(part: str, kind: str) -> None:
    """A resource counts in limits and requests, of containers and init containers, and not only in the first."""
    containers = [{"name": "idle"}, {"name": "busy", "resources": {kind: {"cpu": "1", GPU: "1"}}}]
    assert _pod(**{part: containers}).asks_for(GPU)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"containers": None, "initContainers": None},
        {"containers": []},
        {"containers": [{"name": "main"}]},
        {"containers": [{"resources": None}]},
        {"containers": [{"resources": {}}]},
        {"containers": [{"resources": {"limits": None, "requests": {}}}]},
        {"containers": [{"resources": {"limits": {"cpu": "1"}, "claims": [{"name": GPU}]}}]},
        {"ephemeralContainers": [{"resources": {"limits": {GPU: "1"}}}]},
    ],
)
def test_a_pod_that_names_no_amount_does_not_ask(spec: dict[str, Any]) -> None:
    """Missing, null and empty resources ask for nothing, and neither do other resources or ephemeral containers."""
    assert not _pod(**spec).asks_for(GPU)


@pytest.mark.parametrize("amount", [0, 0.0, "0", "0.00", ".0", "0.", "+0", "-0", "0Gi", "0m", "0e3", "0E3", "0E", "0Ei", "00"])
def test_an_amount_of_zero_does_not_count(amount: str | float) -> None:
    """Zero asks for nothing, however it is spelled."""
    assert not _pod(containers=[{"resources": {"limits": {GPU: amount}, "requests": {GPU: amount}}}]).asks_for(GPU)


@pytest.mark.parametrize("amount", [1, 0.5, "1", "0.1", ".5", "5.", "+1", "10", "1Gi", "500m", "1e0", "1e-3", "1E", "1Ei", "1n"])
def test_any_other_amount_counts(amount: str | float) -> None:
    """Small amounts, fractions, exponents and suffixes ask for something, also beside a limit of zero."""
    assert _pod(containers=[{"resources": {"limits": {GPU: 0}, "requests": {GPU: amount}}}]).asks_for(GPU)


@given(
    sign=st.sampled_from(("", "+", "-")),
    whole=st.text("0123456789", min_size=1, max_size=4),
    fraction=st.none() | st.text("0123456789", max_size=4),
    suffix=st.sampled_from(
        ("", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E2", "e-1")
    ),
)
def test_a_quantity_counts_if_its_number_is_not_zero(sign: str, whole: str, fraction: str | None, suffix: str) -> None:
    """For every form of the quantity grammar, the suffix and the exponent do not decide."""
    number = whole if fraction is None else f"{whole}.{fraction}"
    pod = _pod(containers=[{"resources": {"limits": {GPU: f"{sign}{number}{suffix}"}}}])
    assert pod.asks_for(GPU) is (Decimal(number) != 0)


def test_a_toleration_covers_another_if_it_tolerates_all_of_its_taints(
    tolerated: Callable[[str | None, str | None, str | None, str | None], frozenset[tuple[str, str, str]]],
) -> None:
    """Over all combinations of keys, operators, values and effects, covering is inclusion of the sets of tolerated taints."""
    keys, values, effects = ("virtual-kubelet.io/provider", "b~/c"), ("", "x", "y"), ("", "NoSchedule", "NoExecute")
    wanted = [Toleration(key=key, operator="Equal", value=value, effect=e) for key, value, e in product(keys, values, effects)]
    wanted += [Toleration(key=key, operator="", value=value, effect=e) for key, value, e in product(keys, values, effects)]
    wanted += [Toleration(key=key, operator="Exists", effect=effect) for key, effect in product(("", *keys), effects)]
    # An empty key without Exists is refused by the API server, so it is left out.
    existing = [
        PodToleration(key=key, operator=operator, value=value, effect=effect)
        for key, operator, value, effect in product(
            (None, "", *keys), (None, "", "Equal", "Exists"), (None, *values), (None, *effects)
        )
        if key or operator == "Exists"
    ]
    found = set()
    for new in wanted:
        needed = tolerated(new.key, new.operator, new.value, new.effect)
        assert needed
        for old in existing:
            expected = needed <= tolerated(old.key, old.operator, old.value, old.effect)
            assert covers(old, new) is expected, (old, new)
            found.add(expected)
    assert found == {True, False}


@pytest.mark.parametrize("operator", ["Gt", "Lt", "Whatever"])
def test_an_operator_that_we_do_not_know_covers_nothing(operator: str) -> None:
    """A toleration of a later Kubernetes does not stand in for one that a policy wants."""
    for key, value in (("", ""), ("k", ""), ("k", "5")):
        existing = PodToleration(key=key, operator=operator, value=value)
        assert not covers(existing, Toleration(key="k", operator="Equal", value=value))
        assert not covers(existing, Toleration(key="k", operator="Exists"))
        assert not covers(existing, Toleration(operator="Exists"))


@pytest.mark.parametrize(("existing", "wanted"), [(None, 300), (300, None), (30, 300), (300, 30), (0, 300)])
def test_seconds_are_the_authors_own_choice(existing: int | None, wanted: int | None) -> None:
    """A NoExecute toleration covers one with other seconds, since Kubernetes takes the shortest of both."""
    old = PodToleration(key="k", operator="Exists", effect="NoExecute", toleration_seconds=existing)
    assert covers(old, Toleration(key="k", operator="Exists", effect="NoExecute", toleration_seconds=wanted))


def test_fields_that_are_not_read_may_have_any_shape() -> None:
    """Unknown fields, at any depth, and known names at places where they mean nothing do not disturb."""
    raw = {
        "status": None,
        "labels": 1,
        "metadata": {"labels": {"a": "b"}, "schedulerName": [1], "ownerReferences": [{"kind": "Job", "x": {"kind": 1}}]},
        "spec": {
            "labels": [],
            "containers": [{"resources": {"limits": {GPU: 1}, "new": [[[]]]}, "command": [1]}],
            "tolerations": [{"key": "k", "new": {"key": 1}}],
        },
    }
    pod = msgspec.json.decode(json.dumps(raw), type=Pod)
    assert pod.metadata is not None
    assert pod.metadata.labels == {"a": "b"}
    assert pod.asks_for(GPU)
    assert pod.spec.tolerations == [PodToleration(key="k")]


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"spec": None},
        {"spec": {"schedulerName": 1}},
        {"spec": {"tolerations": ["x"]}},
        {"spec": {}, "metadata": {"labels": {"a": 1}}},
        {"spec": {}, "metadata": {"annotations": []}},
    ],
)
def test_what_is_no_pod_is_refused(raw: dict[str, Any]) -> None:
    """A field that decisions read must have the type that core/v1 gives it."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(raw), type=Pod)
