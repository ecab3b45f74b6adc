"""The chart agrees with what stands elsewhere: its schema, the compiler's names, kustomize, monitoring, and the package's version."""

import json
import subprocess
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import jsonschema
import pytest
import yaml

from compiler.emit import bundle, gitops, webhook_config
from tests.deploy.chart.objects import CHART, container_of, one

Object = dict[str, Any]
Render = Callable[..., list[Object]]

REFUSED: dict[str, Object] = {
    "an unknown value": {"replica": 3},
    "an unknown value further down": {"tls": {"sercet": "a"}},
    "no replica": {"replicas": 0},
    "a choice that there is not": {"bundle": {"source": "git"}},
    "names of clients without their authorities": {"tls": {"clients": {"names": ["kube-apiserver"]}}},
    "keys without their ConfigMap": {"bundle": {"publicKeys": {"files": ["a.pub"]}}},
    "a ConfigMap of keys without any": {"bundle": {"publicKeys": {"configMap": "keys"}}},
    "an unreadable UID": {"cluster": {"uid": "42"}},
    "labels that belong to the chart": {"podLabels": {"app.kubernetes.io/name": "other"}},
    "a budget that lets nobody go": {"podDisruptionBudget": {"maxUnavailable": 0}},
    "no emergency switch": {"emergency": {"configMap": ""}},
    "no port of the API server": {"networkPolicy": {"apiServerPorts": []}},
}


def test_names_are_those_that_the_compiler_writes(render: Render) -> None:
    """The Service, the ConfigMap and the configuration are the ones that `overbank build` refers to and writes."""
    objects = render({})
    service = one(objects, "Service", webhook_config.SERVICE)
    assert [each["port"] for each in service["spec"]["ports"]] == [443]
    arguments = container_of(objects)["args"]
    assert f"--bundle-config-map={bundle.CONFIG_MAP}" in arguments
    assert f"--webhook-configuration={webhook_config.NAME}" in arguments
    wave = int(one(objects, "Deployment")["metadata"]["annotations"][gitops.WAVE])
    assert gitops.WAVES["ConfigMap"] < wave < gitops.WAVES["MutatingWebhookConfiguration"]


@pytest.mark.parametrize("refused", list(REFUSED))
def test_values_that_cannot_be_are_refused(run: Callable[..., subprocess.CompletedProcess[str]], refused: str) -> None:
    """A value that the chart does not know, or that cannot work, is an error that names it and no surprise in the cluster."""
    ran = run(REFUSED[refused])
    assert ran.returncode != 0
    assert "values don't meet the specifications of the schema" in ran.stderr


def test_the_defaults_meet_the_schema_and_are_all_explained() -> None:
    """values.yaml is valid, every value of the schema has a default there, and every one has a description."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(defaults)

    def compare(described: Mapping[str, Any], value: Any, route: str) -> None:
        assert described["description"], route
        if described.get("additionalProperties") is False:
            optional = {"global", "podSelector", "claims"}
            assert set(described["properties"]) - optional == set(value), route
            for key in value:
                compare(described["properties"][key], value[key], f"{route}.{key}")

    compare(schema, defaults, "")


def test_the_kustomize_base_is_the_chart(helm: str, kubectl: str, load: Callable[[str], ModuleType]) -> None:
    """What kubectl builds from deploy/kustomize is what helm renders from the defaults, with the Namespace."""
    program = load("kustomize/render.py")
    rendered = program.objects(helm, "--set", "namespace.create=true")
    ran = subprocess.run([kubectl, "kustomize", CHART.parent / "kustomize" / "base"], capture_output=True, check=True)
    built = [each for each in yaml.safe_load_all(ran.stdout) if each]
    key = lambda each: (each["kind"], each["metadata"]["name"])  # noqa: E731 - of both
    assert sorted(built, key=key) == sorted(rendered, key=key)
    base = CHART.parent / "kustomize" / "base"
    assert {path.name: path.read_bytes() for path in base.iterdir()} == program.files(rendered)


def test_monitoring_objects_have_what_is_generated(render: Render) -> None:
    """The rule has the alerts of deploy/monitoring, and the ConfigMap the dashboard with Grafana's label, each only where it is asked for."""
    assert {each["kind"] for each in render({})}.isdisjoint({"PrometheusRule", "ServiceMonitor", "ConfigMap"})
    objects = render({"monitoring": {"prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}}})
    folder = CHART.parent / "monitoring"
    assert one(objects, "PrometheusRule")["spec"] == yaml.safe_load((folder / "alerts.yaml").read_text())
    shown = one(objects, "ConfigMap", "overbank-webhook-dashboard")
    assert shown["data"] == {"overbank-webhook.json": (folder / "dashboard.json").read_text()}
    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_chart_has_the_version_of_the_package() -> None:
    """The chart and the image that it takes by default are of this release."""
    from compiler import __version__  # noqa: PLC0415

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__
