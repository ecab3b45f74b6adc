"""Node affinity: bring what policies require and prefer into what a pod has, by appending only.

A requirement of a policy is a *conjunct*: terms of which one must hold. It is ANDed into every term of the pod, so that a node suits
the pod afterwards exactly if it did before and suits every conjunct. Terms with neither expressions nor fields match nothing
(core/v1 ``NodeSelectorTerm``; component-helpers ``nodeaffinity``), and so does an empty list of terms: both stay as they are.

What a term implies already is not added to it. Implication is decided requirement by requirement; what follows only from several
of them together is not found, and then added: that is redundant, and never wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import or_
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from webhook.engine.decision import Action
from webhook.engine.fields import NodeOperator, NodeRequirement, NodeTerm, PreferredTerm
from webhook.engine.parts import decoder
from webhook.engine.patch import Add, Operation
from webhook.engine.terms import PREFERRED, REQUIRED, Held, PodTerm, Wanted, identity, is_implied, missing_part, widest

MAX_TERMS: Final = 500
"""How many terms a pod may have after it grew. A scheduler tries them one by one for every node."""

MAX_COPIED_BYTES: Final = 1024 * 1024
"""How many bytes of a pod's own terms may be copied. A whole object has to be smaller than that to be stored."""

_MAX_REMEMBERED: Final = 1000

_AFFINITY: Final = "/spec/affinity"
_NODE_AFFINITY: Final = f"{_AFFINITY}/nodeAffinity"
_TERMS: Final = f"{_NODE_AFFINITY}/{REQUIRED}/nodeSelectorTerms"


class TooManyTermsError(Exception):
    """The terms of the pod and of its policies multiply to more than ``MAX_TERMS``, or ``MAX_COPIED_BYTES``."""


class Edit(Struct, frozen=True, gc=False):
    """What brings the wishes into the pod.

    Attributes:
        operations: appending and creating only; none if all wishes hold already.
        conjuncts: what became of each conjunct, in the order given: ``ADDED``, or ``PRESENT`` where every term of the pod implies it.
        preferences: likewise; ``PRESENT`` where the pod, or a wish before it, has an equal preference of whatever weight.
    """

    operations: list[Operation]
    conjuncts: tuple[Action, ...]
    preferences: tuple[Action, ...]


class _Preferred(Struct, gc=False):
    preference: PodTerm | None = None


class _Required(Struct, rename="camel", gc=False):
    node_selector_terms: list[Raw] | None = None


class _NodeAffinity(Struct, gc=False):
    required: _Required | None = field(default=None, name=REQUIRED)
    preferred: list[_Preferred | None] | None = field(default=None, name=PREFERRED)


class _Affinity(Struct, rename="camel", gc=False):
    node_affinity: _NodeAffinity | None = None


_decode_affinity = decoder(_Affinity | None, "spec.affinity")
_decode_term = decoder(PodTerm | None, f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[...]")
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw] | None).decode


class Wishes:
    """What all policies that hold for a pod want of its node affinity, prepared once for many pods.

    What it remembers between pods saves time and decides nothing.

    Args:
        conjuncts: an empty one asks for nothing.
        preferences: of equal ones the first is taken.
    """

    def __init__(self, conjuncts: Sequence[tuple[NodeTerm, ...]], preferences: Sequence[PreferredTerm] = ()) -> None:
        self.conjuncts = tuple(conjuncts)
        self.preferences = tuple(preferences)
        self._meanings = tuple(identity(each.preference) for each in preferences)
        self._wanted = Wanted(term for conjunct in conjuncts for term in conjunct)
        self._additions: dict[Held, tuple[list[NodeTerm], tuple[bool, ...]]] = {}

    def edit(self, affinity: Raw | None, node_selector: Mapping[str, str] | None) -> Edit:
        """Return what makes a pod require all conjuncts, and have all preferences.

        Args:
            affinity: the pod's ``spec.affinity`` as it was sent; None, empty or ``null`` where there is none.
            node_selector: the pod's ``spec.nodeSelector``, best as it is going to be: what it says is not said again in the terms.

        Raises:
            TooManyTermsError: the pod would get more than ``MAX_TERMS`` terms.
            msgspec.MsgspecError: the affinity is not of the types of core/v1.
            UnicodeDecodeError: text in it is no UTF-8.
        """
        current = _decode_affinity(affinity) if affinity else None
        node_affinity = current.node_affinity if current else None
        required = node_affinity.required if node_affinity else None
        preferred = node_affinity.preferred if node_affinity else None
        selected = [
            NodeRequirement(key, NodeOperator.IN, (value,))
            for key, value in (node_selector or {}).items()
            if key in self._wanted.keys
        ]
        operations: list[Operation] = []
        created: dict[str, Any] = {}
        if required is None:
            terms, grown = self._cross(self._wanted.held(selected))
            if any(grown):
                created[REQUIRED] = {"nodeSelectorTerms": terms}
        else:
            edits, grown = self._edit_terms(required.node_selector_terms or (), selected)
            operations += edits

        news = self._news(preferred or ())
        items = [item for item, new in zip(self.preferences, news, strict=True) if new]
        if items and preferred is None:
            created[PREFERRED] = items
        else:
            operations += [Add(f"{_NODE_AFFINITY}/{PREFERRED}/-", item) for item in items]

        if created and current is None:
            operations.append(Add(_AFFINITY, {"nodeAffinity": created}))
        elif created and node_affinity is None:
            operations.append(Add(_NODE_AFFINITY, created))
        else:
            operations += [Add(f"{_NODE_AFFINITY}/{member}", value) for member, value in created.items()]
        return Edit(operations, _actions(grown), _actions(news))

    def _cross(self, held: Held) -> tuple[list[NodeTerm], tuple[bool, ...]]:
        """Return what is to be added to a term that implies ``held``, and which conjuncts asked for it.

        That is one addition for each term that is to come of it.
        """
        known = self._additions.get(held)
        if known is None:
            if len(self._additions) >= _MAX_REMEMBERED:
                self._additions.clear()
            known = self._additions[held] = _cross(held, self.conjuncts)
        return known

    def _edit_terms(self, terms: Sequence[Raw], selected: list[NodeRequirement]) -> tuple[list[Operation], tuple[bool, ...]]:
        """Add to every term the first of what it is to be, and append the others as copies of it."""
        operations: list[Operation] = []
        copies: list[Operation] = []
        grown = (False,) * len(self.conjuncts)
        copied = 0
        for index, raw in enumerate(terms):
            term = _decode_term(raw)
            if term is None or not (term.match_expressions or term.match_fields):
                continue
            held = self._wanted.held([*(term.match_expressions or ()), *selected], term.match_fields or ())
            (first, *others), asked = self._cross(held)
            grown = tuple(map(or_, grown, asked))
            if others:
                copied += len(raw) * len(others)
                _bound(len(terms) + len(copies) + len(others), copied)
                copies += [Add(f"{_TERMS}/-", _extended(raw, other)) for other in others]
            path = f"{_TERMS}/{index}"
            operations += _append(f"{path}/matchExpressions", term.match_expressions, first.match_expressions)
            operations += _append(f"{path}/matchFields", term.match_fields, first.match_fields)
        return operations + copies, grown

    def _news(self, present: Iterable[_Preferred | None]) -> list[bool]:
        """Say of each preference whether neither the pod nor a preference before it says the same."""
        if not self.preferences:
            return []
        seen = {identity(each.preference) for each in present if each is not None and each.preference is not None}
        news = []
        for meaning in self._meanings:
            news.append(meaning not in seen)
            seen.add(meaning)
        return news


def _append(path: str, current: object, items: Sequence[NodeRequirement]) -> list[Operation]:
    if not items:
        return []
    if current is None:
        return [Add(path, items)]
    return [Add(f"{path}/-", item) for item in items]


def _extended(raw: Raw, addition: NodeTerm) -> dict[str, Any]:
    """Copy a term and add to it; what it has stays byte by byte."""
    members: dict[str, Any] = dict(_decode_members(raw))
    for name, items in (("matchExpressions", addition.match_expressions), ("matchFields", addition.match_fields)):
        if items:
            members[name] = [*(_decode_items(members.get(name, b"null")) or ()), *items]
    return members


def _bound(terms: int, copied: int = 0) -> None:
    if terms > MAX_TERMS:
        raise TooManyTermsError(f"its node affinity would have {terms} terms or more, and at most {MAX_TERMS} are allowed")
    if copied > MAX_COPIED_BYTES:
        raise TooManyTermsError(f"its node affinity would grow by more than {MAX_COPIED_BYTES} bytes")


def _cross(held: Held, conjuncts: Sequence[tuple[NodeTerm, ...]]) -> tuple[list[NodeTerm], tuple[bool, ...]]:
    grown = [False] * len(conjuncts)
    additions = [NodeTerm()]
    for number, conjunct in enumerate(conjuncts):
        longer: list[NodeTerm] = []
        for addition in additions:
            if not conjunct or any(is_implied(held, addition, term) for term in conjunct):
                longer.append(addition)
                continue
            grown[number] = True
            longer += [_joined(addition, missing_part(held, addition, term)) for term in conjunct]
            _bound(len(longer))
        additions = widest(longer) if len(longer) > 1 else longer
    return additions, tuple(grown)


def _joined(addition: NodeTerm, more: NodeTerm) -> NodeTerm:
    return NodeTerm(addition.match_expressions + more.match_expressions, addition.match_fields + more.match_fields)


def _actions(added: Iterable[bool]) -> tuple[Action, ...]:
    return tuple(Action.ADDED if each else Action.PRESENT for each in added)
