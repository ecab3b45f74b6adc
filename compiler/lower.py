"""From bindings to the normal form of each cluster. Assumes that the rules found no errors."""

from collections.abc import Sequence

from compiler.ir import MARKER_FIELD, ClusterIR, ResourcePolicy, Unit
from compiler.model import Cluster, Mechanism, Selection
from compiler.overlap import overlaps
from compiler.placing import Kind, Reason, Wanted, wanted
from compiler.platforms.gates import GATES, Feature
from compiler.platforms.mechanisms import node_selector
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from webhook.engine.bundle import (
    VERSION,
    Accelerator,
    Bundle,
    NamespaceMatch,
    Placement,
    Policy,
    seal,
)
from webhook.engine.bundle import Cluster as BundleCluster
from webhook.engine.fields import Fields
from webhook.engine.keys import PLACEMENT_LABEL


def lower(resolved: Resolved) -> tuple[ClusterIR, ...]:
    """Return the normal form of every cluster, sorted by name."""
    return tuple(_cluster(resolved, cluster) for cluster in resolved.model.clusters)


def _cluster(resolved: Resolved, cluster: Cluster) -> ClusterIR:
    bindings = resolved.of(cluster)
    webhook = resolved.model.repository.webhook
    marked = _marked(bindings, webhook.excluded_namespaces)
    resource_policies = [
        _resource_policy(binding, namespace, marked=binding.policy.name in marked)
        for binding in bindings
        if binding.mechanism is Mechanism.RESOURCE_POLICY
        for namespace in binding.namespaces
    ]
    bundle = Bundle(
        version=VERSION,
        cluster=BundleCluster(name=cluster.name, platform=cluster.platform),
        excluded_namespaces=webhook.excluded_namespaces,
        namespaces={name: dict(sorted(labels.items())) for name, labels in sorted(cluster.namespaces.items())},
        policies=tuple(_policy(binding, marked=binding.policy.name in marked) for binding in bindings),
    )
    return ClusterIR(
        name=cluster.name,
        platform=cluster.platform,
        kubernetes=cluster.kubernetes,
        webhook=webhook,
        resource_policies=tuple(sorted(resource_policies, key=lambda each: (each.namespace, each.name))),
        bundle=seal(bundle),
        origins=_origins(bindings),
    )


def _marked(bindings: Sequence[Binding], excluded: Sequence[str]) -> set[str]:
    """Return the names of the policies whose ResourcePolicy cannot select the authors' own labels exactly."""
    placing = [binding for binding in bindings if binding.pools]
    overlapping = {binding.policy.name for overlap in overlaps(placing, excluded) for binding in (overlap.first, overlap.second)}
    return {
        binding.policy.name
        for binding in placing
        if binding.mechanism is Mechanism.RESOURCE_POLICY
        and (
            binding.policy.selection is Selection.MARKER
            or binding.policy.pods.label_map() is None
            or binding.policy.name in overlapping
        )
    }


def _resource_policy(binding: Binding, namespace: str, *, marked: bool) -> ResourcePolicy:
    policy, cluster = binding.policy, binding.cluster
    gate = GATES.get((cluster.platform, Feature.IGNORE_PODS))
    units = tuple(
        Unit(
            name=pool.name,
            type=pool.type,
            node_selector=node_selector(cluster.platform, pool),
            max=use.max,
        )
        for use, pool in binding.pools
    )
    return ResourcePolicy(
        name=policy.name,
        namespace=namespace,
        selector={PLACEMENT_LABEL: policy.name} if marked else policy.pods.label_map() or {},
        strategy=binding.strategy,
        units=units,
        # Both fields count pods against a max, so they mean nothing without one.
        explicit_defaults=gate is not None
        and gate.closed_by(cluster.kubernetes, cluster.scheduler) is None
        and any(unit.max is not None for unit in units),
    )


def _policy(binding: Binding, *, marked: bool) -> Policy:
    policy = binding.policy
    values = list(wanted(binding))
    accelerator = dict(sorted((each.key, each.value) for each in values if each.reason is Reason.ACCELERATOR))
    placement = Placement(
        mechanism=str(binding.mechanism),
        marker=marked,
        fields=_fields([each for each in values if each.reason is Reason.PLACEMENT]),
        accelerator=Accelerator(resource=binding.accelerator.resource, annotations=accelerator)
        if binding.accelerator and accelerator
        else None,
    )
    return Policy(
        name=policy.name,
        priority=policy.priority,
        namespaces=NamespaceMatch(names=binding.scope.names, selector=binding.scope.selector, all=binding.scope.all),
        pods=policy.pods,
        placement=placement if binding.pools else None,
        inject=_fields([each for each in values if each.reason is Reason.INJECT]),
        override=policy.override,
    )


def _fields(values: Sequence[Wanted]) -> Fields:
    return Fields(
        labels=dict(sorted((each.key, each.value) for each in values if each.kind is Kind.LABEL)),
        annotations=dict(sorted((each.key, each.value) for each in values if each.kind is Kind.ANNOTATION)),
        scheduler_name=next((each.value for each in values if each.kind is Kind.SCHEDULER), None),
        tolerations=tuple(each.toleration for each in values if each.toleration is not None),
    )


def _origins(bindings: Sequence[Binding]) -> dict[tuple[str, str], Where]:
    found: dict[tuple[str, str], Where] = {}
    for binding in bindings:
        name = binding.policy.name
        found[name, ""] = binding.policy.at_name()
        found[name, MARKER_FIELD] = binding.policy.at_key("spec", "match", "pods")
        for each in wanted(binding):
            found.setdefault((name, each.field), each.where)
    return found
