"""Sweeps of a real cluster, whose missed pods are made anew by the commands that are proposed, and what the doctor says of it."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tests.e2e.controlplane", reason="NOTHING was shown against a real Kubernetes: its fixtures are not here")

POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: noted}
spec:
  match:
    clusters: {all: true}
    namespaces: {names: [NAMESPACE]}
    pods: {matchLabels: {app: web}}
  inject:
    annotations: {example.com/note: x}
    tolerations: [{key: dedicated, value: batch, effect: NoSchedule}]
"""


def _deployment(namespace: str, name: str) -> dict[str, Any]:
    labels = {"app": "web", "name": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "none"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def test_pods_that_missed_their_mutation_are_found_and_made_anew(
    *, cluster: Any, site: Callable[..., Any], plane: Any, kubectl: Callable[..., Any], overbank: Callable[..., Any], tmp_path: Path
) -> None:
    """Pods made before the webhook was there are named, those made with it are not; after the proposed commands nothing is left."""
    namespace = cluster.namespace()
    pod = _deployment(namespace, "bare")["spec"]["template"]
    late = cluster.create(_deployment(namespace, "late"))
    cluster.create(
        {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": {**pod["metadata"], "name": "bare", "namespace": namespace}}
    )
    assert kubectl("-n", namespace, "rollout", "status", "deployment/late", "--timeout=60s").returncode == 0
    assert kubectl("-n", namespace, "wait", "pod/bare", "--for=condition=Ready", "--timeout=60s").returncode == 0
    site(POLICY.replace("NAMESPACE", namespace))
    cluster.create(_deployment(namespace, "timely"))
    assert kubectl("-n", namespace, "rollout", "status", "deployment/timely", "--timeout=60s").returncode == 0

    def sweep() -> Any:
        live = ("--kubeconfig", plane.kubeconfig, "--namespace", namespace)
        return overbank("sweep", tmp_path / "site-1", "--cluster", "site", *live, "--restart-plan")

    found = sweep()
    shown = found.stdout.decode()
    assert found.returncode == 1, found.stderr.decode()
    assert f"Deployment {namespace}/late: 2 pods missed their mutation" in shown
    assert f"Pod {namespace}/bare: 1 pod missed its mutation" in shown
    assert f"# Pod {namespace}/bare: nothing would make it again" in shown
    assert "timely" not in shown
    for line in shown.splitlines():
        if line.startswith("kubectl "):
            ran = kubectl(*shlex.split(line)[1:])
            assert ran.returncode == 0, ran.stderr
    assert kubectl("-n", namespace, "delete", "pod", "bare", "--wait").returncode == 0
    assert sweep().returncode == 0
    assert cluster.again(late)["spec"]["replicas"] == 2


def test_doctor_reads_a_real_cluster(
    *, cluster: Any, kubelets: Any, site: Callable[..., Any], plane: Any, overbank: Callable[..., Any], tmp_path: Path
) -> None:
    """A registered configuration differs from the derived one only in what the test changed: the API server's defaults are no difference."""
    assert kubelets
    site(POLICY.replace("NAMESPACE", cluster.namespace()))
    ran = overbank("doctor", tmp_path / "site-1", "--cluster", "site", "--kubeconfig", plane.kubeconfig)
    shown = ran.stdout.decode()
    assert ran.returncode == 1, ran.stderr.decode()
    assert "ok      caBundle: it holds an authority's certificate" in shown
    assert 'failurePolicy of pods.overbank.dev is "Fail" instead of "Ignore"' in shown
    for unchanged in ("rules", "namespaceSelector", "objectSelector", "matchConditions", "reinvocationPolicy", "no permission"):
        assert unchanged not in shown
    assert "WRONG   Service overbank-system/overbank-webhook: it is not there" in shown
