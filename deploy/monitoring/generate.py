"""Make what Grafana and the Prometheus operator read: ``python deploy/monitoring/generate.py``, or ``make docs``.

From ``alerts.yaml`` comes ``prometheusrule.yaml``, and ``runbook_url`` in both; from ``panels.yaml`` comes ``dashboard.json``. The chart
gets copies, since Helm reads nothing outside of its folder. With
``--check`` nothing is written, and the exit code is 1 if a file is out of date. ``--runbooks URL`` is where docs/operations.md can be
read in your organisation; without it the links are relative to the root of the repository.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
CHART = "../chart/files"
RUNBOOKS = "docs/operations.md"
SELECTED = 'cluster=~"$cluster",namespace=~"$namespace"'
NOTICE = "# Made by deploy/monitoring/generate.py from alerts.yaml; change that.\n"
COPIED = "# A copy of deploy/monitoring/alerts.yaml, made by generate.py there; change that.\n"

_COLUMNS = 24
_SIZES = {"stat": (6, 4), "table": (12, 6), "timeseries": (12, 8)}


def rules(text: str, runbooks: str) -> str:
    """Return the alerts with the runbook of each; comments and layout stay."""
    text = re.sub(r"\n +runbook_url: .*", "", text)

    def add(found: re.Match[str]) -> str:
        return f"{found[0]}\n      runbook_url: {runbooks}#{found['name'].lower()}"

    return re.sub(r"  - alert: (?P<name>\w+)\n(?:    .*\n)*?    annotations:", add, text)


def prometheus_rule(alerts: str) -> str:
    """Return the alerts as an object of the Prometheus operator."""
    head = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "overbank-webhook", "labels": {"app.kubernetes.io/part-of": "overbank"}},
        "spec": yaml.safe_load(alerts),
    }
    return NOTICE + yaml.safe_dump(head, sort_keys=False, width=120, allow_unicode=True)


def dashboard(source: dict[str, Any]) -> str:
    """Return the dashboard; it names no data source, but asks for one."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row in source["rows"]:
        panels.append({"type": "row", "title": row["title"], "collapsed": False, "panels": [], "gridPos": _place(0, top, 24, 1)})
        top, left, tallest = top + 1, 0, 0
        for panel in row["panels"]:
            width, height = _SIZES[panel.get("kind", "timeseries")]
            if left + width > _COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            panels.append(_panel(panel) | {"gridPos": _place(left, top, width, height)})
            left, tallest = left + width, max(tallest, height)
        top += tallest
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
    value = {
        "title": source["title"],
        "uid": "overbank-webhook",
        "tags": ["overbank", "kubernetes"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "templating": {"list": _variables()},
        "panels": panels,
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _panel(panel: dict[str, Any]) -> dict[str, Any]:
    kind = panel.get("kind", "timeseries")
    steps = [{"color": "green", "value": None}] + ([{"color": "red", "value": panel["alarm"]}] if "alarm" in panel else [])
    return {
        "type": kind,
        "title": panel["title"],
        "description": panel.get("about", ""),
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {
            "defaults": {"unit": panel["unit"], "min": 0, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}} if kind == "timeseries" else {},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "expr": query.replace("$S", SELECTED),
                "legendFormat": legend,
                "instant": kind != "timeseries",
                "format": "table" if kind == "table" else "time_series",
            }
            for number, (legend, query) in enumerate(panel["queries"].items())
        ],
    }


def _place(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _variables() -> list[dict[str, Any]]:
    source = {"type": "prometheus", "uid": "${datasource}"}

    def labels(name: str, query: str) -> dict[str, Any]:
        # "All" matches a label that is not there, too: not every Prometheus has a label for its cluster.
        chosen = {"includeAll": True, "allValue": ".*", "multi": True, "current": {"text": "All", "value": "$__all"}}
        return {"name": name, "type": "query", "datasource": source, "query": query, "refresh": 2, "sort": 1, **chosen}

    return [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
        labels("cluster", "label_values(overbank_webhook_build_info, cluster)"),
        labels("namespace", 'label_values(overbank_webhook_build_info{cluster=~"$cluster"}, namespace)'),
    ]


def main(arguments: list[str]) -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if something is out of date")
    parser.add_argument("--runbooks", default=RUNBOOKS, metavar="URL", help=f"where the runbooks can be read ({RUNBOOKS})")
    options = parser.parse_args(arguments)
    alerts = rules((HERE / "alerts.yaml").read_text(encoding="utf-8"), options.runbooks)
    panels = dashboard(yaml.safe_load((HERE / "panels.yaml").read_text(encoding="utf-8")))
    made = {
        "alerts.yaml": alerts,
        "prometheusrule.yaml": prometheus_rule(alerts),
        "dashboard.json": panels,
        f"{CHART}/alerts.yaml": COPIED + "groups:" + alerts.partition("\ngroups:")[2],
        f"{CHART}/dashboard.json": panels,
    }
    stale = []
    for name, content in made.items():
        path = HERE / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            stale.append(name)
            if not options.check:
                path.write_text(content, encoding="utf-8")
            sys.stdout.write(
                f"{'out of date' if options.check else 'wrote'} deploy/monitoring/{name}\n".replace("monitoring/../", "")
            )
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
