"""How KubeAdmiral divides replicas over clusters: its two planners, as pure functions.

Source: kubewharf/kubeadmiral, ``pkg/controllers/scheduler/planner`` (Spread) and ``…/framework/plugins/preferencebinpack`` (Binpack), main
of March 2025. They are followed in what they do, quirks included: a plan is only worth something if it says what the controller will do.

Vocabulary of both: ``current`` is what the clusters are assigned now, ``estimated_capacity`` how many replicas a cluster was seen to
be able to run, ``limits`` a hard bound (``limitedCapacity`` of the migration annotation), ``scheduled`` how many replicas are bound to
nodes. All map clusters to counts; a cluster that is absent has no known value. Counts are not negative.

A member gets ``plan + overflow`` replicas. The overflow is what a cluster should have and cannot run: it is kept there, pending, while
the same number runs elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_FNV_OFFSET: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193
_UNKNOWN: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a policy prefers for a cluster: at least ``min`` replicas, at most ``max`` (None: no bound); ``weight`` counts in Spread."""

    min: int = 0
    max: int | None = None
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Replicas by cluster: ``plan`` is what is meant to run, ``overflow`` what stays besides although it cannot run."""

    plan: dict[str, int]
    overflow: dict[str, int] = field(default_factory=dict)

    def assigned(self) -> dict[str, int]:
        """Return what the members get: plan and overflow together, without clusters that get nothing."""
        total = dict(self.plan)
        for cluster, replicas in self.overflow.items():
            total[cluster] = total.get(cluster, 0) + replicas
        return {cluster: replicas for cluster, replicas in total.items() if replicas}


def spread(
    preferences: Mapping[str, Preference],
    replicas: int,
    *,
    key: str,
    current: Mapping[str, int] = _UNKNOWN,
    estimated_capacity: Mapping[str, int] = _UNKNOWN,
    limits: Mapping[str, int] = _UNKNOWN,
    avoid_disruption: bool = False,
    keep_unschedulable: bool = False,
) -> Division:
    """Divide by weight, after each cluster has its minimum.

    Fractions are rounded up, first come, first served: clusters go in the order of their weight, and of a hash over their name and
    ``key`` (``namespace/name`` of the workload) where weights are equal. Replicas that no cluster can take, because of bounds or because
    no weight is left, are in neither part of the result.

    With ``avoid_disruption`` the total stays the same, and no cluster is moved further than to its share; one that runs more than its
    maximum keeps that as long as the total allows.

    Without ``avoid_disruption`` unschedulable replicas are kept whatever ``keep_unschedulable`` says: otherwise the next round would
    move them back, and so on for ever.
    """
    order = _by_weight(preferences, key)
    keep = keep_unschedulable or not avoid_disruption
    wanted, overflow = _weighted(order, preferences, replicas, estimated_capacity, limits, keep=keep)
    if not avoid_disruption:
        return Division(plan=wanted, overflow=overflow)
    able = {cluster: _least(current.get(cluster, 0), limits, estimated_capacity, cluster) for cluster in order}
    missing = sum(wanted.values()) - sum(able.values())
    if missing > 0:
        growing = {
            cluster: Preference(weight=wanted[cluster] - able[cluster], max=_room(preferences[cluster].max, able[cluster]))
            for cluster in order
            if wanted[cluster] > able[cluster]
        }
        added, _ = _weighted(_by_weight(growing, key), growing, missing, _UNKNOWN, _UNKNOWN, keep=False)
        able.update((cluster, able[cluster] + count) for cluster, count in added.items())
    elif missing < 0:
        shrinking = {
            cluster: Preference(weight=able[cluster] - wanted[cluster], max=able[cluster])
            for cluster in order
            if wanted[cluster] < able[cluster]
        }
        removed, _ = _weighted(_by_weight(shrinking, key), shrinking, -missing, _UNKNOWN, _UNKNOWN, keep=False)
        able.update((cluster, able[cluster] - count) for cluster, count in removed.items())
    return Division(plan=able, overflow=overflow)


def binpack(
    order: Sequence[str],
    preferences: Mapping[str, Preference],
    replicas: int,
    *,
    current: Mapping[str, int] = _UNKNOWN,
    estimated_capacity: Mapping[str, int] = _UNKNOWN,
    limits: Mapping[str, int] = _UNKNOWN,
    scheduled: Mapping[str, int] = _UNKNOWN,
    avoid_disruption: bool = False,
    keep_unschedulable: bool = False,
) -> Division:
    """Fill one cluster after the other, after each has its minimum. ``order``: priority descending, then name.

    While replicas are on their way to nodes nothing is planned, and ``current`` is returned, even if ``replicas`` has changed
    (``must_plan``).

    With ``avoid_disruption`` what runs is moved as little as possible. Scaling in then starts at the last cluster and goes below its
    minimum. The amounts are taken from ``replicas``, not from what the bounds let the clusters have; where these differ, replicas can be
    added although there are too many. Unless unschedulable replicas are kept, what is bound is the plan as soon as that is enough, even
    over a limit. Scaling out bounds what is added to a cluster, not what it then has, by its limit, gives its
    minimum on top of what runs, at which replicas can get lost if its maximum is below that, and does not look at
    ``estimated_capacity``.
    """
    if not must_plan(order, current, estimated_capacity, limits, scheduled):
        return Division(plan=dict(current))
    known = {cluster: preferences.get(cluster, Preference()) for cluster in order}
    keep = keep_unschedulable or not avoid_disruption
    wanted, overflow = _in_order(order, known, replicas, estimated_capacity, limits)
    if not avoid_disruption:
        return Division(plan=wanted, overflow=overflow)
    bound = sum(_least(scheduled[cluster], limits, _UNKNOWN, cluster) for cluster in order if cluster in scheduled)
    if not keep:
        if bound == replicas:
            return Division(plan={cluster: scheduled[cluster] for cluster in order if cluster in scheduled})
        overflow = _capped(overflow, replicas - bound)
    able = {cluster: _least(current.get(cluster, 0), limits, estimated_capacity, cluster) for cluster in order}
    running, total = sum(able.values()), sum(wanted.values())
    if running > total:
        last_first = [cluster for cluster in reversed(order) if wanted[cluster] < able[cluster]]
        bounds = {cluster: Preference(max=able[cluster]) for cluster in last_first}
        removed, _ = _in_order(last_first, bounds, running - replicas, _UNKNOWN, _UNKNOWN)
        able.update((cluster, able[cluster] - count) for cluster, count in removed.items())
    elif running < total:
        growing = [cluster for cluster in order if wanted[cluster] > able[cluster]]
        bounds = {cluster: Preference(min=known[cluster].min, max=_room(known[cluster].max, able[cluster])) for cluster in growing}
        added, _ = _in_order(growing, bounds, replicas - running, _UNKNOWN, limits)
        able.update((cluster, able[cluster] + count) for cluster, count in added.items())
    return Division(plan=able, overflow=overflow)


def must_plan(
    order: Iterable[str],
    current: Mapping[str, int],
    estimated_capacity: Mapping[str, int],
    limits: Mapping[str, int],
    scheduled: Mapping[str, int],
) -> bool:
    """Return whether Binpack plans anew: a cluster has gone or is over its limit, or all replicas are known to run or not to."""
    available = set(order)
    if any(cluster not in available or count > limits.get(cluster, count) for cluster, count in current.items()):
        return True
    return all(
        estimated_capacity[cluster] == count if cluster in estimated_capacity else current.get(cluster, 0) == count
        for cluster, count in scheduled.items()
    )


def _by_weight(preferences: Mapping[str, Preference], key: str) -> list[str]:
    return sorted(preferences, key=lambda cluster: (-preferences[cluster].weight, _fnv1(cluster + key), cluster))


def _fnv1(text: str) -> int:
    """Return the 32-bit FNV-1 hash (not FNV-1a) that Go calls ``fnv.New32``."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value * _FNV_PRIME & 0xFFFFFFFF) ^ byte
    return value


def _minimums(
    order: Sequence[str],
    preferences: Mapping[str, Preference],
    replicas: int,
    capacity: Mapping[str, int],
    limits: Mapping[str, int],
) -> tuple[dict[str, int], dict[str, int], int]:
    """Give every cluster its minimum as long as there are replicas; return the plan, the overflow, and what is left."""
    plan, overflow = {}, {}
    left = replicas
    for cluster in order:
        given = min(preferences[cluster].min, left)
        given = min(given, limits.get(cluster, given))
        able = capacity.get(cluster, given)
        if able < given:
            overflow[cluster] = given - able
            given = able
        left -= given
        plan[cluster] = given
    return plan, overflow, left


def _weighted(
    order: Sequence[str],
    preferences: Mapping[str, Preference],
    replicas: int,
    capacity: Mapping[str, int],
    limits: Mapping[str, int],
    *,
    keep: bool,
) -> tuple[dict[str, int], dict[str, int]]:
    plan, overflow, left = _minimums(order, preferences, replicas, capacity, limits)
    live = list(order)
    changed = True
    while changed and left > 0:
        changed = False
        weights = sum(preferences[cluster].weight for cluster in live)
        if weights <= 0:
            break
        to_share, taking, live = left, live, []
        for cluster in taking:
            preference, start = preferences[cluster], plan[cluster]
            total = start + min(-(-to_share * preference.weight // weights), left)
            full = False
            for bound in (preference.max, limits.get(cluster)):
                if bound is not None and total > bound:
                    total, full = bound, True
            able = capacity.get(cluster)
            if able is not None and total > able:
                overflow[cluster] = overflow.get(cluster, 0) + total - able
                total, full = able, True
            if not full:
                live.append(cluster)
            # A maximum below the minimum takes replicas back here, for the others.
            left -= total - start
            plan[cluster] = total
            changed = changed or total > start
    return plan, overflow if keep else _capped(overflow, left)


def _in_order(
    order: Sequence[str],
    preferences: Mapping[str, Preference],
    replicas: int,
    capacity: Mapping[str, int],
    limits: Mapping[str, int],
) -> tuple[dict[str, int], dict[str, int]]:
    plan, overflow, left = _minimums(order, preferences, replicas, capacity, limits)
    for cluster in order:
        start = plan[cluster]
        total = start + left
        for bound in (preferences[cluster].max, limits.get(cluster)):
            if bound is not None and total > bound:
                total = bound
        able = capacity.get(cluster)
        if able is not None and total > able:
            overflow[cluster] = max(total - able, overflow.get(cluster, 0))
            total = able
        left -= total - start
        plan[cluster] = total
    return plan, overflow


def _capped(overflow: Mapping[str, int], bound: int) -> dict[str, int]:
    return {cluster: min(count, bound) for cluster, count in overflow.items() if min(count, bound) > 0}


def _least(count: int, limits: Mapping[str, int], capacity: Mapping[str, int], cluster: str) -> int:
    return min(count, limits.get(cluster, count), capacity.get(cluster, count))


def _room(maximum: int | None, taken: int) -> int | None:
    return None if maximum is None else maximum - taken
