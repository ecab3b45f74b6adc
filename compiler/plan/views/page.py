"""Plans as one HTML file that needs nothing else: no network, and no script but for the slider.

Names, reasons and messages are data of strangers. They reach the page only through the template, which escapes all of them; the
content security policy allows the page's own style and script by their digests, and nothing else.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from compiler.plan.scenario import Rules, duration
from compiler.plan.trace import Cause
from compiler.plan.views.overview import verdict
from compiler.plan.views.palette import LOOKS, looks
from compiler.plan.views.scene import scene
from compiler.plan.views.sheet import COLUMNS
from compiler.plan.views.shown import Shown
from compiler.report.style import printable

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_CAUSES: Final = {
    Cause.EVENT: "event",
    Cause.ASSIGN: "assigned",
    Cause.MIGRATE: "migrated",
    Cause.RETURN: "returned",
    Cause.START: "started",
    Cause.STARVE: "starved",
    Cause.WAIT: "unschedulable",
    Cause.REMOVE: "removed",
    Cause.EVICT: "evicted",
    Cause.ORDER: "nodes ordered",
    Cause.GROW: "nodes added",
    Cause.SHRINK: "nodes removed",
}


def render(shown: Sequence[Shown], *, title: str) -> str:
    """Return the page. The same scenarios give the same bytes."""
    known = looks(plan for each in shown for plan in (each.plan, each.before) if plan is not None)
    style, script = _resource("page.css"), _resource("page.js")
    scenes = [scene(f"scenario-{number}", each, known) for number, each in enumerate(shown, 1)]
    page: str = (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            scenes=scenes,
            verdict=verdict([each.line for each in scenes]) if scenes else "",
            compared=next((each.base for each in shown if each.base is not None), None),
            costs=any(each.costs for each in scenes),
            style=_trusted(style),
            script=_trusted(script),
            policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'",
            looks=range(LOOKS),
            columns=COLUMNS,
        )
    )
    return page


def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - only this view needs it

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    environment.globals.update(causes=_CAUSES, documented=Rules.DOCUMENTED)
    return environment


def _shown(value: Any) -> Any:
    """Make plain text printable, so that a name cannot reorder what stands beside it; markup is the template's own."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(printable(line) for line in value.split("\n"))


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _trusted(text: str) -> "Markup":
    from markupsafe import Markup  # noqa: PLC0415 - only this view needs it

    return Markup(text)  # noqa: S704 - a file of this package


def _digest(text: str) -> str:
    """Return the source expression that allows an inline element with this text (CSP level 3, §2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
