"""Dumps that no API server would write: whatever stands where, nothing but a verdict comes of it."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.observed.objects import Objects
from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree
from compiler.sweep import json_v1, text
from compiler.sweep.restart import plan
from compiler.sweep.sweeping import sweep
from compiler.trial import Bench

_junk = st.sampled_from([None, 1, True, "x", [], {}, [None], [1], {"a": None}, -1, "50%", 1e9]).map(deepcopy)
"""A copy each time: what was put somewhere may be spoilt itself, and must not come to stand in itself."""


@pytest.fixture(scope="module")
def sampled(sample: Path) -> Result:
    """Return the compiled sample."""
    return compile_repository(Tree(sample), workloads=False)


@pytest.fixture(scope="module")
def live(sample: Path) -> list[Any]:
    """Return the objects of the demonstration's cluster."""
    found: list[Any] = json.loads((sample / "demo" / "live.json").read_text())["items"]
    return found


@pytest.fixture(scope="module")
def spoil() -> Callable[..., None]:
    """Return a function that puts junk somewhere into a value, but leaves what a dump's reader insists on."""

    def run(draw: st.DrawFn, value: Any, depth: int = 0) -> None:
        while isinstance(value, dict | list) and value:
            step = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
            if step in ("kind", "apiVersion", "name") and depth <= 1:
                return
            inner = value[step]
            if (depth or step != "metadata") and (not isinstance(inner, dict | list) or not inner or draw(st.booleans())):
                value[step] = draw(_junk)
                return
            value, depth = inner, depth + 1

    return run


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), times=st.integers(1, 5))
def test_spoilt_objects_are_judged_or_left_open(
    data: st.DataObject, times: int, sampled: Result, live: list[Any], spoil: Callable[..., None]
) -> None:
    """No field of a pod, an owner or a budget is trusted to be of its type."""
    objects = deepcopy(live)
    for _ in range(times):
        spoil(data.draw, objects[data.draw(st.integers(0, len(objects) - 1))])
    known = Objects()
    known.add(objects)
    assert sampled.model is not None
    cluster = next(each for each in sampled.model.clusters if each.name == "idc-zhangjiakou")
    ir = next(each for each in sampled.clusters if each.name == "idc-zhangjiakou")
    found = sweep(cluster, Bench(ir), known)
    restart = plan(found, known, include_jobs=True)
    assert text.render(found)
    assert text.render_plan(restart)
    assert json.loads(json_v1.render(found, restart))["cluster"] == "idc-zhangjiakou"
