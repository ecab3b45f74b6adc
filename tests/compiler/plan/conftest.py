"""Fixtures of plans: repositories of any shape, and the plans of their scenarios."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.diagnostics import Diagnostic
from compiler.pipeline import Result, compile_repository
from compiler.plan.judge import judge
from compiler.plan.simulate import play
from compiler.plan.stage import Stage
from compiler.plan.trace import Plan
from compiler.sources.tree import Tree

API = "overbank.dev/v1alpha1"

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
