"""Plans as comments: what stands where, what is escaped, and what happens when there is too much."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from msgspec import structs

from compiler.codes import planning
from compiler.diagnostics import diagnose
from compiler.plan.scenario import Rules
from compiler.plan.trace import Cause, Move, Plan
from compiler.plan.views.markdown import render
from compiler.plan.views.shown import Shown
from compiler.report.escaping import escaped

Plans = Callable[..., Plan]


@pytest.fixture(scope="session")
def html() -> Callable[[str], str]:
    """Return a function that renders Markdown as GitHub would, tables included."""
    return MarkdownIt("gfm-like", {"linkify": False, "html": True}).render


def test_steps_are_a_table_with_a_column_for_each_cluster(handmade: Plans, html: Callable[[str], str]) -> None:
    """A reader of Markdown makes three tables of it: scenarios, steps, and the folded reasons, all of them whole."""
    page = html(render([Shown(plan=handmade())]))
    assert page.count("<table>") == page.count("</table>") == 3
    assert "<strong>6+2</strong><br>prepaid 2/2<br>serverless 2/2<br>postpaid 2/2" in page
    assert page.index("<details>") < page.index("by weight") < page.index("</details>")
    assert "<td>20 replicas: 20 running, 4 unschedulable</td>" in page


def test_reasons_can_be_left_out(handmade: Plans) -> None:
    """Without reasons nothing is folded away."""
    assert "<details>" not in render([Shown(plan=handmade())], reasons=False)


def test_comparison_shows_both_sides_and_a_verdict(handmade: Plans) -> None:
    """Only what differs has two sides, in bold; the summary says how many steps do."""
    full = {"idc": (0, {"prepaid": (2, 0, 2), "postpaid": (4, 0, 6)})}
    less = {"idc": (2, {"prepaid": (2, 0, 2), "postpaid": (2, 0, 2)})}
    now, before = handmade(steps=[full], replicas=[6]), handmade(steps=[less], replicas=[6])
    text = render([Shown(plan=now, before=before, base="main")])
    assert "**4+2 → 6**<br>prepaid 2/2<br>**postpaid 2/2 → 4/6**" in text
    assert "| **1 of 1 steps differs** | none |" in text
    assert "| the same |" in render([Shown(plan=now, before=now, base="main")])
    assert "| no plan there |" in render([Shown(plan=now, base="main")])


def test_findings_stand_above_the_steps(handmade: Plans) -> None:
    """Each finding has its code, place and message, and its step a mark."""
    plan = handmade()
    where = plan.scenario.at("spec", "events", 1, "expect", "ack-poc", "assigned")
    text = render([Shown(plan=plan, diagnostics=(diagnose(planning.EXPECTATION, where, "expected `4`"),))])
    assert "- **error OB9109** test.yaml:8:46: expected &#96;4&#96;" in text
    assert "| **1 error** |" in text
    assert "| \N{CROSS MARK} 2 | scale 20 |" in text


def test_fitted_plans_are_labelled(handmade: Plans) -> None:
    """The documented engine never goes without saying what it is."""
    assert "fitted to the vendor's page; its two extra rules stand in no source" in render(
        [Shown(plan=handmade(rules=Rules.DOCUMENTED))]
    )


@pytest.mark.parametrize(
    "text",
    [
        "a | b", "`x`", "<script>alert(1)</script>", "<!-- -->", "&amp; &#64;x", "**b** __c__ ~~d~~", "[l](http://e)", "![i](x)",
        "\\|", "$x$", "- a", "# h", "1. x", "> q", "--- | ---", "</details>", "<details>",
    ],
)  # fmt: skip
def test_everything_is_shown_as_it_is(text: str, html: Callable[[str], str]) -> None:
    """What Markdown or HTML would read as structure comes out as the text it was, in a cell of a table too."""
    page = html(f"| a |\n| --- |\n| {escaped(text)} |\n")
    cell = re.search(r"<tbody>\n<tr>\n<td>(.*)</td>\n</tr>\n</tbody>", page)
    assert cell is not None
    shown = cell[1].replace("\u200b", "")
    assert shown == text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


@pytest.mark.parametrize(
    ("text", "dangerous"),
    [
        ("hey @octocat", r"@\w"),
        ("see #12 and a/b#3", r"#\d"),
        ("GH-12", r"GH-"),
        ("https://evil.example", r"://"),
        ("www.evil.example", r"www\."),
        (":shipit:", r":\w+:"),
    ],
)
def test_nobody_is_mentioned_and_nothing_is_linked(text: str, dangerous: str, html: Callable[[str], str]) -> None:
    """What GitHub finds in the shown text itself is taken apart by a space without width."""
    page = html(escaped(text))
    assert not re.search(dangerous, page)
    assert page.replace("\u200b", "") == f"<p>{text}</p>\n"


def test_line_breaks_and_control_characters_cannot_leave_a_cell(handmade: Plans, html: Callable[[str], str]) -> None:
    """A reason with line breaks is one line; the tables stay three."""
    plan = handmade()
    evil = Move(at=0, cause=Cause.WAIT, count=1, reason="a\n\n</details>\n| b | c\r\n# d\x1b[0m @x")
    plan = replace(plan, steps=(replace(plan.steps[0], moves=(evil,)), *plan.steps[1:]))
    page = html(render([Shown(plan=plan, base="ma`in|<b>\n")]))
    assert page.count("<table>") == 3
    assert page.count("</details>") == 1
    assert "<h1>" not in page


@pytest.mark.parametrize(("scenarios", "steps"), [(1, 1000), (40, 20), (2000, 1), (3, 150)])
def test_what_is_too_long_is_left_out_as_a_whole_and_said(
    scenarios: int, steps: int, handmade: Plans, html: Callable[[str], str]
) -> None:
    """A comment never exceeds what GitHub takes, its tables are whole, and the last sentence names what is missing."""
    plan = handmade()
    reason = Move(at=0, cause=Cause.WAIT, count=1, cluster="idc", reason="0/3 pools are available " * 10)
    many = tuple(replace(plan.steps[number % 3], moves=(reason,)) for number in range(steps))
    shown = [
        Shown(plan=replace(plan, steps=many, scenario=structs.replace(plan.scenario, name=f"s-{number}")))
        for number in range(scenarios)
    ]
    text = render(shown)
    assert len(text.encode()) <= 64_000
    assert "**Left out, since a comment holds 65,536 characters:**" in text.splitlines()[-1]
    page = html(text)
    assert page.count("<details>") == page.count("</details>")
    assert page.count("<table>") == page.count("</table>") == len(re.findall(r"^\| -", text, re.MULTILINE))


def test_small_comments_leave_nothing_out(handmade: Plans) -> None:
    """The sentence on what is missing appears only where something is."""
    assert "Left out" not in render([Shown(plan=handmade())] * 3)


def test_many_clusters_have_a_line_each(handmade: Plans, html: Callable[[str], str]) -> None:
    """More clusters than can stand side by side stand below each other."""
    many = {f"c-{number}": (0, {"prepaid": (1, 0, 1)}) for number in range(8)}
    page = html(render([Shown(plan=handmade(steps=[many], replicas=[8]))]))
    assert page.count("<td>prepaid 1/1</td>") == 8
