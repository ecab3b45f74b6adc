"""The HTML page of plans as text: deterministic, escaped, self-contained. What people see of it is tested in ``test_page_in_browser``."""

import base64
import hashlib
import itertools
import math
import os
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec import structs

import compiler
from compiler.codes import testing
from compiler.diagnostics import diagnose
from compiler.plan.scenario import Ceilings
from compiler.plan.trace import Plan
from compiler.plan.views.page import render
from compiler.plan.views.shown import Shown

_VOID = frozenset({"meta", "input", "br", "link", "img", "hr"})


class _Structure(HTMLParser):
    """Reads a page strictly: every element is closed, in order, and every id is there once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _read(page: str) -> _Structure:
    structure = _Structure()
    structure.feed(page)
    structure.close()
    assert structure.open == []
    return structure


def test_the_same_plans_give_the_same_bytes(plans: Mapping[str, Plan]) -> None:
    """Rendering twice, and in processes with other hash seeds, gives one text."""
    shown = [Shown(plan=plans["weighted"], before=plans["narrow"], base="main"), Shown(plan=plans["fleet"])]
    page = render(shown, title="Plans")
    assert page == render(shown, title="Plans")
    program = "import pickle, sys; from compiler.plan.views.page import render; sys.stdout.write(render(pickle.load(sys.stdin.buffer), title='Plans'))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program], input=pickle.dumps(shown), env=environment, capture_output=True, check=True
        )
        assert done.stdout.decode() == page


@pytest.mark.parametrize("name", ["weighted", "narrow", "single", "fleet", "hostile"])
def test_elements_are_closed_and_ids_unique(plans: Mapping[str, Plan], name: str) -> None:
    """A page is well-formed, an id stands once, and what refers to an id finds it."""
    structure = _read(render([Shown(plan=plans[name]), Shown(plan=plans["single"])], title="Plans"))
    ids = [value for key, value in structure.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    wanted = {value for key, value in structure.attributes if key in {"aria-labelledby", "for"}}
    wanted |= {value[1:] for key, value in structure.attributes if key == "href" and value}
    wanted |= {value[5:-1] for key, value in structure.attributes if key == "fill" and value and value.startswith("url(#")}
    assert wanted <= set(ids)


def test_the_policy_of_the_page_allows_its_own_style_and_script_only(plans: Mapping[str, Plan]) -> None:
    """The content security policy names the digests of the two inline elements, and the page needs nothing else."""
    page = render([Shown(plan=plans["weighted"])], title="Plans")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    digests = []
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests.append(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
    allowed = f"default-src 'none'; style-src {digests[0]}; script-src {digests[1]}; base-uri 'none'; form-action 'none'"
    assert policy.replace("&#39;", "'") == allowed
    structure = _read(page)
    names = {key for key, _ in structure.attributes}
    assert not {"src", "style", "srcset", "onclick", "onload"} & names
    assert {"img", "link", "iframe", "object", "base"}.isdisjoint(structure.tags)
    assert not re.search(r"https?:|@import", page)


def test_markup_in_names_and_reasons_is_text(plans: Mapping[str, Plan]) -> None:
    """Whatever a name, a reason or a title holds reaches the page as text, in attributes too."""
    hostile = "</script><img src=x onerror=alert(1)>"
    plan = plans["hostile"]
    finding = diagnose(testing.EXPECTATION, plan.scenario.at_name(), hostile, label=hostile, notes=[hostile], help=[hostile])
    page = render(
        [Shown(plan=plan, diagnostics=(finding,), before=plan, base=hostile), Shown(plan=plan, base='" x="')], title=hostile
    )
    assert "<img" not in page
    assert page.count("</script>") == 1
    structure = _read(page)
    assert not {key for key, _ in structure.attributes} & {"onerror", 'x"', "src"}
    text = "".join(structure.text)
    assert f"because of {hostile} ]]> --> &amp;" in text
    assert "\N{REPLACEMENT CHARACTER}evil{{ 7*7 }}" in text
    assert "\u202e" not in page


def test_every_step_stands_in_the_page_with_its_numbers_and_reasons(plans: Mapping[str, Plan]) -> None:
    """Without style and script the page still says everything: each step's event, table and moves."""
    plan = plans["weighted"]
    page = render([Shown(plan=plan)], title="Plans")
    text = " ".join("".join(_read(page).text).split())
    assert page.count("<table>") == len(plan.steps)
    for number, step in enumerate(plan.steps, 1):
        assert f"{number} {step.event} at " in text
        for move in step.moves:
            assert move.reason in text
    assert "gpu-demo" in text
    assert "63.40 CNY" in text
    assert "Nodes of autoscaled pools are there at once" in text


def test_the_documented_engine_has_its_label(plans: Mapping[str, Plan]) -> None:
    """A plan by the rules that are fitted to the vendor's page says so, and no other does."""
    assert "stand in no source" in render([Shown(plan=plans["documented"])], title="Plans")
    assert "stand in no source" not in render([Shown(plan=plans["weighted"])], title="Plans")


def test_findings_say_what_where_and_what_to_do(plans: Mapping[str, Plan]) -> None:
    """A finding is shown with its severity, code, message, place, notes and help."""
    plan = plans["weighted"]
    finding = diagnose(testing.EXPECTATION, plan.scenario.at_name(), "ack-poc runs 8, not 6", notes=["a note"], help=["some help"])
    text = " ".join("".join(_read(render([Shown(plan=plan, diagnostics=(finding,))], title="Plans")).text).split())
    assert "error OB6101 ack-poc runs 8, not 6 plans/burst.yaml:3:9 note: a note help: some help" in text


def test_what_the_other_revision_had_is_said_in_words(plans: Mapping[str, Plan]) -> None:
    """Compared with a base, values that differ say what they were, and the page says which steps differ."""
    page = render([Shown(plan=plans["weighted"], before=plans["narrow"], base="main")], title="Plans")
    text = " ".join("".join(_read(page).text).split())
    assert "Replicas land differently than in main in steps 4, 5 and 8." in text
    assert "8 was 4" in text
    assert "Before: main" in text
    same = render([Shown(plan=plans["weighted"], before=plans["weighted"], base="main")], title="Plans")
    assert "Every step is as it is in main." in same
    assert 'class="was"' not in same
    fewer = render([Shown(plan=plans["narrow"], before=plans["weighted"], base="main")], title="Plans")
    assert "There, 1 more step follows." in fewer


def test_a_cluster_and_a_pool_that_are_gone_or_new_say_so(plans: Mapping[str, Plan]) -> None:
    """Rows of what only one revision has are marked: new, or only before with what it was."""
    plan = plans["weighted"]
    first = plan.steps[0]
    vke, other, ack = first.clusters
    less = replace(first, clusters=(replace(vke, pools=vke.pools[:2]), other))
    one, two = replace(plan, steps=(first,)), replace(plan, steps=(less,))
    gone = " ".join("".join(_read(render([Shown(plan=two, before=one, base="main")], title="Plans")).text).split())
    assert "ack-poc only before \N{EN DASH} was 2" in gone
    assert "postpaid ecs only before" in gone
    new = " ".join("".join(_read(render([Shown(plan=one, before=two, base="main")], title="Plans")).text).split())
    assert f"{ack.name} new 2" in new
    assert "postpaid ecs new" in new


def test_what_a_scenario_is_about_is_compared_too(plans: Mapping[str, Plan]) -> None:
    """Another namespace, and a ceiling that is no longer there, are said beside the charts."""
    plan = plans["weighted"]
    scenario = structs.replace(plan.scenario, namespace="shop", ceilings=Ceilings(per_hour=None, total=None))
    text = "".join(_read(render([Shown(plan=replace(plan, scenario=scenario), before=plan, base="main")], title="Plans")).text)
    assert "Namespaceshop was default" in text
    assert "Ceiling per hour\N{EN DASH} was 60.00 CNY" in text


def test_costs_above_a_ceiling_are_said(plans: Mapping[str, Plan]) -> None:
    """The peak and the sum say which ceiling they exceed; what is below one says nothing."""
    plan = plans["weighted"]
    assert render([Shown(plan=plan)], title="Plans").count("above the ceiling of") == 1
    low = structs.replace(plan.scenario, ceilings=Ceilings(per_hour=Decimal(100), total=Decimal("8.7")))
    assert '8.75 CNY</span> <span class="note alarm">above the ceiling of 8.70 CNY' in render(
        [Shown(plan=replace(plan, scenario=low))], title="Plans"
    )
    high = structs.replace(plan.scenario, ceilings=Ceilings(per_hour=Decimal(100), total=None))
    assert "above the ceiling" not in render([Shown(plan=replace(plan, scenario=high))], title="Plans")


def test_a_base_without_the_scenario_is_said(plans: Mapping[str, Plan]) -> None:
    """Where there is nothing to compare with, the page says why and shows the plan alone."""
    text = " ".join("".join(_read(render([Shown(plan=plans["weighted"], base="main")], title="Plans")).text).split())
    assert "Nothing to compare with: main has no such scenario" in text
    assert "Before" not in text


def test_a_plan_that_was_cut_short_says_where(plans: Mapping[str, Plan]) -> None:
    """A plan with fewer steps than events names the event that it broke off at; one without any step has no chart."""
    plan = plans["weighted"]
    page = render([Shown(plan=replace(plan, steps=plan.steps[:3]))], title="Plans")
    assert "Cut short: 3 of 8 events were played. Event 4, wait 2m, led to no stable state." in page
    nothing = render([Shown(plan=replace(plan, steps=(), peak=None))], title="Plans")
    assert "Cut short: 0 of 8 events were played." in nothing
    assert "<table>" not in nothing
    _read(nothing)
    compared = render([Shown(plan=plan, before=replace(plan, steps=()), base="main")], title="Plans")
    assert "No step to draw." in compared


def test_plans_without_clusters_replicas_or_scenarios_are_pages_too(plans: Mapping[str, Plan]) -> None:
    """Nothing to draw is no reason to fail."""
    plan = plans["weighted"]
    bare = replace(plan.steps[0], clusters=(), replicas=0, moves=())
    _read(render([Shown(plan=replace(plan, steps=(bare,)))], title="Plans"))
    idle = replace(
        plan,
        steps=tuple(replace(step, replicas=0, clusters=tuple(replace(c, pools=()) for c in step.clusters)) for step in plan.steps),
    )
    _read(render([Shown(plan=idle)], title="Plans"))
    assert "There is no scenario to show." in render([], title="Plans")


def test_each_cluster_asks_for_all_replicas_where_each_has_all(plans: Mapping[str, Plan]) -> None:
    """Where every cluster is assigned all replicas (``duplicate``), all clusters together are asked for that many times as many."""
    plan = plans["weighted"]
    vke = plan.steps[0].clusters[0]
    step = replace(plan.steps[0], replicas=4, clusters=(vke, replace(vke, name="vke-poc2")))
    assert ">8/8<" in render([Shown(plan=replace(plan, steps=(step,)))], title="Plans")


def _seen(color: str, matrix: tuple[tuple[float, float, float], ...]) -> tuple[float, float, float]:
    """Return a colour in CIELAB (D65), as eyes see it that mix linear light so."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    light = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    red, green, blue = (min(max(sum(a * b for a, b in zip(row, light, strict=True)), 0), 1) for row in matrix)
    x, y, z = (
        0.4339 * red + 0.3762 * green + 0.1899 * blue,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        0.0177 * red + 0.1095 * green + 0.8728 * blue,
    )
    x, y, z = (each ** (1 / 3) if each > 0.008856 else 7.787 * each + 16 / 116 for each in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


_EYES = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""What eyes make of linear light: Machado, Oliveira and Fernandes (2009), severity 1."""


@pytest.mark.parametrize("eyes", _EYES)
def test_every_eye_can_tell_the_pools_apart(eyes: str) -> None:
    """The eight fills differ by at least 12 (CIE 1976), in both schemes, for people who lack one kind of cones too."""
    style = files("compiler.plan.views").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--(pool-\d): (#\w{6});", part)) for part in style.split("prefers-color-scheme: dark", 1))
    assert light.keys() == dark.keys() == {f"pool-{look}" for look in range(8)}
    for scheme in (light, dark):
        seen = [_seen(color, _EYES[eyes]) for color in scheme.values()]
        assert min(math.dist(one, other) for one, other in itertools.combinations(seen, 2)) >= 12


def test_colours_need_no_recent_browser() -> None:
    """No colour hangs on ``light-dark()``, ``color-mix()`` or the like, without which all of them would vanish."""
    style = files("compiler.plan.views").joinpath("page.css").read_text(encoding="utf-8")
    assert re.findall(r"(?:light-dark|color-mix|oklch|oklab)\((?!\))", style) == []


def test_the_first_lines_say_whether_it_all_runs_and_what_it_costs(plans: Mapping[str, Plan]) -> None:
    """Above the scenarios stands a table with a line for each: how it ends, its worst step, what is different, the cost and the findings."""
    shown = [Shown(plan=plans["weighted"], before=plans["narrow"], base="main"), Shown(plan=plans["single"], base="main")]
    text = render(shown, title="Plans")
    head = " ".join(re.sub(r"<[^>]*>", " ", text[text.index("<h1>") : text.index("<main>")]).split())
    assert (
        "Not all replicas run at the end of 1 of 2 scenarios. In 1 more, some do not on the way. 1 of 2 scenarios differs from before."
        in head
    )
    assert "At the end At worst Compared with main Peak per hour In all Findings" in head
    assert "burst 10 of 10 run 4 do not run, step 3 3 of 8 steps differ 63.40 CNY 8.75 CNY none" in head
    assert "no plan there" in head


def test_replicas_that_no_cluster_takes_do_not_run(plans: Mapping[str, Plan]) -> None:
    """Where clusters are at their maximum, replicas without a pod are no reason to say that all run."""
    plan = plans["weighted"]
    text = render([Shown(plan=replace(plan, steps=(replace(plan.steps[0], replicas=14),)))], title="Plans")
    assert "Not all replicas run at the end." in text
    assert re.search(r"<dt>Running at the end</dt><dd><span class=\"value alarm\">10</span>", text)


def test_what_differs_beside_replicas_is_told_apart(plans: Mapping[str, Plan]) -> None:
    """A step of which only the price differs is no step in which replicas land differently; runs of steps are written short."""
    plan = plans["weighted"]
    dear = replace(plan, steps=tuple(replace(step, spent=Decimal(99)) for step in plan.steps))
    text = render([Shown(plan=dear, before=plan, base="main")], title="Plans")
    assert "Replicas land as in main; only nodes, bounds or money differ in steps 1 to 8." in text
    assert "≠" not in text


def test_clusters_that_duplicate_need_not_be_all(plans: Mapping[str, Plan]) -> None:
    """Where two of three clusters have all replicas each (``maxClusters``), twice as many are asked for, and all run."""
    plan = plans["weighted"]
    first = plan.steps[0]
    two, idle = first.clusters[:2], replace(first.clusters[2], assigned=0, pools=())
    steps = tuple(replace(step, replicas=4, clusters=(*two, idle)) for step in plan.steps)
    assert "All replicas run, at every step." in render([Shown(plan=replace(plan, steps=steps))], title="Plans")


def test_axes_have_room_for_their_numbers(plans: Mapping[str, Plan]) -> None:
    """Thousands of pods have as many digits at the axis as they need."""
    plan = plans["weighted"]
    (first,) = plan.steps[0].clusters[:1]
    many = replace(first, assigned=70000, pools=(replace(first.pools[0], running=70000),))
    text = render([Shown(plan=replace(plan, steps=(replace(plan.steps[0], replicas=70000, clusters=(many,)),)))], title="Plans")
    ticks = [(float(x), number) for x, number in re.findall(r'class="tick" x="([\d.]+)" y="[\d.]+">(\d+)<', text)]
    assert max(len(number) for _, number in ticks) == 5
    assert all(x >= len(number) * 7 for x, number in ticks)


def test_the_page_renders_from_a_zip_file(tmp_path: Path) -> None:
    """Templates, style and script are package data: they are found in an archive. The template engine is loaded when a page is made."""
    archive = tmp_path / "overbank.zip"
    package = Path(str(files(compiler)))
    with zipfile.ZipFile(archive, "w") as packed:
        for path in [*package.rglob("*"), *(package.parent / "schemas").rglob("*"), *(package.parent / "webhook").rglob("*")]:
            if path.is_file() and "__pycache__" not in path.parts:
                packed.write(path, path.relative_to(package.parent))
    program = (
        f"import sys; sys.path.insert(0, {str(archive)!r}); from compiler.plan.views.page import render;"
        "assert 'jinja2' not in sys.modules; page = render([], title='Plans'); import compiler; assert '.zip' in compiler.__file__; sys.stdout.write(page)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == render([], title="Plans")
