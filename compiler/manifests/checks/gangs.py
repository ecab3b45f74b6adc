"""Gangs that cannot start: larger than the pools or than the workload; and gangs of authors that pools may split."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from compiler.codes import capacity as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.checks.replicas import arithmetic, reason
from compiler.manifests.counting import Count, count, scalers
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.platforms import keys
from compiler.platforms.pages import ACK_GANG
from compiler.source import Where

_ANNOTATIONS: Final = ("gang.scheduling.koordinator.sh/name", "gang.scheduling.koordinator.sh/min-available")
"""Koordinator's form, which ACK's scheduler reads too (``pages.ACK_GANG``)."""
_SHOWN: Final = 4
_SEVERAL: Final = 2


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield gangs by what their pods carry, whoever wrote it."""
    known = scalers(inventory)
    gangs: dict[tuple[str, str, str], list[tuple[Landed, int]]] = {}
    for each in placed.landed:
        found = _gang(each.pod["metadata"])
        if found is not None:
            gangs.setdefault((each.cluster.name, each.manifest.effective_namespace, found[0]), []).append((each, found[1]))
    gathered = Gathered()
    for (cluster, _, name), members in gangs.items():
        landed, size = max(members, key=lambda each: each[1])
        gang = _Gang(name=name, size=size, landed=landed, counts=tuple(count(each, known) for each, _ in members))
        for look in (_workload, _pools, _split):
            look(gathered, cluster, gang)
    yield from gathered.diagnostics()


def _gang(metadata: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return name and size of the gang of a pod, None where it has none, or one that no scheduler would take."""
    for part, (name_key, size_key) in (("labels", (keys.GANG_NAME, keys.GANG_SIZE)), ("annotations", _ANNOTATIONS)):
        written = metadata.get(part) or {}
        name, size = written.get(name_key), written.get(size_key)
        if name and isinstance(size, str) and size.isascii() and size.isdecimal():
            return str(name), int(size)
    return None


def _place(landed: Landed) -> Where:
    """Return where the size is written: by the author, or by the policy."""
    metadata = landed.written.get("metadata") or {}
    for part, key in (("labels", keys.GANG_SIZE), ("annotations", _ANNOTATIONS[1])):
        if key in (metadata.get(part) or {}):
            return landed.at("metadata", part, key)
    return landed.manifest.at_name()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gang:
    """A gang on a cluster; ``landed`` is the member that asks for the most."""

    name: str
    size: int
    landed: Landed
    counts: tuple[Count, ...]

    @property
    def title(self) -> str:
        """The gang for people; a name that a controller makes of others is a stand-in here."""
        metadata = self.landed.written.get("metadata") or {}
        written = (metadata.get("labels") or {}).get(keys.GANG_NAME), (metadata.get("annotations") or {}).get(_ANNOTATIONS[0])
        return f"the gang{f' `{self.name}`' if self.name in written else ''} of {self.landed.manifest.title}"


def _workload(gathered: Gathered, cluster: str, gang: _Gang) -> None:
    """Find the gang that has fewer members than it waits for, however far autoscalers go."""
    most = sum(each.most for each in gang.counts)
    if most >= gang.size:
        return

    def make(on: str) -> Diagnostic:
        message = f"{gang.title} needs {gang.size} pods at once, and there are {most}"
        related = [(each.where, f"{each.most} of them") for each in gang.counts if each.where.route[-1] != "name"][:_SHOWN]
        notes = [f"proved {on} for the workloads in Git: no pod of the gang would ever start"]
        help_lines = [f'write "{most}" at most, or raise the replicas']
        return diagnose(codes.GANG_TOO_FEW, _place(gang.landed), message, related=related, notes=notes, help=help_lines)

    gathered.add(gang.landed.manifest, ("members", gang.name, gang.size, most), cluster, make)


def _pools(gathered: Gathered, cluster: str, gang: _Gang) -> None:
    """Find the gang that its policy's pools cannot hold."""
    binding = gang.landed.binding
    if binding is None or not binding.pools:
        return
    policy, room, declared = binding.policy, binding.room, binding.policy.scheduling.gang
    why = reason(binding)
    # What a policy declares in numbers is compared with its pools by a rule of its own.
    if room is None or room >= gang.size or why is None or (declared and declared.min_available is not None):
        return

    def make(on: str) -> Diagnostic:
        message = f"{gang.title} needs {gang.size} pods at once, and the pools of policy `{policy.name}` hold {room} {on}"
        related = [(policy.at_key("spec", "pools"), f"these hold {room}")]
        notes = [f"proved: {room} = {arithmetic(binding)}, so no pod of the gang would ever start", why]
        help_lines = [f"raise a limit of policy `{policy.name}`, or write {room} at most"]
        return diagnose(codes.GANG_TOO_LARGE, _place(gang.landed), message, related=related, notes=notes, help=help_lines)

    gathered.add(gang.landed.manifest, ("room", gang.name, gang.size, room, policy.name), cluster, make)


def _split(gathered: Gathered, cluster: str, gang: _Gang) -> None:
    """Find the gang of an author for which a policy has several pools."""
    binding = gang.landed.binding
    if binding is None or len(binding.pools) < _SEVERAL or binding.policy.scheduling.gang is not None:
        return
    policy, number = binding.policy, len(binding.pools)

    def make(on: str) -> Diagnostic:
        message = f"{gang.title} may be split over the {number} pools of policy `{policy.name}` {on}"
        related = [(policy.at_key("spec", "pools"), "these pools")]
        notes = [f"its pods may run far from each other ({ACK_GANG})"]
        help_lines = ["match the workload by a policy with one pool, or declare the gang in the policy with `allowSplit: true`"]
        return diagnose(codes.GANG_SPLIT, _place(gang.landed), message, related=related, notes=notes, help=help_lines)

    gathered.add(gang.landed.manifest, ("split", gang.name, policy.name, number), cluster, make)
