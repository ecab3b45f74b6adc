"""What the tests of differences share: repositories with a history in Git, and bundles that are drawn by chance."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Files = Mapping[str, str | bytes]

CLUSTER = """\
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {{name: {name}, labels: {{fleet: gpu}}}}
spec:
  platform: {platform}
  kubernetesVersion: "1.30"
  namespaces: [{{name: shop, labels: {{tier: web}}}}, {{name: lab}}]
{more}
"""
_VKE = """\
  pools:
  - {name: prepaid, type: ecs, nodeSelector: {cluster.vke.volcengine.com/machinepool-name: p1}, nodes: {max: 2}, podsPerNode: 1}
  - {name: serverless, type: vci}
"""
_ACK = """\
  scheduler: {version: "6.4"}
  pools:
  - {name: prepaid, type: ecs, nodeSelector: {alibabacloud.com/nodepool-id: np1}}
  - {name: serverless, type: eci}
"""
POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {selector: {matchLabels: {fleet: gpu}}}
    namespaces: {names: [shop]}
    pods: {matchLabels: {app: web, stage: live}}
  priority: 10
  pools:
  - {name: prepaid}
  - {name: serverless, max: 2}
"""
_TEST = """\
apiVersion: overbank.dev/v1alpha1
kind: PolicyTest
metadata: {name: web}
spec:
  cluster: vke
  namespace: {name: shop}
  cases:
  - name: a canary
    pod:
      inline: {apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web, stage: canary}}, spec: {containers: [{name: c, image: i}]}}
    expect: {warnings: []}
"""


@pytest.fixture(scope="session")
def files() -> dict[str, str]:
    """Return the files of a repository with a policy on clusters of two vendors."""
    return {
        "overbank.yaml": "apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n",
        "clusters/ack.yaml": CLUSTER.format(name="ack", platform="ack-pro", more=_ACK.rstrip()),
        "clusters/vke.yaml": CLUSTER.format(name="vke", platform="vke", more=_VKE.rstrip()),
        "burst/web.yaml": POLICY,
        "tests/web.yaml": _TEST,
    }


Git = Callable[..., None]


@pytest.fixture
def history(write: Callable[..., Path], git: Git) -> Callable[[Files], Path]:
    """Return a function that writes a repository and commits it."""

    def run(files: Mapping[str, str | bytes]) -> Path:
        folder = write(files)
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "a change")
        return folder

    return run


@pytest.fixture
def changed(history: Callable[[Files], Path], files: dict[str, str]) -> Callable[..., Path]:
    """Return a function that commits the repository and then replaces texts in files of the work tree."""

    def run(*edits: tuple[str, str, str], **more: str) -> Path:
        folder = history(files)
        for path, old, new in edits:
            text = (folder / path).read_text()
            assert old in text
            (folder / path).write_text(text.replace(old, new))
        for path, text in more.items():
            (folder / path).write_text(text)
        return folder

    return run


@pytest.fixture(scope="session")
def report_of() -> Callable[[Any], dict[str, Any]]:
    """Return a function that reads the json-v1 report that a command printed."""

    def run(outcome: Any) -> dict[str, Any]:
        assert outcome.code in (0, 1), outcome.err
        found: dict[str, Any] = json.loads(outcome.out)
        return found

    return run
