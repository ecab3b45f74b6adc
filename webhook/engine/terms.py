"""The terms of node affinity: how pods carry them, which follow from which, which say the same, and how to write them for people.

Implication is decided requirement by requirement; what follows only from several of them together is not found.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from msgspec import Raw, Struct, field

from webhook.engine.fields import NodeOperator, NodeRequirement, NodeTerm

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
"""The members of core/v1 NodeAffinity, PodAffinity and PodAntiAffinity."""

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,64}", re.ASCII)
INT64: Final = range(-(2**63), 2**63)


class PodRequirement(Struct, gc=False):
    """A NodeSelectorRequirement as a pod carries it; the API server has not validated it yet."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class PodTerm(Struct, rename="camel", gc=False):
    """A NodeSelectorTerm as a pod carries it."""

    match_expressions: list[PodRequirement] | None = None
    match_fields: list[PodRequirement] | None = None


class _Preferred(Struct, gc=False):
    preference: PodTerm | None = None


class _Required(Struct, rename="camel", gc=False):
    node_selector_terms: list[PodTerm | None] | None = None


class _NodeAffinity(Struct, gc=False):
    required: _Required | None = field(default=None, name=REQUIRED)
    preferred: list[_Preferred | None] | None = field(default=None, name=PREFERRED)


class _PodAffinity(Struct, gc=False):
    required: list[Raw] | None = field(default=None, name=REQUIRED)
    preferred: list[Raw] | None = field(default=None, name=PREFERRED)


class Affinity(Struct, rename="camel", gc=False):
    """A core/v1 Affinity."""

    node_affinity: _NodeAffinity | None = None
    pod_affinity: _PodAffinity | None = None
    pod_anti_affinity: _PodAffinity | None = None

    def node_keys(self) -> Iterator[tuple[str, str]]:
        """Give the members of nodeAffinity by name, with every label key that their terms name."""
        node = self.node_affinity or _NodeAffinity()
        required = (node.required or _Required()).node_selector_terms or ()
        preferred = [each.preference for each in node.preferred or () if each is not None]
        for member, terms in ((REQUIRED, required), (PREFERRED, preferred)):
            for term in terms:
                for requirement in (term.match_expressions if term is not None else None) or ():
                    yield member, requirement.key


Known: TypeAlias = NodeRequirement | PodRequirement


class Held(NamedTuple):
    """Which of the requirements that policies have a term implies: those on labels, and those on fields of the node."""

    expressions: frozenset[NodeRequirement] = frozenset()
    fields: frozenset[NodeRequirement] = frozenset()


class Wanted:
    """All requirements of policies, by the key that they name, so that one look at a term of any length finds what it implies."""

    __slots__ = ("_expressions", "_fields")

    def __init__(self, terms: Iterable[NodeTerm]) -> None:
        self._expressions: dict[str, set[NodeRequirement]] = {}
        self._fields: dict[str, set[NodeRequirement]] = {}
        for term in terms:
            for index, requirements in ((self._expressions, term.match_expressions), (self._fields, term.match_fields)):
                for each in requirements:
                    index.setdefault(each.key, set()).add(each)

    @property
    def keys(self) -> Collection[str]:
        """The labels that are named."""
        return self._expressions.keys()

    def held(self, expressions: Iterable[Known], fields: Iterable[Known] = ()) -> Held:
        """Return what follows from the requirements of a term."""
        return Held(_following(self._expressions, expressions, implies), _following(self._fields, fields, _equal))


def _following(
    index: Mapping[str, Iterable[NodeRequirement]], known: Iterable[Known], follows: Callable[[Known, NodeRequirement], bool]
) -> frozenset[NodeRequirement]:
    return frozenset(wanted for each in known if each.key in index for wanted in index[each.key] if follows(each, wanted))


_NOTHING: Final = Held()


def describe_terms(terms: Iterable[NodeTerm]) -> str:
    """Write a disjunction as ``kubectl`` writes selectors: ``pool in (a,b),zone=x or type=virtual-kubelet``.

    A requirement on a field of the node, rather than on a label, is written ``field metadata.name=a``.
    """
    return " or ".join(
        ",".join([describe(each) for each in term.match_expressions] + [f"field {describe(each)}" for each in term.match_fields])
        for term in terms
    )


def widest(additions: list[NodeTerm]) -> list[NodeTerm]:
    """Leave out what implies another addition to the same term: its nodes are matched by that other one anyway."""
    kept: list[NodeTerm] = []
    for addition in additions:
        if not any(is_implied(_NOTHING, addition, other) for other in kept):
            kept = [other for other in kept if not is_implied(_NOTHING, other, addition)]
            kept.append(addition)
    return kept


def is_implied(held: Held, addition: NodeTerm, wanted: NodeTerm) -> bool:
    """Say whether a term that implies ``held`` implies, with what is added to it, a term of a policy."""
    for each in wanted.match_expressions:
        if each not in held.expressions and not _known(addition.match_expressions, each, implies):
            return False
    return all(each in held.fields or _known(addition.match_fields, each, _equal) for each in wanted.match_fields)


def missing_part(held: Held, addition: NodeTerm, wanted: NodeTerm) -> NodeTerm:
    """Return the part of ``wanted`` that neither the term nor what is added to it implies."""
    return NodeTerm(
        tuple(
            each
            for each in wanted.match_expressions
            if each not in held.expressions and not _known(addition.match_expressions, each, implies)
        ),
        tuple(each for each in wanted.match_fields if each not in held.fields and not _known(addition.match_fields, each, _equal)),
    )


def _known(addition: Sequence[NodeRequirement], wanted: NodeRequirement, follows: Callable[[Known, NodeRequirement], bool]) -> bool:
    for known in addition:  # noqa: SIM110 - runs for every pair of requirements
        if known.key == wanted.key and follows(known, wanted):
            return True
    return False


def implies(known: Known, wanted: NodeRequirement) -> bool:
    """Say whether every node that meets ``known`` meets ``wanted``, two requirements on labels.

    After ``Requirement.Matches`` (apimachinery ``labels``): ``NotIn`` holds without the label, the others do not; ``Gt`` and ``Lt``
    compare 64-bit integers.
    """
    if known.key != wanted.key:
        return False
    values, others = known.values or (), wanted.values
    match known.operator, wanted.operator:
        case NodeOperator.IN, NodeOperator.IN if values:
            return all(value in others for value in values)
        case NodeOperator.IN, NodeOperator.NOT_IN if values:
            return not any(value in others for value in values)
        case NodeOperator.IN | NodeOperator.GT | NodeOperator.LT, NodeOperator.EXISTS if values:
            return True
        case NodeOperator.NOT_IN, NodeOperator.NOT_IN:
            return all(value in values for value in others)
        case NodeOperator.DOES_NOT_EXIST, NodeOperator.NOT_IN:
            return True
        case NodeOperator.IN | NodeOperator.GT, NodeOperator.GT:
            return _beyond(known, wanted, 1)
        case NodeOperator.IN | NodeOperator.LT, NodeOperator.LT:
            return _beyond(known, wanted, -1)
    return _equal(known, wanted)


def _beyond(known: Known, wanted: NodeRequirement, sign: int) -> bool:
    """Compare with the limit of a ``Gt`` (``sign`` 1) or ``Lt`` (-1): another limit may equal it, a value must be beyond it."""
    numbers = [integer(value) for value in known.values or ()]
    limit = integer(wanted.values[0]) if len(wanted.values) == 1 else None
    if limit is None or not numbers:
        return _equal(known, wanted)
    nearest = limit * sign + (known.operator == NodeOperator.IN)
    return all(number is not None and number * sign >= nearest for number in numbers) or _equal(known, wanted)


def integer(text: str) -> int | None:
    """Read an integer as Go's ``strconv.ParseInt(text, 10, 64)`` does; None where that fails."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if number in INT64 else None


def _equal(known: Known, wanted: NodeRequirement) -> bool:
    return known.key == wanted.key and known.operator == wanted.operator and set(known.values or ()) == set(wanted.values)


def identity(term: NodeTerm | PodTerm) -> tuple[frozenset[object], ...]:
    """Return what two terms share exactly if they say the same, whatever the order and repetition."""
    return tuple(
        frozenset((each.key, str(each.operator), frozenset(each.values or ())) for each in requirements or ())
        for requirements in (term.match_expressions, term.match_fields)
    )


def describe(requirement: NodeRequirement) -> str:
    """Write a requirement as kubectl does: ``disk=ssd``, ``zone in (a,b)``, ``!spot``."""
    key, values = requirement.key, ",".join(requirement.values)
    several = len(requirement.values) != 1
    match requirement.operator:
        case NodeOperator.IN:
            return f"{key} in ({values})" if several else f"{key}={values}"
        case NodeOperator.NOT_IN:
            return f"{key} notin ({values})" if several else f"{key}!={values}"
        case NodeOperator.EXISTS:
            return key
        case NodeOperator.DOES_NOT_EXIST:
            return f"!{key}"
        case NodeOperator.GT:
            return f"{key}>{values}"
        case NodeOperator.LT:
            return f"{key}<{values}"
