"""Alerts and dashboard: current, parseable, about metrics that exist, and with a runbook for each alert."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from webhook import catalogue

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "deploy" / "monitoring"
CHART = ROOT / "deploy" / "chart"

OF_OTHERS = {
    # kubernetes apiserver pkg/admission/metrics/metrics.go; subsystem "admission", counters without _total
    "apiserver_admission_webhook_fail_open_count",
    "apiserver_admission_webhook_rejection_count",
    "apiserver_admission_webhook_admission_duration_seconds_bucket",
    # kubernetes apiserver pkg/admission/plugin/policy/validating/metrics/metrics.go
    "apiserver_validating_admission_policy_check_total",
    # prometheus_client's ProcessCollector, on Linux only
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
}


def alerts() -> list[dict[str, Any]]:
    """Return all alerts of the rules file."""
    return [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Return all panels of the dashboard that show something."""
    value = json.loads((FOLDER / "dashboard.json").read_text())
    return [panel for panel in value["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Any]:
    """Return every expression, as the parameters of a test; what Grafana puts into a query is put in."""
    for alert in alerts():
        yield pytest.param(alert["expr"], id=alert["alert"])
    for panel in panels():
        for target in panel["targets"]:
            text = re.sub(r"\$(cluster|namespace)", ".*", target["expr"]).replace("$__rate_interval", "5m")
            yield pytest.param(text, id=f"{panel['title']} {target['refId']}")


def metrics(query: str) -> set[str]:
    """Return the names of the metrics that an expression is about."""
    found: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.add(node.name)

    promql_parser.walk(promql_parser.parse(query), visit)
    return found


@pytest.mark.parametrize("query", tuple(queries()))
def test_queries_name_metrics_that_exist(query: str) -> None:
    """Each expression can be parsed, and every metric in it is one that the server, or somebody known, exports."""
    names = metrics(query)
    assert names
    assert names <= catalogue.names() | OF_OTHERS


def test_files_are_current() -> None:
    """What is made from other files is what it would be now; `make docs` makes it."""
    run = subprocess.run(
        [sys.executable, FOLDER / "generate.py", "--check"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_every_alert_can_be_acted_upon(alert: dict[str, Any]) -> None:
    """An alert has a severity, a sentence for a pager, more for who looks, and a section that says what to do."""
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["annotations"]["description"]
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    sections = re.split(r"^### ", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [each for each in sections if each.partition("\n")[0].lower() == anchor]
    assert section.startswith(f"{alert['alert']}\n")
    assert len(section) > 100


def test_every_runbook_has_its_alert() -> None:
    """No section of the runbook is about an alert that is gone."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### (Overbank\w+)$", page, re.MULTILINE)) == sorted(alert["alert"] for alert in alerts())


def test_the_object_of_the_operator_has_the_same_alerts() -> None:
    """The PrometheusRule is the rules file in another envelope."""
    value = yaml.safe_load((FOLDER / "prometheusrule.yaml").read_text())
    assert (value["apiVersion"], value["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert value["spec"] == yaml.safe_load((FOLDER / "alerts.yaml").read_text())


def test_the_chart_has_the_same_alerts_and_the_same_dashboard() -> None:
    """What the chart installs is what is here, and nothing of its own."""
    files = CHART / "files"
    assert sorted(path.name for path in files.iterdir()) == ["alerts.yaml", "dashboard.json"]
    assert yaml.safe_load((files / "alerts.yaml").read_text()) == yaml.safe_load((FOLDER / "alerts.yaml").read_text())
    assert (files / "dashboard.json").read_bytes() == (FOLDER / "dashboard.json").read_bytes()


def test_the_dashboard_is_nobodys_in_particular() -> None:
    """The data source is asked for, not named; panels have ids of their own and lie beside each other."""
    value = json.loads((FOLDER / "dashboard.json").read_text())
    assert [variable["name"] for variable in value["templating"]["list"]] == ["datasource", "cluster", "namespace"]
    assert {panel["datasource"]["uid"] for panel in panels()} == {"${datasource}"}
    ids = [panel["id"] for panel in value["panels"]]
    assert len(set(ids)) == len(ids)
    taken = set()
    for place in (panel["gridPos"] for panel in value["panels"]):
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_links_to_runbooks_can_be_absolute(tmp_path: Path) -> None:
    """An organisation puts its own address into every alert, and out again."""
    shutil.copytree(FOLDER, tmp_path / "monitoring")
    shutil.copytree(CHART / "files", tmp_path / "chart" / "files")

    def run(*arguments: str) -> str:
        line = [sys.executable, tmp_path / "monitoring" / "generate.py", *arguments]
        subprocess.run(line, capture_output=True, timeout=60, check=True)
        return (tmp_path / "monitoring" / "alerts.yaml").read_text()

    moved = run("--runbooks", "https://wiki.example.com/overbank")
    assert moved.count("runbook_url: https://wiki.example.com/overbank#overbank") == len(alerts())
    assert (tmp_path / "chart" / "files" / "alerts.yaml").read_text().count("https://wiki.example.com/") == len(alerts())
    assert run() == (FOLDER / "alerts.yaml").read_text()


def test_alerts_fire_when_they_should() -> None:
    """Prometheus' own tool plays each alert against series, the healthy ones included (``OVERBANK_PROMTOOL`` or the path)."""
    promtool = os.environ.get("OVERBANK_PROMTOOL") or shutil.which("promtool")
    if not promtool:
        pytest.skip(
            "NO ALERT IS PLAYED, promtool is not here. In an empty folder: go mod init promtool && go get -tool "
            "github.com/prometheus/prometheus/cmd/promtool@v0.313.5 && go build github.com/prometheus/prometheus/cmd/promtool"
        )
    run = subprocess.run(
        [promtool, "test", "rules", "alerts_test.yaml"], cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_alert_is_played() -> None:
    """The tests for promtool have each alert fire once."""
    played = (FOLDER / "alerts_test.yaml").read_text()
    assert [alert["alert"] for alert in alerts() if f'alertname="{alert["alert"]}"' not in played] == []
