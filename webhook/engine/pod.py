"""A typed view of the pod fields that decisions read. Everything else in the pod is skipped by the decoder.

No value here can be part of a reference cycle, so the garbage collector need not track any. Types
follow core/v1. Quantities may be numbers: the API server sends strings, hand-written manifests send both.
"""

import re
from decimal import Context, Decimal

from msgspec import UNSET, Struct, UnsetType

from webhook.engine.anatomy import ContainerParts, SpecParts
from webhook.engine.fields import Toleration

_SOMETHING = re.compile(r"[-+]?[0.]*[1-9]")
_NUMBER = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([-+]?[0-9]{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?")
"""A quantity that is not negative (apimachinery, ``resource.Quantity``)."""

_MAX_DIGITS = 64
"""Characters of a quantity that is looked into. Those of the API server have about twenty; arithmetic on millions overflows."""

_EXACT = Context(prec=300)
"""Enough digits that no product is rounded: the longest number has 64, times 1024**6, and a power of ten below 100."""

_UNITS = {
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}

Quantity = str | int | float


class OwnerReference(Struct, rename="camel", gc=False):
    """A meta/v1 OwnerReference."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    controller: bool | None = None

    @property
    def group(self) -> str:
        """The API group of the owner; that of core/v1 is empty."""
        return self.api_version.rpartition("/")[0]


class Metadata(Struct, rename="camel", gc=False):
    """The part of meta/v1 ObjectMeta that is read."""

    name: str | None = None
    generate_name: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls the pod; the API server allows one."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner
        return None


class PodToleration(Struct, rename="camel", gc=False):
    """A core/v1 Toleration as a pod carries it; the operators and effects may be ones that we do not know yet."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None
    toleration_seconds: int | None = None


class Resources(Struct, gc=False):
    """core/v1 ResourceRequirements."""

    limits: dict[str, Quantity] | None = None
    requests: dict[str, Quantity] | None = None


class Container(ContainerParts, rename="camel", gc=False):
    """The part of core/v1 Container that is read."""

    resources: Resources | None = None


class Spec(SpecParts, rename="camel", gc=False):
    """The part of core/v1 PodSpec that is read. What most policies and most pods never need stays as it was sent (``anatomy``)."""

    scheduler_name: str | None = None
    node_name: str | None = None
    priority_class_name: str | None = None
    priority: int | UnsetType | None = UNSET
    preemption_policy: str | UnsetType | None = UNSET
    tolerations: list[PodToleration] | None = None
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class Pod(Struct, gc=False):
    """A core/v1 Pod."""

    spec: Spec
    metadata: Metadata | None = None

    def asks_for(self, resource: str) -> bool:
        """Say whether a container or init container requests or limits a non-zero amount of the resource."""
        for containers in (self.spec.containers, self.spec.init_containers):
            for container in containers or ():
                resources = container.resources
                if resources is None:
                    continue
                for amounts in (resources.limits, resources.requests):
                    if amounts and resource in amounts and is_something(amounts[resource]):
                        return True
        return False


def covers(existing: PodToleration | Toleration, wanted: Toleration) -> bool:
    """Say whether every taint that ``wanted`` tolerates is tolerated by ``existing`` already.

    After ``Toleration.ToleratesTaint`` (core/v1 helpers): an empty effect covers all effects, an empty key with ``Exists``
    covers all keys. Seconds are not compared: for NoExecute an existing toleration is the author's own choice, and Kubernetes
    would take the shortest.
    """
    if existing.key != wanted.key and existing.key:
        return False
    if existing.effect and existing.effect != wanted.effect:
        return False
    if not existing.key:
        return existing.operator == "Exists"
    if existing.operator == "Exists":
        return True
    if wanted.operator == "Exists":
        return False
    return (existing.operator or "Equal") == (wanted.operator or "Equal") and (existing.value or "") == wanted.value


def is_something(quantity: str | float) -> bool:
    """Say whether a quantity is more than nothing; ``0``, ``"0.00"``, ``"0Gi"`` and ``"0e3"`` are not."""
    return _SOMETHING.match(quantity) is not None if isinstance(quantity, str) else quantity != 0


def is_whole(quantity: Quantity) -> bool:
    """Say whether a quantity is a whole number of at least one: ``4``, ``"4"``, ``"4000m"``, ``"4e0"`` and ``"4.0"`` are."""
    if not isinstance(quantity, str):
        return quantity >= 1 and quantity == int(quantity)
    if quantity.isascii() and quantity.isdigit():  # as the API server writes it
        return quantity.strip("0") != ""
    found = amount(quantity)
    return found is not None and found >= 1 and found == found.to_integral_value()


def amount(quantity: Quantity) -> Decimal | None:
    """Return exactly how much a quantity is, in its base unit; None if it is none, negative, or has more digits than anybody writes."""
    found = _NUMBER.fullmatch(str(quantity)) if len(str(quantity)) <= _MAX_DIGITS else None
    if found is None:
        return None
    digits, exponent, unit = found.groups()
    return _EXACT.multiply(Decimal(digits), _UNITS[unit or ""]).scaleb(int(exponent or 0), _EXACT)
