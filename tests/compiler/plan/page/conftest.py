"""Plans made by hand, as the simulation makes them: what views are tested with."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from compiler.load import load
from compiler.model import PoolType
from compiler.plan.scenario import Ceilings, Event, EventKind, Rules, Scenario
from compiler.plan.trace import Cause, ClusterState, Move, Plan, PoolState, Step
from compiler.source import SourceFile

_MINUTE = 60_000_000_000
_GUIDE = ("vke-poc1", "vke-poc2", "ack-poc")
_PRICES = {"prepaid": Decimal("1.50"), "serverless": Decimal("4.20"), "postpaid": Decimal("3.10")}
_HOSTILE = "</script><img src=x onerror=alert(1)>"

_WEIGHTED = (
    (Event(index=0, kind=EventKind.CREATE, replicas=10), 0, 10, ((2, 2, 0, 0), (2, 2, 0, 0), (2, 0, 0, 0))),
    (Event(index=1, kind=EventKind.SCALE, replicas=15), 0, 15, ((2, 2, 2, 0), (2, 2, 2, 0), (2, 1, 0, 0))),
    (Event(index=2, kind=EventKind.SCALE, replicas=20), 0, 20, ((2, 2, 2, 2), (2, 2, 2, 2), (2, 2, 0, 0))),
    (Event(index=3, kind=EventKind.WAIT, wait=2 * _MINUTE), 2, 20, ((2, 2, 2, 2), (2, 2, 2, 2), (2, 2, 4, 0))),
    (Event(index=4, kind=EventKind.WAIT, wait=2 * _MINUTE), 4, 20, ((2, 2, 2, 2), (2, 2, 2, 2), (2, 2, 4, 0))),
    (
        Event(index=5, kind=EventKind.SET_MAX, clusters=("vke-poc1", "vke-poc2"), pool="serverless", max=4),
        4,
        20,
        ((2, 4, 2, 0), (2, 4, 2, 0), (2, 2, 0, 0)),
    ),
    (Event(index=6, kind=EventKind.WAIT, wait=2 * _MINUTE), 6, 20, ((2, 4, 2, 0), (2, 4, 2, 0), (2, 2, 0, 0))),
    (Event(index=7, kind=EventKind.SCALE, replicas=10), 6, 10, ((2, 2, 0, 0), (2, 2, 0, 0), (2, 0, 0, 0))),
)
"""The weighted scenario of the multi-cloud GPU guide: event, minutes, replicas, and prepaid, serverless, postpaid, unschedulable by cluster."""


class _Plans:
    """Makes plans. Each method returns a new one."""

    def scenario(
        self, name: str, events: Sequence[Event], *, rules: Rules = Rules.UPSTREAM, cluster: str | None = None
    ) -> Scenario:
        """Return a scenario that is written in a file of its name; with ``cluster``, one without a federation."""
        (document,), _ = load(SourceFile("plans/burst.yaml", "kind: PlanScenario\nmetadata:\n  name: burst\n"))
        return Scenario(
            name=name,
            document=document,
            placement=None if cluster else "fed-pp-weight",
            workload=None,
            cluster=cluster,
            namespace="default",
            policy=None,
            file=None,
            inline=None,
            rules=rules,
            weights={},
            node_delay=0,
            node_idle=0,
            currency="CNY",
            ceilings=Ceilings(per_hour=Decimal(60), total=None),
            events=tuple(events),
        )

    def pool(self, name: str, running: int, *, starved: int = 0, limit: int | None = None, ack: bool = False) -> PoolState:
        """Return one of the guide's pools."""
        virtual = name == "serverless"
        kind = (PoolType.ECI if ack else PoolType.VCI) if virtual else PoolType.ECS
        most = {"prepaid": 2, "postpaid": 10 if ack else 2}.get(name)
        nodes = None if virtual else 2 if name == "prepaid" else running
        pods = running if virtual else nodes or 0
        cost = _PRICES[name] * pods
        return PoolState(
            name=name, type=kind, running=running, starved=starved, nodes=nodes, limit=limit, capacity=most, listed=True, cost=cost
        )

    def cluster(self, name: str, counts: Sequence[int], *, starved: int = 0, limit: int = 2) -> ClusterState:
        """Return a cluster of the guide with so many pods in prepaid, serverless and postpaid, and unschedulable."""
        prepaid, serverless, postpaid, unschedulable = counts
        ack = name == "ack-poc"
        pools = (
            self.pool("prepaid", prepaid, ack=ack),
            self.pool("serverless", serverless, starved=starved, limit=limit, ack=ack),
            self.pool("postpaid", postpaid, ack=ack),
        )
        return ClusterState(name=name, assigned=sum(counts) + starved, unschedulable=unschedulable, pools=pools)

    def plan(self, scenario: Scenario, steps: Sequence[Step], policies: Mapping[str, str | None]) -> Plan:
        """Return a plan with the most money of any step as its peak."""
        costs = [step.cost for step in steps if step.cost is not None]
        assumptions = (
            "Nodes of autoscaled pools are there at once (nodeDelay is 0s).",
            "One pod fits on each node of prepaid and postpaid.",
        )
        return Plan(
            scenario=scenario, policies=dict(policies), assumptions=assumptions, steps=tuple(steps), peak=max(costs, default=None)
        )

    def weighted(self, *, rules: Rules = Rules.UPSTREAM) -> Plan:
        """Return the guide's weighted scenario: eight steps, three clusters, unschedulable pods in three of the steps."""
        steps, spent = [], Decimal(0)
        for event, minutes, replicas, counts in _WEIGHTED:
            clusters = tuple(
                self.cluster(name, each, limit=4 if event.index >= 5 and name != "ack-poc" else 2)
                for name, each in zip(_GUIDE, counts, strict=True)
            )
            moves = _MOVES.get(event.index, ())
            at = minutes * _MINUTE
            steps.append(Step(event=event, at=at, replicas=replicas, clusters=clusters, moves=moves, spent=spent))
            spent += Decimal("1.25")
        return self.plan(
            self.scenario("burst", [step.event for step in steps], rules=rules), steps, dict.fromkeys(_GUIDE, "gpu-demo")
        )

    def narrow(self) -> Plan:
        """Return the weighted scenario as it would be without ack-poc's autoscaled nodes, and without the last step."""
        whole = self.weighted()
        steps = []
        for step in whole.steps[:7]:
            *others, ack = step.clusters
            left = ack.pools[2].running
            pools = (*ack.pools[:2], self.pool("postpaid", 0, ack=True))
            ack = ClusterState(name=ack.name, assigned=ack.assigned, unschedulable=left, pools=pools)
            steps.append(
                Step(
                    event=step.event,
                    at=step.at,
                    replicas=step.replicas,
                    clusters=(*others, ack),
                    moves=step.moves,
                    spent=step.spent,
                )
            )
        return self.plan(self.scenario("burst", [step.event for step in steps]), steps, whole.policies)

    def single(self) -> Plan:
        """Return a plan of one cluster without prices whose virtual nodes run out of stock: two pods starve, one is unschedulable."""
        events = (
            Event(index=0, kind=EventKind.CREATE, replicas=4),
            Event(index=1, kind=EventKind.OUT_OF_STOCK, pool="serverless"),
            Event(index=2, kind=EventKind.SCALE, replicas=9),
            Event(index=3, kind=EventKind.IN_STOCK, pool="serverless"),
        )
        states = (((2, 2, 0, 0), 0), ((2, 2, 0, 0), 0), ((2, 2, 2, 1), 2), ((2, 4, 2, 1), 0))
        steps = []
        for event, (counts, starved) in zip(events, states, strict=True):
            state = self.cluster("vke-poc1", counts, starved=starved, limit=4)
            pools = tuple(
                PoolState(
                    name=pool.name,
                    type=pool.type,
                    running=pool.running,
                    starved=pool.starved,
                    nodes=pool.nodes,
                    limit=pool.limit,
                    capacity=pool.capacity,
                    listed=pool.listed,
                    cost=None,
                )
                for pool in state.pools
            )
            moves = (
                (
                    Move(
                        at=0,
                        cause=Cause.STARVE,
                        count=2,
                        cluster="vke-poc1",
                        pool="serverless",
                        reason="2 pods are bound to virtual nodes of serverless, which has no stock; they are scheduled, so no clock runs",
                    ),
                    Move(
                        at=0,
                        cause=Cause.WAIT,
                        count=1,
                        cluster="vke-poc1",
                        reason="0/3 pools are available: prepaid has no free node, serverless is at its max of 4, postpaid is at 2 of 2 nodes",
                    ),
                )
                if starved
                else ()
            )
            replicas = (4, 4, 9, 9)[event.index]
            clusters = (ClusterState(name=state.name, assigned=state.assigned, unschedulable=state.unschedulable, pools=pools),)
            steps.append(Step(event=event, at=0, replicas=replicas, clusters=clusters, moves=moves, spent=None))
        return self.plan(self.scenario("no-stock", events, cluster="vke-poc1"), steps, {"vke-poc1": "gpu-demo"})

    def fleet(self) -> Plan:
        """Return a plan of twenty steps over twelve clusters with long names."""
        names = tuple(f"vke-cn-{region}-gpu-{n:02}" for n in range(1, 5) for region in ("beijing", "shanghai", "guangzhou"))
        steps = []
        for index in range(20):
            kind = EventKind.CREATE if not index else EventKind.SCALE
            level = index if index < 12 else 22 - index
            clusters = []
            for place, name in enumerate(names):
                mine = max(0, level + 2 - place)
                counts = (min(mine, 2), min(max(mine - 2, 0), 4), min(max(mine - 6, 0), 2), max(mine - 8, 0))
                clusters.append(self.cluster(name, counts, limit=4))
            replicas = sum(cluster.assigned for cluster in clusters)
            moves = tuple(
                Move(at=index * _MINUTE, cause=Cause.ASSIGN, count=1, cluster=name, reason="its share by weight is larger now")
                for name in names[: index + 2]
            )
            event = Event(index=index, kind=kind, replicas=replicas)
            steps.append(
                Step(
                    event=event, at=index * _MINUTE, replicas=replicas, clusters=tuple(clusters), moves=moves, spent=Decimal(index)
                )
            )
        policies = {name: "gpu-demo" if place else None for place, name in enumerate(names)}
        return self.plan(self.scenario("fleet", [step.event for step in steps]), steps, policies)

    def hostile(self) -> Plan:
        """Return a plan whose every name and reason is markup."""
        event = Event(index=0, kind=EventKind.LOSE_NODES, nodes=1, clusters=(_HOSTILE,), pool=_HOSTILE)
        pool = PoolState(
            name=_HOSTILE,
            type=PoolType.ECS,
            running=2,
            starved=1,
            nodes=2,
            limit=None,
            capacity=None,
            listed=False,
            cost=Decimal("0.004"),
        )
        other = ClusterState(name="\u202eevil{{ 7*7 }}", assigned=0, unschedulable=0, pools=())
        cluster = ClusterState(name=_HOSTILE, assigned=4, unschedulable=1, pools=(pool,))
        move = Move(
            at=0, cause=Cause.EVICT, count=1, cluster=_HOSTILE, pool=_HOSTILE, reason=f"because of {_HOSTILE} ]]> --> &amp;"
        )
        step = Step(event=event, at=0, replicas=4, clusters=(cluster, other), moves=(move,), spent=Decimal(0))
        plan = self.plan(self.scenario(_HOSTILE, [event, event]), [step], {_HOSTILE: _HOSTILE})
        return Plan(scenario=plan.scenario, policies=plan.policies, assumptions=(_HOSTILE,), steps=plan.steps, peak=plan.peak)


def _waits(at: int, cluster: str) -> Move:
    return Move(
        at=at,
        cause=Cause.WAIT,
        count=2,
        cluster=cluster,
        reason="0/3 pools are available: prepaid has no free node, serverless is at its max of 2, postpaid has 2 of at most 2 nodes",
    )


_MOVES: Mapping[int, tuple[Move, ...]] = {
    0: (
        *(
            Move(at=0, cause=Cause.ASSIGN, count=count, cluster=cluster, reason=f"{share} % of the weight, at least 2")
            for cluster, count, share in (("vke-poc1", 4, 40), ("vke-poc2", 4, 40), ("ack-poc", 2, 20))
        ),
        *(
            Move(at=0, cause=Cause.START, count=2, cluster=cluster, pool=pool, reason=f"{pool} comes first that has room")
            for cluster, pool in (
                ("vke-poc1", "prepaid"),
                ("vke-poc1", "serverless"),
                ("vke-poc2", "prepaid"),
                ("ack-poc", "prepaid"),
            )
        ),
    ),
    2: (_waits(0, "vke-poc1"), _waits(0, "vke-poc2")),
    3: (
        Move(
            at=2 * _MINUTE,
            cause=Cause.MIGRATE,
            count=2,
            cluster="vke-poc1",
            reason="2 pods have been unschedulable for 2m (autoMigration.after): the cluster can run 6 of 8",
        ),
        Move(
            at=2 * _MINUTE,
            cause=Cause.MIGRATE,
            count=2,
            cluster="vke-poc2",
            reason="2 pods have been unschedulable for 2m (autoMigration.after): the cluster can run 6 of 8",
        ),
        Move(
            at=2 * _MINUTE,
            cause=Cause.ASSIGN,
            count=4,
            cluster="ack-poc",
            reason="1/3 clusters are available: vke-poc1 can run 6, vke-poc2 can run 6",
        ),
        Move(
            at=2 * _MINUTE,
            cause=Cause.GROW,
            count=4,
            cluster="ack-poc",
            pool="postpaid",
            reason="4 pods are unschedulable, and 10 nodes are allowed",
        ),
    ),
    5: (
        Move(at=4 * _MINUTE, cause=Cause.EVENT, count=0, pool="serverless", reason="the max goes from 2 to 4"),
        Move(at=4 * _MINUTE, cause=Cause.START, count=2, cluster="vke-poc1", pool="serverless", reason="2 more pods are allowed"),
        Move(
            at=4 * _MINUTE,
            cause=Cause.RETURN,
            count=2,
            cluster="vke-poc1",
            reason="all 8 pods run: nothing is counted out any more",
        ),
        Move(at=4 * _MINUTE, cause=Cause.ASSIGN, count=-4, cluster="ack-poc", reason="20 % of the weight again"),
    ),
}


@pytest.fixture(scope="session")
def plans() -> Mapping[str, Plan]:
    """Return plans by name, made by hand.

    ``weighted`` is the guide's scenario, ``documented`` the same by the other rules, ``narrow`` the same with less room; ``single`` has one
    cluster and starving pods, ``fleet`` twenty steps and twelve clusters, and in ``hostile`` every name is markup.
    """
    make = _Plans()
    return {
        "weighted": make.weighted(),
        "documented": make.weighted(rules=Rules.DOCUMENTED),
        "narrow": make.narrow(),
        "single": make.single(),
        "fleet": make.fleet(),
        "hostile": make.hostile(),
    }
