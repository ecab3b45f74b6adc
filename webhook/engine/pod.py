"""A typed view of the pod fields that decisions read. Everything else in the pod is skipped by the decoder.

Types follow core/v1. Quantities may be numbers: the API server sends strings, hand-written manifests send both.
"""

from msgspec import Struct

from webhook.engine.bundle import Toleration


class OwnerReference(Struct, gc=False):
    """A meta/v1 OwnerReference."""

    kind: str = ""
    controller: bool | None = None


class Metadata(Struct, rename="camel"):
    """The part of meta/v1 ObjectMeta that is read."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class PodToleration(Struct, rename="camel", gc=False):
    """A core/v1 Toleration as a pod carries it; the operators and effects may be ones that we do not know yet."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None
    toleration_seconds: int | None = None


class Resources(Struct):
    """core/v1 ResourceRequirements."""

    limits: dict[str, str | int | float] | None = None
    requests: dict[str, str | int | float] | None = None


class Container(Struct):
    """The part of core/v1 Container that is read."""

    resources: Resources | None = None


class Spec(Struct, rename="camel"):
    """The part of core/v1 PodSpec that is read."""

    scheduler_name: str | None = None
    node_name: str | None = None
    tolerations: list[PodToleration] | None = None
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class Pod(Struct):
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
                    if amounts and not _is_zero(amounts.get(resource, 0)):
                        return True
        return False


def covers(existing: PodToleration | Toleration, wanted: Toleration) -> bool:
    """Say whether every taint that ``wanted`` tolerates is tolerated by ``existing`` already.

    After ``Toleration.ToleratesTaint`` (core/v1 helpers): an empty effect covers all effects, an empty key with ``Exists``
    covers all keys. Seconds are not compared: for NoExecute an existing toleration is the author's own choice, and Kubernetes
    would take the shortest.
    """
    if existing.effect and existing.effect != wanted.effect:
        return False
    if not existing.key:
        return existing.operator == "Exists"
    if existing.key != wanted.key:
        return False
    if existing.operator == "Exists":
        return True
    if wanted.operator == "Exists":
        return False
    return (existing.operator or "Equal") == (wanted.operator or "Equal") and (existing.value or "") == wanted.value


def _is_zero(quantity: str | float) -> bool:
    """Say whether a quantity (``0``, ``"0"``, ``"0.00"``, ``"0Gi"``, ``"0e3"``) is nothing; only the mantissa counts."""
    if not isinstance(quantity, str):
        return quantity == 0
    mantissa = quantity.lstrip("+-").lower().split("e", 1)[0]
    return not any(digit in mantissa for digit in "123456789")
