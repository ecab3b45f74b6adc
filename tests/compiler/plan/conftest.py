"""Fixtures of plans: repositories of any shape, and the plans of their scenarios."""

import json
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from compiler.diagnostics import Diagnostic
from compiler.federation.model import Mode
from compiler.model import NodeRange, PoolType
from compiler.pipeline import Result, compile_repository
from compiler.plan.judge import judge
from compiler.plan.replicas import Preference
from compiler.plan.scenario import Ceilings, Event, EventKind, Rules, Scenario
from compiler.plan.simulate import play
from compiler.plan.stage import Migration, Stage, StageCluster, StagePool
from compiler.plan.trace import Plan
from compiler.source import Document
from compiler.sources.tree import Tree

API = "overbank.dev/v1alpha1"
_MINUTE: Final = 60_000_000_000

Spec = dict[str, Any]


def _document(kind: str, name: str, spec: Spec) -> str:
    return json.dumps({"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec})


@pytest.fixture
def staged(write: Callable[..., Path]) -> Callable[..., Result]:
    """Return a function that compiles a repository with one scenario.

    ``clusters`` maps names to pools, or to a whole spec; ``pools`` are those of the policy that places the pods; ``placement`` is what a
    PlacementPolicy over all clusters says besides, None for a plan of the only cluster; the rest is the
    scenario's, in ``fields`` where a name means something else here.
    """

    def run(
        clusters: dict[str, Any],
        pools: list[Spec],
        *,
        placement: Spec | None = None,
        policy: Spec | None = None,
        workload: str = "Deployment",
        files: dict[str, str] | None = None,
        fields: Spec | None = None,
        **scenario: Any,
    ) -> Result:
        documents = {"overbank.yaml": _document("Repository", "r", {}).replace(', "metadata": {"name": "r"}', "")}
        for name, declared in clusters.items():
            spec = declared if isinstance(declared, dict) else {"pools": declared}
            defaults: Spec = {"platform": "ack-pro", "kubernetesVersion": "1.30", "scheduler": {"version": "6.4"}}
            if placement is not None:
                defaults["federation"] = {"host": "fed"}
            documents[f"clusters/{name}.yaml"] = _document("Cluster", name, {**defaults, **spec})
        match = {"clusters": {"all": True}, "namespaces": {"names": ["shop"]}, "pods": {"matchLabels": {"app": "web"}}}
        documents["burst.yaml"] = _document("BurstPolicy", "web", {"match": match, "pools": pools, **(policy or {})})
        subject: Spec = {"cluster": next(iter(clusters)), "namespace": "shop"}
        if placement is not None:
            documents["fed.yaml"] = _document("FederationHost", "fed", {"engine": "kubeadmiral", "kubernetesVersion": "1.28"})
            place = {
                "host": "fed",
                "namespace": "shop",
                "workloads": [{"apiVersion": "apps/v1", "kind": workload, "name": "web"}],
                "clusters": [{"name": name, "weight": 1} for name in clusters],
                "mode": "weighted",
                **placement,
            }
            documents["placement.yaml"] = _document("PlacementPolicy", "web", place)
            subject = {"placement": "web"}
        documents["plan.yaml"] = _document("PlanScenario", "burst", {**subject, **(fields or {}), **scenario})
        return compile_repository(Tree(write({**documents, **(files or {})})))

    return run


@pytest.fixture
def stage(staged: Callable[..., Result]) -> Stage:
    """Return a stage with one cluster, whose pools and events the tests replace."""
    bare: Stage = staged({"a": [{"name": "a", "type": "eci"}]}, [{"name": "a"}], events=[{"create": 1}]).stages[0]
    return bare


@pytest.fixture
def played(staged: Callable[..., Result]) -> Callable[..., tuple[Plan, tuple[Diagnostic, ...]]]:
    """Return a function that plays the scenario of such a repository, and judges the plan."""

    def run(*arguments: Any, **scenario: Any) -> tuple[Plan, tuple[Diagnostic, ...]]:
        result = staged(*arguments, **scenario)
        errors = [diagnostic.message for diagnostic in result.diagnostics if diagnostic.code.severity == "error"]
        assert errors == []
        plan, found = play(result.stages[0])
        return plan, (*found, *judge(plan))

    return run


@pytest.fixture
def rows() -> Callable[[Plan], list[str]]:
    """Return a function that writes each step as ``a 2/2/0 +1 | b 1/0``: pods by pool, with ! those that cannot start, + without a node."""

    def run(plan: Plan) -> list[str]:
        return [
            " | ".join(
                f"{cluster.name} "
                + "/".join(f"{pool.running}{f'!{pool.starved}' if pool.starved else ''}" for pool in cluster.pools)
                + (f" +{cluster.unschedulable}" if cluster.unschedulable else "")
                for cluster in step.clusters
            )
            for step in plan.steps
        ]

    return run


class _Stages:
    """Makes stages of any shape, the same for the same seed."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def __call__(self, seed: int, *, clusters: int | None = None, pools: int | None = None, events: int | None = None) -> Stage:
        """Return a stage with so many clusters, pools in each, and events; None: a few."""
        chance = random.Random(seed)
        count = clusters or chance.choice([1, 1, 2, 3, 4])
        mode = chance.choice([None, *Mode]) if count == 1 else chance.choice(list(Mode))
        width = pools or chance.randint(1, 4)
        made = tuple(self._cluster(chance, f"c{index}", width) for index in range(count))
        migration = Migration(after=chance.choice([1, 2]) * _MINUTE, keep_unschedulable=chance.random() < 0.5)
        return Stage(
            scenario=self._scenario(chance, made, events or chance.randint(2, 12), placed=mode is not None),
            clusters=made,
            mode=mode,
            key="shop/web",
            max_clusters=chance.choice([None, None, 1]) if mode else None,
            avoid_disruption=chance.random() < 0.5,
            migration=migration if mode and chance.random() < 0.7 else None,
            autoscaling=(1, 9) if mode and chance.random() < 0.3 else None,
            assumptions=("nothing is as it seems",) if chance.random() < 0.3 else (),
        )

    def _cluster(self, chance: random.Random, name: str, width: int) -> StageCluster:
        return StageCluster(
            name=name,
            member=f"member-{name}",
            policy="web",
            pools=tuple(self._pool(chance, f"p{index}") for index in range(width)),
            reverse=chance.random() < 0.5,
            preference=Preference(
                min=chance.choice([0, 0, 2]), max=chance.choice([None, None, 4]), weight=chance.choice([0, 1, 1, 3])
            ),
            priority=chance.randint(0, 3),
        )

    def _pool(self, chance: random.Random, name: str) -> StagePool:
        virtual = chance.random() < 0.35
        least = chance.randint(0, 2)
        nodes = None if virtual or chance.random() < 0.1 else NodeRange(min=least, max=least + chance.randint(0, 4))
        return StagePool(
            name=name,
            type=PoolType.ECI if virtual else PoolType.ECS,
            virtual=virtual,
            limit=chance.choice([None, None, 0, 1, 2, 5]),
            nodes=nodes,
            pods_per_node=None if virtual else chance.choice([None, 1, 1, 2, 3]),
            autoscaling=nodes is not None and chance.random() < 0.5,
            stock_aware=virtual and chance.random() < 0.4,
            hold=chance.choice([0, 0, 0, None, _MINUTE]),
            holds_without_limit=chance.random() < 0.5,
            refusal=chance.choice([*[None] * 9, "has the untolerated taint gpu:NoSchedule"]),
            listed=chance.random() < 0.9,
            price=chance.choice([None, Decimal(1), Decimal("0.125"), Decimal("3.335"), Decimal("0.0021")]),
        )

    def _scenario(self, chance: random.Random, clusters: Sequence[StageCluster], count: int, *, placed: bool) -> Scenario:
        events = [Event(index=0, kind=EventKind.CREATE, replicas=chance.randint(0, 12))]
        events += [self._event(chance, clusters, index) for index in range(1, count)]
        return Scenario(
            name="random",
            document=self._document,
            placement="web" if placed else None,
            workload=None,
            cluster=None if placed else clusters[0].name,
            namespace="shop",
            policy=None,
            file=None,
            inline=None,
            rules=chance.choice(list(Rules)),
            weights={},
            node_delay=chance.choice([0, 1, 3]) * _MINUTE,
            node_idle=chance.choice([0, 2]) * _MINUTE,
            currency=chance.choice(["", "CNY"]),
            ceilings=Ceilings(per_hour=chance.choice([None, Decimal(5)]), total=chance.choice([None, Decimal("0.5")])),
            events=tuple(events),
        )

    def _event(self, chance: random.Random, clusters: Sequence[StageCluster], index: int) -> Event:
        kind = chance.choice([*list(EventKind)[1:], EventKind.SCALE, EventKind.WAIT, EventKind.WAIT])
        name = f"p{chance.randrange(len(clusters[0].pools))}"
        nodes = kind in {EventKind.ADD_NODES, EventKind.LOSE_NODES}
        where = [
            cluster.name
            for cluster in clusters
            for pool in cluster.pools
            if pool.name == name and chance.random() < 0.7 and (pool.nodes is not None if nodes else True)
        ]
        if not where and kind not in {EventKind.SCALE, EventKind.AUTOSCALE}:
            kind = EventKind.WAIT
        return Event(
            index=index,
            kind=kind,
            replicas=chance.randint(0, 20),
            wait=chance.choice([30_000_000_000, _MINUTE, 2 * _MINUTE, 20 * _MINUTE]),
            clusters=tuple(where),
            pool=name,
            max=chance.choice([None, 0, 2, 6]),
            nodes=1,
        )


@pytest.fixture
def stages(parse: Callable[[str], list[Document]]) -> Callable[..., Stage]:
    """Return a function that makes a stage from a seed: clusters and pools of all kinds, and events that fit them."""
    (document,) = parse(f"apiVersion: {API}\nkind: PlanScenario\nmetadata: {{name: random}}\n")
    return _Stages(document)
