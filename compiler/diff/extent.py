"""What of a cluster's pods a policy has: those that it matches, and of these the workloads that are in its rollout.

Rollouts are nested: who is in at a smaller percentage is in at a larger one (``webhook.engine.rollout``). A policy in audit mode has none.
"""

from dataclasses import dataclass, replace
from typing import Final

from compiler.reach import Reach, Relation, Space, Witness, outside, overlap, satisfiable
from webhook.engine.bundle import Bundle
from webhook.engine.policy import ALL_WORKLOADS, NamespaceMatch, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """A reach, and the part of its workloads in hundredths of a per cent; 0 where the policy is in audit mode or not there."""

    reach: Reach
    share: int

    @classmethod
    def of(cls, policy: Policy) -> "Extent":
        """Return the extent of a policy's normal form."""
        return cls(reach=Reach.of(policy), share=0 if policy.audit else policy.rollout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A pod that is on one side only.

    Attributes:
        because: why, where it is not the match that says so.
    """

    witness: Witness
    because: str = ""

    def __str__(self) -> str:
        text = f"{self.witness.pod()}, in {self.witness.place()}"
        return f"{text} ({self.because})" if self.because else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """How an extent lies to an earlier one; each pod is None exactly where there is none."""

    lost: Shown | None
    gained: Shown | None

    @property
    def relation(self) -> Relation:
        """The relation of the new extent to the old one."""
        if self.lost is None:
            return Relation.EQUAL if self.gained is None else Relation.WIDER
        return Relation.NARROWER if self.gained is None else Relation.INCOMPARABLE


SAME: Final = Extension(lost=None, gained=None)


def related(before: Policy | None, after: Policy | None, space: Space) -> Extension:
    """Compare a policy in one cluster with what it was, in the namespaces of the new state."""
    old = Extent.of(before) if before is not None else None
    new = Extent.of(after) if after is not None else None
    if old == new:
        return SAME
    return Extension(lost=_beyond(old, new, space), gained=_beyond(new, old, space))


def _beyond(inner: Extent | None, outer: Extent | None, space: Space) -> Shown | None:
    """Return a pod of the first that the second has not."""
    if inner is None or not inner.share:
        return None
    if outer is None or not outer.share:
        found = satisfiable(inner.reach, space)
        return Shown(witness=found) if found is not None else None
    found = outside(inner.reach, (outer.reach,), space)
    if found is not None:
        return Shown(witness=found)
    if inner.share > outer.share:
        found = overlap((inner.reach, outer.reach), space)
        if found is not None:
            return Shown(witness=found, because=f"of the workloads between {percent(outer.share)} and {percent(inner.share)}")
    return None


def percent(share: int) -> str:
    """Write a part of the workloads."""
    whole = share * 100 / ALL_WORKLOADS
    return f"{whole:g} %"


def moved(before: Policy, after: Policy, spaces: tuple[Space, Space], bundles: tuple[Bundle, Bundle]) -> Extension:
    """Return what a policy has lost and gained because the cluster's namespaces are declared otherwise, or others are excluded."""
    old, new = spaces
    concerned = [
        name
        for name in sorted({*old.declared, *new.declared, *old.excluded, *new.excluded})
        if (name in old.declared and name in new.declared and old.declared[name] != new.declared[name])
        or (name in old.excluded) != (name in new.excluded)
    ]
    lost = gained = None
    for name in concerned:
        had = _in(before, bundles[0], name)
        has = _in(after, bundles[1], name)
        if had and not has and lost is None:
            lost = _shown(before, old, name, "the namespace is declared or excluded otherwise now")
        if has and not had and gained is None:
            gained = _shown(after, new, name, "the namespace was declared or excluded otherwise before")
    return Extension(lost=lost, gained=gained)


def _in(policy: Policy, bundle: Bundle, name: str) -> bool:
    excluded = name in bundle.excluded_namespaces
    return not excluded and not policy.audit and policy.namespaces.matches(name, bundle.namespaces.get(name))


def _shown(policy: Policy, space: Space, name: str, because: str) -> Shown | None:
    found = satisfiable(replace(Reach.of(policy), namespaces=NamespaceMatch(names=(name,))), space)
    return Shown(witness=found, because=because) if found is not None else None
