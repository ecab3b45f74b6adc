"""Tolerations: a union in which nothing is said twice.

A toleration is satisfied by any that tolerates the same taint (``webhook.engine.pod.covers``), of another policy or of the pod.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from webhook.engine.decision import Action, Effect
from webhook.engine.fields import Toleration
from webhook.engine.notes import Notes
from webhook.engine.patch import Append, append
from webhook.engine.pod import PodToleration, covers

TOLERATIONS: Final = "spec.tolerations"


def describe(toleration: Toleration | PodToleration) -> str:
    """Write a toleration as kubectl does: ``key=value:Effect``, ``key:Effect op=Exists``, with ``for 300s``."""
    text = toleration.key or ""
    if toleration.operator != "Exists" and toleration.value:
        text += f"={toleration.value}"
    if toleration.effect:
        text += f":{toleration.effect}"
    if toleration.operator == "Exists":
        text += " op=Exists"
    if toleration.toleration_seconds is not None:
        text += f" for {toleration.toleration_seconds}s"
    return text.strip()


def toleration_field(toleration: Toleration | PodToleration) -> str:
    """Return the field of a toleration as effects name it."""
    return f"{TOLERATIONS}[{describe(toleration)}]"


def identity(toleration: Toleration | PodToleration) -> tuple[str, str, str, str]:
    """Return what makes two tolerations the same, the time apart; ``Equal`` is the default operator."""
    return (toleration.key or "", toleration.operator or "Equal", toleration.value or "", toleration.effect or "")


class TolerationStep:
    """A toleration that no other toleration of the plan covers, and the effects where it is added.

    ``followers`` are policies and fields of tolerations that it covers; what covers it covers them too, so they need no look.
    """

    __slots__ = ("added", "append", "field", "followers", "policy", "toleration")

    def __init__(self, policy: str, toleration: Toleration, followers: Sequence[tuple[str, str]]) -> None:
        self.policy = policy
        self.toleration = toleration
        self.field = toleration_field(toleration)
        self.followers = followers
        self.append: Append = append("/spec/tolerations", toleration)
        first = Effect(self.policy, self.field, Action.ADDED, None, describe(toleration))
        self.added = (first, *(Effect(policy, field, Action.PRESENT) for policy, field in followers))


def union(wanted: Iterable[tuple[str, Toleration]]) -> tuple[TolerationStep, ...]:
    """Return the steps for tolerations by policy, in deciding order, without those that an earlier one covers."""
    found: list[tuple[str, Toleration, list[tuple[str, str]]]] = []
    for policy, toleration in wanted:
        covering = next((followers for _, earlier, followers in found if covers(earlier, toleration)), None)
        if covering is None:
            found.append((policy, toleration, []))
        else:
            covering.append((policy, toleration_field(toleration)))
    return tuple(TolerationStep(policy, toleration, tuple(followers)) for policy, toleration, followers in found)


def settle_tolerations(steps: Iterable[TolerationStep], existing: Sequence[PodToleration], notes: Notes) -> list[Append]:
    """Return the tolerations to append: those that none of the pod's own covers."""
    appended = []
    for step in steps:
        for each in existing:
            if covers(each, step.toleration):
                text = describe(each)
                notes.effects.append(Effect(step.policy, step.field, Action.PRESENT, text, text))
                notes.effects += step.added[1:]
                break
        else:
            notes.effects += step.added
            appended.append(step.append)
    return appended
