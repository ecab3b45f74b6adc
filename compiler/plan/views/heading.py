"""What stands above and below the steps of a plan: what was planned and by whose rules, what is taken for granted, what it costs."""

from collections.abc import Iterator
from decimal import Decimal

from compiler.plan.amounts import money
from compiler.plan.scenario import Rules
from compiler.plan.trace import Plan
from compiler.plan.views.overview import beside
from compiler.plan.views.rows import ABSENT, Row, Tone
from compiler.plan.views.shown import Shown
from compiler.plan.views.stacks import copies

FITTED = "fitted to the vendor's page; its two extra rules stand in no source"


def subject(plan: Plan) -> str:
    """Say what is planned: the placement policy or the cluster, the workload, and whose pools the pods use."""
    scenario = plan.scenario
    parts = [f"placement {scenario.placement}" if scenario.placement else f"cluster {scenario.cluster}"]
    if scenario.workload:
        parts.append(f"workload {scenario.workload}")
    parts.append(_policies(plan))
    return ", ".join(part for part in parts if part)


def engine(plan: Plan) -> str:
    """Say whose rules divide the replicas; nothing divides them in a single cluster."""
    if plan.scenario.rules is Rules.DOCUMENTED:
        return f"engine documented: {FITTED}"
    return "engine upstream: as KubeAdmiral's source divides" if plan.scenario.placement else ""


def comparison(shown: Shown, steps: tuple[Row, ...]) -> str:
    """Say what the comparison comes to; nothing where nothing is compared."""
    if shown.base is None:
        return ""
    if shown.before is None:
        return f"nothing is compared: {shown.base} has no plan for this scenario"
    moved = sum(row.moved for row in steps)
    if not moved:
        return f"replicas land as in {shown.base}{beside(shown, steps)}"
    steps_differ = f"{moved} of {len(steps)} steps {'differs' if moved == 1 else 'differ'}"
    return f"{steps_differ} from {shown.base}, written {shown.base} → now"


def outcome(plan: Plan) -> str:
    """Say in a line how it ends."""
    if not plan.steps:
        return "no step was played"
    last = plan.steps[-1]
    times = copies(plan)
    asked = (
        f"{last.replicas} {'replica' if last.replicas == 1 else 'replicas'}{f' in each of {times} clusters' if times > 1 else ''}"
    )
    parts = [f"{last.running} running"]
    if last.starved:
        parts.append(f"{last.starved} bound without stock")
    if last.unschedulable:
        parts.append(f"{last.unschedulable} unschedulable")
    if last.replicas * times > last.assigned:
        parts.append(f"{last.replicas * times - last.assigned} in no cluster")
    return f"{asked}: {', '.join(parts)}"


def cut_short(plan: Plan) -> str:
    """Say that not all events were played; nothing where they were."""
    played, events = len(plan.steps), len(plan.scenario.events)
    return f"cut short: {played} of {events} events were played" if played < events else ""


def costs(shown: Shown, arrow: str = " → ") -> str:
    """Say what the plan costs; nothing where no pool has a price."""
    currency = shown.plan.scenario.currency
    ceilings = shown.plan.scenario.ceilings
    now = _amounts(shown.plan)
    before = _amounts(shown.before) if shown.before else now
    parts = []
    for what, ceiling, amount, earlier in zip(
        ("at most {} per hour", "{} in all"), (ceilings.per_hour, ceilings.total), now, before, strict=True
    ):
        if amount is None and earlier is None:
            continue
        written = list(dict.fromkeys(money(each) if each is not None else ABSENT for each in (earlier, amount)))
        limit = f" (ceiling {money(ceiling)})" if ceiling is not None else ""
        parts.append(what.format(f"{arrow.join(written)}{f' {currency}' if currency else ''}") + limit)
    return ", ".join(parts)


def legend(steps: tuple[Row, ...]) -> Iterator[str]:
    """Yield what the signs in the cells mean, of those that occur."""
    tones = {cell.tone for row in steps for cell in (row.total, *(cluster.counts for cluster in row.clusters))}
    tones |= {pool.pods.tone for row in steps for cluster in row.clusters for pool in cluster.pools}
    if Tone.UNSCHEDULABLE in tones:
        yield "6+2: 6 pods run and 2 are unschedulable"
    if Tone.STARVED in tones:
        yield "6~1: 6 pods run and 1 is bound to a virtual node without stock"
    if any(not pool.listed for row in steps for cluster in row.clusters for pool in cluster.pools):
        yield "(pool): not in the policy's list, used because the policy only prefers its pools"
    if any("/" in pool.pods.text() for row in steps for cluster in row.clusters for pool in cluster.pools):
        yield "2/3: pods of the most that the pool takes"


def _amounts(plan: Plan) -> tuple[Decimal | None, Decimal | None]:
    return plan.peak, plan.steps[-1].spent if plan.steps else None


def _policies(plan: Plan) -> str:
    by_policy: dict[str | None, list[str]] = {}
    for cluster, policy in plan.policies.items():
        by_policy.setdefault(policy, []).append(cluster)
    if len(by_policy) == 1:
        (policy,) = by_policy
        return f"policy {policy}" if policy else "no policy"
    return "; ".join(
        f"{f'policy {policy}' if policy else 'no policy'} on {', '.join(clusters)}" for policy, clusters in by_policy.items()
    )
