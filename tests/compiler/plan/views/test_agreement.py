"""Page, terminal, Markdown and JSON show the same numbers of the same plan, whatever the plan."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from compiler.plan.amounts import money
from compiler.plan.simulate import play
from compiler.plan.stage import Stage
from compiler.plan.trace import ClusterState, Plan
from compiler.plan.views import json_v1, markdown, page, table
from compiler.plan.views.sheet import UNKNOWN
from compiler.plan.views.shown import Shown

Numbers = list[tuple[str, str, str, list[tuple[str, list[str]]], str]]
"""For each step: time, replicas, pods, by cluster its pods and those of its pools, and the cost (empty without prices)."""


def _written(state: dict[str, Any]) -> str:
    starved = f"~{state['starved']}" if state["starved"] else ""
    waiting = state.get("unschedulable")
    return f"{state['running']}{starved}{f'+{waiting}' if waiting else ''}"


def _pool(pool: dict[str, Any]) -> str:
    bounds = [bound for bound in (pool["limit"], pool["capacity"]) if bound is not None]
    return f"{_written(pool)}{f'/{min(bounds)}' if bounds else ''}"


def _of_json(plan: dict[str, Any]) -> Numbers:
    return [
        (
            step["at"]["duration"],
            str(step["replicas"]),
            _written(step),
            [(_written(cluster), [_pool(pool) for pool in cluster["pools"]]) for cluster in step["clusters"]],
            money(Decimal(step["cost"]["amount"])) if step["cost"] else "",
        )
        for step in plan["steps"]
    ]


def _of_terminal(text: str, clusters: int) -> Numbers:
    found: Numbers = []
    for line in text.split("\n"):
        cells = [cell.split() for cell in line.split("│")]
        if len(cells) > 5 and cells[0] and cells[0][0].lstrip("✗").isdigit():
            of_clusters = cells[5 : 5 + clusters]
            cost = cells[5 + clusters :]
            found.append((cells[2][0], cells[3][0], cells[4][0], [(c[0], c[1:]) for c in of_clusters], cost[0][0] if cost else ""))
    return found


def _plain(cell: str) -> str:
    return re.sub(r"&#(\d+);", lambda each: chr(int(each[1])), cell).replace("**", "").strip()


def _of_markdown(text: str, clusters: int) -> Numbers:
    found: Numbers = []
    for line in text.partition("<details>")[0].split("\n"):
        cells = [cell.strip() for cell in line.split(" | ")]
        if not re.fullmatch(r"\| (❌ )?\d+", cells[0]):
            continue
        cells[-1] = cells[-1].removesuffix("|")
        *lead, cost = cells[2:5] + (cells[5:-clusters] or [""])
        each = [[_plain(part) for part in cell.split("<br>")] for cell in cells[-clusters:]]
        pods = [(counts, [pool.strip("()").rpartition(" ")[2] for pool in pools]) for counts, *pools in each]
        found.append((lead[0], _plain(lead[1]), _plain(lead[2]), pods, cost))
    return found


@dataclass
class _Step:
    facts: dict[str, str] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)


class _Page(HTMLParser):
    """Gathers the steps of a page: facts by their words, and the cells of its table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.steps: list[_Step] = []
        self.totals: dict[str, str] = {}
        self._text: list[str] = []
        self._word = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "section" and known.get("class") == "step":
            self.steps.append(_Step())
        elif tag in {"dt", "dd", "th", "td"}:
            self._text = []
        elif tag == "tr" and self.steps:
            self.steps[-1].rows.append([])

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self._text).split())
        if tag == "dt":
            self._word = text
        elif tag == "dd":
            (self.steps[-1].facts if self.steps else self.totals)[self._word] = text
        elif tag in {"th", "td"} and self.steps:
            self.steps[-1].rows[-1].append(text)

    def handle_data(self, data: str) -> None:
        self._text.append(data)


def _rows(step: _Step) -> Iterator[tuple[str, dict[str, str]]]:
    heads, *rows = step.rows
    for name, *cells in rows:
        yield name, dict(zip(heads[1:], cells, strict=True))


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_terminal_markdown_and_json_agree(stages: Callable[[int], Stage], first: int) -> None:
    """Times, replicas, pods by cluster and pool, and costs, of every step."""
    for seed in range(first, first + 10):
        plan, found = play(stages(seed))
        if not plan.steps:
            continue
        shown = [Shown(plan=plan, diagnostics=found)]
        (scenario,) = json.loads(json_v1.render(shown))["scenarios"]
        wanted = _of_json(scenario["plan"])
        clusters = len(plan.steps[0].clusters)
        assert _of_terminal(table.render(shown, width=600), clusters) == wanted, seed
        assert _of_markdown(markdown.render(shown), clusters) == wanted, seed
        peak, total = scenario["plan"]["peak"], scenario["plan"]["total"]
        if peak:
            line = f"at most {money(Decimal(peak['amount']), peak['currency'] or '')} per hour"
            assert line in table.render(shown, width=600)
            assert f"{money(Decimal(total['amount']), total['currency'] or '')} in all" in table.render(shown, width=600)


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_page_and_json_agree(stages: Callable[[int], Stage], first: int) -> None:
    """Every number of a step, its clusters, its pools and its money."""
    for seed in range(first, first + 10):
        plan, found = play(stages(seed))
        shown = [Shown(plan=plan, diagnostics=found)]
        (scenario,) = json.loads(json_v1.render(shown))["scenarios"]
        currency = scenario["currency"] or ""
        steps = _Page(page.render(shown, title="Plans")).steps
        for step, drawn in zip(scenario["plan"]["steps"], steps, strict=True):
            assert drawn.facts["Replicas asked for"] == str(step["replicas"])
            if step["spent"]:
                assert drawn.facts["Cost per hour"] == money(Decimal(step["cost"]["amount"]), currency)
                assert drawn.facts["Spent so far"] == money(Decimal(step["spent"]["amount"]), currency)
            rows = _rows(drawn)
            for cluster in step["clusters"]:
                name, cells = next(rows)
                assert name == cluster["name"]
                for head in ("Assigned", "Running", "Unschedulable", "Starved"):
                    assert cells[head] == str(cluster[head.lower()]), (seed, name)
                for pool in cluster["pools"]:
                    name, cells = next(rows)
                    assert name.startswith(f"{pool['name']} {pool['type']}")
                    assert ("not listed" in name) is not pool["listed"]
                    assert cells["Running"] == str(pool["running"])
                    assert cells["Starved"] == str(pool["starved"])
                    assert cells["Limit"] == ("none" if pool["limit"] is None else str(pool["limit"]))
                    assert cells["Capacity"] == (UNKNOWN if pool["capacity"] is None else str(pool["capacity"]))
                    assert cells["Nodes"] == (UNKNOWN if pool["nodes"] is None else str(pool["nodes"]))
                    if step["spent"]:
                        cost = next(text for head, text in cells.items() if head.endswith("per hour"))
                        assert cost == (UNKNOWN if pool["cost"] is None else money(Decimal(pool["cost"]["amount"])))


def test_a_bound_that_nothing_has_reached_is_no_difference_in_where_replicas_land(handmade: Callable[..., Plan]) -> None:
    """Under another limit and the same pods, all views say that replicas land the same, and each shows the limit."""
    plan = handmade()

    def wider(cluster: ClusterState) -> ClusterState:
        return replace(cluster, pools=tuple(replace(pool, limit=pool.limit and pool.limit + 1) for pool in cluster.pools))

    before = replace(plan, steps=tuple(replace(step, clusters=tuple(map(wider, step.clusters))) for step in plan.steps))
    shown = [Shown(plan=plan, before=before, base="main")]
    assert "replicas land as in main, within other bounds" in table.render(shown, width=120)
    assert "serverless 2/3 → 2/2" in table.render(shown, width=70)
    assert "| **the same, within other bounds** |" in markdown.render(shown)
    assert "Replicas land as in main; only nodes, bounds or money differ in steps 1 to 3." in page.render(shown, title="Plans")


def test_every_view_counts_the_same_steps_as_different(stages: Callable[[int], Stage]) -> None:
    """The steps that differ are as many in the terminal and in Markdown as are marked in the chart."""
    compared = 0
    for seed in range(30):
        stage = stages(seed, clusters=2, events=5)
        other = replace(stage, clusters=stages(seed + 1, clusters=2, pools=len(stage.clusters[0].pools)).clusters)
        plan, before = play(stage)[0], play(other)[0]
        if not len(plan.steps) == len(before.steps) == 5:
            continue
        shown = [Shown(plan=plan, before=before, base="main")]
        marked = page.render(shown, title="Plans").count('<tspan class="differs"') // 2
        counted = re.findall(r"(\d) of 5 steps differs?", table.render(shown, width=120))
        assert counted == re.findall(r"(\d) of 5 steps differs?", markdown.render(shown).partition("####")[0])
        assert marked == int(counted[0] if counted else 0)
        compared += marked
    assert compared > 10


def test_all_views_are_the_same_twice(stages: Callable[[int], Stage]) -> None:
    """Playing and rendering again gives the same bytes."""
    for seed in range(10):
        once, again = ([Shown(plan=play(stages(seed))[0], before=play(stages(seed))[0], base="main")] for _ in range(2))
        for render in (
            json_v1.render,
            markdown.render,
            lambda each: table.render(each, width=100),
            lambda each: page.render(each, title="P"),
        ):
            assert render(once) == render(again)
