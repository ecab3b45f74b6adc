"""What a policy decides about the pods that it matches, one decision a key, so that policies can be compared key by key.

After ``webhook.engine.plan``: of the policies that match a pod, the first in deciding order with a key decides about it, under its own
``merge``, and whatever later ones want for the key counts for nothing. What is a union there (tolerations, affinity terms) has the
element itself for its key, and then it does not matter who gives it.
"""

from collections.abc import Hashable, Iterator
from typing import Any, Final

from compiler.foreign import foreign
from compiler.model import Mechanism
from compiler.placing import SINGULAR, Kind, Reason, Wanted, wanted
from compiler.resolve import Binding

PLACEMENT: Final = "placement"

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


def _given(binding: Binding) -> Iterator[tuple[Hashable, Hashable]]:
    policy = binding.policy
    if binding.pools:
        yield PLACEMENT, _placement(binding)
    for each in wanted(binding):
        if each.reason in (Reason.SCHEDULING, Reason.INJECT):
            yield from _wanted(each, override=policy.override)
    if policy.scheduling.gang is not None:
        yield "gang", (policy.scheduling.gang, policy.override)
    if policy.scheduling.gpu_share is not None:
        yield "gpuShare", (policy.scheduling.gpu_share, policy.override)


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
