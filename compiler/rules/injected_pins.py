"""What a policy injects, or its accelerator class requires, must not keep its pods off its own pools."""

from collections.abc import Iterator, Sequence

from compiler.codes import capacity as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Pool
from compiler.placing import Kind, Reason, Wanted, wanted
from compiler.platforms.fitting import Alternatives, Fit, Fitting, Known, fitting, known, pinnable, telling
from compiler.resolve import Binding, Resolved
from compiler.spelling import listing
from webhook.engine.fields import NodeOperator, NodeRequirement

Memory = dict[tuple[str, Mechanism, int], Known | None]
"""What is known of nodes by cluster, mechanism and the pool's place: there are many more policies than pools."""


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield node selectors and node affinity that contradict the labels of a pool, each with all pools that it closes."""
    memory: Memory = {}
    for binding in resolved.bindings:
        inject = binding.policy.inject
        if pinnable(binding.mechanism) and (inject.node_selector or inject.required or binding.accelerator):
            for value, route in _pins(binding):
                yield from _closed(binding, value, route, memory)


def closes_all(binding: Binding) -> bool:
    """Say whether something that the policy writes keeps pods off all of its pools, whatever the pods say themselves."""
    memory: Memory = {}
    return any(all(answer.fit is Fit.NEVER for answer in answers(binding, _demands(value), memory)) for value, _ in _pins(binding))


def answers(binding: Binding, demands: Alternatives, memory: Memory) -> list[Fitting]:
    """Say of each pool of a policy, in order, whether pods with these demands can run there; ``memory`` saves time."""
    cluster, mechanism = binding.cluster, binding.mechanism
    found = []
    for _, pool in binding.pools:
        key = (cluster.name, mechanism, pool.index)
        if key not in memory:
            memory[key] = known(cluster.platform, mechanism, pool)
        found.append(fitting(pool, memory[key], demands))
    return found


def _pins(binding: Binding) -> Iterator[tuple[Wanted, str]]:
    for each in wanted(binding):
        if each.kind is Kind.NODE_SELECTOR and each.reason is Reason.INJECT:
            if any(telling(each.key, pool) for _, pool in binding.pools):
                yield each, "`inject.nodeSelector`"
        elif each.kind is Kind.REQUIRED and each.reason is Reason.INJECT:
            yield each, "`inject.nodeAffinity`"
        elif each.kind is Kind.REQUIRED and each.reason is Reason.ACCELERATOR and binding.accelerator:
            yield each, f"accelerator class `{binding.accelerator.name}`"


def _closed(binding: Binding, value: Wanted, what: str, memory: Memory) -> Iterator[Diagnostic]:
    policy, cluster = binding.policy, binding.cluster
    judged = answers(binding, _demands(value), memory)
    closed = [answer for answer in judged if answer.fit is Fit.NEVER]
    if not closed:
        return
    names = listing(answer.pool.name for answer in closed)
    pools = (
        f"pool{'s' if len(closed) > 1 else ''} {names}"
        if len(closed) < len(judged) or len(judged) == 1
        else f"all its pools, {names}"
    )
    yield diagnose(
        codes.INJECTED_PIN,
        value.where,
        f"{what} keeps the pods of policy `{policy.name}` off {pools} of cluster `{cluster.name}`",
        related=[(cluster.at(*_route(closed[0].pool)), "its nodes")],
        notes=[f"proved: {answer.why}" for answer in closed],
        help=["require what nodes of every pool have, or take the pool out of the policy"],
    )


def _demands(value: Wanted) -> Alternatives:
    if value.kind is Kind.NODE_SELECTOR:
        return [[NodeRequirement(value.key, NodeOperator.IN, (value.value,))]]
    return [term.match_expressions for term in value.terms]


def _route(pool: Pool) -> Sequence[str | int]:
    return ("spec", "pools", pool.index, "nodeSelector") if pool.node_selector else ("spec", "pools", pool.index)
