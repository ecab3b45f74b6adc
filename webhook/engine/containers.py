"""What policies want of the resources of containers, and what they find wrong there.

Amounts of extended resources have to be equal in ``limits`` and ``requests`` (core/v1 validation), so both halves are written, and
the two are one value for ``merge``.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from webhook.engine.decision import Action, Effect
from webhook.engine.fields import GpuShare
from webhook.engine.notes import Notes
from webhook.engine.patch import Add, Operation, Write, edit_map, write
from webhook.engine.pod import Container, Quantity, Resources, Spec, is_something, is_whole

GPU: Final = "nvidia.com/gpu"
GPU_MEMORY: Final = "aliyun.com/gpu-mem"
GPU_COUNT_LABEL: Final = "aliyun.com/gpu-count"
"""How many devices the memory is spread over: a label of the pod, no resource (vendor page on sharing several GPUs)."""

HALVES: Final = ("limits", "requests")
_EMPTY: Final = Resources()


class Place(Struct, frozen=True, gc=False):
    """A container, and where it stands in the pod."""

    part: str
    index: int
    container: Container

    @property
    def path(self) -> str:
        """The JSON Pointer of its resources."""
        return f"/spec/{self.part}/{self.index}/resources"

    @property
    def field(self) -> str:
        """The field of its resources as effects name it."""
        return f"spec.{self.part}[{self.container.name or self.index}].resources"

    def half(self, name: str) -> dict[str, Quantity] | None:
        """Return the limits or the requests."""
        resources = self.container.resources or _EMPTY
        return resources.limits if name == "limits" else resources.requests


class Lopsided(NamedTuple):
    """A resource that one half of a container names and the other does not; ``half`` is the missing one."""

    place: Place
    half: str
    resource: str
    amount: Quantity


class Amounts:
    """The amounts to be written into the containers of one pod."""

    __slots__ = ("_writes",)

    def __init__(self) -> None:
        self._writes: dict[tuple[str, int], tuple[Place, dict[str, list[Write]]]] = {}

    def add(self, place: Place, half: str, resource: str, amount: Quantity) -> None:
        """Write an amount into one half."""
        _, halves = self._writes.setdefault((place.part, place.index), (place, {}))
        halves.setdefault(half, []).append(write(f"{place.path}/{half}", resource, amount))

    def operations(self) -> list[Operation]:
        """Return the operations; parents are made where they are missing."""
        operations: list[Operation] = []
        for place, halves in self._writes.values():
            if place.container.resources is None:
                whole = {half: {each.key: each.value for each in writes} for half, writes in halves.items()}
                operations.append(Add(place.path, whole))
                continue
            for half, writes in halves.items():
                operations += edit_map(f"{place.path}/{half}", place.half(half), writes)
        return operations


def places(spec: Spec) -> Iterator[Place]:
    """Yield containers, then init containers."""
    for part, containers in (("containers", spec.containers), ("initContainers", spec.init_containers)):
        for index, container in enumerate(containers or ()):
            yield Place(part, index, container)


def lopsided(spec: Spec, resources: tuple[str, ...]) -> list[Lopsided]:
    """Return where one of the resources stands in one half only."""
    found = []
    for place in places(spec):
        if place.container.resources is None:
            continue
        limits, requests = place.half("limits") or {}, place.half("requests") or {}
        for resource in resources:
            if resource in limits and resource not in requests:
                found.append(Lopsided(place, "requests", resource, limits[resource]))
            elif resource in requests and resource not in limits:
                found.append(Lopsided(place, "limits", resource, requests[resource]))
    return found


def mirror(found: list[Lopsided], policy: str, amounts: Amounts, notes: Notes) -> None:
    """Write the missing halves."""
    for place, half, resource, amount in found:
        amounts.add(place, half, resource, amount)
        notes.effects.append(Effect(policy, f"{place.field}.{half}[{resource}]", Action.ADDED, None, str(amount)))


def fractional(spec: Spec) -> list[str]:
    """Return the names of the containers whose CPU limit is missing or not a whole number: no CPUs can be bound to those."""
    names = []
    for place in places(spec):
        limit = (place.half("limits") or {}).get("cpu")
        if place.part == "containers" and (limit is None or not is_whole(limit)):
            names.append(place.container.name or str(place.index))
    return names


class NoShareError(Exception):
    """A share of a GPU cannot be given to the pod; the text says why."""


def sharer(spec: Spec, share: GpuShare) -> Place:
    """Return the container that a share is for.

    Where the policy names none and the pod has several, it is the only one that asks for GPU memory: other webhooks add sidecars, also
    between two admissions of one pod.

    Raises:
        NoShareError: there is no such container, or it asks for whole GPUs.
    """
    found = [place for place in places(spec) if place.part == "containers" and share.container in ("", place.container.name)]
    if not found:
        raise NoShareError(f"there is no container {share.container}" if share.container else "the pod has no container")
    if len(found) > 1 and not share.container:
        found = [place for place in found if any(GPU_MEMORY in (place.half(half) or ()) for half in HALVES)]
    if len(found) != 1 and not share.container:
        raise NoShareError("the pod has several containers, and the policy does not say which (scheduling.gpuShare.container)")
    place = found[0]
    if any(is_something((place.half(half) or {}).get(GPU, 0)) for half in HALVES):
        raise NoShareError(f"container {place.container.name or place.index} asks for whole GPUs ({GPU})")
    return place


def settle_share(
    *, place: Place, share: GpuShare, policies: tuple[str, ...], override: bool, amounts: Amounts, notes: Notes
) -> None:
    """Give the share to a container; ``policies`` are those that want just this one, the deciding one first."""
    decider, *others = policies
    wanted = str(share.memory_gib)
    current = {half: (place.half(half) or {}).get(GPU_MEMORY) for half in HALVES}
    kept = not override and any(amount is not None and str(amount) != wanted for amount in current.values())
    for half, amount in current.items():
        field = f"{place.field}.{half}[{GPU_MEMORY}]"
        before = None if amount is None else str(amount)
        if before == wanted:
            effect = Effect(decider, field, Action.PRESENT, wanted, wanted)
        elif kept:
            notes.complete = False
            if before is not None:
                notes.effects.append(Effect(decider, field, Action.KEPT, before, before))
            continue
        else:
            amounts.add(place, half, GPU_MEMORY, wanted)
            effect = Effect(decider, field, Action.ADDED if before is None else Action.REPLACED, before, wanted)
        notes.effects.append(effect)
        notes.effects += [Effect(policy, field, Action.PRESENT, wanted, wanted) for policy in others]
