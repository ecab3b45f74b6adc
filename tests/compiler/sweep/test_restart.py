"""The restart list: what may be down at once, in which order, and what is left alone."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.observed.objects import Objects
from compiler.pipeline import Result
from compiler.sweep.restart import RestartPlan, plan
from compiler.sweep.sweeping import sweep
from compiler.trial import Bench

Object = dict[str, Any]

WEB: Object = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": "web"}]}}


@pytest.fixture
def planned(compiled: Callable[..., Result], minimal: dict[str, str]) -> Callable[..., RestartPlan]:
    """Return a function that plans for the objects of a cluster."""
    result = compiled(minimal)
    assert result.model is not None
    cluster, bench = result.model.clusters[0], Bench(result.clusters[0])

    def run(*objects: Object, include_jobs: bool = False) -> RestartPlan:
        known = Objects()
        known.add(objects)
        return plan(sweep(cluster, bench, known), known, include_jobs=include_jobs)

    return run


def _budget(allowed: int | None, selector: Object | None = None, **spec: Any) -> Object:
    status = {} if allowed is None else {"disruptionsAllowed": allowed, "currentHealthy": 3, "desiredHealthy": 3 - allowed}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "pdb", "namespace": "shop"},
        "spec": {"selector": selector or {"matchLabels": {"app": "web"}}, **spec},
        "status": status,
    }


def _commands(found: RestartPlan) -> list[list[str]]:
    return [[command for step in wave for command in step.commands] for wave in found.waves]


def test_pods_that_wait_come_first(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """What has no node serves nobody, so it is made anew before anything that runs goes down."""
    made = maker(None)
    found = planned(*made.deployment("shop", "runs", WEB, replicas=8), *made.deployment("shop", "waits", WEB, node=""))
    assert _commands(found) == [
        [
            "kubectl -n shop delete pod waits-5d9c8b7f6-00000",
            "kubectl -n shop rollout restart deployment/runs",
            "kubectl -n shop rollout status deployment/runs --timeout=30m",
        ]
    ]
    assert [step.down for step in found.waves[0]] == [0, 2]


def test_budgets_are_shared_within_a_wave(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """Two workloads under one budget that bears one of them go one after the other."""
    made = maker(None)
    found = planned(_budget(1), *made.deployment("shop", "a", WEB, replicas=4), *made.deployment("shop", "b", WEB, replicas=4))
    assert [[step.workload.name for step in wave] for wave in found.waves] == [["a"], ["b"]]
    assert [sum(step.down for step in wave) for wave in found.waves] == [1, 1]


def test_budget_that_allows_nothing_blocks(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """A rolling update that takes pods down is not proposed while its budget allows none; pods that wait may still go."""
    made = maker(None)
    found = planned(_budget(0), *made.deployment("shop", "a", WEB, replicas=4), *made.deployment("shop", "w", WEB, node=""))
    assert _commands(found) == [["kubectl -n shop delete pod w-5d9c8b7f6-00000"]]
    assert [why for _, why in found.left] == ["budget pdb allows no disruption now (3 healthy, 3 wanted)"]


def test_update_that_takes_more_than_the_budget_is_done_in_batches(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """Eight replicas would go down by two; a budget for one makes batches of one."""
    found = planned(_budget(1), *maker(None).deployment("shop", "a", WEB, replicas=8))
    ((step,),) = found.waves
    assert step.down == 1
    assert len(step.commands) == 16
    assert step.commands[:2] == (
        "kubectl -n shop delete pod a-5d9c8b7f6-00000",
        "kubectl -n shop rollout status deployment/a --timeout=30m",
    )


@pytest.mark.parametrize(
    ("spec", "down"),
    [({"minAvailable": 2}, 2), ({"minAvailable": "50%"}, 2), ({"maxUnavailable": 1}, 1), ({"maxUnavailable": "26%"}, 2)],
)
def test_budgets_without_a_status_are_worked_out(planned: Callable[..., RestartPlan], maker: Any, spec: Object, down: int) -> None:
    """Percentages are of the pods that the budget selects, rounded up, as the disruption controller does."""
    objects = maker(None).deployment("shop", "a", WEB, replicas=4)
    objects[0]["spec"]["strategy"] = {"type": "Recreate"}
    found = planned(_budget(None, **spec), *objects)
    assert [step.down for wave in found.waves for step in wave] == [down]


def test_budget_of_another_selector_or_namespace_is_no_matter(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """Only budgets that select the pods count."""
    elsewhere = _budget(0)
    elsewhere["metadata"]["namespace"] = "other"
    other = _budget(0, {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]})
    found = planned(elsewhere, other, *maker(None).deployment("shop", "a", WEB, replicas=4))
    assert len(found.waves) == 1
    assert found.left == ()


def test_what_nothing_makes_again_is_listed_only(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """A bare pod is named, and no command deletes it."""
    found = planned(maker(None).pod({"metadata": {"name": "bare", **WEB["metadata"]}, "spec": WEB["spec"]}, "shop", node=""))
    assert found.waves == ()
    assert [(str(workload), why) for workload, why in found.left] == [
        ("Pod shop/bare", "nothing would make it again: its owner has to")
    ]


def test_jobs_start_over_only_if_asked(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """A job loses its work, so it is listed unless --include-jobs says otherwise; then all its pods go together."""
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "shop"}, "spec": {"template": WEB}}
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "controller": True}
    pods = [
        maker(None).pod(
            {"metadata": {"name": f"j-{number}", **WEB["metadata"], "ownerReferences": [owner]}, "spec": WEB["spec"]}, "shop"
        )
        for number in range(2)
    ]
    found = planned(job, *pods)
    assert (found.waves, "--include-jobs" in found.left[0][1]) == ((), True)
    assert _commands(planned(job, *pods, include_jobs=True)) == [["kubectl -n shop delete pod j-0 j-1"]]


def test_waves_are_of_bounded_size(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """Nobody can watch more than ten workloads at once."""
    objects = [each for number in range(23) for each in maker(None).deployment("shop", f"d{number:02}", WEB)]
    assert [len(wave) for wave in planned(*objects).waves] == [10, 10, 3]


def test_paused_deployments_are_left_alone(planned: Callable[..., RestartPlan], maker: Any) -> None:
    """A restart of a paused Deployment would do nothing until somebody resumes it."""
    objects = maker(None).deployment("shop", "a", WEB)
    objects[0]["spec"]["paused"] = True
    assert [why for _, why in planned(*objects).left] == ["it is paused: `kubectl rollout resume` would restart it"]
