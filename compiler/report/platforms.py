"""The vendor facts as Markdown tables, from the very data that decides: what ``docs/platforms.md`` shows."""

from collections.abc import Iterable, Sequence
from typing import Final

from compiler.model import Mechanism, Platform
from compiler.platforms.gates import (
    CPU_TOPOLOGY_ADDON,
    GATES,
    SCHEDULER_ADDON,
    VIRTUAL_AFFINITY_ADDON,
    VIRTUAL_NODE_ADDON,
)
from compiler.platforms.mechanisms import SERVES
from webhook.engine.runtimes import TABLE


def mechanisms() -> str:
    """Return which mechanism takes which types of pools on which platform."""
    rows = [
        [f"`{mechanism}`", *(_types(mechanism, platform) for platform in Platform)]
        for mechanism in Mechanism
        if mechanism in SERVES
    ]
    return _table(["mechanism", *(f"`{platform}`" for platform in Platform)], rows)


def rules() -> str:
    """Return the rule behind each cell of the table of mechanisms."""
    rows = [
        [f"`{mechanism}`", f"`{platform}`", rule] for mechanism, served in SERVES.items() for platform, (_, rule) in served.items()
    ]
    return _table(["mechanism", "platform", "rule and source"], rows)


def gates() -> str:
    """Return from which versions on a feature is there."""
    rows = [
        [f"`{platform}`", str(feature), str(gate.kubernetes or "any"), str(gate.scheduler or "any"), gate.source]
        for (platform, feature), gate in GATES.items()
    ]
    return _table(["platform", "feature", "Kubernetes", "scheduler", "source"], rows)


def addons() -> str:
    """Return which add-ons are needed for what."""
    rows = [
        [f"`{addon}`", f"ResourcePolicy and other features of the scheduler on `{p}`", source]
        for p, (addon, source) in SCHEDULER_ADDON.items()
    ]
    rows += [[f"`{addon}`", f"pools of type `{kind}`", source] for kind, (addon, source) in VIRTUAL_NODE_ADDON.items()]
    addon, lowest, source = VIRTUAL_AFFINITY_ADDON
    rows.append([f"`{addon}` {lowest}", "node affinity to virtual nodes", source])
    rows.append([f"`{CPU_TOPOLOGY_ADDON[0]}`", "`scheduling.cpuTopology`", CPU_TOPOLOGY_ADDON[1]])
    return _table(["add-on", "needed for", "source"], rows)


def runtimes() -> str:
    """Return what virtual pools cannot run."""
    rows = [
        [f"`{row.id}`", row.kind, f"`{row.field}`", row.sentence, str(row.verdict), f"{row.source} ({row.basis})"] for row in TABLE
    ]
    return _table(["row", "kind", "field", "what is wrong, and what to do", "verdict", "source"], rows)


TABLES: Final = {each.__name__: each for each in (mechanisms, rules, gates, addons, runtimes)}
"""All tables by the names that pages ask for them with."""


def _types(mechanism: Mechanism, platform: Platform) -> str:
    types, _ = SERVES[mechanism].get(platform, (frozenset(), ""))
    return ", ".join(sorted(types)) or "-"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
