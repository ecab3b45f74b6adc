"""A scenario as the page shows it: charts, tables, and what there is to say about the whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from compiler.plan.amounts import above
from compiler.plan.scenario import duration
from compiler.plan.trace import Plan
from compiler.plan.views.chart import Chart
from compiler.plan.views.drawing import HALF, WIDE, Scale, draw
from compiler.plan.views.overview import Line, line
from compiler.plan.views.palette import looks
from compiler.plan.views.rows import rows
from compiler.plan.views.sheet import UNKNOWN, Ledger, Sheet, amount, priced
from compiler.plan.views.shown import Shown
from compiler.plan.views.stacks import copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A word and its value. ``was`` is the other revision's, None where that is the same or unknown."""

    word: str
    text: str
    was: str | None = None
    alarming: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scenario.

    Attributes:
        id: its anchor. charts: of each revision, with its name (empty where nothing is compared).
        pools: the names of its pools with their looks. costs: whether a price is known. starves: whether pods starve in any step.
        line: the scenario in short. difference: how the other revision differs, in a sentence.
        facts, totals: what it is about, and what came of it.
    """

    id: str
    shown: Shown
    charts: tuple[tuple[str, tuple[Chart, ...]], ...]
    sheets: tuple[Sheet, ...]
    pools: tuple[tuple[str, int], ...]
    facts: tuple[Fact, ...]
    totals: tuple[Fact, ...]
    costs: bool
    starves: bool
    line: Line
    difference: str


def scene(identity: str, shown: Shown, known: Mapping[str, int]) -> Scene:
    """Return the scene of a scenario. ``known`` are the looks of the page's pools."""
    plan, before = shown.plan, shown.before
    both = [plan] if before is None else [before, plan]
    costs = priced(both)
    compared = before is not None
    ledger = Ledger(looks=known, currency=plan.scenario.currency, costs=costs, compared=compared)
    earlier = before.steps if before is not None else ()
    sheets = tuple(ledger.sheet(step, earlier[n] if n < len(earlier) else None) for n, step in enumerate(plan.steps))
    drawn = [number for number, row in enumerate(rows(shown)[: len(sheets)]) if row.moved]
    return Scene(
        id=identity,
        shown=shown,
        charts=tuple(_charts(shown, drawn, known)),
        sheets=sheets,
        pools=tuple((name, look) for name, look in known.items() if name in looks(both)),
        facts=tuple(_facts(plan, before)),
        totals=tuple(_totals(plan, before, costs=costs)),
        costs=costs,
        starves=any(step.starved for each in both for step in each.steps),
        line=line(shown),
        difference=_difference(shown, drawn, sheets),
    )


def _difference(shown: Shown, changed: Sequence[int], sheets: Sequence[Sheet]) -> str:
    """Say which steps differ in where replicas land (``changed``), and which in anything else."""
    if shown.before is None:
        return ""
    base = shown.base or "the other revision"
    others = [number for number, sheet in enumerate(sheets) if sheet.changed and number not in changed]
    if not changed and not others:
        said = f"Every step is as it is in {base}."
    elif not changed:
        said = f"Replicas land as in {base}; only nodes, bounds or money differ in {_listed(others)}."
    else:
        said = f"Replicas land differently than in {base} in {_listed(changed)}"
        said += f"; only nodes, bounds or money differ in {_listed(others)}." if others else "."
    more = len(shown.before.steps) - len(sheets)
    if more > 0:
        said += f" There, {more} more {'step follows' if more == 1 else 'steps follow'}."
    return said


def _listed(indices: Sequence[int]) -> str:
    """Name steps; long runs of them in short."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    parts = [part for run in runs for part in ([f"{run[0] + 1} to {run[-1] + 1}"] if len(run) > 2 else [str(n + 1) for n in run])]  # noqa: PLR2004
    return f"{'step' if len(indices) == 1 else 'steps'} {' and '.join([', '.join(parts[:-1])] * (len(parts) > 1) + parts[-1:])}"


def _charts(shown: Shown, changed: Sequence[int], known: Mapping[str, int]) -> Iterator[tuple[str, tuple[Chart, ...]]]:
    if shown.before is None:
        yield "", draw(shown.plan, Scale.over([shown.plan]), known, WIDE)
        return
    scale = Scale.over([shown.before, shown.plan])
    yield f"Before: {shown.base}" if shown.base else "Before", draw(shown.before, scale, known, HALF, changed)
    yield "After", draw(shown.plan, scale, known, HALF, changed)


def _facts(plan: Plan, before: Plan | None) -> Iterator[Fact]:
    """Yield what the scenario is about, and what that was under the other revision where it differs."""
    new, old = dict(_about(plan)), dict(_about(before)) if before is not None else {}
    for word, text in new.items():
        was = old.get(word, "") if old else text
        yield Fact(word=word, text=text, was=was if was != text else None)
    yield from (Fact(word=word, text=UNKNOWN, was=was) for word, was in old.items() if word not in new)


def _about(plan: Plan) -> Iterator[tuple[str, str]]:
    scenario = plan.scenario
    if scenario.placement is not None:
        workload = f", workload {scenario.workload}" if scenario.workload is not None else ""
        yield "Placement", f"{scenario.placement}{workload}"
    if scenario.cluster is not None:
        yield "Cluster", scenario.cluster
    if scenario.namespace is not None:
        yield "Namespace", scenario.namespace
    if plan.policies:
        yield "Pools by", _users(plan)
    yield "Engine", scenario.rules.value
    if scenario.node_delay or scenario.node_idle:
        yield "Autoscaled nodes", f"there after {duration(scenario.node_delay)}, gone when idle for {duration(scenario.node_idle)}"
    for word, ceiling in (("Ceiling per hour", scenario.ceilings.per_hour), ("Ceiling in total", scenario.ceilings.total)):
        if ceiling is not None:
            yield word, amount(ceiling, scenario.currency)
    yield "Written at", str(scenario.at_name().locate())


def _users(plan: Plan) -> str:
    """Say which policy is used where; that of most clusters comes last, so that its clusters need no names."""
    users: dict[str, list[str]] = {}
    for cluster, policy in plan.policies.items():
        users.setdefault("no BurstPolicy" if policy is None else policy, []).append(cluster)
    *others, main = sorted(users, key=lambda policy: len(users[policy]))
    said = [f"{policy} on {', '.join(users[policy])}" for policy in others]
    return "; ".join([*said, f"{main} elsewhere" if others else main])


def _totals(plan: Plan, before: Plan | None, *, costs: bool) -> Iterator[Fact]:
    """Yield the sums of the whole scenario, and what they were where they differ."""
    old = {fact.word: fact.text for fact in _sums(before, costs=costs)} if before is not None else {}
    for fact in _sums(plan, costs=costs):
        was = old.get(fact.word, fact.text)
        yield replace(fact, was=was if was != fact.text else None)


def _sums(plan: Plan, *, costs: bool) -> Iterator[Fact]:
    ceilings = plan.scenario.ceilings
    if plan.steps:
        last = plan.steps[-1]
        times = copies(plan)
        asked = last.replicas * times
        each = f"{last.replicas} in each cluster" if times > 1 else ""
        yield Fact(word="Asked for at the end", text=str(asked), note=each)
        yield Fact(word="Running at the end", text=str(last.running), alarming=last.running < asked)
        waiting = max(step.unschedulable for step in plan.steps)
        yield Fact(word="Most unschedulable", text=str(waiting), alarming=waiting > 0)
        starved = max(step.starved for step in plan.steps)
        yield Fact(word="Most starved", text=str(starved), alarming=starved > 0)
        if costs:
            yield _cost("Spent", last.spent, ceilings.total, plan.scenario.currency)
    if costs:
        yield _cost("Peak per hour", plan.peak, ceilings.per_hour, plan.scenario.currency)


def _cost(word: str, money: Decimal | None, ceiling: Decimal | None, currency: str) -> Fact:
    if money is None or ceiling is None or money <= ceiling:
        return Fact(word=word, text=amount(money, currency))
    text, most = above(money, ceiling, currency)
    return Fact(word=word, text=text, alarming=True, note=f"above the ceiling of {most}")
