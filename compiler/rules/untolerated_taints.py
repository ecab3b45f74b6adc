"""Taints of a pool's nodes that keep the policy's own pods off them."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Pool, Taint
from compiler.placing import Kind, wanted
from compiler.platforms.nodes import VIRTUAL
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from webhook.engine.fields import Toleration
from webhook.engine.pod import covers
from webhook.engine.tolerations import describe

_BLOCKING = ("NoSchedule", "NoExecute")


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield taints that a policy places pods behind and injects no toleration for."""
    for binding in resolved.bindings:
        tolerations = [value.toleration for value in wanted(binding) if value.kind is Kind.TOLERATION and value.toleration]
        for use, pool in binding.pools:
            if pool.type in VIRTUAL:
                continue
            for index, taint in enumerate(pool.taints):
                needed = Toleration(key=taint.key, operator="Equal", value=taint.value, effect=taint.effect)
                if taint.effect in _BLOCKING and not any(covers(each, needed) for each in tolerations):
                    yield _found(binding, binding.policy.at("spec", "pools", use.index, "name"), pool, index, needed)


def _found(binding: Binding, where: Where, pool: Pool, index: int, needed: Toleration) -> Diagnostic:
    policy, cluster, taint = binding.policy, binding.cluster, pool.taints[index]
    of = f"pool `{pool.name}` of cluster `{cluster.name}`"
    message = f"policy `{policy.name}` places pods on {of}, and injects no toleration of its taint {describe(needed)}"
    related = [(cluster.at("spec", "pools", pool.index, "taints", index), "the taint")]
    help_lines = ["the pods need a toleration of their own, or inject one:", f"  inject: {{tolerations: [{_written(taint)}]}}"]
    return diagnose(codes.UNTOLERATED, where, message, related=related, help=help_lines)


def _written(taint: Taint) -> str:
    value = f'operator: Equal, value: "{taint.value}"' if taint.value else "operator: Exists"
    return f"{{key: {taint.key}, {value}, effect: {taint.effect}}}"
