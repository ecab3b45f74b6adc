"""What deploy/ and the back ends write, on a real API server: the webhook's own objects, and the policy that reports missing mutations."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("tests.e2e.controlplane", reason="NOTHING was shown against a real Kubernetes: there is no control plane here")

ROOT = Path(__file__).parent.parent.parent
RENDERED = ROOT / "tests/golden/every-field-at-once/expected/clusters/pro"
SECONDS = 30

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


def _pod(namespace: str, **labels: str) -> str:
    metadata = {"generateName": "p-", "namespace": namespace, "labels": labels}
    spec = {"containers": [{"name": "c", "image": "x"}]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


@pytest.mark.usefixtures("installed")
def test_the_webhooks_pods_may_run_in_their_namespace(kubectl: Kubectl) -> None:
    """The namespace enforces the restricted profile, and the Deployment's pod is let in, at its priority."""
    shown = kubectl("get", "deployment", "overbank-webhook", "-n", "overbank-system", "-o", "json")
    pod = json.loads(shown.stdout)["spec"]["template"]
    pod |= {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "try", "namespace": "overbank-system"}}
    ran = kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", text=json.dumps(pod))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["spec"]["priority"] == 2_000_000_000
    refused = kubectl("create", "--dry-run=server", "-f", "-", text=_pod("overbank-system"))
    assert "violates PodSecurity" in refused.stderr


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("verb", "what", "allowed"),
    [
        ("watch", "configmaps/overbank-bundle", "yes"),
        ("list", "configmaps", "no"),
        ("update", "configmaps/overbank-emergency", "no"),
        ("update", "secrets/overbank-webhook-tls", "yes"),
        ("watch", "secrets/overbank-webhook-tls", "yes"),
        ("delete", "secrets/overbank-webhook-tls", "no"),
        ("get", "secrets/other", "no"),
        ("patch", "mutatingwebhookconfigurations/00-overbank", "yes"),
        ("patch", "mutatingwebhookconfigurations/other", "no"),
        ("list", "namespaces", "yes"),
        ("get", "pods", "no"),
    ],
)
def test_rights_are_no_more_than_is_needed(verb: str, what: str, allowed: str, kubectl: Kubectl) -> None:
    """The service account may do what the features need to the objects that they need, and nothing to others."""
    account = "--as=system:serviceaccount:overbank-system:overbank-webhook"
    assert kubectl("auth", "can-i", verb, what, "-n", "overbank-system", account).stdout.strip() == allowed


@pytest.mark.usefixtures("installed")
def test_missing_mutations_are_reported(cluster: Any, kubectl: Kubectl) -> None:
    """The expressions pass the API server's type check; a bare pod is reported by a warning, and not while its policy is switched off."""
    paths = [*RENDERED.glob("_cluster/validatingadmissionpolicy*.yaml"), RENDERED / "webhook/configmap-overbank-emergency.yaml"]
    names = {yaml.safe_load(path.read_text())["metadata"]["name"] for path in paths}
    assert names == {"overbank-backstop", "overbank-emergency"}
    cluster.standing("train")
    switch: list[str] = ["configmap", "overbank-emergency", "-n", "overbank-system"]
    try:
        for path in paths:
            assert kubectl("apply", "--server-side", "-f", path).returncode == 0
        _until(lambda: "overbank policy models: " in _created(kubectl, "models"))
        assert "overbank" not in _created(kubectl, "other")
        _until(lambda: _observed(kubectl))
        assert _backstop(kubectl)["status"]["typeChecking"] == {}
        kubectl("patch", *switch, "--type=merge", "-p", '{"data": {"disable": "models"}}')
        _until(lambda: "overbank" not in _created(kubectl, "models"))
        assert kubectl("apply", "--server-side", "-f", paths[-1]).returncode == 0
        assert kubectl("get", *switch, "-o", "jsonpath={.data.disable}").stdout == "models"
    finally:
        for path in paths:
            kubectl("delete", "--ignore-not-found", "-f", path)


def _backstop(kubectl: Kubectl) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(kubectl("get", "validatingadmissionpolicy", "overbank-backstop", "-o", "json").stdout)
    return shown


def _observed(kubectl: Kubectl) -> bool:
    """Say whether the controller manager has looked at the policy."""
    found = _backstop(kubectl)
    return bool(found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"])


def _created(kubectl: Kubectl, app: str) -> str:
    """Return the warnings of a pod that would be created in namespace ``train``."""
    ran = kubectl("create", "--dry-run=server", "-f", "-", text=_pod("train", app=app))
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def _until(holds: Callable[[], bool]) -> None:
    """Wait until the API server has heard of a change, of which it tells nobody."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)
