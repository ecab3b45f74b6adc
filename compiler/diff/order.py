"""Policies that are heard before others now, where they want different values: of those that match a pod, the first with a wish decides.

Placement is left to ``owners``. Only policies whose priority has changed are looked at, because the others keep their order, and what a policy
wants otherwise than before is among its own changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from compiler.diff.candidates import Candidates
from compiler.diff.extent import Extent
from compiler.reach import Space, Witness, overlap
from webhook.engine.bundle import Bundle
from webhook.engine.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Two policies that have changed places, and want different values.

    Attributes:
        before, after: the name of the policy that was heard first, and of the one that is now.
        fields: about which, such as ``labels[team]``. A third policy may be heard before both.
        witness: the smallest pod that both match.
    """

    before: str
    after: str
    fields: tuple[str, ...]
    witness: Witness


class Order:
    """The order of the policies of a cluster on both sides.

    Args:
        before: the old bundle.
        after: the new one.
        space: where pods can be.
    """

    def __init__(self, before: Bundle, after: Bundle, space: Space) -> None:
        self._before, self._after, self._space = before, after, space

    def turns(self, name: str) -> Iterator[Turn]:
        """Yield what has changed hands because a policy has another priority, by the names of the others."""
        (old, was), (new, now) = self._sides
        if name not in old or name not in new or old[name].priority == new[name].priority or not _heard(old[name], new[name]):
            return
        mine = _wishes(new[name])
        if not mine:
            return
        for each in sorted(self._candidates.beside(new[name]), key=lambda each: each.name):
            other = each.name
            if other == name or other not in old or (was[name] < was[other]) == (now[name] < now[other]):
                continue
            wants = _wishes(each)
            fields = tuple(sorted(key for key, value in mine.items() if key in wants and wants[key] != value))
            if not fields or not _heard(old[other], each):
                continue
            witness = overlap((Extent.of(new[name]).reach, Extent.of(each).reach), self._space)
            if witness is not None:
                ends = (name, other) if was[name] < was[other] else (other, name)
                yield Turn(before=ends[0], after=ends[1], fields=fields, witness=witness)

    @cached_property
    def _sides(self) -> tuple[tuple[dict[str, Policy], dict[str, int]], ...]:
        return tuple(
            (
                {policy.name: policy for policy in bundle.policies},
                {policy.name: rank for rank, policy in enumerate(bundle.policies)},
            )
            for bundle in (self._before, self._after)
        )

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self._after.policies)


def _heard(before: Policy, after: Policy) -> bool:
    """Say whether a policy is in force for some pods on both sides; one that begins or ends to be changes its reach."""
    return bool(Extent.of(before).share and Extent.of(after).share)


def _wishes(policy: Policy) -> dict[str, object]:
    """Return what a policy wants in fields that have one value, by field."""
    parts = [policy.placement.fields] if policy.placement is not None else []
    found: dict[str, object] = {}
    if policy.scheduling is not None:
        parts.append(policy.scheduling.fields)
        features = (("gang", policy.scheduling.gang), ("gpuShare", policy.scheduling.gpu_share))
        found |= {name: feature for name, feature in features if feature is not None}
    for part in (*parts, policy.inject):
        for kind, values in (("labels", part.labels), ("annotations", part.annotations), ("nodeSelector", part.node_selector)):
            for key, value in values.items():
                found.setdefault(f"{kind}[{key}]", value)
        for name, single in (("schedulerName", part.scheduler_name), ("priorityClassName", part.priority_class_name)):
            if single is not None:
                found.setdefault(name, single)
    return found
