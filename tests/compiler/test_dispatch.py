"""Manifests in Git against the placement policies of their workloads: where the checks must speak, and where they must be silent."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.pipeline import Result

OVERBANK = 'apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {workloads: ["apps/**"]}\n'
FEDERATION = """\
apiVersion: overbank.dev/v1alpha1
kind: FederationHost
metadata: {name: fed}
spec: {engine: kubeadmiral, kubernetesVersion: "1.28"}
---
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: one}
spec: {platform: kubernetes, kubernetesVersion: "1.28", federation: {host: fed}, pools: [{name: nodes, type: idc}]}
---
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: two}
spec: {platform: kubernetes, kubernetesVersion: "1.28", federation: {host: fed}, pools: [{name: nodes, type: idc}]}
---
apiVersion: overbank.dev/v1alpha1
kind: PlacementPolicy
metadata: {name: web}
spec:
  host: fed
  namespace: shop
  workloads: [{apiVersion: apps/v1, kind: Deployment, name: web}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop%s}
spec:
  replicas: %s
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: nginx}]}}
"""
DIVIDED = "  mode: weighted\n  clusters: [{name: one, weight: 1, min: 2, max: 4}, {name: two, weight: 1, min: 2, max: 4}]\n"
BOUNDLESS = "  mode: weighted\n  clusters: [{name: one, weight: 1, max: 4}, {name: two, weight: 1}]\n"
CHOSEN = "  mode: weighted\n  maxClusters: 1\n  clusters: [{name: one, weight: 1, max: 4}, {name: two, weight: 1, max: 6}]\n"
COPIED = "  mode: duplicate\n  clusters: [{name: one}, {name: two}]\n"
AUTOSCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop%s}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 1, maxReplicas: %s}
"""
CENTRAL = ", labels: {kubeadmiral.io/hpa-mode: centralized}"

Codes = Callable[..., list[str]]


@pytest.fixture
def codes(compiled: Callable[..., Result]) -> Codes:
    """Return a function that gives the codes found in a repository with a placement policy and manifests."""

    def run(placement: str, *manifests: str) -> list[str]:
        files = {"overbank.yaml": OVERBANK, "fed.yaml": FEDERATION + placement, "apps/web.yaml": "---\n".join(manifests)}
        return [each.code.id for each in compiled(files).diagnostics]

    return run


@pytest.mark.parametrize(
    ("placement", "replicas", "expected"),
    [
        (DIVIDED, "8", []),
        (DIVIDED, "9", ["OB7122"]),
        (BOUNDLESS, "99", []),
        (CHOSEN, "6", []),
        (CHOSEN, "7", ["OB7122"]),
        (COPIED, "99", []),
        (DIVIDED, "null", []),
    ],
)
def test_replicas_beyond_the_maxima(codes: Codes, placement: str, replicas: str, expected: list[str]) -> None:
    """Replicas that no cluster takes are found where every cluster has a maximum, counting as many clusters as may be chosen."""
    assert codes(placement, DEPLOYMENT % ("", replicas)) == expected


@pytest.mark.parametrize(
    ("placement", "metadata", "most", "expected"),
    [
        (DIVIDED, CENTRAL, 8, []),
        (DIVIDED, CENTRAL, 9, ["OB7109"]),
        (DIVIDED, CENTRAL, 3, ["OB7109"]),
        (BOUNDLESS, CENTRAL, 99, []),
        (DIVIDED, "", 8, ["OB7125"]),
        (DIVIDED, ", labels: {kubeadmiral.io/hpa-mode: distributed}", 8, ["OB7125"]),
        (COPIED, CENTRAL, 8, ["OB7125"]),
        (COPIED, "", 8, ["OB7125"]),
    ],
)
def test_autoscalers_fit_their_policy(codes: Codes, placement: str, metadata: str, most: int, expected: list[str]) -> None:
    """A divided workload has a centralized autoscaler within the clusters' bounds, and its own replicas do not count any more."""
    assert codes(placement, DEPLOYMENT % ("", 99), AUTOSCALER % (metadata, most)) == expected


def test_duplicated_workload_keeps_what_its_autoscalers_write(codes: Codes) -> None:
    """An autoscaler on each cluster is right for a workload that every cluster has in full, and that says so."""
    workload = DEPLOYMENT % (', annotations: {kubeadmiral.io/retain-replicas: "true"}', 2)
    assert codes(COPIED, workload, AUTOSCALER % ("", 8)) == []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("{kubeadmiral.io/propagation-policy-name: web}", []),
        ("{kubeadmiral.io/propagation-policy-name: other}", ["OB7123"]),
        ("{kubeadmiral.io/override-policy-name: web}", ["OB7123"]),
        ("{kubeadmiral.io/cluster-propagation-policy-name: web}", ["OB7123"]),
        ("{kubeadmiral.io/cluster-override-policy-name: all}", []),
        ("{kubeadmiral.io/cluster-override-policy-name: none}", ["OB7123"]),
    ],
)
def test_binding_labels_lead_somewhere(codes: Codes, labels: str, expected: list[str]) -> None:
    """A label names a policy of this repository or a manifest of its kind, in its namespace where the kind has one."""
    by_hand = "apiVersion: core.kubeadmiral.io/v1alpha1\nkind: ClusterOverridePolicy\nmetadata: {name: all}\nspec: {}\n"
    assert codes(DIVIDED, DEPLOYMENT % (f", labels: {labels}", 2), by_hand) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("schedulingMode: Divide, reschedulePolicy: {disableRescheduling: true}", ["OB7128"]),
        ("schedulingMode: Duplicate, reschedulePolicy: {disableRescheduling: true}", []),
        ("schedulingMode: Divide, placement: [{cluster: a, preferences: {weight: 0}}, {cluster: b}]", ["OB7128"]),
        ("schedulingMode: Divide, placement: [{cluster: a, preferences: {weight: 0}}, {cluster: b, preferences: {weight: 1}}]", []),
        ("schedulingMode: Divide, replicasStrategy: Binpack, placement: [{cluster: a, preferences: {weight: 0}}]", []),
        ("schedulingMode: Divide, placement: [{cluster: a, preferences: {minReplicas: 3, maxReplicas: 2}}]", ["OB7128"]),
        ("schedulingMode: Divide, placement: [{cluster: a, preferences: {minReplicas: 2, maxReplicas: 2}}]", []),
    ],
)
def test_hand_written_policies_do_what_they_say(codes: Codes, spec: str, expected: list[str]) -> None:
    """Preferences that KubeAdmiral takes and does not heed are found in hand-written policies."""
    head = "apiVersion: core.kubeadmiral.io/v1alpha1\nkind: PropagationPolicy\nmetadata: {name: by-hand, namespace: shop}\n"
    assert codes(DIVIDED, f"{head}spec: {{{spec}}}\n") == expected


@pytest.mark.parametrize(
    "broken", ["[]", "text", "null", "{placement: {}, schedulingMode: Divide}", "{placement: [1, {preferences: []}]}"]
)
def test_broken_manifests_are_passed_over(codes: Codes, broken: str) -> None:
    """Manifests of any shape are looked at without harm: what is wrong with them is for the API server."""
    kinds = (("core.kubeadmiral.io/v1alpha1", "PropagationPolicy"), ("autoscaling/v2", "HorizontalPodAutoscaler"))
    manifests = [
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web, namespace: shop, labels: {broken}, annotations: {broken}}}\nspec: {broken}\n"
        for version, kind in kinds
    ]
    assert codes(DIVIDED, *manifests) == []


def test_annotations_that_win_are_named(compiled: Callable[..., Any]) -> None:
    """Each scheduling annotation of a placed workload is a finding that says what it does; other annotations are nobody's business."""
    annotations = (
        ', annotations: {kubeadmiral.io/no-scheduling: "true", kubeadmiral.io/sticky-cluster: "true", kubeadmiral.io/x: y}'
    )
    files = {"overbank.yaml": OVERBANK, "fed.yaml": FEDERATION + DIVIDED, "apps/web.yaml": DEPLOYMENT % (annotations, 2)}
    found = compiled(files).diagnostics
    assert [(each.code.id, *each.notes) for each in found] == [
        ("OB7124", "with it, KubeAdmiral does not schedule the workload"),
        ("OB7124", "with it, the workload stays where it is"),
    ]
