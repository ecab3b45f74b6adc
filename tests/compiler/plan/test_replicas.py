"""The planners: what KubeAdmiral answers in recorded cases, what its guide shows, and what holds for every case.

``upstream.json`` says how it was recorded.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compiler.plan.replicas import Division, Preference, binpack, must_plan, spread

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "upstream.json").read_text("utf-8"))["cases"]
KEY = "default/web"
GUIDE = {"poc1": Preference(min=2, weight=40), "poc2": Preference(min=2, weight=40), "ack": Preference(min=2, weight=20)}
CLUSTERS = ("a", "b", "c", "idc", "café")
COUNTS = st.integers(0, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a planner is asked, without its flags."""

    preferences: Mapping[str, Preference]
    replicas: int
    current: Mapping[str, int] = field(default_factory=dict)
    estimated_capacity: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    scheduled: Mapping[str, int] = field(default_factory=dict)

    def spread(self, *, avoid: bool = False, keep: bool = False, current: Mapping[str, int] | None = None) -> Division:
        """Ask Spread, perhaps of other replicas that run."""
        return spread(
            self.preferences,
            self.replicas,
            key=KEY,
            current=self.current if current is None else current,
            estimated_capacity=self.estimated_capacity,
            limits=self.limits,
            avoid_disruption=avoid,
            keep_unschedulable=keep,
        )

    def binpack(self, *, avoid: bool = False, keep: bool = False) -> Division:
        """Ask Binpack, in the order of the preferences."""
        return binpack(
            list(self.preferences),
            self.preferences,
            self.replicas,
            current=self.current,
            estimated_capacity=self.estimated_capacity,
            limits=self.limits,
            scheduled=self.scheduled,
            avoid_disruption=avoid,
            keep_unschedulable=keep,
        )

    def must_plan(self) -> bool:
        """Ask whether Binpack plans."""
        return must_plan(list(self.preferences), self.current, self.estimated_capacity, self.limits, self.scheduled)

    def roomy(self) -> "Case":
        """Return the case with a last cluster that nothing bounds."""
        return replace(self, preferences={**self.preferences, "free": Preference(weight=1)})

    def running(self, cluster: str) -> int:
        """Return what is taken to run in a cluster: what it has, as far as its limit and its capacity go."""
        count = self.current.get(cluster, 0)
        return min(count, self.limits.get(cluster, count), self.estimated_capacity.get(cluster, count))


@st.composite
def preferences(draw: st.DrawFn, *, consistent: bool) -> Preference:
    """Draw a preference; a consistent one has no maximum below its minimum."""
    minimum = draw(st.sampled_from([0, 0, 1, 2, 5]))
    maximum = draw(st.none() | st.integers(minimum if consistent else 0, 15))
    return Preference(min=minimum, max=maximum, weight=draw(st.sampled_from([0, 1, 2, 20, 40, 333])))


@st.composite
def cases(draw: st.DrawFn, *, consistent: bool = True, gone: bool = True, settled: bool = False) -> Case:
    """Draw a case; in a settled one all replicas are known to be bound or not to be."""
    clusters = draw(st.lists(st.sampled_from(CLUSTERS), min_size=1, unique=True))
    known = st.sampled_from([*clusters, "old"] if gone else clusters)
    current = draw(st.dictionaries(known, COUNTS))
    capacity = draw(st.dictionaries(known, COUNTS))
    scheduled = draw(st.dictionaries(known, COUNTS))
    if settled:
        scheduled = {cluster: capacity.get(cluster, current.get(cluster, 0)) for cluster in scheduled}
    return Case(
        preferences={cluster: draw(preferences(consistent=consistent)) for cluster in clusters},
        replicas=draw(st.integers(0, 40)),
        current=current,
        estimated_capacity=capacity,
        limits=draw(st.dictionaries(known, COUNTS)),
        scheduled=scheduled,
    )


def _without_zeros(counts: Mapping[str, int]) -> dict[str, int]:
    return {cluster: count for cluster, count in counts.items() if count}


@pytest.mark.parametrize("row", RECORDED, ids=[f"{row['planner']}: {row['case']}" for row in RECORDED])
def test_the_planners_answer_what_upstream_answers(row: dict[str, Any]) -> None:
    """Plan and overflow are those that KubeAdmiral's own planner gave."""
    case = Case(
        preferences={cluster: Preference(**preference) for cluster, preference in row["preferences"].items()},
        replicas=row["replicas"],
        **{name: row.get(name, {}) for name in ("current", "estimated_capacity", "limits", "scheduled")},
    )
    avoid, keep = row.get("avoid_disruption", False), row.get("keep_unschedulable", False)
    if row["planner"] == "spread":
        division = spread(
            case.preferences,
            case.replicas,
            key=row["key"],
            current=case.current,
            estimated_capacity=case.estimated_capacity,
            limits=case.limits,
            avoid_disruption=avoid,
            keep_unschedulable=keep,
        )
    else:
        division = case.binpack(avoid=avoid, keep=keep)
    assert _without_zeros(division.plan) == row["plan"]
    assert _without_zeros(division.overflow) == row["overflow"]


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [(10, (4, 4, 2)), (11, (4, 4, 3)), (12, (5, 5, 2)), (15, (6, 6, 3)), (20, (8, 8, 4))],
)
def test_the_guides_weights(replicas: int, expected: tuple[int, int, int]) -> None:
    """Weights of 40, 40 and 20 with minimums of 2 give the guide's numbers; one replica more can mean one less for a cluster."""
    assert tuple(spread(GUIDE, replicas, key=KEY).plan[cluster] for cluster in ("poc1", "poc2", "ack")) == expected


def test_scaling_in_without_disruption_goes_below_the_minimum() -> None:
    """Binpack takes from the last cluster all it has before it takes from the one before."""
    running = {"poc1": 6, "poc2": 6, "ack": 8}
    division = binpack(list(GUIDE), GUIDE, 10, current=running, scheduled=running, avoid_disruption=True)
    assert division == Division(plan={"poc1": 6, "poc2": 4, "ack": 0})


def test_a_maximum_below_what_runs_adds_replicas() -> None:
    """Binpack that avoids disruption scales in by the replicas that run less those that are wanted, here -2."""
    division = binpack(["a"], {"a": Preference(max=5)}, 10, current={"a": 8}, scheduled={"a": 8}, avoid_disruption=True)
    assert division.plan == {"a": 10}


def test_nothing_is_planned_while_replicas_are_on_their_way() -> None:
    """Binpack returns what is assigned, although there are to be twice as many, until all replicas are bound or known not to be."""
    current = {"poc1": 6, "poc2": 2, "ack": 2}
    scheduled = current | {"poc1": 5}
    assert binpack(list(GUIDE), GUIDE, 20, current=current, scheduled=scheduled) == Division(plan=current)
    assert binpack(list(GUIDE), GUIDE, 20, current=current, scheduled=current).plan["poc1"] == 16


def test_bound_replicas_of_a_cluster_that_is_gone_are_nobodys() -> None:
    """Where enough is bound in the clusters there are, what is bound elsewhere is not in the plan."""
    division = binpack(["a"], {}, 3, current={"a": 3, "old": 2}, scheduled={"a": 3, "old": 2}, avoid_disruption=True)
    assert division == Division(plan={"a": 3})


def test_names_of_equal_hash_go_by_name() -> None:
    """Clusters whose hashes collide are planned the same, in whichever order they are given."""
    one, other = "core-north-idc-blue", "idc-train-red-north"
    equal = Preference(weight=1)
    assert spread({one: equal, other: equal}, 1, key=KEY) == spread({other: equal, one: equal}, 1, key=KEY)


def test_what_members_get_is_plan_and_overflow() -> None:
    """A cluster gets both; one that gets nothing is not mentioned."""
    assert Division(plan={"a": 3, "b": 0, "c": 0}, overflow={"a": 2, "c": 1}).assigned() == {"a": 5, "c": 1}


@given(case=cases(consistent=False), avoid=st.booleans(), keep=st.booleans(), random=st.randoms(use_true_random=False))
def test_the_order_of_maps_does_not_matter(case: Case, random: Any, *, avoid: bool, keep: bool) -> None:
    """The same maps in another order give the same; of Binpack's, only the order of clusters counts."""

    def shuffled(counts: Mapping[str, Any]) -> dict[str, Any]:
        return dict(random.sample(list(counts.items()), len(counts)))

    other = Case(
        preferences=shuffled(case.preferences),
        replicas=case.replicas,
        current=shuffled(case.current),
        estimated_capacity=shuffled(case.estimated_capacity),
        limits=shuffled(case.limits),
        scheduled=shuffled(case.scheduled),
    )
    assert other.spread(avoid=avoid, keep=keep) == case.spread(avoid=avoid, keep=keep)
    again = binpack(
        list(case.preferences),
        other.preferences,
        other.replicas,
        current=other.current,
        estimated_capacity=other.estimated_capacity,
        limits=other.limits,
        scheduled=other.scheduled,
        avoid_disruption=avoid,
        keep_unschedulable=keep,
    )
    assert again == case.binpack(avoid=avoid, keep=keep)


@given(cases(consistent=False))
def test_what_is_asked_is_left_alone(case: Case) -> None:
    """The maps of the caller are neither changed nor handed back."""
    before = [dict(counts) for counts in (case.current, case.scheduled)]
    for division in (case.spread(avoid=True), case.binpack(avoid=True), case.binpack()):
        division.plan["new"] = 1
    assert [dict(case.current), dict(case.scheduled)] == before


@given(case=cases(consistent=False), avoid=st.booleans())
def test_spread_never_plans_more_than_there_is(case: Case, *, avoid: bool) -> None:
    """What is meant to run is at most what is wanted, and never negative."""
    plan = case.spread(avoid=avoid).plan
    assert sum(plan.values()) <= case.replicas
    assert all(count >= 0 for count in plan.values())


@given(cases())
def test_spread_places_all_where_a_cluster_with_weight_is_unbounded(case: Case) -> None:
    """Replicas are left over only if all clusters with a weight are at a bound."""
    assert sum(case.roomy().spread().plan.values()) == case.replicas


@given(case=cases(consistent=False), avoid=st.booleans())
def test_spread_keeps_limits_and_capacities(case: Case, *, avoid: bool) -> None:
    """No cluster is meant to run more than its limit or its capacity allows, unless its maximum is below its minimum."""
    if avoid:
        assume(all(p.max is None or p.max >= p.min for p in case.preferences.values()))
    for cluster, count in case.spread(avoid=avoid).plan.items():
        assert count <= case.limits.get(cluster, count)
        assert count <= case.estimated_capacity.get(cluster, count)


@given(cases(consistent=False))
def test_spread_keeps_maxima_and_minimums(case: Case) -> None:
    """A cluster has at most its maximum, or its minimum if that is more, and at least its minimum as far as replicas and bounds reach."""
    plan = case.spread().plan
    enough = sum(p.min for p in case.preferences.values()) <= case.replicas
    for cluster, preference in case.preferences.items():
        maximum = plan[cluster] if preference.max is None else preference.max
        assert plan[cluster] <= max(maximum, preference.min)
        if enough:
            reach = [preference.min, case.limits.get(cluster), case.estimated_capacity.get(cluster), preference.max]
            assert plan[cluster] >= min(bound for bound in reach if bound is not None)


@given(cases(consistent=False))
def test_without_a_weight_there_is_the_minimum_at_most(case: Case) -> None:
    """In Spread, a cluster of weight 0 is assigned no more than its minimum, overflow included."""
    assigned = case.spread().assigned()
    for cluster, preference in case.preferences.items():
        assert preference.weight or assigned.get(cluster, 0) <= preference.min


@given(cases())
def test_overflow_means_a_full_cluster(case: Case) -> None:
    """Only a cluster that is planned up to its capacity has overflow, if no maximum is below a minimum."""
    for division in (case.spread(), case.binpack() if case.must_plan() else Division(plan={})):
        for cluster, count in division.overflow.items():
            assert count > 0
            assert division.plan[cluster] == case.estimated_capacity[cluster]


@given(case=cases(consistent=False), avoid=st.booleans(), keep=st.booleans())
def test_overflow_needs_a_capacity(case: Case, *, avoid: bool, keep: bool) -> None:
    """A cluster whose capacity is not known never has overflow."""
    known = case.estimated_capacity.keys()
    assert case.spread(avoid=avoid, keep=keep).overflow.keys() <= known
    assert case.binpack(avoid=avoid, keep=keep).overflow.keys() <= known


@given(cases(consistent=False))
def test_overflow_that_is_not_kept_is_what_nobody_can_take(case: Case) -> None:
    """Spread then leaves no more unschedulable replicas in any cluster than it cannot place anywhere."""
    division = case.spread(avoid=True)
    unplaced = case.replicas - sum(case.spread().plan.values())
    assert all(0 < count <= unplaced for count in division.overflow.values())


@given(case=cases(), keep=st.booleans())
def test_spread_without_disruption_stays_between_what_runs_and_what_is_wanted(case: Case, *, keep: bool) -> None:
    """Each cluster ends between the two, and all together have what is wanted, if no maximum is below a minimum."""
    plan, wanted = case.spread(avoid=True, keep=keep).plan, case.spread().plan
    assert sum(plan.values()) == sum(wanted.values())
    for cluster, count in plan.items():
        low, high = sorted((case.running(cluster), wanted[cluster]))
        assert low <= count <= high


@given(case=cases(), keep=st.booleans())
def test_spread_without_disruption_comes_to_rest(case: Case, *, keep: bool) -> None:
    """Planned again from what it planned, it plans the same."""
    division = case.spread(avoid=True, keep=keep)
    assert case.spread(avoid=True, keep=keep, current=division.plan) == division


@given(cases())
def test_binpack_plans_only_where_it_must(case: Case) -> None:
    """Otherwise what is assigned stays, whatever else is asked."""
    if not case.must_plan():
        assert case.binpack() == case.binpack(avoid=True, keep=True) == Division(plan=dict(case.current))


@given(cases(gone=False, settled=True))
def test_binpack_must_plan_where_everything_is_known(case: Case) -> None:
    """Where as many replicas are bound as the cluster can run, or as it has if that is not known, nothing is on its way."""
    assert case.must_plan()


@given(cases(consistent=False, settled=True))
def test_binpack_keeps_bounds_and_minimums(case: Case) -> None:
    """No more is planned than there is, nor than maximum, limit and capacity allow; minimums are kept as far as replicas reach."""
    plan = case.binpack().plan
    assert sum(plan.values()) <= case.replicas
    enough = sum(p.min for p in case.preferences.values()) <= case.replicas
    for cluster, preference in case.preferences.items():
        known = (preference.max, case.limits.get(cluster), case.estimated_capacity.get(cluster))
        bounds = [bound for bound in known if bound is not None]
        assert all(0 <= plan[cluster] <= bound for bound in bounds)
        if enough:
            assert plan[cluster] >= min([preference.min, *bounds])


@given(cases(settled=True))
def test_binpack_fills_one_cluster_after_the_other(case: Case) -> None:
    """A cluster gets more than its minimum only if all before it are at a bound, if no maximum is below a minimum."""
    plan = case.binpack().plan
    full = True
    for cluster, preference in case.preferences.items():
        assert full or plan[cluster] <= preference.min
        full &= plan[cluster] in (preference.max, case.limits.get(cluster), case.estimated_capacity.get(cluster))


@given(cases(settled=True))
def test_binpack_without_disruption_leaves_alone_what_adds_up(case: Case) -> None:
    """If as many run as are wanted, they stay where they are."""
    roomy = case.roomy()
    running = {cluster: roomy.running(cluster) for cluster in roomy.preferences}
    assert replace(roomy, replicas=sum(running.values())).binpack(avoid=True, keep=True).plan == running


@given(cases(settled=True))
def test_binpack_without_disruption_moves_one_way(case: Case) -> None:
    """Where all replicas can be placed, and minimums on top of what runs, all are, and clusters only gain or only lose."""
    fitting = {
        cluster: Preference(min=p.min, max=None if p.max is None else p.max + case.running(cluster))
        for cluster, p in case.preferences.items()
    }
    roomy = replace(case, preferences=fitting).roomy()
    plan = roomy.binpack(avoid=True, keep=True).plan
    changes = [count - roomy.running(cluster) for cluster, count in plan.items()]
    assert sum(plan.values()) == case.replicas
    assert all(change >= 0 for change in changes) or all(change <= 0 for change in changes)


@given(cases(settled=True), st.floats(0, 1))
def test_binpack_without_disruption_takes_from_the_last_first(case: Case, part: float) -> None:
    """If replicas go, a cluster that is to shrink loses some only if all later ones that are to shrink have lost all."""
    roomy = case.roomy()
    fewer = replace(roomy, replicas=int(part * sum(map(roomy.running, roomy.preferences))))
    wanted, plan = fewer.binpack().plan, fewer.binpack(avoid=True, keep=True).plan
    assert sum(plan.values()) == fewer.replicas
    emptied = True
    for cluster in reversed([name for name in fewer.preferences if fewer.running(name) > wanted[name]]):
        assert emptied or plan[cluster] == fewer.running(cluster)
        emptied &= plan[cluster] == 0
