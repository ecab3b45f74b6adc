"""In which order workloads may make their pods anew, and with which commands. The commands are for people; nothing runs them here.

Neither ``kubectl rollout restart`` nor ``kubectl delete pod`` looks at disruption budgets: only evictions do. So whatever a step takes
down at once is held against every budget that selects its pods, within a wave of steps together. Pods that wait for a node come
first, since nobody is served by them. Pods that nothing would make again, and workloads that today's policies would deny, are listed only.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from compiler.observed.objects import Key, Kind, Object, Objects, mapping
from compiler.sweep.budgets import BUDGET, Budget, budget
from compiler.sweep.ownership import DEPLOYMENT, POD, REPLICA_SET, Workload
from compiler.sweep.sweeping import Sweep
from compiler.sweep.verdict import Judged, Verdict

STATEFUL_SET: Final = Kind("StatefulSet", "apps")
_SELF_HEALING: Final = frozenset({REPLICA_SET, Kind("ReplicationController")})
_GROUPS_OF_JOBS: Final = frozenset(
    {"batch", "kubeflow.org", "ray.io", "jobset.x-k8s.io", "batch.volcano.sh", "argoproj.io", "workflow.argoproj.io", "tekton.dev"}
)
CRON_JOB: Final = Kind("CronJob", "batch")
WAVE: Final = 10
"""Workloads at once, budgets or not: whoever runs the commands has to watch them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do about one workload, as shell commands in order; ``down`` pods are missing at once meanwhile."""

    workload: Workload
    commands: tuple[str, ...]
    down: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPlan:
    """Waves of steps, each to be finished before the next, and the workloads that are left alone with the reasons."""

    waves: tuple[tuple[Step, ...], ...]
    left: tuple[tuple[Workload, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Affected:
    workload: Workload
    pods: list[Judged]
    awaiting: list[Judged]
    budgets: list[Budget]


def plan(found: Sweep, objects: Objects, *, include_jobs: bool = False) -> RestartPlan:
    """Plan the restart of the workloads with pods that missed their mutation, or would be mutated differently."""
    everyone = [(each.workload.namespace, each.labels, each.ready) for each in found.pods]
    budgets = [budget(each, everyone) for each in objects.of(BUDGET)]
    steps: list[tuple[_Affected, Step]] = []
    left: list[tuple[Workload, str]] = []
    for workload, verdicts in found.by_workload(Verdict).items():
        pods = [*verdicts.get(Verdict.MISSED, []), *verdicts.get(Verdict.DIFFERS, [])]
        if Verdict.DENIED in verdicts:
            left.append((workload, "its pods would be denied today: correct it, or the policy, first"))
            continue
        if not pods:
            continue
        why = _left_alone(workload, objects, include_jobs=include_jobs)
        if why:
            left.append((workload, why))
            continue
        mine = [each for each in budgets if any(each.selects(workload.namespace, pod.labels) for pod in pods)]
        awaiting = sorted((each for each in pods if each.awaiting), key=lambda each: each.name)
        affected = _Affected(workload=workload, pods=sorted(pods, key=lambda each: each.name), awaiting=awaiting, budgets=mine)
        for made in _steps(affected, objects):
            if isinstance(made, str):
                left.append((workload, made))
            else:
                steps.append((affected, made))
    return RestartPlan(waves=tuple(_waves(steps)), left=tuple(sorted(left)))


def _left_alone(workload: Workload, objects: Objects, *, include_jobs: bool) -> str:
    """Say why nothing is proposed; empty where something is."""
    kind = workload.kind
    if kind == POD:
        return "nothing would make it again: its owner has to"
    if kind == CRON_JOB:
        return "its next run will be right; a run is not restarted"
    if kind.group in _GROUPS_OF_JOBS:
        return "" if include_jobs else "it is a job and would start over: pass --include-jobs"
    holder = objects.get(_key(workload))
    if kind == DEPLOYMENT and holder is not None and mapping(holder, "spec").get("paused"):
        return "it is paused: `kubectl rollout resume` would restart it"
    if kind in (DEPLOYMENT, STATEFUL_SET) or kind in _SELF_HEALING:
        return ""
    return f"whether a {kind.name} makes its pods again is not known"


def _key(workload: Workload) -> Key:
    return Key(workload.kind, workload.namespace, workload.name)


def _steps(affected: _Affected, objects: Objects) -> Iterator[Step | str]:
    workload, pods = affected.workload, affected.pods
    if workload.kind.group in _GROUPS_OF_JOBS:
        allowed = _allowed(affected)
        serving = sum(each.ready for each in pods)
        if allowed is not None and serving > allowed:
            yield _blocked(affected)
            return
        # All at once: a gang starts together or not at all. A deleted pod counts as a failed one (batch/v1, backoffLimit).
        note = (
            "the job starts over, and each pod counts against its backoffLimit"
            if workload.kind.group == "batch"
            else "the job starts over"
        )
        yield Step(workload=workload, commands=(_delete(workload, pods),), down=serving, note=note)
        return
    if affected.awaiting:
        yield Step(workload=workload, commands=(_delete(workload, affected.awaiting),), down=0, note="they wait for a node")
    running = [each for each in pods if not each.awaiting]
    if not running:
        return
    holder = objects.get(_key(workload)) or {}
    allowed = _allowed(affected)
    at_once = _at_once(workload, holder)
    if at_once is not None and (allowed is None or at_once <= allowed):
        note = "" if at_once else "new pods come before old ones go"
        yield Step(workload=workload, commands=_rollout(workload), down=at_once, note=note)
    elif allowed == 0:
        yield _blocked(affected)
    else:
        again = _again(workload, holder)
        if again is None:
            yield f"{workload.kind.name} {workload.name} was not read, so when its pods are there again is not known"
            return
        # One at a time without a budget, since nothing says how many the others can do without.
        size = allowed if allowed is not None else 1
        batches = [running[start : start + size] for start in range(0, len(running), size)]
        commands = [each for batch in batches for each in (_delete(workload, batch), again)]
        yield Step(workload=workload, commands=tuple(commands), down=min(size, len(running)), note=_why_deleted(at_once, affected))


def _again(workload: Workload, holder: Object) -> str | None:
    """Return the command that waits for pods that were deleted; None where it is not known how many there should be."""
    on_delete = mapping(holder, "spec", "updateStrategy").get("type") == "OnDelete"  # which `rollout status` refuses
    if workload.kind in (DEPLOYMENT, STATEFUL_SET) and not on_delete:
        return _status(workload)
    replicas = mapping(holder, "spec").get("replicas")
    return _wait(workload, replicas) if isinstance(replicas, int) else None


def _why_deleted(at_once: int | None, affected: _Affected) -> str:
    if at_once is None:
        return "it has no rolling update of its own"
    names = ", ".join(each.name for each in affected.budgets)
    return f"a rolling update would take {at_once} down at once, more than budget {names} allows"


def _blocked(affected: _Affected) -> str:
    tight = min(affected.budgets, key=lambda each: (each.allowed, each.name))
    return f"budget {tight.name} allows {tight.allowed or 'no'} disruption{'s' if tight.allowed > 1 else ''} now ({tight.why})"


def _allowed(affected: _Affected) -> int | None:
    return min((each.allowed for each in affected.budgets), default=None)


def _at_once(workload: Workload, holder: Object) -> int | None:
    """Return how many pods a rolling update takes down at once; None where it has none, or all would go.

    Defaults are those of apps/v1: 25 % for Deployments, rounded down; StatefulSets go one by one unless they say otherwise.
    """
    spec = mapping(holder, "spec")
    replicas = spec.get("replicas", 1)
    if not holder or not isinstance(replicas, int):
        return None
    if workload.kind == DEPLOYMENT:
        if mapping(spec, "strategy").get("type") == "Recreate":
            return None if replicas > 1 else replicas
        return _share(mapping(spec, "strategy", "rollingUpdate").get("maxUnavailable", "25%"), replicas)
    if workload.kind == STATEFUL_SET and mapping(spec, "updateStrategy").get("type", "RollingUpdate") == "RollingUpdate":
        rolling = mapping(spec, "updateStrategy", "rollingUpdate")
        return None if rolling.get("partition") else max(_share(rolling.get("maxUnavailable", 1), replicas) or 1, 1)
    return None


def _share(value: Any, replicas: int) -> int | None:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.removesuffix("%").isdigit():
        return floor(int(value.removesuffix("%")) * replicas / 100)
    return None


def _command(workload: Workload, *words: str) -> str:
    """Write a command; names come from whoever made the objects, and may not become commands of their own."""
    return shlex.join(("kubectl", "-n", workload.namespace, *words))


def _target(workload: Workload) -> str:
    return f"{workload.kind.name.lower()}/{workload.name}"


def _rollout(workload: Workload) -> tuple[str, ...]:
    return (_command(workload, "rollout", "restart", _target(workload)), _status(workload))


def _status(workload: Workload) -> str:
    return _command(workload, "rollout", "status", _target(workload), "--timeout=30m")


def _delete(workload: Workload, pods: list[Judged]) -> str:
    return _command(workload, "delete", "pod", *(each.name for each in pods))


def _wait(workload: Workload, replicas: int) -> str:
    """Return the command that waits until all replicas are there again."""
    return _command(workload, "wait", _target(workload), f"--for=jsonpath={{.status.readyReplicas}}={replicas}", "--timeout=30m")


def _waves(steps: list[tuple[_Affected, Step]]) -> Iterator[tuple[Step, ...]]:
    """Yield steps that may be under way together: each budget bears all that are, and a workload has one step a wave."""
    waves: list[list[Step]] = []
    spent: list[dict[tuple[str, str], int]] = []
    earliest: dict[Workload, int] = {}
    for affected, step in sorted(steps, key=lambda each: (each[1].down > 0, each[0].workload)):
        names = [(each.namespace, each.name, each.allowed) for each in affected.budgets]
        index = earliest.get(step.workload, 0)
        while True:
            if index == len(waves):
                waves.append([])
                spent.append({})
            fits = all(spent[index].get((namespace, name), 0) + step.down <= allowed for namespace, name, allowed in names)
            if not waves[index] or (fits and len(waves[index]) < WAVE):  # alone, a step keeps to its budgets by itself
                break
            index += 1
        waves[index].append(step)
        earliest[step.workload] = index + 1
        for namespace, name, _ in names:
            spent[index][namespace, name] = spent[index].get((namespace, name), 0) + step.down
    yield from (tuple(sorted(wave, key=lambda each: (each.down > 0, each.workload))) for wave in waves)
