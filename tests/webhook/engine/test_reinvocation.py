"""Two webhooks that are called again after each other: ours, with any pair of policies, and one that adds a sidecar."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonpatch
import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from webhook.engine import patch
from webhook.engine.bundle import Bundle, seal
from webhook.engine.mutate import Engine
from webhook.engine.pod import Pod
from webhook.engine.policy import Policy

Change = Callable[[dict[str, Any]], dict[str, Any]]

_NOTE = "sidecar.example.com/status"
_NAMES = st.sampled_from(("app", "team", "tier", "sidecar.example.com/injected"))
_SIDECARS = st.fixed_dictionaries(
    {
        "containers": st.lists(
            st.sampled_from(
                (
                    {"name": "proxy", "image": "proxy"},
                    {"name": "gpu", "image": "gpu", "resources": {"limits": {"nvidia.com/gpu": "1"}}},
                    {"name": "init", "image": "init", "securityContext": {"privileged": True}, "ports": [{"hostPort": 80}]},
                )
            ),
            max_size=2,
            unique_by=lambda each: each["name"],
        ),
        "labels": st.dictionaries(_NAMES, st.sampled_from(("a", "b", "")), max_size=2),
        "annotations": st.dictionaries(_NAMES, st.sampled_from(("x", "y")), max_size=2),
        "tolerations": st.lists(st.sampled_from(({"operator": "Exists"}, {"key": "mesh", "effect": "NoSchedule"})), max_size=1),
        "first": st.booleans(),
    }
)
"""What an injector adds: containers before or behind, labels and annotations where there are none, tolerations."""


def _ours(engine: Engine, namespace: str, labels: dict[str, str] | None) -> Change:
    def change(pod: dict[str, Any]) -> dict[str, Any]:
        raw = json.dumps(pod)
        decision = engine.admit(msgspec.json.decode(raw, type=Pod), namespace, labels)
        changed: dict[str, Any] = jsonpatch.JsonPatch.from_string(patch.encode(decision.operations).decode()).apply(json.loads(raw))
        return changed

    return change


def _foreign(sidecar: dict[str, Any]) -> Change:
    """Return an injector that leaves a note where it has been and does nothing there any more, as injectors do."""

    def change(pod: dict[str, Any]) -> dict[str, Any]:
        changed = copy.deepcopy(pod)
        metadata, spec = changed.get("metadata") or {}, changed["spec"]
        if _NOTE in (metadata.get("annotations") or {}):
            return changed
        changed["metadata"] = metadata
        present = spec.get("containers") or []
        added = [each for each in sidecar["containers"] if all(each["name"] != other.get("name") for other in present)]
        spec["containers"] = [*added, *present] if sidecar["first"] else [*present, *added]
        for part in ("labels", "annotations"):
            metadata[part] = {**sidecar[part], **(metadata.get(part) or {})}
        metadata["annotations"][_NOTE] = "done"
        tolerations = spec.get("tolerations") or []
        spec["tolerations"] = [*tolerations, *(each for each in sidecar["tolerations"] if each not in tolerations)]
        return changed

    return change


@given(data=st.data(), sidecar=_SIDECARS, before=st.booleans())
def test_two_rounds_are_enough(
    data: st.DataObject,
    bundles: SearchStrategy[Bundle],
    requests: SearchStrategy[Any],
    sidecar: dict[str, Any],
    *,
    before: bool,
) -> None:
    """Whoever is called first, after the API server's second round neither of the two changes anything any more.

    The API server calls a webhook again only once (``reinvocationPolicy: IfNeeded``), so a third round would never come.
    """
    bundle, request = data.draw(bundles), data.draw(requests)
    pair: tuple[Policy, ...] = bundle.policies[:2]
    engine = Engine(seal(msgspec.structs.replace(bundle, policies=pair)))
    ours, foreign = _ours(engine, *request[1:]), _foreign(sidecar)
    rounds = (foreign, ours, foreign, ours) if before else (ours, foreign, ours, foreign)
    pod = request.pod
    for change in rounds:
        pod = change(pod)
    assert ours(pod) == pod
    assert foreign(pod) == pod
