"""What no policy reaches, and documents that nothing refers to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

ANOTHER = """\
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: another}
spec:
  platform: ack-pro
  kubernetesVersion: "1.30"
  federation: {host: fed}
  pools: [{name: cloud, type: ecs}]
"""
HOST = """\
apiVersion: overbank.dev/v1alpha1
kind: FederationHost
metadata: {name: fed}
spec: {engine: kubeadmiral, kubernetesVersion: "1.28"}
"""
PLACEMENT = """\
apiVersion: overbank.dev/v1alpha1
kind: PlacementPolicy
metadata: {name: web}
spec:
  host: fed
  namespace: shop
  workloads: [{apiVersion: apps/v1, kind: Deployment, name: web}]
  mode: duplicate
  selector: {matchLabels: {site: cloud}}
"""
TEST = """\
apiVersion: overbank.dev/v1alpha1
kind: PolicyTest
metadata: {name: web}
spec:
  cluster: another
  cases: [{name: nothing, pod: {file: pod.yaml}, expect: {policies: []}}]
"""
CLASS = """\
apiVersion: overbank.dev/v1alpha1
kind: AcceleratorClass
metadata: {name: gpu}
spec: {resource: nvidia.com/gpu, eci: {useSpecs: [ecs.gn6i-c4g1.xlarge]}}
"""


@pytest.fixture
def found(cli: Cli) -> Callable[..., list[tuple[str, str]]]:
    """Return a function that checks a repository, and returns the path and the code of every finding."""

    def run(folder: Path, *options: str) -> list[tuple[str, str]]:
        outcome = cli("check", "--format", "json-v1", *options, folder)
        return [(each["location"]["path"], each["code"]) for each in json.loads(outcome.out)["diagnostics"]]

    return run


def test_idle_places_are_looked_for_on_request(minimal: dict[str, str], write: Callable[..., Path], found: Any) -> None:
    """Pools, clusters and tests without a policy are infos, and nothing is said of them otherwise."""
    folder = write({**minimal, "clusters/another.yaml": ANOTHER, "fed.yaml": HOST, "tests/web.yaml": TEST})
    assert found(folder) == []
    expected = [("clusters/another.yaml", "OB2111"), ("clusters/idc.yaml", "OB2110"), ("tests/web.yaml", "OB2113")]
    assert found(folder, "--level", "info") == expected
    assert found(folder, "--level", "info") == expected, "what is kept is the same"
    assert found(folder, "--level", "info", "--no-cache") == expected


def test_cluster_of_a_placement_is_in_use(minimal: dict[str, str], write: Callable[..., Path], found: Any) -> None:
    """A cluster that only a placement policy reaches is no cluster without a policy; only the ones that it selects count."""
    reached = ANOTHER.replace("{name: another}", "{name: another, labels: {site: cloud}}")
    beside = ANOTHER.replace("{name: another}", "{name: beside}")
    folder = write({**minimal, "a.yaml": reached, "b.yaml": beside, "fed.yaml": HOST, "placement.yaml": PLACEMENT})
    assert found(folder, "--level", "info") == [("b.yaml", "OB2111"), ("clusters/idc.yaml", "OB2110")]


def test_suppressed_info_is_not_unused_where_nobody_asks(minimal: dict[str, str], write: Callable[..., Path], found: Any) -> None:
    """A comment that suppresses such an info has its finding when it is asked for, and is let be when it is not."""
    comment = "{pool: cloud}}  # overbank: ignore[OB2110] for pods without a policy"
    folder = write({**minimal, "clusters/idc.yaml": minimal["clusters/idc.yaml"].replace("{pool: cloud}}", comment)})
    assert found(folder) == []
    assert found(folder, "--level", "info") == []
    used = minimal["burst/web.yaml"].replace("- {name: serverless}", "- {name: cloud}\n  - {name: serverless}")
    folder.joinpath("burst/web.yaml").write_text(used, encoding="utf-8")
    assert [code for _, code in found(folder)] == []
    assert [path for path, _ in found(folder, "--level", "info")] == ["clusters/idc.yaml"]


def test_misspelt_name_does_not_make_a_document_unused(minimal: dict[str, str], write: Callable[..., Path], found: Any) -> None:
    """Where a name leads nowhere, only that is said; where every name leads somewhere, what is left over is unused."""
    policy = minimal["burst/web.yaml"]
    folder = write({**minimal, "burst/web.yaml": f"{policy}  accelerator: gpo\n", "gpu.yaml": CLASS, "fed.yaml": HOST})
    assert found(folder) == [("burst/web.yaml", "OB2104"), ("fed.yaml", "OB2112")]
    folder.joinpath("burst/web.yaml").write_text(policy, encoding="utf-8")
    assert found(folder) == [("fed.yaml", "OB2112"), ("gpu.yaml", "OB2109")]
    folder.joinpath("burst/web.yaml").write_text(f"{policy}  accelerator: gpu\n", encoding="utf-8")
    assert found(folder) == [("fed.yaml", "OB2112")]
