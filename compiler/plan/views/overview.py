"""What came of each scenario, in a line: does it all run, what is different, what does it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from compiler.diagnostics import Severity
from compiler.plan.trace import Plan
from compiler.plan.views.rows import Row, rows
from compiler.plan.views.sheet import UNKNOWN, amount
from compiler.plan.views.shown import Shown
from compiler.plan.views.stacks import copies

NONE: Final = "none"
_SAME: Final = "the same"
_MISSING: Final = "no plan there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A short text; ``bad`` where it says that something is wrong, ``changed`` where it says that the revisions differ."""

    text: str
    bad: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A scenario: how it ends, its worst step, what is different, most money per hour, money in all, and findings."""

    name: str
    end: Mark
    worst: Mark
    compared: Mark
    peak: Mark
    spent: Mark
    findings: Mark


def line(shown: Shown) -> Line:
    """Return a scenario in short."""
    plan, ceilings = shown.plan, shown.plan.scenario.ceilings
    different = difference(shown, rows(shown))
    return Line(
        name=plan.scenario.name,
        end=_end(plan),
        worst=_worst(plan),
        compared=Mark(text=different, changed=different not in {"", _SAME, _MISSING}),
        peak=_cost(plan, plan.peak, ceilings.per_hour),
        spent=_cost(plan, plan.steps[-1].spent if plan.steps else None, ceilings.total),
        findings=Mark(text=findings(shown), bad=any(each.code.severity is Severity.ERROR for each in shown.diagnostics)),
    )


def verdict(lines: Sequence[Line]) -> str:
    """Say in a few sentences whether it all runs, what is different, and whether anything is wrong."""
    count = len(lines)
    ends = sum(each.end.bad for each in lines)
    ways = sum(each.worst.bad and not each.end.bad for each in lines)
    of_all = f" of all {count} scenarios" if count > 1 else ""
    if ends:
        said = [f"Not all replicas run at the end{f' of {ends} of {count} scenarios' if count > 1 else ''}."]
        said += [f"In {ways} more, some do not on the way."] if ways else []
    elif ways:
        said = [f"All replicas run at the end{of_all}; on the way some do not{f', in {ways} of them' if count > 1 else ''}."]
    else:
        said = [f"All replicas run, at every step{of_all}."]
    compared = [each.compared for each in lines if each.compared.text]
    if compared:
        changed = sum(each.changed for each in compared)
        said.append(
            f"{changed or 'None'} of {count} scenarios {'differs' if changed == 1 else 'differ'} from before." if count > 1 else ""
        )
    wrong = sum(each.findings.text != NONE for each in lines)
    if wrong:
        said.append(
            f"{wrong} of {count} scenarios {'has' if wrong == 1 else 'have'} findings." if count > 1 else "There are findings."
        )
    return " ".join(each for each in said if each)


def difference(shown: Shown, steps: Sequence[Row]) -> str:
    """Say in short how the revisions differ; nothing where nothing is compared."""
    if shown.base is None and shown.before is None:
        return ""
    if shown.before is None:
        return _MISSING
    moved = sum(row.moved for row in steps)
    if moved:
        return f"{moved} of {len(steps)} steps {'differs' if moved == 1 else 'differ'}"
    return _SAME + beside(shown, steps)


def beside(shown: Shown, steps: Sequence[Row]) -> str:
    """Say what differs where replicas land the same."""
    bounds = ", within other bounds" if any(row.changed for row in steps) else ""
    return f"{bounds}{', at another cost' if costs_differ(shown, steps) else ''}"


def costs_differ(shown: Shown, steps: Sequence[Row]) -> bool:
    """Say whether the revisions differ in money."""
    peak = shown.before.peak if shown.before else shown.plan.peak
    return any(row.cost is not None and row.cost.changed for row in steps) or peak != shown.plan.peak


def findings(shown: Shown) -> str:
    """Count what is wrong."""
    errors = sum(each.code.severity is Severity.ERROR for each in shown.diagnostics)
    others = len(shown.diagnostics) - errors
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in ((errors, "error"), (others, "warning")) if count]
    return ", ".join(parts) or NONE


def _end(plan: Plan) -> Mark:
    if not plan.steps:
        return Mark(text="not played", bad=True)
    last = plan.steps[-1]
    asked = last.replicas * copies(plan)
    short = "" if len(plan.steps) == len(plan.scenario.events) else ", cut short"
    return Mark(text=f"{last.running} of {asked} run{short}", bad=last.running < asked or bool(short))


def _worst(plan: Plan) -> Mark:
    """Name the first step with the most pods, or replicas without a pod, that do not run."""
    times = copies(plan)
    lacks = [max(step.unschedulable + step.starved, step.replicas * times - step.running) for step in plan.steps]
    most = max(lacks, default=0)
    if most <= 0:
        return Mark(text="all run" if plan.steps else UNKNOWN)
    return Mark(text=f"{most} {'does' if most == 1 else 'do'} not run, step {lacks.index(most) + 1}", bad=True)


def _cost(plan: Plan, money: Decimal | None, ceiling: Decimal | None) -> Mark:
    above = money is not None and ceiling is not None and money > ceiling
    return Mark(text=amount(money, plan.scenario.currency), bad=above)
