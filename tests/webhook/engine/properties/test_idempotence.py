"""Pods that were admitted already: nothing is done again, and after a reload only what is new."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from tests.webhook.engine.keys import APPLIED, MARKER
from tests.webhook.engine.properties.pods import MAPS, SINGLES, map_of
from tests.webhook.engine.properties.sharing import PROMISED
from tests.webhook.engine.properties.wishes import sources_of, wanted_of
from webhook.engine.bundle import seal
from webhook.engine.decision import Action
from webhook.engine.fields import Fields
from webhook.engine.mutate import Engine
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector
from webhook.engine.tolerations import describe

SIDECAR = {"name": "proxy", "resources": {"requests": {"memory": "1Mi"}}, "restartPolicy": "Always", "~": None}


def _by_another_webhook(pod: dict[str, Any]) -> None:
    pod["spec"]["containers"] = [SIDECAR, *(pod["spec"].get("containers") or []), SIDECAR]
    pod["spec"]["initContainers"] = [*(pod["spec"].get("initContainers") or []), SIDECAR]
    pod["spec"]["volumes"] = [*(pod["spec"].get("volumes") or []), {"name": "certs"}]
    pod["metadata"] = pod.get("metadata") or {}
    pod["metadata"]["annotations"] = {"sidecar~/status": "injected", **(pod["metadata"].get("annotations") or {})}
    pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), "sidecar/~": "yes"}


@given(data=st.data())
def test_admitting_the_result_changes_nothing(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """The patched pod gets no operation from the same bundle, nor does it after another webhook added sidecars and notes."""
    bundle, request = data.draw(bundles), data.draw(requests)
    engine = Engine(bundle)
    first = admit(engine, *request)
    second = admit(engine, first.after, *request[1:])
    assert second.operations == []
    assert (second.decision.owner, second.decision.policies) == (first.decision.owner, first.decision.policies)
    assert bool(second.decision.denied) is bool(first.decision.denied)
    if first.decision.denied:  # the other webhook may take away the reason
        return
    _by_another_webhook(second.after)
    assert admit(engine, second.after, *request[1:]).operations == []


@given(data=st.data())
def test_after_a_reload_only_the_new_policy_changes_anything(
    data: st.DataObject, bundles: Bundles, requests: Requests, added_policies: SearchStrategy[Policy], admit: Admit
) -> None:
    """A pod that was admitted already gets from a bundle with one more policy, below all others, only what this one wants."""
    bundle, request, added = data.draw(bundles), data.draw(requests), data.draw(added_policies)
    first = admit(bundle, *request)
    second = admit(seal(msgspec.structs.replace(bundle, policies=(*bundle.policies, added))), first.after, *request[1:])
    everything = [each for source in sources_of(added, added, first.after) for each in _parts(source)]
    owned = {("annotations", APPLIED), ("labels", MARKER), *(("labels", key) for key in PROMISED if added.scheduling)}
    owned |= {(part, key) for part, key, _ in everything}
    if added.placement and added.placement.foreign:
        owned |= {("labels", key) for key in added.placement.foreign.labels}
        owned |= {("annotations", key) for key in added.placement.foreign.annotations}
    for part in MAPS:
        before, after = map_of(first.after, part), map_of(second.after, part)
        assert {(part, key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)} <= owned
    wanted = {describe(value) for part, _, value in everything if part == "tolerations"}
    effects = [effect for effect in second.decision.effects if effect.action is Action.ADDED and "spec.tolerations" in effect.field]
    assert {effect.field for effect in effects} <= {f"spec.tolerations[{text}]" for text in wanted}
    for part in (*SINGLES, "affinity"):
        if (part, None) not in owned:
            assert second.after["spec"].get(part) == first.after["spec"].get(part)


def _parts(fields: Fields) -> list[tuple[str, Any, Any]]:
    found = [*wanted_of(Policy("", 0, NamespaceMatch(all=True), Selector(), inject=fields), None, {})]
    return [*found, ("affinity", None, None)] if fields.required or fields.preferred else found
