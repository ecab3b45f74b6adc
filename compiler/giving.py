"""What a policy decides about the pods that it matches, one decision a key, so that policies can be compared key by key.

After ``webhook.engine.plan``: of the policies that match a pod, the first in deciding order with a key decides about it, under its own
``merge``, and whatever later ones want for the key counts for nothing. What is a union there (tolerations, affinity terms) has the
element itself for its key, and then it does not matter who gives it.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

from compiler.foreign import foreign
from compiler.model import Mechanism
from compiler.placing import SINGULAR, Kind, Reason, Wanted, wanted
from compiler.resolve import Binding
from webhook.engine.containers import GPU_COUNT_LABEL
from webhook.engine.fields import Toleration
from webhook.engine.gang import NAME_LABEL, SIZE_LABEL
from webhook.engine.pod import covers

PLACEMENT: Final = "placement"
GANG: Final = "gang"
GPU_SHARE: Final = "gpuShare"
TOPOLOGY: Final = "cpuTopology"

PLACING: Final = (Reason.PLACEMENT, Reason.ACCELERATOR)

Given = dict[Hashable, Hashable]
"""Values by key. What two policies give for a key is the same if and only if the values are equal."""


def given(binding: Binding) -> Given:
    """Return what a policy decides where nobody decides before it. Placement is a decision as a whole."""
    found: Given | None = binding.known.get("given")
    if found is None:
        found = dict(_given(binding))
        binding.known["given"] = found
    return found


def always(binding: Binding) -> bool:
    """Say whether the policy is in force for every pod that it matches."""
    return not binding.policy.partial


Offers = Mapping[Hashable, frozenset[Hashable]]
"""What a policy could put into a place, by place: a field that has one value, all tolerations, a preference, or a feature."""


Offer = tuple[Hashable, Hashable, Hashable]
"""The key that it belongs to, its place, and its value."""


def offered(binding: Binding) -> tuple[Offer, ...]:
    """Return everything that a policy could put into a pod, its placement's fields among it, whether it comes to that or not."""
    return tuple(_offers(binding))


def offers(binding: Binding) -> Offers:
    """Return what is ``offered``, by place."""
    found: dict[Hashable, set[Hashable]] = {}
    for _, place, value in _offers(binding):
        found.setdefault(place, set()).add(value)
    return {place: frozenset(values) for place, values in found.items()}


def carried(binding: Binding, key: Hashable) -> Offers:
    """Return what goes into pods with a policy's decision about a key."""
    found: dict[Hashable, set[Hashable]] = {}
    for about, place, value in _offers(binding):
        if about == key:
            found.setdefault(place, set()).add(value)
    return {place: frozenset(values) for place, values in found.items()}


def disturbs(place: Hashable, others: frozenset[Hashable], own: frozenset[Hashable]) -> bool:
    """Say whether it makes a difference if what others offer for a place comes before ``own`` instead of after it.

    Of tolerations, one that covers another keeps it out of a pod if it comes first.
    """
    if place == Kind.TOLERATION:
        return any(_collide(other, value) for other in others for value in own)
    return bool(others - own)


def _collide(one: Hashable, other: Hashable) -> bool:
    if not (isinstance(one, Toleration) and isinstance(other, Toleration)):
        raise TypeError("these are tolerations")
    return one != other and (covers(one, other) or covers(other, one))


def _offers(binding: Binding) -> Iterator[Offer]:
    policy, keys = binding.policy, given(binding)
    if binding.pools:
        yield PLACEMENT, PLACEMENT, keys[PLACEMENT]
    for each in wanted(binding):
        for key, value in _wanted(each, override=policy.override):
            about = PLACEMENT if each.reason in PLACING else key
            if each.kind is Kind.TOLERATION:
                yield about, Kind.TOLERATION, each.toleration
            elif each.kind is not Kind.REQUIRED:  # which is a conjunction, whatever its order
                yield about, key, value
    for feature, labels in ((GANG, (NAME_LABEL, SIZE_LABEL)), (GPU_SHARE, (GPU_COUNT_LABEL,)), (TOPOLOGY, ())):
        if feature in keys:
            yield feature, feature, keys[feature]
            yield from ((feature, f"{Kind.LABEL}[{label}]", (feature, keys[feature])) for label in labels)


def _given(binding: Binding) -> Iterator[tuple[Hashable, Hashable]]:
    policy = binding.policy
    if binding.pools:
        yield PLACEMENT, _placement(binding)
    injected: list[Toleration] = []
    for each in wanted(binding):
        if each.reason in PLACING:
            continue
        if each.toleration is not None:
            if any(covers(earlier, each.toleration) for earlier in injected):
                continue  # it never gets into a pod
            injected.append(each.toleration)
        yield from _wanted(each, override=policy.override)
    if policy.scheduling.gang is not None:
        yield GANG, (policy.scheduling.gang, policy.override)
    if policy.scheduling.gpu_share is not None:
        yield GPU_SHARE, (policy.scheduling.gpu_share, policy.override)
    if policy.scheduling.cpu_topology:  # pods are warned about as well, which the annotation alone does not do
        yield TOPOLOGY, None


def _wanted(each: Wanted, *, override: bool) -> Iterator[tuple[Hashable, Hashable]]:
    if each.kind in SINGULAR:
        # Labels are never overridden; what is lost where the pod has another value hangs on the reason.
        yield each.field, (each.value, each.reason, override and each.kind is not Kind.LABEL)
    elif each.kind is Kind.TOLERATION:
        yield (each.kind, each.toleration), None
    elif each.kind is Kind.REQUIRED:
        yield (each.kind, each.terms), None
    else:
        for term in each.preferred:
            yield (each.kind, term.preference), term.weight


def _placement(binding: Binding) -> Hashable:
    """Return what tells one placement from another. Where pods are counted against a ``max`` each policy counts for itself."""
    policy = binding.policy
    if binding.mechanism is Mechanism.RESOURCE_POLICY and any(
        use.max is not None or use.ack.max_resources for use, _ in binding.pools
    ):
        return policy.name
    uses = tuple((use.name, _frozen(use.ack)) for use, _ in binding.pools)
    others = (binding.mechanism, binding.strategy, policy.accelerator, policy.override, policy.incompatible, policy.mirror_label)
    vendor = (policy.advance, policy.advance_timeout, _frozen(policy.ack), _frozen(foreign(binding)))
    return (uses, others, vendor)


def _frozen(value: Any) -> Hashable:
    """Return a text that is equal for equal values; the maps in them are as they were written, so the order is taken out."""
    from msgspec import json  # noqa: PLC0415 - few policies are compared so far

    return json.encode(value, order="sorted")
