"""How plans of similar scenarios over several clusters have to be related, whatever is drawn."""

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from compiler.federation.model import Mode
from compiler.model import NodeRange, PoolType
from compiler.plan.replicas import Preference
from compiler.plan.scenario import Event, EventKind, Rules
from compiler.plan.simulate import play
from compiler.plan.stage import Migration, Stage, StageCluster, StagePool
from compiler.plan.trace import Cause, Plan

MINUTE = 60_000_000_000


def _pool(random: Random, name: str) -> StagePool:
    virtual, most = random.random() < 0.4, random.randint(0, 4)
    return StagePool(
        name=name,
        type=PoolType.ECI if virtual else PoolType.ECS,
        virtual=virtual,
        limit=random.choice([None, random.randint(0, 6)]),
        nodes=None if virtual else NodeRange(min=random.randint(0, most), max=most),
        pods_per_node=None if virtual else random.randint(1, 3),
        autoscaling=not virtual and random.random() < 0.5,
        stock_aware=virtual and random.random() < 0.5,
        hold=0,
        holds_without_limit=False,
        refusal=None,
        listed=True,
        price=Decimal(random.randint(0, 9)),
    )


def _cluster(random: Random, name: str) -> StageCluster:
    least = random.choice([0, 0, 0, 1, 2])
    preference = Preference(min=least, max=random.choice([None, None, random.randint(least, 12)]), weight=random.randint(0, 4))
    return StageCluster(
        name=name,
        member=f"member-{name}",
        policy="web",
        pools=tuple(_pool(random, pool) for pool in "abc"[: random.randint(1, 3)]),
        reverse=random.random() < 0.6,
        preference=preference,
        priority=random.randint(0, 2),
    )


def _event(random: Random, names: str) -> dict[str, Any]:
    pool = {"pool": random.choice("abc"), "clusters": random.choice([(), (random.choice(names),)])}
    return random.choice(
        [
            *[{"kind": EventKind.SCALE, "replicas": random.randint(0, 25)}] * 3,
            *[{"kind": EventKind.WAIT, "wait": random.randint(0, 6) * MINUTE}] * 4,
            {"kind": EventKind.SET_MAX, "max": random.choice([None, random.randint(0, 6)]), **pool},
            {"kind": EventKind.OUT_OF_STOCK, **pool},
            {"kind": EventKind.IN_STOCK, **pool},
        ]
    )


def _drawn(stage: Stage, random: Random) -> Stage:
    names = "xyz"[: random.randint(1, 3)]
    mode = random.choice([Mode.WEIGHTED, Mode.PRIORITY])
    events = [{"kind": EventKind.CREATE, "replicas": random.randint(0, 20)}]
    events += [_event(random, names) for _ in range(random.randint(1, 8))]
    migration = Migration(after=random.randint(1, 3) * MINUTE, keep_unschedulable=random.random() < 0.5)
    scenario = structs.replace(
        stage.scenario,
        events=tuple(Event(index=index, **event) for index, event in enumerate(events)),
        node_delay=random.choice([0, 0, 1, 4]) * MINUTE,
        node_idle=random.choice([0, 0, 3]) * MINUTE,
    )
    return replace(
        stage,
        scenario=scenario,
        clusters=tuple(_cluster(random, name) for name in names),
        mode=mode,
        max_clusters=random.choice([None, None, 1, 2]),
        avoid_disruption=random.random() < 0.5,
        migration=migration if random.random() < 0.8 else None,
    )


def _shown(plan: Plan) -> list[Any]:
    return [(step.replicas, sorted(step.clusters, key=lambda cluster: cluster.name), step.spent) for step in plan.steps]


@given(random=st.randoms(use_true_random=False))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_plans_of_the_same_thing_are_the_same(stage: Stage, random: Random) -> None:
    """Waits in parts, clusters in another order, and rules that have nothing to say make no difference; every replica is somewhere."""
    drawn = _drawn(stage, random)
    plan, found = play(drawn)
    for step in plan.steps:
        for cluster in step.clusters:
            assert cluster.assigned == cluster.running + cluster.starved + cluster.unschedulable

    parts, ends = [], []
    for event in drawn.scenario.events:
        first = random.randint(0, event.wait)
        parts += [replace(event, wait=first), Event(index=0, kind=EventKind.WAIT, wait=event.wait - first)]
        ends.append(len(parts) - 1)
    in_parts, found_in_parts = play(replace(drawn, scenario=structs.replace(drawn.scenario, events=tuple(parts))))
    assert bool(found) == bool(found_in_parts)
    shown = _shown(in_parts)
    assert _shown(plan) == [shown[end] for end in ends[: len(plan.steps)]]

    shuffled = list(drawn.clusters)
    random.shuffle(shuffled)
    assert _shown(play(replace(drawn, clusters=tuple(shuffled)))[0]) == _shown(plan)

    if all(move.cause is not Cause.WAIT for step in plan.steps for move in step.moves):
        assert _shown(play(drawn, Rules.DOCUMENTED)[0]) == _shown(plan)
