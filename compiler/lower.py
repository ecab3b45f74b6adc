"""From bindings to the normal form of each cluster. Assumes that the rules found no errors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import structs

from compiler.foreign import foreign
from compiler.ir import ClusterIR, ResourcePolicy, Unit
from compiler.model import AckUnit, Cluster, Mechanism, Platform, Selection
from compiler.origins import Collected
from compiler.overlap import enforced_placing, overlapping
from compiler.placing import Kind, Reason, Wanted, wanted
from compiler.platforms.gates import GATES, Feature
from compiler.platforms.keys import AI_NODE_RESOURCE, ECI_LABEL
from compiler.platforms.mechanisms import node_selector
from compiler.platforms.nodes import RUNTIMES
from compiler.progress import Phase, Progress, counted, silent
from compiler.resolve import Binding, Resolved
from webhook.engine.bundle import VERSION, Bundle, seal
from webhook.engine.bundle import Cluster as BundleCluster
from webhook.engine.fields import Fields, Scheduling
from webhook.engine.keys import PLACEMENT_LABEL
from webhook.engine.policy import ALL_WORKLOADS, Accelerator, NamespaceMatch, Placement, Policy


def lower(resolved: Resolved, progress: Progress = silent) -> tuple[ClusterIR, ...]:
    """Return the normal form of every cluster, sorted by name."""
    return tuple(_cluster(resolved, cluster) for cluster in counted(resolved.model.clusters, Phase.LOWERING, progress))


def _cluster(resolved: Resolved, cluster: Cluster) -> ClusterIR:
    bindings = resolved.of(cluster)
    webhook = resolved.model.repository.webhook
    marked = _marked(resolved, cluster)
    resource_policies = [
        _resource_policy(binding, namespace, marked=binding.policy.name in marked)
        for binding in bindings
        if binding.mechanism is Mechanism.RESOURCE_POLICY and not binding.policy.audit
        for namespace in binding.namespaces
    ]
    bundle = Bundle(
        version=VERSION,
        cluster=BundleCluster(name=cluster.name, platform=cluster.platform, uid=cluster.uid),
        excluded_namespaces=webhook.excluded_namespaces,
        namespaces={name: dict(sorted(labels.items())) for name, labels in sorted(cluster.namespaces.items())},
        claims={namespace: dict(sorted(claims.items())) for namespace, claims in sorted(cluster.claims.items())},
        policies=tuple(_policy(binding, marked=binding.policy.name in marked) for binding in bindings),
    )
    wide = [binding for binding in bindings if binding.policy.namespace_wide and binding.mechanism is Mechanism.ECI_LABEL]
    return ClusterIR(
        name=cluster.name,
        platform=cluster.platform,
        kubernetes=cluster.kubernetes,
        webhook=webhook,
        resource_policies=tuple(sorted(resource_policies, key=lambda each: (each.namespace, each.name))),
        bundle=seal(bundle),
        namespace_labels={name: {ECI_LABEL: "true"} for name in sorted({name for each in wide for name in each.namespaces})},
        origins=Collected(bindings),
        bindings={binding.policy.name: binding for binding in bindings},
    )


def _marked(resolved: Resolved, cluster: Cluster) -> set[str]:
    """Return the names of the policies whose ResourcePolicy cannot select the authors' own labels exactly."""
    placed = [binding.policy for binding in resolved.of(cluster) if binding.mechanism is Mechanism.RESOURCE_POLICY]
    inexact = {
        policy.name for policy in placed if policy.selection is Selection.MARKER or policy.flat_labels() is None or policy.partial
    }
    return inexact | overlapping(resolved, cluster, {policy.name for policy in placed} - inexact, enforced_placing)


def _resource_policy(binding: Binding, namespace: str, *, marked: bool) -> ResourcePolicy:
    policy, cluster = binding.policy, binding.cluster
    units = tuple(
        Unit(
            name=pool.name,
            type=pool.type,
            node_selector=node_selector(cluster.platform, pool),
            max=use.max,
            ack=use.ack if cluster.platform is Platform.ACK_PRO else AckUnit(),
        )
        for use, pool in binding.pools
    )
    common = ResourcePolicy(
        name=policy.name,
        namespace=namespace,
        selector={PLACEMENT_LABEL: policy.name} if marked else policy.flat_labels() or {},
        strategy=binding.strategy,
        units=units,
    )
    if cluster.platform is not Platform.ACK_PRO:
        return common
    ack = policy.ack
    gate = GATES[Platform.ACK_PRO, Feature.IGNORE_DEFAULTS]
    # Both fields count pods against a max, so they mean nothing without one. From 6.4 on their defaults are written out: they were
    # others before, so neither an upgrade nor the API server's defaulting changes what Git says.
    if any(unit.max is not None for unit in units) and gate.closed_by(cluster.kubernetes, cluster.scheduler) is None:
        ack = structs.replace(
            ack,
            ignore_previous_pod=bool(ack.ignore_previous_pod),
            ignore_terminating_pod=ack.ignore_terminating_pod is not False,
        )
    return replace(common, ack=ack, advance=policy.advance, advance_timeout=policy.advance_timeout)


def _policy(binding: Binding, *, marked: bool) -> Policy:
    policy = binding.policy
    values = wanted(binding)
    scheduling = policy.scheduling
    return Policy(
        name=policy.name,
        priority=policy.priority,
        namespaces=NamespaceMatch(names=binding.scope.names, selector=binding.scope.selector, all=binding.scope.all),
        pods=policy.pods,
        requests=policy.requests,
        owners=policy.owners,
        placement=_placement(binding, values, marked=marked) if binding.pools else None,
        scheduling=Scheduling(
            fields=_fields(values, Reason.SCHEDULING),
            gang=scheduling.gang,
            gpu_share=scheduling.gpu_share,
            cpu_topology=scheduling.cpu_topology,
        )
        if scheduling
        else None,
        inject=_fields(values, Reason.INJECT),
        override=policy.override,
        audit=policy.audit,
        # The default itself, since msgspec leaves a default out by its identity.
        rollout=ALL_WORKLOADS if policy.rollout == ALL_WORKLOADS else policy.rollout,
    )


def _placement(binding: Binding, values: Sequence[Wanted], *, marked: bool) -> Placement:
    policy = binding.policy
    chosen = _fields(values, Reason.ACCELERATOR)
    kinds = {pool.type for _, pool in binding.pools}
    return Placement(
        mechanism=str(binding.mechanism),
        marker=marked,
        fields=_fields(values, Reason.PLACEMENT),
        accelerator=Accelerator(
            resource=binding.accelerator.resource,
            annotations=chosen.annotations,
            required=chosen.required,
        )
        if binding.accelerator and (chosen.annotations or chosen.required)
        else None,
        runtimes=tuple(sorted({RUNTIMES[kind] for kind in kinds if kind in RUNTIMES})),
        incompatible=policy.incompatible,
        foreign=foreign(binding),
        mirrored_resources=(AI_NODE_RESOURCE,) if binding.mechanism is Mechanism.AI_NODE else (),
    )


_NO_FIELDS: Final = Fields()


def _fields(values: Sequence[Wanted], reason: Reason) -> Fields:
    """Gather the values that are wanted for one reason."""
    pairs: dict[Kind, dict[str, str]] = {Kind.LABEL: {}, Kind.ANNOTATION: {}, Kind.NODE_SELECTOR: {}}
    # Of a field that has one value, the first that is wanted counts.
    first: dict[Kind, Wanted] = {}
    tolerations = []
    for each in values:
        if each.reason is not reason:
            continue
        if each.kind in pairs:
            pairs[each.kind][each.key] = each.value
        else:
            first.setdefault(each.kind, each)
        if each.toleration is not None:
            tolerations.append(each.toleration)
    if not first and not any(pairs.values()):
        return _NO_FIELDS
    scheduler, priority_class = first.get(Kind.SCHEDULER), first.get(Kind.PRIORITY_CLASS)
    required, preferred = first.get(Kind.REQUIRED), first.get(Kind.PREFERRED)
    return Fields(
        labels=dict(sorted(pairs[Kind.LABEL].items())),
        annotations=dict(sorted(pairs[Kind.ANNOTATION].items())),
        scheduler_name=scheduler.value if scheduler else None,
        priority_class_name=priority_class.value if priority_class else None,
        node_selector=dict(sorted(pairs[Kind.NODE_SELECTOR].items())),
        tolerations=tuple(tolerations),
        required=required.terms if required else (),
        preferred=preferred.preferred if preferred else (),
    )
