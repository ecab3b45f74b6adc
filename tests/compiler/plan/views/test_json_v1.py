"""Plans for programs: the documented fields, and how times and money are written."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from compiler.codes import planning
from compiler.diagnostics import diagnose
from compiler.plan.scenario import Ceilings, Rules
from compiler.plan.trace import Plan
from compiler.plan.views import json_v1
from compiler.plan.views.shown import Shown

Plans = Callable[..., Plan]


def test_every_field_is_there_and_documented(handmade: Plans) -> None:
    """The keys of a report are a closed set, and each stands in the docstring of the module."""
    plan = handmade(prices={"postpaid": "12.50"}, ceilings=Ceilings(per_hour=Decimal("9.5"), total=None))
    report = json.loads(json_v1.render([Shown(plan=plan, before=plan, base="main")]))

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return {*value, *(key for inner in value.values() for key in keys(inner))}
        return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()

    documented = json_v1.__doc__ or ""
    assert {key for key in keys(report) if key not in documented} == {"vke-poc1", "vke-poc2", "ack-poc"}
    assert list(report) == ["version", "base", "scenarios", "summary"]
    assert report["version"] == 1
    (scenario,) = report["scenarios"]
    assert scenario["plan"] == scenario["before"]
    assert scenario["ceilings"] == {"perHour": {"amount": "9.5", "currency": "CNY"}, "total": None}


def test_times_are_durations_and_seconds(handmade: Plans) -> None:
    """Whole seconds are integers, others fractions."""
    plan = handmade()
    steps = (replace(plan.steps[0], at=1_500_000_000), *plan.steps[1:])
    (scenario,) = json.loads(json_v1.render([Shown(plan=replace(plan, steps=steps))]))["scenarios"]
    assert [step["at"] for step in scenario["plan"]["steps"]] == [
        {"duration": "1.5s", "seconds": 1.5},
        {"duration": "0s", "seconds": 0},
        {"duration": "2m", "seconds": 120},
    ]


def test_money_is_text_without_an_exponent(handmade: Plans) -> None:
    """Amounts are plain decimal numbers, exact; without prices they are null, without a currency so is that."""
    (scenario,) = json.loads(json_v1.render([Shown(plan=handmade(prices={"postpaid": "1000.10"}, currency=""))]))["scenarios"]
    assert scenario["plan"]["peak"] == {"amount": "12001.2", "currency": None}
    assert scenario["plan"]["steps"][0]["cost"] == {"amount": "0", "currency": None}
    (scenario,) = json.loads(json_v1.render([Shown(plan=handmade())]))["scenarios"]
    assert scenario["plan"]["peak"] is scenario["plan"]["total"] is scenario["plan"]["steps"][2]["cost"] is None
    assert scenario["before"] is None


def test_counts_moves_and_findings_are_complete(handmade: Plans) -> None:
    """Steps carry totals, clusters and moves as the trace has them; findings are those of the usual report."""
    plan = handmade(rules=Rules.DOCUMENTED)
    finding = diagnose(planning.CEILING, plan.scenario.at("spec"), "too much")
    report = json.loads(json_v1.render([Shown(plan=plan, diagnostics=(finding,))]))
    assert report["summary"] == {"scenarios": 1, "errors": 1, "warnings": 0, "infos": 0}
    (scenario,) = report["scenarios"]
    assert (scenario["engine"], scenario["diagnostics"][0]["code"]) == ("documented", "OB9110")
    assert "stand in no source" in scenario["note"]
    step = scenario["plan"]["steps"][1]
    assert {key: step[key] for key in ("index", "replicas", "assigned", "running", "starved", "unschedulable")} == {
        "index": 1,
        "replicas": 20,
        "assigned": 20,
        "running": 16,
        "starved": 0,
        "unschedulable": 4,
    }
    assert step["event"] == {"kind": "scale", "text": "scale 20"}
    assert step["clusters"][0]["pools"][1]["limit"] == 2
    assert step["moves"][1] == {
        "at": {"duration": "0s", "seconds": 0},
        "cause": "start",
        "cluster": "vke-poc1",
        "pool": "postpaid",
        "count": 2,
        "reason": "the first pool with room",
    }
