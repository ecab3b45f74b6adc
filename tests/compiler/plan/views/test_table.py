"""Plans in terminals: what a cell says, which layout a width gives, and that nothing of strangers reaches the terminal as control."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from compiler.codes import planning
from compiler.diagnostics import diagnose
from compiler.plan.scenario import Ceilings, Rules
from compiler.plan.trace import Cause, Move, Plan
from compiler.plan.views.rows import ABSENT
from compiler.plan.views.shown import Shown
from compiler.plan.views.table import render

Plans = Callable[..., Plan]

ODD = {"idc": (0, {"prepaid": (2, 0, 2), "serverless": (1, 1, 4), "idc": (3, 0, None)})}


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 200, 300])
@pytest.mark.parametrize("reasons", [True, False])
def test_no_line_is_wider_than_the_terminal(width: int, reasons: bool, handmade: Plans) -> None:  # noqa: FBT001
    """Whatever the width, every line fits, and every cluster and pool of every step is shown."""
    plan = handmade(prices={"postpaid": "12.5"}, assumptions=("pods request one GPU each " * 8,))
    text = render([Shown(plan=plan)], width=width, reasons=reasons)
    assert max(map(len, text.splitlines())) <= width
    for words in ("vke-poc1", "ack-poc", "6+2", "create 10", "serverless", "100.00"):
        assert words in text


def test_a_wide_terminal_has_pools_side_by_side(handmade: Plans) -> None:
    """With room enough a step is one line, the numbers of a pool below its name."""
    lines = render([Shown(plan=handmade())], width=200).splitlines()
    (step,) = [line for line in lines if "scale 20" in line]
    assert re.search(r"6\+2 +2/2 +2/2 +2/2 │ 6\+2 +2/2 +2/2 +2/2 │ 4 +2/2 +2/2 +0/10", step)
    assert any("prepaid  serverless  postpaid" in line for line in lines)


def test_less_room_packs_pools_and_then_makes_blocks(handmade: Plans) -> None:
    """A narrower table repeats the pools' names in its cells; where that does not fit either, each step is a block."""
    packed = render([Shown(plan=handmade())], width=110)
    assert re.search(r"6\+2  prepaid 2/2 +│ 6\+2  prepaid 2/2 +│ 4  prepaid 2/2", packed)
    block = render([Shown(plan=handmade())], width=80)
    assert " 2 scale 20  at 0s  20 wanted, pods 16+4\n    vke-poc1  6+2  prepaid 2/2 · serverless 2/2 · postpaid 2/2\n" in block


def test_cells_show_what_waits_what_starves_and_what_is_not_listed(handmade: Plans) -> None:
    """Pods without stock and pools outside of the list have signs, and the legend explains those that occur, and no others."""
    text = render([Shown(plan=handmade(steps=[ODD], replicas=[7]))], width=100)
    assert "(idc)" in text
    assert re.search(r"6~1 +2/2 +1~1/4 +3", text)
    two = {f"idc-of-a-long-name-{letter}": ODD["idc"] for letter in "ab"}
    assert "6~1  prepaid 2/2 · serverless 1~1/4 · (idc 3)" in render([Shown(plan=handmade(steps=[two], replicas=[14]))], width=76)
    assert "6~1: 6 pods run and 1 is bound to a virtual node without stock" in text
    assert "not in the policy's list" in text
    assert "unschedulable" not in text


def test_what_differs_is_shown_as_before_and_now(handmade: Plans) -> None:
    """Under comparison only cells that differ have two sides; the heading counts the steps."""
    full = {"idc": (0, {"prepaid": (2, 0, 2), "postpaid": (4, 0, 6)})}
    less = {"idc": (2, {"prepaid": (2, 0, 2), "postpaid": (2, 0, 2)})}
    now, before = handmade(steps=[full], replicas=[6]), handmade(steps=[less], replicas=[6])
    text = render([Shown(plan=now, before=before, base="main")], width=100)
    assert "1 of 1 steps differs from main" in text
    assert re.search(r"4\+2 → 6 +2/2 +2/2 → 4/6", text)
    same = render([Shown(plan=now, before=now, base="main")], width=100)
    assert "replicas land as in main" in same
    assert "→" not in same


def test_steps_pools_and_clusters_of_one_side_only_are_shown(handmade: Plans) -> None:
    """What only one of the revisions has stands against a dash, whichever of the two it is."""
    now = handmade(steps=[{"new": (0, {"a": (1, 0, None)})}], replicas=[1])
    before = handmade(steps=[{"old": (0, {"b": (1, 0, None)})}] * 2, replicas=[1, 2])
    for width in (60, 200):
        text = render([Shown(plan=now, before=before, base="main")], width=width)
        assert all(words in text for words in ("new", "old", f"{ABSENT} → 1", f"1 → {ABSENT}", "scale 20", f"2 → {ABSENT}"))
        assert "cut short: 1 of 3 events were played" in text


def test_a_base_without_a_plan_is_said(handmade: Plans) -> None:
    """Where the other revision cannot plan the scenario, the heading says that nothing is compared."""
    assert "nothing is compared: main has no plan for this scenario" in render([Shown(plan=handmade(), base="main")], width=80)


def test_fitted_plans_are_labelled(handmade: Plans) -> None:
    """The documented engine never goes without saying what it is."""
    text = render([Shown(plan=handmade(rules=Rules.DOCUMENTED))], width=200)
    assert "engine documented: fitted to the vendor's page; its two extra rules stand in no source" in text


def test_costs_are_shown_with_their_ceilings(handmade: Plans) -> None:
    """Peak and sum stand below the steps, against what the scenario allows."""
    plan = handmade(prices={"postpaid": "12.5"}, ceilings=Ceilings(per_hour=Decimal(100), total=None))
    text = render([Shown(plan=plan, before=handmade(prices={"postpaid": "1000"}), base="main")], width=120)
    assert "at most 12,000.00 → 150.00 CNY per hour (ceiling 100.00), 0.00 CNY in all" in text
    assert "per hour" not in render([Shown(plan=handmade())], width=120)


def test_reasons_stand_under_their_step(handmade: Plans) -> None:
    """With reasons every move has its time, place, deed and reason; without, none is shown."""
    plan = handmade()
    text = render([Shown(plan=plan)], width=200, reasons=True)
    assert re.search(r"2 scale 20\n +0s  vke-poc1 +assign \+4  40 of 100 by weight\n +0s  vke-poc1/postpaid  start 2 ", text)
    assert "by weight" not in render([Shown(plan=plan)], width=200)


def test_a_step_with_a_finding_is_marked(handmade: Plans) -> None:
    """The number of a step that something is wrong with has a mark."""
    plan = handmade()
    finding = diagnose(planning.EXPECTATION, plan.scenario.at("spec", "events", 1, "expect", "ack-poc", "assigned"), "expected 4")
    elsewhere = diagnose(planning.CEILING, plan.scenario.at("spec", "ceilings"), "too much")
    for width in (80, 200):
        text = render([Shown(plan=plan, diagnostics=(finding, elsewhere))], width=width)
        assert [line for line in text.splitlines() if "✗" in line] == [line for line in text.splitlines() if "✗2" in line] != []


def test_colour_is_only_used_on_request(handmade: Plans) -> None:
    """Escape sequences appear with colour, and never without."""
    assert "\x1b" not in render([Shown(plan=handmade())], width=80, reasons=True)
    coloured = render([Shown(plan=handmade())], width=80, colour=True, reasons=True)
    assert "\x1b[1;31m6+2\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace(" ", "") == render(
        [Shown(plan=handmade())], width=80, reasons=True
    ).replace(" ", "")


@pytest.mark.parametrize("width", [60, 110, 200])
def test_ascii_is_enough(width: int, handmade: Plans) -> None:
    """For streams that are not UTF-8 everything is written in ASCII, and nothing that matters is lost."""
    shown = Shown(plan=handmade(assumptions=("größer",)), before=handmade(steps=[ODD], replicas=[7]), base="main")
    text = render([shown], width=width, ascii_only=True, reasons=True)
    assert text.isascii()
    assert "->" in text
    assert "gr\\xf6\\xdfer" in text


def test_strangers_cannot_write_to_the_terminal(handmade: Plans) -> None:
    """Control characters and markup in reasons and names stay text."""
    plan = handmade(assumptions=("a\x1b[2Jb\nc [red]d[/red] :smile:",))
    step = replace(plan.steps[0], moves=(Move(at=0, cause=Cause.WAIT, count=1, reason="x\x1b]0;y\x07\u202ez"),))
    text = render([Shown(plan=replace(plan, steps=(step,)), base="ma\x1bin")], width=120, reasons=True, colour=False)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", text)
    assert "[red]d[/red] :smile:" in text


def test_a_plan_without_a_step_is_no_table(handmade: Plans) -> None:
    """Where the first event has no end, the heading stands alone and says so."""
    text = render([Shown(plan=handmade(steps=[], replicas=[]))], width=80)
    assert "cut short: 0 of 3 events were played" in text


def test_hundreds_of_clusters_are_blocks(handmade: Plans) -> None:
    """However many clusters there are, each has its line."""
    many = {f"cluster-{number}": (0, {"idc": (1, 0, 1)}) for number in range(300)}
    text = render([Shown(plan=handmade(steps=[many], replicas=[300]))], width=200)
    assert text.count("\n    cluster-") == 300
