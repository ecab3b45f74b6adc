"""Each mode reads its own preferences; the others would be passed over in silence."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import Mode
from compiler.federation.resolve import Federated

_READ: Final[dict[Mode, frozenset[str]]] = {
    Mode.WEIGHTED: frozenset({"weight", "min", "max"}),
    Mode.PRIORITY: frozenset({"priority", "min", "max"}),
    Mode.DUPLICATE: frozenset(),
}


def _advice(field: str) -> str:
    reading = " or ".join(f"`mode: {mode}`" for mode, read in _READ.items() if field in read)
    return f"take it out, or write {reading}"


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield preferences that the mode does not read.

    ``maxClusters`` chooses by priority in every mode (pkg/controllers/scheduler/framework/plugins/prioritysort/priority_sort.go).
    """
    for placement in federated.placements:
        policy = placement.policy
        read = _READ[policy.mode] | ({"priority"} if policy.max_clusters is not None else set())
        at_mode = [(policy.at("spec", "mode"), "the mode")]
        for member in placement.members:
            choice = member.choice
            preferences = {"weight": choice.weight, "priority": choice.priority, "min": choice.min, "max": choice.max}
            for field, value in preferences.items():
                if value is not None and field not in read:
                    message = f"`{field}` of cluster `{choice.name}` has no effect in mode {policy.mode}"
                    yield diagnose(codes.WRONG_MODE, placement.at(member, field), message, related=at_mode, help=[_advice(field)])
        if policy.migration and not policy.mode.divides:
            message = f"`autoMigration` has no effect in mode {policy.mode}"
            yield diagnose(
                codes.WRONG_MODE, policy.at_key("spec", "autoMigration"), message, related=at_mode, help=[_advice("min")]
            )
