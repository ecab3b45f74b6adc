"""Which units a decision, or a scenario that was played, exercises."""

from collections.abc import Iterator

from compiler.coverage.unit import Key, Part, place
from compiler.ir import ClusterIR
from compiler.origins import place_of
from compiler.plan.trace import Plan
from webhook.engine.decision import Decision
from webhook.engine.foreign import PAST


def decided(cluster: ClusterIR, decision: Decision) -> Iterator[Key]:
    """Yield what a decision about a pod exercises; what policies in audit mode would do counts as done.

    A pod of a policy with one pool can only be meant for that one. Of several pools, only a scenario says which are reached.
    """
    for each in (decision, decision.audit):
        if each is not None:
            yield from _decided(cluster, each)


def _decided(cluster: ClusterIR, decision: Decision) -> Iterator[Key]:
    for policy in decision.policies:
        yield (Part.MATCH, policy, cluster.name)
    for effect in decision.effects:
        where = place_of(cluster.origins, effect)
        if where is not None:
            yield (Part.VALUE, effect.policy, *place(where))
    for sentence in (*decision.denied, *decision.warnings):
        policy = sentence.removeprefix("overbank policy ").partition(":")[0]
        if PAST in sentence:
            yield (Part.REFUSAL, policy, "foreign")
        elif sentence in decision.denied:
            yield (Part.REFUSAL, policy, "incompatible")
    if decision.owner and not decision.denied:
        yield (Part.POOL, decision.owner, cluster.name)


def played(plan: Plan) -> Iterator[Key]:
    """Yield what a scenario exercises: pools on which pods run, clusters that get replicas."""
    for step in plan.steps:
        for cluster in step.clusters:
            if plan.scenario.placement is not None and cluster.assigned:
                yield (Part.MEMBER, plan.scenario.placement, cluster.name)
            policy = plan.policies.get(cluster.name)
            if policy is None or not cluster.assigned:
                continue
            yield (Part.MATCH, policy, cluster.name)
            for pool in cluster.pools:
                if pool.listed and pool.running:
                    yield (Part.POOL, policy, cluster.name, pool.name)
