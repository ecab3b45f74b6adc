"""Node affinity as policies wish for it: which wishes there are, and what became of them in a pod.

What is required is a conjunct each, ANDed into what the pod requires; of equal preferences the first decides about the weight. How
they are brought into a pod is the business of ``webhook.engine.affinity``.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Raw

from webhook.engine.affinity import TooManyTermsError, Wishes
from webhook.engine.decision import Action, Effect
from webhook.engine.fields import NodeTerm, PreferredTerm
from webhook.engine.notes import Notes
from webhook.engine.patch import Operation
from webhook.engine.pod import Spec
from webhook.engine.terms import describe_terms

REQUIRED: Final = "spec.affinity.nodeAffinity.required"
PREFERRED: Final = "spec.affinity.nodeAffinity.preferred"

_NOTHING: Final = (Raw(), Raw(b"null"))


def preferred_field(preference: NodeTerm) -> str:
    """Return the field of a preference as effects name it."""
    return f"{PREFERRED}[{describe_terms((preference,))}]"


class Wish:
    """A requirement or a preference, and the policies that want just that, the first of which decides."""

    __slots__ = ("added", "present")

    def __init__(self, field: str, policies: Iterable[str], text: str) -> None:
        self.present = tuple(Effect(policy, field, Action.PRESENT, text, text) for policy in policies)
        self.added = (Effect(self.present[0].policy, field, Action.ADDED, None, text), *self.present[1:])


class Nodes:
    """All wishes of a set of policies about nodes.

    Attributes:
        keys: of the node labels that are spoken of; a pod whose node selector has none of them, and which has no affinity, is like any.
    """

    __slots__ = ("_wishes", "added", "keys", "requirements", "weights")

    def __init__(
        self, required: Iterable[tuple[str, tuple[NodeTerm, ...]]], preferred: Iterable[tuple[str, PreferredTerm]]
    ) -> None:
        conjuncts: dict[tuple[NodeTerm, ...], list[str]] = {}
        for policy, terms in required:
            if terms:
                conjuncts.setdefault(terms, []).append(policy)
        weights: dict[NodeTerm, tuple[PreferredTerm, list[str]]] = {}
        for policy, preference in preferred:
            decided, policies = weights.setdefault(preference.preference, (preference, []))
            if decided == preference:
                policies.append(policy)
        self.requirements = tuple(Wish(REQUIRED, policies, describe_terms(terms)) for terms, policies in conjuncts.items())
        self.weights = tuple(
            Wish(preferred_field(term), policies, f"weight {decided.weight}") for term, (decided, policies) in weights.items()
        )
        self._wishes = Wishes(tuple(conjuncts), tuple(decided for decided, _ in weights.values()))
        self.added = tuple(effect for wish in (*self.requirements, *self.weights) for effect in wish.added)
        self.keys = frozenset(requirement.key for terms in conjuncts for term in terms for requirement in term.match_expressions)

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self.requirements or self.weights)

    def untouched(self, spec: Spec) -> bool:
        """Say whether the pod has nothing that the outcome could hang on."""
        return spec.affinity in _NOTHING and self.keys.isdisjoint(spec.node_selector or ())

    def settle(self, spec: Spec, node_selector: Mapping[str, str], policy: str, notes: Notes) -> list[Operation]:
        """Return the operations that bring the wishes into a pod; ``policy`` stands for all of them where there are too many terms.

        Raises:
            msgspec.MsgspecError: the pod's affinity is not of the types of core/v1.
        """
        try:
            edit = self._wishes.edit(spec.affinity, node_selector)
        except TooManyTermsError as error:
            notes.deny(policy, f"{REQUIRED}: {error}")
            return []
        for wishes, actions in ((self.requirements, edit.conjuncts), (self.weights, edit.preferences)):
            for wish, action in zip(wishes, actions, strict=True):
                notes.effects += wish.added if action is Action.ADDED else wish.present
        return edit.operations
