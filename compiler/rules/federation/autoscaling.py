"""Centralized autoscaling needs one divided workload that can be scaled, and a host that serves autoscaling/v2."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import federation as codes
from compiler.codes import platforms as platform_codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated, Placement
from compiler.platforms.gates import AUTOSCALING_V2, CONTAINER_METRICS

_UNSCALABLE: Final = {("", "Pod"), ("apps", "DaemonSet"), ("batch", "CronJob"), ("batch", "Job")}
"""Kinds without a scale subresource."""


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield autoscaling that KubeAdmiral or the host cannot do."""
    for placement in federated.placements:
        if placement.policy.autoscaling:
            yield from _workload(placement)
            yield from _versions(placement)


def _workload(placement: Placement) -> Iterator[Diagnostic]:
    policy = placement.policy
    where = policy.at_key("spec", "autoscaling")
    if not policy.mode.divides:
        related = [(policy.at("spec", "mode"), "every cluster gets all replicas")]
        message = f"policy `{policy.name}` scales a workload that it does not divide"
        yield diagnose(codes.AUTOSCALING, where, message, related=related, help=["use mode weighted or priority"])
    if len(policy.workloads) > 1:
        related = [(policy.at("spec", "workloads"), f"{len(policy.workloads)} workloads")]
        message = f"policy `{policy.name}` scales more than one workload"
        yield diagnose(codes.AUTOSCALING, where, message, related=related, help=["write a policy for each workload"])
    for workload in policy.workloads:
        if (workload.group, workload.kind) in _UNSCALABLE:
            at_kind = policy.at("spec", "workloads", workload.index, "kind")
            message = f"{workload} cannot be scaled: a {workload.kind} has no replicas"
            yield diagnose(codes.AUTOSCALING, at_kind, message, related=[(where, "asked for here")])


def _versions(placement: Placement) -> Iterator[Diagnostic]:
    policy, host = placement.policy, placement.host
    related = [(host.at("spec", "kubernetesVersion"), f"`{host.name}` has {host.kubernetes}")]
    if host.kubernetes < AUTOSCALING_V2:
        message = f"autoscaling/v2 is not available on host `{host.name}`: it needs Kubernetes {AUTOSCALING_V2}"
        notes = ["KEP-2702; the older v2beta2 is gone from Kubernetes 1.26 on and is not written"]
        yield diagnose(platform_codes.VERSION_GATE, policy.at_key("spec", "autoscaling"), message, related=related, notes=notes)
    elif host.kubernetes < CONTAINER_METRICS and policy.autoscaling:
        for index, metric in enumerate(policy.autoscaling.metrics):
            if metric["type"] == "ContainerResource":
                where = policy.at("spec", "autoscaling", "metrics", index, "type")
                message = f"metrics of single containers are not available on host `{host.name}`: they need Kubernetes {CONTAINER_METRICS}"
                yield diagnose(platform_codes.VERSION_GATE, where, message, related=related, notes=["KEP-1610"])
