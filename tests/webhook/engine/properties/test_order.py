"""What decides nothing: the order of keys, of policies, and of pods."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from webhook.engine.bundle import decode, encode
from webhook.engine.decision import Decision
from webhook.engine.mutate import Engine


def _shuffled(value: Any, data: st.DataObject) -> Any:
    """Put the keys of all objects into another order."""
    if isinstance(value, dict):
        return {key: _shuffled(value[key], data) for key in data.draw(st.permutations(list(value)))}
    return [_shuffled(item, data) for item in value] if isinstance(value, list) else value


@given(data=st.data())
def test_the_order_of_keys_decides_nothing(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """The same pod with its keys in any other order, at every level, gets the same decision and the same patch."""
    bundle, request = data.draw(bundles), data.draw(requests)
    labels = _shuffled(request.labels, data)
    outcome, again = admit(bundle, *request), admit(bundle, _shuffled(request.pod, data), request.namespace, labels)
    assert _facts(again.decision) == _facts(outcome.decision)
    assert again.operations == outcome.operations


def _facts(decision: Decision) -> list[Decision]:
    """Leave out operations, which may hold copies of what was sent, byte by byte."""
    hypothetical = _facts(decision.audit) if decision.audit else []
    return [msgspec.structs.replace(decision, operations=[], audit=None), *hypothetical]


@given(data=st.data())
def test_the_order_in_which_policies_were_given_decides_nothing(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """Policies in any order give, once sorted, the same bytes and the same decision, also after the bytes are read back."""
    bundle, request = data.draw(bundles), data.draw(requests)
    given_order = data.draw(st.permutations(bundle.policies))
    resorted = sorted(given_order, key=lambda policy: (-policy.priority, policy.name))
    again = msgspec.structs.replace(bundle, policies=tuple(resorted), namespaces=_shuffled(bundle.namespaces, data))
    assert encode(again) == encode(bundle)
    assert admit(decode(encode(again)), *request).decision == admit(bundle, *request).decision


@given(data=st.data())
def test_pods_that_came_before_decide_nothing(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """One engine that admits many pods decides about each as a new one would, so its memory is not part of any decision."""
    bundle = data.draw(bundles)
    engine = Engine(bundle)
    for request in data.draw(st.lists(requests, min_size=2, max_size=5)):
        assert admit(engine, *request).decision == admit(bundle, *request).decision
