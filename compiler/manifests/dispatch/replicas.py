"""The replicas of a workload must fit onto the clusters of its policy (pkg/controllers/scheduler/planner/planner.go; read in source)."""

from collections.abc import Iterator

from compiler.codes import dispatch as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated
from compiler.federation.room import most
from compiler.federation.templates import DIVISIBLE
from compiler.manifests.dispatch.autoscalers import autoscaled
from compiler.manifests.dispatch.subjects import count, subjects
from compiler.manifests.inventory import Inventory


def check(inventory: Inventory, federated: Federated) -> Iterator[Diagnostic]:
    """Yield workloads with more replicas than their clusters take. Where an autoscaler writes them, its bounds are looked at instead."""
    by_autoscaler = autoscaled(inventory)
    for subject in subjects(inventory, federated):
        placement, manifest = subject.placement, subject.manifest
        if not placement.policy.mode.divides or (manifest.group, manifest.kind) not in DIVISIBLE:
            continue
        if placement.policy.autoscaling or manifest.identity in by_autoscaler:
            continue
        replicas, room = count(manifest, "replicas"), most(placement)
        if replicas is not None and room is not None and replicas > room:
            policy = placement.policy
            message = f"{manifest.title} has {replicas} replicas, and the clusters of placement policy `{policy.name}` take {room} at most"
            related = [(policy.at_key("spec", "clusters"), f"`max` adds up to {room}")]
            notes = [f"{replicas - room} replicas would be placed nowhere, and no event would say so"]
            advice = [f"raise `max` by {replicas - room}, leave it out on one cluster, or lower the replicas to {room}"]
            yield diagnose(codes.REPLICAS, manifest.at("spec", "replicas"), message, related=related, notes=notes, help=advice)
