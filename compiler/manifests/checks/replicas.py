"""Workloads whose replicas do not fit onto the pools of their policy, where the pods may run nowhere else."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from compiler.codes import capacity as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.counting import Count, count, divided, lasting, scalers
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.model import Mechanism, Platform, Strategy
from compiler.platforms.pages import ACK_ONE_NODES, VKE_RESOURCE_POLICY
from compiler.resolve import Binding

_ACK: Final = (Platform.ACK_PRO, Platform.ACK_REGISTERED)
_SHOWN: Final = 3

_Asking = Sequence[tuple[Landed, Count]]


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield the workloads of a policy, a namespace and a cluster that are more than its pools hold: ``max`` counts in that way."""
    known = scalers(inventory)
    asking: dict[tuple[str, str, str], list[tuple[Landed, Count]]] = {}
    for each in placed.landed:
        if not lasting(each.manifest) or divided(each.manifest):
            continue
        if each.binding is not None and each.binding.room is not None and reason(each.binding):
            key = (each.cluster.name, each.binding.policy.name, each.manifest.effective_namespace)
            asking.setdefault(key, []).append((each, count(each, known)))
    gathered = Gathered()
    for (cluster, _, namespace), those in asking.items():
        binding = those[0][0].binding
        if binding is not None:
            _add(gathered, cluster, namespace, binding, those)
    yield from gathered.diagnostics()


def reason(binding: Binding) -> str | None:
    """Say why the pods of a policy run on its pools only, None where they may run elsewhere."""
    if binding.mechanism is Mechanism.RESOURCE_POLICY and binding.cluster.platform in _ACK:
        return (
            f"on ACK pods stay in the units of their ResourcePolicy: its guide limits both of two units ({ACK_ONE_NODES}; inferred)"
        )
    if binding.strategy is not Strategy.REQUIRE:
        return None
    if binding.mechanism is Mechanism.RESOURCE_POLICY:
        return f"`require` keeps the pods on the pools ({VKE_RESOURCE_POLICY}; inferred)"
    return "`require` keeps the pods on the pools"


def _add(gathered: Gathered, cluster: str, namespace: str, binding: Binding, those: _Asking) -> None:
    room, policy = binding.room or 0, binding.policy
    now, most = sum(each.now for _, each in those), sum(each.most for _, each in those)
    if most <= room:
        return
    proved = now > room
    numbers = [each.now if proved else each.most for _, each in those]
    landed, asked = next(pair for pair, total in zip(those, accumulate(numbers), strict=True) if total > room)
    if not proved:  # the place that can be changed is an autoscaler's
        landed, asked = next((pair for pair in those if pair[1].scaler is not None), (landed, asked))
    total = now if proved else most
    where = asked.where if proved or asked.scaler is None else asked.scaler
    others = [(other, each) for other, each in those if other is not landed]

    def make(on: str) -> Diagnostic:
        of = landed.manifest.title if not others else f"{len(those)} workloads"
        ask = f"{of} ask{'s' if not others else ''} for {total} pods" if proved else f"{of} may be scaled to {total} pods"
        related = [(policy.at_key("spec", "pools"), f"these hold {room}")]
        related += [(each.where, f"{each.now if proved else each.most} of them") for _, each in others[:_SHOWN]]
        if len(others) > _SHOWN:
            related[-1] = (related[-1][0], f"{related[-1][1]}, and {len(others) - _SHOWN} more workloads")
        notes = [
            f"{'proved' if proved else 'possible'}: {arithmetic(binding)} = {room} in namespace {namespace}, {total - room} fewer than {total}",
            reason(binding) or "",
        ]
        return diagnose(
            codes.REPLICAS,
            where,
            f"{ask}, and the pools of policy `{policy.name}` hold {room} {on}",
            related=related,
            notes=notes,
            help=[f"raise a limit of policy `{policy.name}`, add a pool to it, or ask for {room} pods at most"],
        )

    gathered.add(landed.manifest, (policy.name, room, total), cluster, make)


def arithmetic(binding: Binding) -> str:
    """Write what the pools hold for people: ```idc` 3 + `cloud` 4``."""
    parts = []
    for use, pool in binding.pools:
        limits = [each for each in (use.max, pool.capacity) if each is not None]
        by = (
            "max"
            if use.max is not None and use.max == min(limits)
            else f"{pool.nodes.max if pool.nodes else 0} nodes of {pool.pods_per_node}"
        )
        parts.append(f"{min(limits)} on `{pool.name}` ({by})")
    return " + ".join(parts)
