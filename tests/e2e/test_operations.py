"""docs/operations.md on a real API server: what it says to type is typed as it stands there."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.installation import CONFIGURATION, NAMESPACE
from tests.e2e.controlplane.plane import Plane

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "operations.md"
CLUSTER = "ack-poc"
MONITORING = "monitoring.coreos.com/v1"
ELSEWHERE = ("podman",)
"""Builds and pushes an image; tests/deploy has the Containerfile."""

Run = Callable[[str], subprocess.CompletedProcess[str]]


def commands(section: str) -> list[str]:
    """Return the commands of a section, without its subsections, whose lines are put together."""
    text = re.split(rf"^## {section}$", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1]
    text = re.split(r"^##+ ", text, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = "\n".join(re.findall(r"```console\n(.*?)```", text, re.DOTALL))
    return [line.replace("\\\n", " ") for line in re.findall(r"^\$ ((?:.*\\\n)*.*)$", blocks, re.MULTILINE)]


@pytest.fixture(scope="module")
def helm() -> str:
    """Return the path of helm; without it the test is skipped, and says so, or fails where helm has to be there."""
    spec = importlib.util.spec_from_file_location("helm", ROOT / "deploy" / "helm.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.find()
    if found is None:
        reason = "there is no helm (python deploy/helm.py builds one): the chart was NOT installed"
        if os.environ.get("OVERBANK_REQUIRE_HELM"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(found)


@pytest.fixture
def typed(plane: Plane, helm: str, tmp_path: Path, sample: Path, kubectl: Callable[..., Any]) -> Iterator[Run]:
    """Return a function that runs a line as a reader would, beside policies and a checkout; the webhook's namespace is not there at first."""
    shutil.copytree(sample, tmp_path / "policies")
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    programs = {"helm": helm, "kubectl": str(plane.assets.kubectl), "overbank": str(Path(sys.executable).with_name("overbank"))}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(plane.kubeconfig)}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        program, *words = shlex.split(line, comments=True)
        expanded = [found for word in words for found in (sorted(map(str, tmp_path.glob(word))) if "*." in word else [word])]
        return subprocess.run(
            [programs[program], *expanded], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    yield run
    kubectl("delete", "--ignore-not-found", "-k", tmp_path / "rendered" / "clusters" / CLUSTER)
    for path in (ROOT / "deploy/kustomize/base").glob("*-overbank-webhook*.yaml"):
        kubectl("delete", "--ignore-not-found", "-f", path)


def test_install_roll_back_and_remove(cluster: Cluster, kubelets: object, typed: Run, kubectl: Callable[..., Any]) -> None:
    """Every command of the sections Install, Roll back and Remove succeeds in the order of the page, and leaves a cluster as it was."""
    assert kubelets
    cluster.standing("default")
    for line in [*commands("Install"), *commands("Roll back")]:
        if not line.startswith(ELSEWHERE):
            ran = typed(line)
            assert ran.returncode == 0, f"$ {line}\n{ran.stdout}{ran.stderr}"
            assert "Warning" not in ran.stderr, f"$ {line}\n{ran.stderr}"
    switched = kubectl("-n", NAMESPACE, "get", "configmap", "overbank-emergency", "-o", "jsonpath={.data.disable}")
    assert switched.stdout == "gpu-demo"
    assert kubectl("get", "mutatingwebhookconfiguration", CONFIGURATION).returncode != 0
    for line in commands("Remove"):
        if line.startswith("kubectl delete mutatingwebhookconfiguration") or "delete secret" in line:
            continue  # gone with the roll-back; and never made, since no replica runs here
        ran = typed(line)
        assert ran.returncode == 0, f"$ {line}\n{ran.stdout}{ran.stderr}"
    kinds = "clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding"
    left = json.loads(kubectl("get", kinds, "-o", "json").stdout)["items"]
    assert [each["metadata"]["name"] for each in left if "overbank" in each["metadata"]["name"]] == []
    assert kubectl("get", "namespace", NAMESPACE).returncode != 0


def test_everything_that_the_chart_renders_is_accepted(
    plane: Plane, helm: str, tmp_path: Path, kubectl: Callable[..., Any]
) -> None:
    """With every value set, and with everything mounted, a dry run on the server takes all objects, and knows every field."""
    clients = {"configMap": "clients", "names": ["kube-apiserver"]}
    everything = {
        "namespace": {"create": True},
        "cluster": {"name": "idc", "uid": "00000000-0000-4000-8000-000000000000"},
        "bundle": {"publicKeys": {"configMap": "keys", "files": ["a.pub"]}},
        "tls": {"clients": clients},
        "networkPolicy": {"apiServerCidrs": ["10.0.0.10/32"]},
        "monitoring": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}},
    }
    mounted = {"bundle": {"source": "mount"}, "tls": {"source": "mounted"}, "watchNamespaces": False}
    assert plane
    kubectl("create", "namespace", NAMESPACE)
    for values in ({}, everything, mounted):
        (tmp_path / "values.yaml").write_text(json.dumps(values))
        command = [helm, "template", "overbank", ROOT / "deploy/chart", "-n", NAMESPACE, "--kube-version", "1.36", "-f"]
        rendered = subprocess.run([*command, tmp_path / "values.yaml"], capture_output=True, text=True, check=True).stdout
        objects = [each for each in yaml.safe_load_all(rendered) if each]
        monitoring = {each["kind"] for each in objects if each["apiVersion"] == MONITORING}
        assert monitoring == ({"ServiceMonitor", "PrometheusRule"} if values is everything else set())
        text = yaml.safe_dump_all(objects)
        ran = kubectl("apply", "--dry-run=server", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-", text=text)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.count("serverside-applied (server dry run)") == len(objects)
        assert "Warning" not in ran.stderr


def test_the_prometheus_operator_knows_every_field_of_the_alerts(
    plane: Plane, cluster: Cluster, kubectl: Callable[..., Any]
) -> None:
    """The rules as an object of their own are stored as they are written; a field that the operator does not know would be refused."""
    assert plane
    path = ROOT / "deploy" / "monitoring" / "prometheusrule.yaml"
    rule = yaml.safe_load(path.read_text("utf-8"))
    namespace = cluster.namespace()
    apply = ("apply", "-n", namespace, "--server-side", "--validate=strict", "-f", "-")
    ran = kubectl(*apply, text=path.read_text("utf-8"))
    assert ran.returncode == 0, ran.stderr
    stored = json.loads(kubectl("get", "prometheusrule", rule["metadata"]["name"], "-n", namespace, "-o", "json").stdout)
    assert stored["spec"] == rule["spec"]
    rule["spec"]["groups"][0]["rules"][0]["severity"] = "critical"
    refused = kubectl(*apply, text=yaml.safe_dump(rule))
    assert refused.returncode != 0
    assert "severity" in refused.stderr
