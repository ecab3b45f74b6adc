"""PlanScenario documents that their schema accepts, read into values."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from compiler.codes import planning as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.duration import nanoseconds
from compiler.plan.scenario import Ceilings, Event, EventKind, Rules, Scenario
from compiler.references import by_name
from compiler.source import Document

KIND: Final = "PlanScenario"
_REPLICAS: Final = frozenset({EventKind.CREATE, EventKind.SCALE, EventKind.AUTOSCALE})
_LONGEST: Final = 10 * 365 * 24 * 3600 * 1_000_000_000
"""Ten years: more than a plan is about, and sums of a thousand waits stay within what other programs can read."""


def declared(documents: Iterable[Document]) -> tuple[tuple[Scenario, ...], list[Diagnostic]]:
    """Read all scenarios, sorted by name; the first of two with one name counts, and those that cannot be played are left out."""
    found, diagnostics = by_name(documents, {KIND})
    scenarios = []
    for document in found[KIND]:
        problems = list(_problems(document))
        diagnostics += problems
        if not problems:
            scenarios.append(_scenario(document))
    return tuple(scenarios), diagnostics


def _scenario(document: Document) -> Scenario:
    spec = document.get("spec")
    pod = spec.get("pod", {})
    ceilings = spec.get("ceilings", {})
    return Scenario(
        name=document.get("metadata", "name"),
        document=document,
        placement=spec.get("placement"),
        workload=spec.get("workload"),
        cluster=spec.get("cluster"),
        namespace=spec.get("namespace"),
        policy=spec.get("policy"),
        file=pod.get("file"),
        inline=pod.get("inline"),
        rules=Rules(spec.get("engine", Rules.UPSTREAM)),
        weights=spec.get("weights", {}),
        node_delay=nanoseconds(spec.get("nodeDelay", "0s")),
        node_idle=nanoseconds(spec.get("nodeIdle", "0s")),
        currency=spec.get("currency", ""),
        ceilings=Ceilings(per_hour=money(ceilings.get("perHour")), total=money(ceilings.get("total"))),
        events=tuple(_event(index, event) for index, event in enumerate(spec["events"])),
    )


def money(written: float | None) -> Decimal | None:
    """Return an amount exactly as it is written."""
    return None if written is None else Decimal(str(written))


def _event(index: int, written: dict[str, Any]) -> Event:
    kind = EventKind(next(key for key in written if key != "expect"))
    value, expect = written[kind], written.get("expect")
    if kind in _REPLICAS:
        return Event(index=index, kind=kind, replicas=value, expect=expect)
    if kind is EventKind.WAIT:
        return Event(index=index, kind=kind, wait=nanoseconds(value), expect=expect)
    return Event(
        index=index,
        kind=kind,
        clusters=tuple(value.get("clusters", ())),
        pool=value["pool"],
        max=value.get("max"),
        nodes=value.get("nodes", 0),
        expect=expect,
    )


def _problems(document: Document) -> Iterator[Diagnostic]:
    """Yield what a schema cannot say well: each event is one thing, ``create`` is the first and only there, durations can be read."""
    spec = document.get("spec")
    for field in ("nodeDelay", "nodeIdle"):
        if field in spec and not _readable(spec[field]):
            yield _too_long(document, "spec", field)
    for index, event in enumerate(spec["events"]):
        kinds = [key for key in event if key != "expect"]
        at = ("spec", "events", index)
        if len(kinds) != 1:
            what = f"{len(kinds)} things: {', '.join(f'`{kind}`' for kind in kinds)}" if kinds else "nothing that happens"
            yield diagnose(codes.EVENTS, document.at(*at), f"event {index + 1} is {what}", help=["one event is exactly one thing"])
            continue
        kind = kinds[0]
        where = document.at_key(*at, kind)
        if kind == EventKind.WAIT and not _readable(event[kind]):
            yield _too_long(document, *at, kind)
        if (kind == EventKind.CREATE) != (index == 0):
            message = "the first event is no `create`" if index == 0 else f"event {index + 1} creates the workload again"
            advice = "start with `create: REPLICAS`" if index == 0 else "`scale` changes the number of replicas"
            yield diagnose(codes.EVENTS, where, message, help=[advice])


def _readable(text: str) -> bool:
    try:
        return nanoseconds(text) <= _LONGEST
    except ValueError:
        return False


def _too_long(document: Document, *route: str | int) -> Diagnostic:
    message = f"`{document.get(*route)}` is no duration, or longer than ten years"
    return diagnose(codes.EVENTS, document.at(*route), message, help=["write a Go duration such as 90s, 2m or 1h30m"])
