"""Where the values that the engine writes into pods were written by authors.

The engine names a value by its policy and field. A few fields hold several values of one policy, or hang on the pod's containers, so
places are found by more than the field: first by field and value, then by field, then by its last key, then by policy.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from compiler.ir import MARKER_FIELD
from compiler.placing import Kind, Wanted, wanted
from compiler.platforms import keys
from compiler.resolve import Binding
from compiler.source import Where
from webhook.engine.decision import Action, Effect
from webhook.engine.nodes import preferred_field
from webhook.engine.policy import Verdict
from webhook.engine.terms import describe_terms

Origins = Mapping[tuple[str, str], Where]
"""The places by policy and field, or as the module's docstring says."""

_GPU_MEMORY: Final = "[aliyun.com/gpu-mem]"
_REMOVED: Final = "removed"


class Collected(Origins):
    """The places of all values that the policies of a cluster can write, collected when somebody asks for one."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._bindings = bindings

    @cached_property
    def _places(self) -> dict[tuple[str, str], Where]:
        return _collect(self._bindings)

    def __getitem__(self, key: tuple[str, str]) -> Where:
        return self._places[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _collect(bindings: Iterable[Binding]) -> dict[tuple[str, str], Where]:
    """Return the places of all values that the policies of a cluster can write."""
    found: dict[tuple[str, str], Where] = {}
    for binding in bindings:
        policy = binding.policy
        places = {"": policy.at_name(), MARKER_FIELD: policy.at_key("spec", "match", "pods")}
        if policy.scheduling.gang:
            gang = policy.at_key("spec", "scheduling", "gang")
            places[f"{Kind.LABEL}[{keys.GANG_NAME}]"] = places[f"{Kind.LABEL}[{keys.GANG_SIZE}]"] = gang
        if policy.scheduling.gpu_share:
            share = policy.at_key("spec", "scheduling", "gpuShare")
            places[f"{Kind.LABEL}[{keys.GPU_COUNT}]"] = places[_GPU_MEMORY] = share
        if binding.pools:
            places[f"[{keys.AI_NODE_RESOURCE}]"] = policy.at_key("spec", "pools")
        if policy.foreign_intent is Verdict.STRIP:
            places[_REMOVED] = policy.at("spec", "foreignIntent")
        if policy.inject.priority_class_name:
            place = policy.at("spec", "inject", "priorityClassName")
            places["spec.priority"] = places["spec.preemptionPolicy"] = place
        for each in wanted(binding):
            for field in _fields(each):
                places.setdefault(field, each.where)
        for field, where in places.items():
            found.setdefault((policy.name, field), where)
    return found


def place_of(origins: Origins, effect: Effect) -> Where | None:
    """Return where the value of an effect was written, or at least its policy."""
    fields = [_valued(effect.field, effect.after), effect.field, f"[{effect.field.rpartition('[')[2]}", ""]
    if effect.action is Action.REMOVED and not effect.field.startswith("spec.pr"):
        fields.insert(0, _REMOVED)
    return next((origins[effect.policy, field] for field in fields if (effect.policy, field) in origins), None)


def _fields(value: Wanted) -> Iterable[str]:
    if value.kind is Kind.REQUIRED:
        yield _valued(value.field, describe_terms(value.terms))
    elif value.kind is Kind.PREFERRED:
        yield from (preferred_field(each.preference) for each in value.preferred)
    yield value.field


def _valued(field: str, value: str | None) -> str:
    return f"{field}={value}"
