"""Pods with values of a policy before which another one comes today: what the author sent would get the other's."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from compiler.observed.objects import Kind, Objects
from compiler.pipeline import Result
from compiler.sweep.sweeping import sweep
from compiler.sweep.verdict import Verdict
from compiler.trial import Bench

Object = dict[str, Any]

POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {{name: {name}}}
spec:
  match:
    clusters: {{names: [idc]}}
    namespaces: {{names: [shop]}}
    pods: {{matchLabels: {{app: web}}}}
  priority: {priority}
  mode: {mode}
  inject: {inject}
"""
SECOND = POLICY.format(name="second", priority=10, mode="enforce", inject="{labels: {team: a}, annotations: {note: a}}")


def _policies(mode: str, inject: str) -> str:
    return SECOND + "---\n" + POLICY.format(name="first", priority=20, mode=mode, inject=inject)


@pytest.fixture
def states(
    tmp_path: Path, minimal: dict[str, str], repository_of: Callable[[Path, dict[str, str]], Result]
) -> Callable[[str], tuple[Result, Result]]:
    """Return a function that compiles two states: one policy, and a second one before it first in audit mode, then in force."""

    def run(inject: str) -> tuple[Result, Result]:
        made = []
        for mode in ("audit", "enforce"):
            folder = tmp_path / mode
            folder.mkdir()
            made.append(repository_of(folder, {**minimal, "burst/web.yaml": _policies(mode, inject)}))
        return made[0], made[1]

    return run


def _web(**labels: str) -> Object:
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [{"name": "main", "image": "web"}]}}


def _judged(states: tuple[Result, Result], objects: list[Object], *, informed: bool) -> Any:
    before, after = states
    known = Objects()
    known.add(objects)
    assert after.model is not None
    then = Bench(before.clusters[0]) if informed else None
    (found,) = sweep(after.model.clusters[0], Bench(after.clusters[0]), known, then=then).pods
    return found


@pytest.mark.parametrize(
    ("inject", "field"),
    [
        ("{labels: {team: b}}", "metadata.labels[team]"),
        ("{annotations: {note: b}}", "metadata.annotations[note]"),
        ("{labels: {team: a}, annotations: {note: b}}", "metadata.annotations[note]"),
    ],
)
def test_a_value_that_another_policy_would_have_written_today(
    states: Callable[[str], tuple[Result, Result]], maker: Any, inject: str, field: str
) -> None:
    """A kept value of the policy of then is a finding where the policies of then are given, and otherwise nobody can tell."""
    both = states(inject)
    made = maker(Bench(both[0].clusters[0])).deployment("shop", "web", _web())
    informed = _judged(both, made, informed=True)
    assert informed.verdict is Verdict.DIFFERS
    assert [(each.field, each.has, each.wants) for each in informed.differences] == [(field, "a", "b")]
    for objects in (made, [each for each in made if each["kind"] == "Pod"]):
        uninformed = _judged(both, objects, informed=False)
        assert uninformed.verdict is Verdict.UNKNOWN
        assert field in uninformed.why or uninformed.source == "the pod itself"


def test_a_value_of_the_author_is_no_matter(states: Callable[[str], tuple[Result, Result]], maker: Any) -> None:
    """Where the author wrote what a policy wants as well, it would stand today, too."""
    both = states("{labels: {team: b}}")
    made = maker(Bench(both[0].clusters[0])).deployment("shop", "web", _web(team="a"))
    for informed in (True, False):
        assert _judged(both, deepcopy(made), informed=informed).verdict is Verdict.RIGHT


def test_a_value_that_no_policy_wants_is_no_matter(states: Callable[[str], tuple[Result, Result]], maker: Any) -> None:
    """What another webhook wrote before ours was never Overbank's."""
    both = states("{labels: {team: b}}")
    bench = Bench(both[0].clusters[0])
    made = maker(bench).deployment("shop", "web", _web())
    made[-1]["metadata"]["labels"]["team"] = "c"
    assert Kind("Pod").name == made[-1]["kind"]
    assert _judged(both, made, informed=False).verdict is Verdict.RIGHT
