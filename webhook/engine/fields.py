"""Pod fields that policies want to see, as core/v1 types: the vocabulary of the bundle.

Keys of maps are whole, unescaped keys.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct, field

_OPERATORS: Final = ("", "Equal", "Exists")
_EFFECTS: Final = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")

Positive = Annotated[int, Meta(ge=1)]


class Taint(Struct, frozen=True, forbid_unknown_fields=True):
    """A core/v1 Taint."""

    key: str
    value: str
    effect: str


class Toleration(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A core/v1 Toleration that a policy adds."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None

    def __post_init__(self) -> None:
        if not self.key and self.operator != "Exists":
            raise ValueError("a toleration without a key needs operator Exists")
        if self.operator not in _OPERATORS or self.effect not in _EFFECTS:
            raise ValueError(f"a toleration has no operator {self.operator!r} with effect {self.effect!r}")
        if self.operator == "Exists" and self.value:
            raise ValueError("a toleration with operator Exists has no value")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("a toleration for some seconds needs effect NoExecute")


class NodeOperator(StrEnum):
    """The operators of a core/v1 NodeSelectorRequirement."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    LT = "Lt"


class NodeRequirement(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, order=True):
    """A core/v1 NodeSelectorRequirement; ``values`` is sorted, without duplicates, and of one integer for ``Gt`` and ``Lt``."""

    key: str
    operator: NodeOperator
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.operator in (NodeOperator.IN, NodeOperator.NOT_IN):
            fits = bool(self.values)
        elif self.operator in (NodeOperator.EXISTS, NodeOperator.DOES_NOT_EXIST):
            fits = not self.values
        else:
            fits = len(self.values) == 1
        if not fits:
            raise ValueError(f"{self.operator} on {self.key!r} cannot take {len(self.values)} values")


class NodeTerm(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True, order=True):
    """A core/v1 NodeSelectorTerm: all requirements, sorted, must hold. A policy's term is never empty."""

    match_expressions: tuple[NodeRequirement, ...] = ()
    match_fields: tuple[NodeRequirement, ...] = ()


class PreferredTerm(Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """A core/v1 PreferredSchedulingTerm; ``weight`` is 1 to 100."""

    weight: Annotated[int, Meta(ge=1, le=100)]
    preference: NodeTerm

    def __post_init__(self) -> None:
        require_content((self.preference,))


def require_content(terms: Iterable[NodeTerm]) -> None:
    """Make sure of what a policy's terms are.

    Raises:
        ValueError: one of them is empty, and so would match no node at all (core/v1 NodeSelectorTerm).
    """
    if not all(term.match_expressions or term.match_fields for term in terms):
        raise ValueError("a node selector term of a policy has at least one requirement")


class Fields(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Pod fields that a policy wants to see.

    Attributes:
        required: node affinity terms of which one must hold; ANDed with what the pod and other policies require.
        preferred: node affinity preferences, added to the pod's own.
    """

    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    scheduler_name: str | None = None
    priority_class_name: str | None = None
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    required: tuple[NodeTerm, ...] = ()
    preferred: tuple[PreferredTerm, ...] = ()

    def __post_init__(self) -> None:
        require_content(self.required)


class Gang(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A gang whose name is the value of the pod's label ``name_label``.

    The size is ``min_available``, or the value of the pod's label ``min_available_label``, or of its annotation
    ``min_available_annotation``; exactly one of the three is set.
    """

    name_label: str
    min_available: Positive | None = None
    min_available_label: str | None = None
    min_available_annotation: str | None = None

    def __post_init__(self) -> None:
        if [self.min_available, self.min_available_label, self.min_available_annotation].count(None) != 2:  # noqa: PLR2004 - of three
            raise ValueError("exactly one of minAvailable, minAvailableLabel and minAvailableAnnotation")


class GpuShare(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A share of GPUs: ``memory_gib`` in total, over ``gpus`` devices of one node, for the container of this name.

    An empty ``container`` stands for the only container of the pod.
    """

    memory_gib: Positive
    gpus: Positive = 1
    container: str = ""


class Scheduling(Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Features of the vendor's scheduler; ``fields`` is what all of them need, such as the scheduler's name.

    ``cpu_topology`` says that whole CPUs are bound to containers, which needs whole numbers as CPU limits.
    """

    fields: Fields = field(default_factory=Fields)
    gang: Gang | None = None
    gpu_share: GpuShare | None = None
    cpu_topology: bool = False
