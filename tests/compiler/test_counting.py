"""How many pods templates ask for, and what becomes of workloads that are more than their pools."""

from collections.abc import Callable

import pytest

from compiler.manifests.counting import count, divided, lasting, scalers
from compiler.manifests.inventory import take_stock
from compiler.manifests.placing import place
from compiler.pipeline import Result
from compiler.source import Document

POD = "{metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: nginx}]}}"
ENDING = "{metadata: {labels: {app: web}}, spec: {restartPolicy: Never, containers: [{name: main, image: nginx}]}}"


def _hpa(kind: str, name: str, most: int, namespace: str = "shop") -> str:
    target = f"{{apiVersion: apps/v1, kind: {kind}, name: {name}}}"
    return (
        f"{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: h{most}, namespace: {namespace}}}, "
        f"spec: {{scaleTargetRef: {target}, maxReplicas: {most}}}}}"
    )


def _scaled_object(most: int) -> str:
    return (
        "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: s, namespace: shop}, "
        f"spec: {{scaleTargetRef: {{name: w}}, maxReplicaCount: {most}}}}}"
    )


def _workload(api_version: str, kind: str, spec: str) -> str:
    return f"{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: w, namespace: shop}}, spec: {spec}}}"


@pytest.mark.parametrize(
    ("manifests", "now", "most"),
    [
        ([_workload("apps/v1", "Deployment", f"{{replicas: 3, template: {POD}}}")], [3], [3]),
        ([_workload("apps/v1", "Deployment", f"{{template: {POD}}}")], [1], [1]),
        ([_workload("apps/v1", "Deployment", f"{{replicas: 0, template: {POD}}}")], [0], [0]),
        ([_workload("apps/v1", "Deployment", f"{{replicas: 3, template: {POD}}}"), _hpa("Deployment", "w", 9)], [3], [9]),
        ([_workload("apps/v1", "Deployment", f"{{replicas: 3, template: {POD}}}"), _scaled_object(8)], [3], [8]),
        ([_workload("apps/v1", "Deployment", f"{{replicas: 3, template: {POD}}}"), _hpa("Deployment", "other", 9)], [3], [3]),
        ([_workload("apps/v1", "Deployment", f"{{replicas: 3, template: {POD}}}"), _hpa("Deployment", "w", 9, "other")], [3], [3]),
        (
            [_workload("apps.kruise.io/v1beta1", "StatefulSet", f"{{replicas: 3, template: {POD}}}"), _hpa("StatefulSet", "w", 9)],
            [3],
            [3],
        ),
        (
            [
                _workload("apps/v1", "Deployment", f"{{replicas: 3, template: {POD}}}"),
                _hpa("Deployment", "w", 5),
                _hpa("Deployment", "w", 4),
            ],
            [3],
            [5],
        ),
        ([_workload("batch/v1", "Job", f"{{parallelism: 6, completions: 4, template: {ENDING}}}")], [4], [4]),
        ([_workload("batch/v1", "Job", f"{{template: {ENDING}}}")], [1], [1]),
        (
            [
                _workload(
                    "batch/v1", "CronJob", f"{{schedule: '@daily', jobTemplate: {{spec: {{parallelism: 2, template: {ENDING}}}}}}}"
                )
            ],
            [2],
            [2],
        ),
        (
            [
                _workload(
                    "kubeflow.org/v1",
                    "TFJob",
                    f"{{tfReplicaSpecs: {{PS: {{replicas: 1, template: {POD}}}, Worker: {{replicas: 4, template: {POD}}}}}}}",
                )
            ],
            [1, 4],
            [1, 4],
        ),
        (
            [
                _workload(
                    "ray.io/v1",
                    "RayCluster",
                    f"{{headGroupSpec: {{template: {POD}}}, workerGroupSpecs: [{{groupName: g, replicas: 2, maxReplicas: 7, template: {POD}}}]}}",
                )
            ],
            [1, 2],
            [1, 7],
        ),
        (
            [
                _workload(
                    "jobset.x-k8s.io/v1alpha2",
                    "JobSet",
                    f"{{replicatedJobs: [{{name: j, replicas: 3, template: {{spec: {{parallelism: 2, template: {ENDING}}}}}}}]}}",
                )
            ],
            [6],
            [6],
        ),
        (
            ["{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {containers: [{name: c, image: i}]}}"],
            [1],
            [1],
        ),
    ],
)
def test_counts(  # noqa: PLR0917 - fixtures and parameters
    compiled: Callable[..., Result],
    minimal: dict[str, str],
    parse: Callable[[str], list[Document]],
    manifests: list[str],
    now: list[int],
    most: list[int],
) -> None:
    """Each kind says in its own fields how many pods its templates ask for at once; autoscalers in the same namespace raise that."""
    clusters = compiled(minimal).clusters
    inventory, problems = take_stock(parse("\n---\n".join(manifests)))
    assert problems == []
    known = scalers(inventory)
    counts = [count(each, known) for each in place(inventory, clusters)[0].landed]
    assert [each.now for each in counts] == now
    assert [each.most for each in counts] == most


def test_kinds_that_last_and_workloads_that_are_divided(parse: Callable[[str], list[Document]]) -> None:
    """A Job can do with less room than it asks for, and of a workload with a propagation policy nobody knows a cluster's part."""
    labelled = "{name: w, namespace: shop, labels: {kubeadmiral.io/propagation-policy-name: p}}"
    texts = [
        _workload("apps/v1", "Deployment", f"{{template: {POD}}}"),
        _workload("batch/v1", "Job", f"{{template: {ENDING}}}"),
        f"{{apiVersion: apps/v1, kind: StatefulSet, metadata: {labelled}, spec: {{template: {POD}}}}}",
    ]
    inventory, _ = take_stock(parse("\n---\n".join(texts)))
    found = {each.manifest.kind: (lasting(each.manifest), divided(each.manifest)) for each in inventory.workloads}
    assert found == {"Deployment": (True, False), "Job": (False, False), "StatefulSet": (True, True)}
