"""What a webhook runs as, where its manifests are given too: replicas, budget, spread, priority (G8)."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from compiler.codes import webhooks as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.lint.objects import Object, Webhook

_LEAST: Final = 2


def check(manifests: Sequence[Object], found: Sequence[Webhook]) -> Iterator[Diagnostic]:
    """Yield webhooks outside of the cluster, and what the Deployments behind their Services lack."""
    for webhook in found:
        if webhook.get("clientConfig", "url"):
            where = webhook.at("clientConfig", "url")
            yield diagnose(
                codes.FRAGILE,
                where,
                f"webhook {webhook.name} is reached at an address and not through a Service",
                help=["run it in the cluster, and name its Service: `service: {namespace: …, name: …}`"],
            )
    called = [webhook.mapping("clientConfig", "service") for webhook in found]
    names = {(str(each.get("namespace", "")), str(each.get("name", ""))) for each in called if each}
    for manifest in manifests:
        if manifest.kind == "Service" and (manifest.namespace, manifest.name) in names:
            for deployment in manifests:
                if deployment.kind == "Deployment" and _behind(manifest, deployment):
                    yield from _deployment(deployment, manifests)


def _behind(service: Object, deployment: Object) -> bool:
    labels = deployment.mapping("spec", "template", "metadata", "labels")
    selector = service.mapping("spec", "selector")
    return deployment.namespace == service.namespace and bool(selector) and selector.items() <= labels.items()


def _deployment(deployment: Object, manifests: Sequence[Object]) -> Iterator[Diagnostic]:
    name, labels = deployment.name, deployment.mapping("spec", "template", "metadata", "labels")
    replicas = deployment.get("spec", "replicas")
    if replicas is None or (isinstance(replicas, int) and replicas < _LEAST):
        shown = 1 if replicas is None else replicas
        yield diagnose(
            codes.FRAGILE,
            deployment.at("spec", "replicas"),
            f"Deployment {name} has {shown} replica",
            help=["write `replicas: 2`, or more"],
        )
    budgets = (each for each in manifests if each.kind == "PodDisruptionBudget" and each.namespace == deployment.namespace)
    if not any(_selects(each, labels) for each in budgets):
        yield diagnose(
            codes.FRAGILE,
            deployment.at("metadata", "name"),
            f"no PodDisruptionBudget is about the pods of Deployment {name}",
            help=["write one with `maxUnavailable: 1` that selects their labels"],
        )
    pod = deployment.mapping("spec", "template", "spec")
    affinity = pod.get("affinity")
    if not pod.get("topologySpreadConstraints") and not (isinstance(affinity, dict) and affinity.get("podAntiAffinity")):
        where = deployment.at("spec", "template", "spec")
        yield diagnose(
            codes.FRAGILE,
            where,
            f"nothing keeps the replicas of Deployment {name} on different nodes",
            help=["write `topologySpreadConstraints` over kubernetes.io/hostname"],
        )
    if not pod.get("priorityClassName"):
        where = deployment.at("spec", "template", "spec")
        yield diagnose(
            codes.FRAGILE,
            where,
            f"the pods of Deployment {name} have no priority over those that wait for them",
            help=["write `priorityClassName`, such as system-cluster-critical"],
        )


def _selects(budget: Object, labels: dict[str, Any]) -> bool:
    wanted = budget.mapping("spec", "selector", "matchLabels")
    return wanted.items() <= labels.items() and not budget.items("spec", "selector", "matchExpressions")
