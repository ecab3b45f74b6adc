"""The page of plans as people meet it: in Chromium, with and without script, by keyboard, on small screens, in the dark and on paper."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, sync_playwright

from compiler.codes import testing
from compiler.diagnostics import diagnose
from compiler.plan.trace import Plan
from compiler.plan.views.page import render
from compiler.plan.views.shown import Shown

_CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_MISSING: Final = "NO BROWSER TESTS: there is no Chromium on this machine. Install it (Debian: apt-get install chromium)"

# For the whole module, so that it is said once and not for every test.
if _CHROMIUM is None:
    if os.environ.get("OVERBANK_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{_MISSING}; OVERBANK_REQUIRE_BROWSER=1 asks for it", pytrace=False)
    pytest.skip(f"{_MISSING}; with OVERBANK_REQUIRE_BROWSER=1 this is a failure", allow_module_level=True)

_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_CONTRASTS: Final = """
() => {
  const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { r, g, b, a }; };
  const linear = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = (c) => 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.a === 1) return color;
    }
    return parse(getComputedStyle(document.body).backgroundColor);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (!text || !element.checkVisibility() || element.closest("script, style, title, .hidden")) continue;
    const style = getComputedStyle(element);
    const drawn = element.ownerSVGElement;
    const color = parse(drawn ? style.fill : style.color);
    const grounds = element.closest(".segment") ? [parse(style.stroke)] : [ground(element)];
    const band = drawn && document.querySelector(".column.on .band");
    if (band && !element.closest(".segment")) grounds.push(parse(getComputedStyle(band).fill));
    found.push([text.slice(0, 40), element.getAttribute("class"), Math.min(...grounds.map((each) => ratio(color, each)))]);
  }
  return found;
}
"""
"""Text, class and contrast (WCAG 2.2, 1.4.3) of every visible element with text. A number in a bar has its fill around it as a stroke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """An open page, what it asked the network for, and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


_Open = Callable[..., _Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run Chromium, headless and with a profile of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, headless=True, args=[*_FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[_Open]:
    """Open scenarios as a page; options are those of a browser context. Pages that complain or ask for anything fail the test."""
    visits: list[_Visit] = []

    def visit(*shown: Shown, width: int = 1280, **options: Any) -> _Visit:
        path = tmp_path / f"plan-{len(visits)}.html"
        path.write_text(render(shown, title="Where the replicas land"), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        visited = _Visit(page=context.new_page())
        visits.append(visited)
        visited.page.on("request", lambda request: visited.requests.append(request.url))
        visited.page.on("console", lambda message: visited.complaints.append(message.text))
        visited.page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        visited.page.on("dialog", lambda dialog: visited.complaints.append(dialog.message))
        visited.page.goto(path.as_uri())
        return visited

    yield visit
    for visited in visits:
        assert visited.requests == [visited.page.url.partition("#")[0]]
        assert visited.complaints == []
        visited.page.context.close()


def _bars(page: Page) -> list[dict[str, Any]]:
    """Return each bar: its step, name, and its segments' looks, counts and boxes."""
    bars: list[dict[str, Any]] = page.locator("svg.chart .bar").evaluate_all(
        """bars => bars.map(bar => ({
          step: Number(bar.dataset.step), name: bar.dataset.name,
          segments: [...bar.querySelectorAll(".segment")].map(segment => {
            const { x, y, width, height } = segment.querySelector("rect").getBoundingClientRect();
            return { look: segment.dataset.look, count: Number(segment.dataset.count), x, y, width, height };
          })
        }))"""
    )
    return bars


def _step(page: Page) -> str:
    """Return the text of the step that is shown."""
    shown = page.locator(".step:visible")
    assert shown.count() == 1
    return " ".join(shown.inner_text().split())


def test_every_cluster_has_a_bar_in_every_step_as_high_as_its_pods(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Bars stand for clusters, segments for pools; heights are in proportion to pods, and segments stand on each other."""
    plan = plans["weighted"]
    bars = _bars(visit(Shown(plan=plan)).page)
    assert len(bars) == len(plan.steps) * 4
    apart = [bar for bar in bars if bar["name"] != "all clusters"]
    for step in plan.steps:
        for cluster in step.clusters:
            (bar,) = (bar for bar in apart if bar["step"] == step.event.index and bar["name"] == cluster.name)
            counts = [pool.running for pool in cluster.pools if pool.running]
            assert [each["count"] for each in bar["segments"]] == [
                *counts,
                *([cluster.unschedulable] if cluster.unschedulable else []),
            ]
            for below, above in pairwise(bar["segments"]):
                assert above["y"] + above["height"] == pytest.approx(below["y"], abs=0.2)
    for group in (apart, [bar for bar in bars if bar["name"] == "all clusters"]):
        unit = [each["height"] / each["count"] for bar in group for each in bar["segments"]]
        assert max(unit) == pytest.approx(min(unit), rel=0.03)
        assert min(unit) > 2
    edges = sorted((bar["segments"][0]["x"], bar["segments"][0]["width"]) for bar in apart)
    assert all(x + width <= following for (x, width), (following, _) in pairwise(edges))


def test_pods_that_do_not_run_are_marked_where_they_are(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Unschedulable and starved pods are marked in exactly their cluster and step, on top, and each in a way of its own."""
    for name in ("weighted", "single"):
        plan = plans[name]
        page = visit(Shown(plan=plan)).page
        for look in ("unschedulable", "starved"):
            wanted = {(s.event.index, c.name, getattr(c, look)) for s in plan.steps for c in s.clusters if getattr(c, look)}
            marks = {
                (bar["step"], bar["name"], each["count"])
                for bar in _bars(page)
                for each in bar["segments"]
                if each["look"] == look and bar["name"] != "all clusters"
            }
            assert marks == wanted
        tops = [bar["segments"][-1]["look"] for bar in _bars(page) if any(s["look"] == "unschedulable" for s in bar["segments"])]
        assert set(tops) == {"unschedulable"}
    looks = {each["look"] for bar in _bars(page) for each in bar["segments"]}
    fills = [page.locator(f"[data-look={look}] rect").first.evaluate("r => getComputedStyle(r).fill") for look in sorted(looks)]
    assert len(set(fills)) == len(looks) == 5


def test_the_line_stands_at_what_is_asked_for(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """In step 4, 24 pods are there for 20 replicas: the line is as high as 20 of them."""
    page = visit(Shown(plan=plans["weighted"])).page
    bar = page.locator('.bar[data-name="all clusters"][data-step="3"]')
    line = bar.locator(".asked").bounding_box()
    rects = [rect.bounding_box() for rect in bar.locator("rect").all()]
    assert line
    assert all(rects)
    boxes = [rect for rect in rects if rect]
    bottom = max(box["y"] + box["height"] for box in boxes)
    top = min(box["y"] for box in boxes)
    assert (bottom - line["y"] - line["height"] / 2) / (bottom - top) == pytest.approx(20 / 24, abs=0.02)
    assert bar.locator(".above").text_content() == "20/20"


def test_arrow_keys_go_through_the_steps(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """The slider is reached by Tab and moved by arrows, Home and End; table, reasons, chart and announcement follow."""
    plan = plans["weighted"]
    page = visit(Shown(plan=plan)).page
    slider = page.get_by_role("slider")
    page.keyboard.press("Tab")
    assert slider.evaluate("e => e === document.activeElement && getComputedStyle(e).outlineStyle !== 'none'")
    assert "create 10" in _step(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "scale 20" in _step(page)
    assert "serverless is at its max of 2" in _step(page)
    assert page.get_by_role("status").inner_text() == "16 running of 20 asked for, 4 unschedulable, 0 starved."
    assert slider.get_attribute("aria-valuetext") == "Step 3 of 8: scale 20, at 0s"
    on = page.locator(".column.on")
    assert on.count() == 1
    assert on.get_attribute("data-step") == "2"
    others = page.locator(".column:not(.on) .band").first.evaluate("e => getComputedStyle(e).fill")
    assert on.locator(".band").evaluate("e => getComputedStyle(e).fill") != others
    page.keyboard.press("End")
    assert "scale 10" in _step(page)
    page.keyboard.press("ArrowRight")
    assert "scale 10" in _step(page)
    page.keyboard.press("Home")
    assert "create 10" in _step(page)


def test_buttons_the_chart_and_links_choose_steps_too(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Next and Previous stop at the ends and keep the focus; a click on a step of the chart and a link with its anchor choose it."""
    visited = visit(Shown(plan=plans["weighted"]), Shown(plan=plans["single"]))
    scenario = visited.page.locator(".scenario").last
    step = scenario.locator(".step:visible")
    following = scenario.get_by_role("button", name="Next")
    for event in ("serverless out of stock", "scale 9", "serverless in stock again", "serverless in stock again"):
        following.press("Enter")
        assert event in step.inner_text()
    assert following.get_attribute("aria-disabled") == "true"
    assert scenario.get_by_role("status").inner_text().startswith("Step 4 of 4: ")
    assert following.evaluate("e => e === document.activeElement")
    scenario.get_by_role("button", name="Previous").click()
    assert "2 pods are bound to virtual nodes" in step.inner_text()
    scenario.locator(".column .band").first.click()
    assert "create 4" in step.inner_text()
    visited.page.evaluate("location.hash = '#scenario-2-step-3'")
    scenario.locator("#scenario-2-step-3").wait_for(state="visible")
    assert "create 10" in visited.page.locator(".scenario").first.locator(".step:visible").inner_text()


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_the_page_is_never_wider_than_the_window(visit: _Open, plans: Mapping[str, Plan], width: int) -> None:
    """Wide charts and tables scroll in boxes of their own, which the keyboard reaches, and never the page."""
    shown = [Shown(plan=plans[name]) for name in ("weighted", "single", "fleet", "hostile")]
    page = visit(*shown, Shown(plan=plans["weighted"], before=plans["narrow"], base="main"), width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    hidden = page.evaluate(
        """[...document.querySelectorAll("body *")]
          .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
          .filter(e => !e.closest("[tabindex='0'], .hidden")).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert hidden == []


def test_the_chosen_step_is_scrolled_into_view(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """On a small screen the chart follows the slider."""
    page = visit(Shown(plan=plans["weighted"]), width=360).page
    page.get_by_role("slider").press("End")
    box = page.locator(".column.on .band").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


def test_nothing_at_the_head_of_a_chart_overlaps(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """With forty steps, compared, numbers and signs of difference have room beside each other; what has none is left out."""
    plan = plans["fleet"]
    event = plan.scenario.events[0]
    steps = tuple(replace(step, event=replace(event, index=index)) for index, step in enumerate(plan.steps * 2))
    now = replace(plan, steps=steps, scenario=structs.replace(plan.scenario, events=tuple(step.event for step in steps)))
    before = replace(now, steps=tuple(replace(step, replicas=step.replicas + 1) for step in steps))
    page = visit(Shown(plan=now, before=before, base="main"), width=1280).page
    boxes = page.locator("svg.chart").evaluate_all(
        """charts => charts.map(chart => [...chart.querySelectorAll(".column text")].filter(e => e.textContent.trim())
          .map(e => { const { x, y, width, height } = e.getBoundingClientRect(); return [x, y, width, height]; }))"""
    )
    for chart in boxes:
        assert len(chart) >= 40
        for (x, y, width, height), (other_x, other_y, other_width, other_height) in combinations(chart, 2):
            apart = (
                x + width <= other_x or other_x + other_width <= x or y + height <= other_y + 2 or other_y + other_height <= y + 2
            )
            assert apart


def test_forced_colours_leave_everything_to_be_seen(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """With the system's own colours text has contrast, and the chosen step has an edge."""
    page = visit(Shown(plan=plans["single"]), forced_colors="active").page
    page.get_by_role("slider").press("End")
    assert [each for each in page.evaluate(_CONTRASTS) if each[2] < 4.5] == []
    edges = [
        page.locator(f".column{kind} .band").first.evaluate("e => getComputedStyle(e).stroke") for kind in (".on", ":not(.on)")
    ]
    assert edges[0] != edges[1]


def test_the_policy_of_the_page_blocks_what_is_injected(browser: Browser, tmp_path: Path, plans: Mapping[str, Plan]) -> None:
    """Scripts, handlers, styles, pictures, frames and requests that are not the page's own do nothing."""
    text = render([Shown(plan=plans["weighted"])], title="Plans")
    evil = (
        "<script>window.hit = 1</script><img src=x onerror='window.hit = 2'><style>h1 { color: rgb(1, 2, 3) !important }</style>"
        "<p id=inline style='color: rgb(1, 2, 3)'>x</p><iframe srcdoc='<p>x</p>'></iframe><a id=link href='javascript:window.hit = 3'>x</a>"
    )
    path = tmp_path / "plan.html"
    path.write_text(text.replace("<main>", f"<main>{evil}"), encoding="utf-8")
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    page.locator("#link").click()
    assert page.evaluate("window.hit") is None
    assert page.locator("h1").evaluate("e => getComputedStyle(e).color") != "rgb(1, 2, 3)"
    assert page.locator("#inline").evaluate("e => getComputedStyle(e).color") != "rgb(1, 2, 3)"
    assert page.evaluate("fetch('https://example.com').then(() => 'sent', () => 'blocked')") == "blocked"
    assert sum("Content Security Policy" in each for each in said) >= 6
    assert page.locator("html.js").count() == 1
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["documented", "single", "compared"])
def test_text_can_be_read_in_light_and_dark(visit: _Open, plans: Mapping[str, Plan], name: str, scheme: str) -> None:
    """All text has a contrast of at least 4.5 to 1, whatever the colour scheme."""
    plan = plans.get(name, plans["weighted"])
    finding = diagnose(testing.EXPECTATION, plan.scenario.at_name(), "ack-poc runs 8, not 6", notes=["a note"], help=["some help"])
    before, base = (plans["narrow"], "main") if name == "compared" else (None, None)
    page = visit(Shown(plan=plan, diagnostics=(finding,), before=before, base=base), color_scheme=scheme).page
    if name != "single":
        page.get_by_role("slider").fill("4")
    contrasts = page.evaluate(_CONTRASTS)
    assert len(contrasts) > 100
    assert [each for each in contrasts if each[2] < 4.5] == []


def test_every_look_of_a_pool_can_be_read_on(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """The number in a bar has enough contrast on each of the eight fills, in both schemes, and all fills differ."""
    for scheme in ("light", "dark"):
        page = visit(Shown(plan=plans["single"]), color_scheme=scheme).page
        page.evaluate(
            """() => {
              const segment = document.querySelector(".segment text[class^=on-pool]").parentElement;
              for (let look = 0; look < 8; look++) {
                const other = segment.cloneNode(true);
                other.querySelector("text").setAttribute("class", `on-pool-${look}`);
                segment.after(other);
              }
            }"""
        )
        read = [each for each in page.evaluate(_CONTRASTS) if (each[1] or "").startswith("on-pool-")]
        assert {each[1] for each in read} == {f"on-pool-{look}" for look in range(8)}
        assert min(each[2] for each in read) >= 4.5
        fills = page.locator("pattern > rect[class^=pool]").evaluate_all("all => all.map(e => getComputedStyle(e).fill)")
        assert len(set(fills)) == 8


def test_dark_is_dark(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """The system's dark scheme gives light text on a dark ground."""

    def lightness(scheme: str) -> tuple[int, int]:
        page = visit(Shown(plan=plans["weighted"]), color_scheme=scheme).page
        style = page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        ground, text = (sum(map(int, each.removeprefix("rgb(").removesuffix(")").split(", "))) for each in style)
        return ground, text

    ground, text = lightness("light")
    assert ground > 700
    assert text < 200
    ground, text = lightness("dark")
    assert ground < 100
    assert text > 600


def test_paper_shows_all_steps(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Printed, every step is there whichever is chosen, the controls are not, and the ground is white though the screen is dark."""
    page = visit(Shown(plan=plans["weighted"]), color_scheme="dark").page
    page.get_by_role("slider").press("ArrowRight")
    assert page.locator(".step:visible").count() == 1
    page.emulate_media(media="print")
    assert page.locator(".step:visible").count() == 8
    assert page.locator(".reasons li:visible").count() == sum(len(step.moves) for step in plans["weighted"].steps)
    assert not page.locator(".controls").is_visible()
    ground, text = page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
    assert ground == "rgba(0, 0, 0, 0)"
    assert text == "rgb(27, 33, 39)"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_without_script_all_steps_are_tables(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """With JavaScript switched off every step and every reason is visible, and no control that does nothing."""
    page = visit(Shown(plan=plans["weighted"]), java_script_enabled=False).page
    assert page.locator(".step:visible").count() == 8
    assert page.locator("table:visible").count() == 8
    assert page.get_by_text("20 % of the weight again").is_visible()
    assert not page.locator(".controls").is_visible()
    assert page.locator("svg.chart").is_visible()


def test_hostile_text_is_seen_as_text(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Markup in names is read by people and not by the browser: no element, dialog, request or complaint comes of it."""
    visited = visit(Shown(plan=plans["hostile"], before=plans["hostile"], base="<b>"), Shown(plan=plans["hostile"]))
    hostile = "</script><img src=x onerror=alert(1)>"
    assert visited.page.get_by_role("heading", name=hostile, exact=True).first.is_visible()
    assert visited.page.locator("img, b").count() == 0
    assert f"because of {hostile} ]]> --> &amp;" in visited.page.locator(".why:visible").first.inner_text()
    assert hostile in (visited.page.locator(".segment title").first.text_content() or "")


def test_everything_has_a_name_for_assistive_technology(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Sliders, buttons, tables, charts and regions have names, and different ones where a page has several scenarios."""
    page = visit(Shown(plan=plans["weighted"]), Shown(plan=plans["single"])).page
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    named: dict[str, list[str]] = {}
    for node in nodes:
        if not node["ignored"]:
            named.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for role in ("slider", "button", "table", "image", "region", "navigation", "heading", "article", "link"):
        assert named[role], role
        assert all(name.strip() for name in named[role]), role
    assert named["slider"] == ["Step of burst", "Step of no-stock"]
    assert len(set(named["button"])) == len(named["button"]) == 4
    assert "Clusters and pools after step 1, create 10" in named["table"]
    assert any("step 3, scale 20: 16 running, 4 unschedulable;" in name for name in named["image"])
    assert {"columnheader", "rowheader"} <= named.keys()
    levels = page.locator("h1, h2, h3, h4").evaluate_all(
        "all => all.filter(e => e.checkVisibility()).map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert page.locator("html").get_attribute("lang") == "en"


def test_two_revisions_are_drawn_on_one_scale(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Before and after stand side by side, a pod as high and a step as wide in both; what differs is marked by colour and in words."""
    page = visit(Shown(plan=plans["weighted"], before=plans["narrow"], base="main")).page
    before, after = page.locator(".revision").all()
    assert "Before: main" in before.inner_text()
    boxes = [before.bounding_box(), after.bounding_box()]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    sizes = []
    for side in (before, after):
        rect = side.locator('.bar[data-name="vke-poc1"][data-step="2"] rect').first.bounding_box()
        band = side.locator(".band").first.bounding_box()
        assert rect
        assert band
        sizes.append((rect["height"], rect["width"], rect["y"], band["width"]))
    assert sizes[0] == pytest.approx(sizes[1], abs=0.2)
    page.get_by_role("slider").fill("4")
    assert page.locator(".column.on").count() == 2
    row = page.locator(".step:visible tr.cluster", has_text="ack-poc")
    cell = row.locator("td.changed").first
    assert " ".join(cell.inner_text().split()) == "8 was 4"
    plain = row.locator("td:not(.changed)").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert cell.evaluate("e => getComputedStyle(e).backgroundColor") != plain
    assert "Differs from main." in page.get_by_role("status").inner_text()
    page.get_by_role("slider").fill("1")
    assert page.locator(".step:visible .was").count() == 0


def test_many_clusters_get_a_chart_each(visit: _Open, plans: Mapping[str, Plan]) -> None:
    """Twelve clusters are twelve small charts on one scale below one for all, three in a row, and a step is marked in all of them."""
    page = visit(Shown(plan=plans["fleet"])).page
    assert page.locator("svg.chart").count() == 13
    assert len(_bars(page)) == 13 * 20
    tops = [box["y"] for box in (each.bounding_box() for each in page.locator("figure").all()) if box]
    assert len(tops) == 12
    assert len(set(tops)) == 4
    page.get_by_role("slider").press("ArrowRight")
    assert page.locator(".column.on").count() == 13
    units = [s["height"] / s["count"] for bar in _bars(page) if bar["name"] != "all clusters" for s in bar["segments"]]
    assert max(units) == pytest.approx(min(units), rel=0.05)
