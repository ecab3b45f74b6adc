"""What is true of a policy in one cluster, and counts as a mistake only if it is true in all clusters that the policy is bound to.

A rule sees one cluster (``compiler.incremental``). Where each of them has been looked at, ``settled`` puts together what they said.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from compiler.diagnostics import Diagnostic

_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one cluster says of a policy.

    Attributes:
        idle: that the policy does nothing there; None where it does something.
        here: what is to be said where it does something elsewhere; None for nothing.
    """

    policy: str
    cluster: str
    idle: Diagnostic | None = None
    here: Diagnostic | None = None


def settled(verdicts: Iterable[Verdict], bound: Mapping[str, Collection[str]]) -> list[Diagnostic]:
    """Put the verdicts of all clusters together: one finding for a policy and code, which names the clusters that it holds for.

    Args:
        verdicts: of each policy and cluster one at most of each kind.
        bound: the clusters that each policy is bound to.
    """
    by_policy: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_policy.setdefault(verdict.policy, []).append(verdict)
    found = []
    for policy, given in sorted(by_policy.items()):
        given.sort(key=lambda each: each.cluster)
        idle = [(each.cluster, each.idle) for each in given if each.idle is not None]
        if {cluster for cluster, _ in idle} == set(bound[policy]):
            # That others decide otherwise is the graver matter, so it is said where one cluster says so.
            idle.sort(key=lambda each: (each[1].code.id, each[0]))
            found += _merged(idle[:1], [cluster for cluster, _ in idle])
            continue
        here: dict[str, list[tuple[str, Diagnostic]]] = {}
        for each in given:
            if each.here is not None:
                here.setdefault(each.here.code.id, []).append((each.cluster, each.here))
        for _, group in sorted(here.items()):
            found += _merged(group[:1], [cluster for cluster, _ in group])
    return found


def _merged(first: Sequence[tuple[str, Diagnostic]], clusters: Sequence[str]) -> list[Diagnostic]:
    """Return the first finding, with the other clusters that it holds for in a note."""
    _, diagnostic = first[0]
    others = clusters[1:]
    if not others:
        return [diagnostic]
    listed = ", ".join(f"`{name}`" for name in others[:_FEW]) + (f" and {len(others) - _FEW:,} more" if len(others) > _FEW else "")
    return [diagnostic._replace(notes=(*diagnostic.notes, f"likewise on {listed}"))]
