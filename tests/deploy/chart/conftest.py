"""What the tests of the chart share: functions that render it, and every combination of values."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart.objects import CHART, COMBINATIONS

Object = dict[str, Any]
Render = Callable[..., list[Object]]


@pytest.fixture
def run(helm: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that renders the chart with values."""

    def rendered(values: Object, kubernetes: str = "1.30") -> subprocess.CompletedProcess[str]:
        (tmp_path / "values.yaml").write_text(json.dumps(values))
        command = [helm, "template", "overbank", str(CHART), "-n", "overbank-system", "--kube-version", kubernetes]
        return subprocess.run([*command, "-f", str(tmp_path / "values.yaml")], capture_output=True, text=True, check=False)

    return rendered


@pytest.fixture
def render(run: Callable[..., subprocess.CompletedProcess[str]]) -> Render:
    """Return a function that gives the objects of the chart for values."""

    def objects(values: Object, kubernetes: str = "1.30") -> list[Object]:
        ran = run(values, kubernetes)
        assert ran.returncode == 0, ran.stderr
        return [each for each in yaml.safe_load_all(ran.stdout) if each]

    return objects


@pytest.fixture(params=list(COMBINATIONS))
def values(request: pytest.FixtureRequest) -> Object:
    """Return one combination of values."""
    return COMBINATIONS[request.param]
