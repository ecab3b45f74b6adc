"""From bound placement policies to the normal form of each host. Assumes that the rules found no errors."""

from collections.abc import Iterator

from compiler.federation.dialects import annotations
from compiler.federation.ir import BoundWorkload, HostIR, OverrideRule, PlacementIR, Target
from compiler.federation.model import Operation, Override
from compiler.federation.resolve import Federated, Placement
from compiler.federation.templates import escaped, template


def lower(federated: Federated) -> tuple[HostIR, ...]:
    """Return the normal form of every host, sorted by name."""
    return tuple(
        HostIR(
            name=host.name,
            placements=tuple(
                sorted(
                    (_placement(each) for each in federated.placements if each.host is host),
                    key=lambda each: (each.namespace, each.name),
                )
            ),
        )
        for host in federated.hosts
    )


def _placement(placement: Placement) -> PlacementIR:
    policy = placement.policy
    rules = (*_accelerator(placement), *(_override(placement, override) for override in policy.overrides))
    return PlacementIR(
        name=policy.name,
        namespace=policy.namespace,
        mode=policy.mode,
        targets=tuple(
            Target(
                cluster=member.cluster.name,
                member=member.id,
                weight=member.choice.weight,
                priority=member.choice.priority,
                min=member.choice.min,
                max=member.choice.max,
            )
            for member in placement.members
        ),
        max_clusters=policy.max_clusters,
        rescheduling=policy.rescheduling,
        migration=policy.migration,
        rules=rules,
        autoscaling=policy.autoscaling,
        workloads=tuple(_bound(placement, index, rules) for index in range(len(policy.workloads))),
    )


def _accelerator(placement: Placement) -> Iterator[OverrideRule]:
    """Yield one rule for each dialect, for the members that share it, in the order of their first member."""
    if placement.accelerator is None:
        return
    dialects: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for member in placement.members:
        wanted = annotations(placement.accelerator, member.cluster)
        if wanted:
            dialects.setdefault(tuple(wanted.items()), []).append(member.id)
    at = _template(placement)
    for items, members in dialects.items():
        operations = tuple(
            Operation(op="add", path=f"{at}/metadata/annotations/{escaped(key)}", value=value) for key, value in items
        )
        yield OverrideRule(members=tuple(members), image=None, operations=operations)


def _override(placement: Placement, override: Override) -> OverrideRule:
    ids = {member.cluster.name: member.id for member in placement.members}
    operations = []
    if override.resources:
        resources = f"{_template(placement)}/spec/containers/{override.container}/resources"
        operations = [
            Operation(op="add", path=f"{resources}/{part}/{escaped(name)}", value=quantity)
            for name, quantity in sorted(override.resources.items())
            for part in ("limits", "requests")
        ]
    return OverrideRule(
        members=tuple(ids[name] for name in override.clusters),
        image=override.image,
        operations=(*operations, *override.json_patch),
    )


def _bound(placement: Placement, index: int, rules: tuple[OverrideRule, ...]) -> BoundWorkload:
    """Ask for the annotation where an operation writes into the map: ``add`` fails on a map that is not there."""
    workload = placement.policy.workloads[index]
    at = template(workload)
    paths = [operation.path for rule in rules for operation in rule.operations]
    needed = at is not None and any(path.startswith(f"{at}/metadata/annotations/") for path in paths)
    return BoundWorkload(workload=workload, annotated=at if needed else None)


def _template(placement: Placement) -> str:
    """Return the place of the pod template, which a rule has found to be the same for all workloads."""
    return template(placement.policy.workloads[0]) or ""
