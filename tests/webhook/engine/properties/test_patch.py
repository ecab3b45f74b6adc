"""The patch: it applies, it gives what was declared, and it touches nothing else."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from tests.webhook.engine.keys import APPLIED, MARKER
from tests.webhook.engine.properties.pods import MAPS, MISSING, SINGLES, field_of, map_of, tolerations_of
from webhook.engine.decision import Action, Decision
from webhook.engine.fields import Toleration
from webhook.engine.tolerations import describe


def _declared(decision: Decision, sent: dict[str, Any]) -> dict[str, Any]:
    """Compute the result that the effects declare, without looking at the operations."""
    values: dict[str, str | None] = {}
    for effect in decision.effects:
        if effect.action in (Action.ADDED, Action.REPLACED, Action.REMOVED):
            values[effect.field] = effect.after
    found: dict[str, Any] = {
        part: values.get(field_of(part), sent["spec"].get(part, MISSING)) for part in (*SINGLES, "priority", "preemptionPolicy")
    }
    for part in ("priority", "preemptionPolicy"):
        found[part] = MISSING if f"spec.{part}" in values else sent["spec"].get(part, MISSING)
    for part in MAPS:
        prefix = field_of(part, "").removesuffix("]")
        changed = {
            field.removeprefix(prefix).removesuffix("]"): value for field, value in values.items() if field.startswith(prefix)
        }
        merged = {**map_of(sent, part), **changed}
        found[part] = {key: value for key, value in merged.items() if value is not None and key != APPLIED}
    return found


@given(data=st.data())
def test_the_patch_applies_to_what_was_sent_and_gives_what_was_declared(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """An independent implementation applies the patch to the very JSON that was sent, and the result is what the effects say."""
    request = data.draw(requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.sent == request.pod
    declared = _declared(outcome.decision, outcome.sent)
    for part in MAPS:
        found = dict(map_of(outcome.after, part))
        found.pop(APPLIED, None)
        assert found == declared[part]
    for part in (*SINGLES, "priority", "preemptionPolicy"):
        assert outcome.after["spec"].get(part, MISSING) == declared[part]
    fields = {action: [each.field for each in outcome.decision.effects if each.action is action] for action in Action}
    added = [field for field in fields[Action.ADDED] if field.startswith("spec.tolerations[")]
    removed = [field for field in fields[Action.REMOVED] if field.startswith("spec.tolerations[")]
    appended = tolerations_of(outcome.after)[len(tolerations_of(outcome.sent)) - len(removed) :]
    described = [describe(msgspec.convert(toleration, Toleration)) for toleration in appended]
    assert [f"spec.tolerations[{text}]" for text in described] == added
    grown = [field for field in fields[Action.ADDED] if field.startswith("spec.affinity.")]
    assert bool(grown) is (outcome.after["spec"].get("affinity") != outcome.sent["spec"].get("affinity"))


@given(data=st.data())
def test_operations_touch_only_their_own_paths(data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit) -> None:
    """No operation replaces or removes more than one member, save for parents that were missing, null or empty."""
    outcome = admit(data.draw(bundles), *data.draw(requests))
    removed = {effect.field for effect in outcome.decision.effects if effect.action is Action.REMOVED}
    for operation in outcome.operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        current: Any = outcome.sent
        for step in parents:
            current = (current[int(step)] if isinstance(current, list) else current.get(step)) if current else None
        if operation["op"] == "remove":
            allowed = (f"{'.'.join(parents)}[{last}]", f"{'.'.join(parents)}.{last}")
            assert removed.intersection(allowed) or last in (APPLIED, MARKER) or parents == ["spec", "tolerations"]
            continue
        value = current.get(last) if isinstance(current, dict) else None
        if isinstance(operation["value"], dict) and not (isinstance(current, list) or last == "-"):
            assert not value, operation
        assert not isinstance(value, list)
        assert parents[:1] == ["metadata"] or last == "metadata" or parents == ["spec"] or parents[1] in {
            "nodeSelector", "affinity", "tolerations", "containers", "initContainers",
        }  # fmt: skip
