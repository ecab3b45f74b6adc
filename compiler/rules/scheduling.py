"""Features of ACK's scheduler: where they exist, and which pools they cannot be used on."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Platform
from compiler.platforms.nodes import VIRTUAL
from compiler.platforms.pages import ACK_CPU_TOPOLOGY, ACK_GANG, ACK_GPU_SHARING, AI_NODES
from compiler.resolve import Binding, Resolved

_SOURCES: Final = {"gang": ACK_GANG, "cpuTopology": ACK_CPU_TOPOLOGY, "gpuShare": ACK_GPU_SHARING}


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield features on platforms, and beside pools, that do not have them, and shares that do not divide."""
    for policy in resolved.model.policies:
        share = policy.scheduling.gpu_share
        if share and share.memory_gib % share.gpus:
            where = policy.at("spec", "scheduling", "gpuShare", "memoryGiB")
            message = f"{share.memory_gib} GiB cannot be spread evenly over {share.gpus} GPUs"
            yield diagnose(
                codes.RULED_OUT, where, message, notes=[f"the share on each GPU must be a whole number ({ACK_GPU_SHARING})"]
            )
    for binding in resolved.bindings:
        for feature in _used(binding):
            yield from _unavailable(binding, feature)


def _used(binding: Binding) -> Iterator[str]:
    scheduling = binding.policy.scheduling
    if scheduling.gang:
        yield "gang"
    if scheduling.cpu_topology:
        yield "cpuTopology"
    if scheduling.gpu_share:
        yield "gpuShare"


def _unavailable(binding: Binding, feature: str) -> Iterator[Diagnostic]:
    policy, cluster = binding.policy, binding.cluster
    where, source = policy.at_key("spec", "scheduling", feature), _SOURCES[feature]
    if cluster.platform not in (Platform.ACK_REGISTERED, Platform.ACK_PRO):
        message = f"`{feature}` is a feature of ACK's scheduler, which cluster `{cluster.name}` ({cluster.platform}) does not have"
        advice = [f"take `{feature}` out, or leave `{binding.cluster.name}` out of the policy's clusters"]
        yield diagnose(codes.RULED_OUT, where, message, notes=[source], help=advice)
        return
    if binding.mechanism is Mechanism.AI_NODE and feature == "gang":
        message = f"AI nodes ignore labels, so the gang of policy `{policy.name}` would not hold on cluster `{cluster.name}`"
        yield diagnose(codes.RULED_OUT, where, message, notes=[f"{AI_NODES} (labels documented as ignored; the rest inferred)"])
    virtual = [pool for _, pool in binding.pools if pool.type in VIRTUAL]
    if not virtual or feature == "gang":
        return
    pool = virtual[0]
    only = len(virtual) == len(binding.pools)
    if feature == "gpuShare":
        message = f"a share of a GPU cannot run on pool `{pool.name}` ({pool.type}), which policy `{policy.name}` has on cluster `{cluster.name}`"
        yield diagnose(codes.RULED_OUT, where, message, notes=[f"aliyun.com/gpu-mem exists on GPU nodes only ({source}; inferred)"])
    elif only:
        message = f"`cpuTopology` has no effect on pool `{pool.name}` ({pool.type}) of cluster `{cluster.name}`"
        yield diagnose(codes.NO_EFFECT, where, message, notes=[f"CPUs are bound by the node's own agent ({source}; inferred)"])
