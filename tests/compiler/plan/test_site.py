"""One cluster against a second model of it: every pod an object of its own, every minute looked at, nothing counted in bulk."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from compiler.model import NodeRange, PoolType
from compiler.plan.scenario import Event, EventKind
from compiler.plan.simulate import play
from compiler.plan.stage import Stage, StagePool
from tests.examples import examples

MINUTE = 60_000_000_000
POOLS = ("a", "b", "c")


@dataclass(eq=False)
class Pod:
    """A pod: since when it has been without a node, and where it is now."""

    born: int
    pool: "Place | None" = None
    started: int = 0
    runs: bool = False


@dataclass(eq=False)
class Place:
    """A pool. ``idle`` holds for each node beyond those that are needed since when it has been so."""

    pool: StagePool
    limit: int | None
    nodes: int
    least: int
    most: int
    stocked: bool = True
    coming: list[int] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)


class Model:
    """The rules of ``compiler.plan.site``, once more and naively."""

    def __init__(self, stage: Stage) -> None:
        self.now = 0
        self.pods: list[Pod] = []
        self.places = []
        self.reverse = stage.clusters[0].reverse
        self.delay = stage.scenario.node_delay
        self.patience = stage.scenario.node_idle
        self.spent = Fraction(0)
        self.serial = 0
        for pool in stage.clusters[0].pools:
            least, most = (pool.nodes.min, pool.nodes.max) if pool.nodes and not pool.virtual else (0, 0)
            self.places.append(
                Place(pool=pool, limit=pool.limit, nodes=least if pool.autoscaling else most, least=least, most=most)
            )

    def on(self, place: Place) -> list[Pod]:
        """Return the pods of a pool."""
        return [pod for pod in self.pods if pod.pool is place]

    def waiting(self) -> list[Pod]:
        """Return the pods without a node, the longest waiting first."""
        return sorted((pod for pod in self.pods if pod.pool is None), key=lambda pod: pod.born)

    def fits(self, place: Place) -> bool:
        """Say whether one more pod can be bound to a pool."""
        here = len(self.on(place))
        if place.pool.refusal or (place.limit is not None and here >= place.limit):
            return False
        if place.pool.virtual:
            return place.stocked or not place.pool.stock_aware
        return place.pool.pods_per_node is None or place.pool.nodes is None or here < place.nodes * place.pool.pods_per_node

    def tried(self, pod: Pod) -> list[Place]:
        """Return the pools that a pod tries now: it stays at one below its limit, without room, as long as that holds pods."""
        places, held = [], 0
        for place in self.places:
            if place.pool.refusal:
                continue
            places.append(place)
            below = place.limit is None or len(self.on(place)) < place.limit
            if below and not self.fits(place):
                if place.limit is None and not place.pool.holds_without_limit:
                    continue
                if place.pool.hold is None:
                    break
                held += place.pool.hold
                if held > self.now - pod.born:
                    break
        return places

    def settle(self) -> None:
        """Let everything happen that is due."""
        for place in self.places:
            place.nodes += sum(1 for ready in place.coming if ready <= self.now)
            place.coming = [ready for ready in place.coming if ready > self.now]
        self.bind()
        while self.pods and self.order():
            self.bind()
        for place in self.places:
            if place.pool.autoscaling and place.pool.pods_per_node and place.pool.nodes:
                used = -(-len(self.on(place)) // place.pool.pods_per_node)
                spare = max(0, place.nodes - max(place.least, used))
                place.idle = sorted([*place.idle, *[self.now] * (spare - len(place.idle))])[:spare]
                gone = [since for since in place.idle if since + self.patience <= self.now]
                place.nodes -= len(gone)
                place.idle = place.idle[len(gone) :]

    def bind(self) -> None:
        """Bind pods one by one."""
        for pod in self.waiting():
            place = next((place for place in self.tried(pod) if self.fits(place)), None)
            if place:
                self.serial += 1
                pod.pool, pod.started = place, self.serial
                pod.runs = place.stocked or not place.pool.virtual

    def order(self) -> bool:
        """Order nodes pod by pod; return whether some are there at once."""
        promised = dict.fromkeys(map(id, self.places), 0)
        at_once = False
        for pod in self.waiting():
            for place in self.tried(pod):
                each = place.pool.pods_per_node
                if not (place.pool.autoscaling and each) or place.pool.nodes is None:
                    continue
                taken = promised[id(place)]
                if place.limit is not None and len(self.on(place)) + taken >= place.limit:
                    continue
                if taken == len(place.coming) * each:
                    if not place.stocked or place.nodes + len(place.coming) >= place.most:
                        continue
                    place.coming.append(self.now + self.delay)
                promised[id(place)] += 1
                break
        if self.delay == 0:
            for place in self.places:
                at_once = at_once or bool(place.coming)
                place.nodes, place.coming = place.nodes + len(place.coming), []
        return at_once

    def remove(self) -> None:
        """Remove the pod that goes first."""

        def rank(pod: Pod) -> tuple[int, ...]:
            if pod.pool is None:
                return 0, -pod.born
            place = self.places.index(pod.pool)
            if not pod.runs:
                return 1, -place, -pod.started
            return (2, -place, -pod.started) if self.reverse else (2, -pod.started)

        self.pods.remove(min(self.pods, key=rank))

    def perform(self, event: Event) -> None:
        """Let an event have its effect."""
        place = next((place for place in self.places if place.pool.name == event.pool), self.places[0])
        match event.kind:
            case EventKind.CREATE | EventKind.SCALE:
                while len(self.pods) > event.replicas:
                    self.remove()
                self.pods += [Pod(self.now) for _ in range(event.replicas - len(self.pods))]
            case EventKind.WAIT:
                for _ in range(event.wait // MINUTE):
                    self.spent += Fraction(sum(self.cost(each) for each in self.places)) / 60
                    self.now += MINUTE
                    self.settle()
            case EventKind.SET_MAX:
                place.limit = event.max
            case EventKind.ADD_NODES:
                place.most += event.nodes
                place.nodes += 0 if place.pool.autoscaling else event.nodes
            case EventKind.LOSE_NODES:
                gone = min(event.nodes, place.nodes)
                place.nodes -= gone
                place.most -= event.nodes
                place.least = min(place.least, place.most)
                newest = sorted(self.on(place), key=lambda pod: -pod.started)
                for pod in newest[: gone * (place.pool.pods_per_node or 0)]:
                    self.pods.remove(pod)
                    self.pods.append(Pod(self.now))
                place.coming = sorted(place.coming)[: max(0, place.most - place.nodes)]
            case EventKind.OUT_OF_STOCK:
                place.stocked = False
            case _:
                place.stocked = True
                for pod in self.on(place):
                    pod.runs = True
        self.settle()

    def cost(self, place: Place) -> Decimal:
        """Return the money per hour."""
        per_node = place.pool.nodes is not None and not place.pool.virtual
        return (place.pool.price or Decimal(0)) * (place.nodes if per_node else sum(pod.runs for pod in self.on(place)))

    def row(self) -> Any:
        """Return everything that a plan shows."""
        return [
            (
                sum(pod.runs for pod in self.on(place)),
                sum(not pod.runs for pod in self.on(place)),
                place.nodes if place.pool.nodes and not place.pool.virtual else None,
                place.limit,
                self.cost(place),
            )
            for place in self.places
        ], len(self.waiting())


HOLDS = st.sampled_from([(0, 0, 0), (0, 0, 0), (None, 0, None), (5, 5, 5), (0, 5, 5), (5, 0, 0), (None, 5, 5)])


@st.composite
def pools(draw: Callable[..., Any]) -> tuple[StagePool, ...]:
    """Draw a cluster's pools."""
    drawn = []
    for name, hold in zip(POOLS[: draw(st.integers(1, 3))], draw(HOLDS), strict=False):
        virtual = draw(st.booleans())
        most = draw(st.integers(0, 4))
        bounded = not virtual and draw(st.integers(0, 9)) > 0
        autoscaling = bounded and draw(st.booleans())
        drawn.append(
            StagePool(
                name=name,
                type=PoolType.ECI if virtual else PoolType.ECS,
                virtual=virtual,
                limit=draw(st.none() | st.integers(0, 6)),
                nodes=NodeRange(min=draw(st.integers(0, most)), max=most) if bounded else None,
                pods_per_node=draw(st.integers(1, 3)) if bounded else None,
                autoscaling=autoscaling,
                stock_aware=virtual and draw(st.booleans()),
                hold=None if hold is None else hold * MINUTE,
                holds_without_limit=draw(st.booleans()),
                refusal="has a taint" if draw(st.integers(0, 9)) == 0 else None,
                listed=True,
                price=Decimal(draw(st.integers(0, 9))),
            )
        )
    return tuple(drawn)


@st.composite
def happenings(draw: Callable[..., Any], of: tuple[StagePool, ...]) -> tuple[Event, ...]:
    """Draw events that can happen to these pools."""
    most = {pool.name: pool.nodes.max for pool in of if pool.nodes}
    events = [Event(index=0, kind=EventKind.CREATE, replicas=draw(st.integers(0, 14)))]
    for index in range(1, draw(st.integers(1, 10))):
        kind = draw(st.sampled_from([*EventKind] + [EventKind.SCALE, EventKind.WAIT] * 3))
        pool = draw(st.sampled_from(of)).name
        if kind in (EventKind.CREATE, EventKind.SCALE, EventKind.AUTOSCALE):
            events.append(Event(index=index, kind=EventKind.SCALE, replicas=draw(st.integers(0, 14))))
        elif kind is EventKind.WAIT:
            events.append(Event(index=index, kind=kind, wait=draw(st.integers(0, 8)) * MINUTE))
        elif kind is EventKind.SET_MAX:
            events.append(Event(index=index, kind=kind, pool=pool, max=draw(st.none() | st.integers(0, 6))))
        elif kind is EventKind.ADD_NODES and pool in most:
            nodes = draw(st.integers(1, 2))
            most[pool] += nodes
            events.append(Event(index=index, kind=kind, pool=pool, nodes=nodes))
        elif kind is EventKind.LOSE_NODES and most.get(pool):
            nodes = draw(st.integers(1, most[pool]))
            most[pool] -= nodes
            events.append(Event(index=index, kind=kind, pool=pool, nodes=nodes))
        elif kind in (EventKind.OUT_OF_STOCK, EventKind.IN_STOCK):
            events.append(Event(index=index, kind=kind, pool=pool))
    return tuple(replace(event, index=index) for index, event in enumerate(events))


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(400))
def test_counting_in_bulk_is_the_same_as_pod_by_pod(stage: Stage, data: Any) -> None:
    """Pods by pool, nodes, waiting pods, and money are the same after every event, whatever the pools and events."""
    drawn = data.draw(pools())
    delay, idle, reverse = data.draw(st.tuples(st.sampled_from([0, 0, 3]), st.sampled_from([0, 4]), st.booleans()))
    scenario = structs.replace(
        stage.scenario, node_delay=delay * MINUTE, node_idle=idle * MINUTE, events=data.draw(happenings(drawn))
    )
    drawn_stage = replace(
        stage, scenario=scenario, clusters=(replace(stage.clusters[0], pools=drawn, reverse=reverse and len(drawn) > 1),)
    )
    plan, found = play(drawn_stage)
    assert not found
    model = Model(drawn_stage)
    for step in plan.steps:
        model.perform(step.event)
        cluster = step.clusters[0]
        shown = [(pool.running, pool.starved, pool.nodes, pool.limit, pool.cost) for pool in cluster.pools]
        assert (shown, cluster.unschedulable) == model.row(), step.event
        assert step.spent is not None
        assert abs(Fraction(step.spent) - model.spent) < Fraction(1, 10**20)
