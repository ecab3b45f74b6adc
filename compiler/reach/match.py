"""What a match says, and a pod that shows something about matches."""

from dataclasses import dataclass
from typing import Final

from compiler.model import NAME_LABEL
from compiler.reach.labels import describe
from webhook.engine.policy import NamespaceMatch, Owner, Policy
from webhook.engine.rollout import HASH_LABEL
from webhook.engine.selector import Operator, Requirement, Selector

DEPLOYMENT: Final = Owner(kind="Deployment", group="apps")
REPLICA_SET: Final = Owner(kind="ReplicaSet", group="apps")

HASHED: Final = Requirement(HASH_LABEL, Operator.EXISTS)
"""What the pods of a Deployment carry (apps/v1 Deployment controller)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The pods that a policy matches in one cluster.

    Attributes:
        requests: a pod asks for one of these, if there are any. owners: likewise, one of these kinds controls it.
    """

    namespaces: NamespaceMatch
    pods: Selector
    requests: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()

    @classmethod
    def of(cls, policy: Policy) -> "Reach":
        """Return the reach of a policy's normal form, audit and rollout aside."""
        return cls(namespaces=policy.namespaces, pods=policy.pods, requests=policy.requests, owners=policy.owners)


class Controller:
    """Kinds of controllers, as far as matches tell them apart."""

    __slots__ = ("hashed", "owner")

    def __init__(self, owner: Owner | None, *, hashed: bool | None = None) -> None:
        self.owner = owner
        self.hashed = hashed

    def requirements(self) -> tuple[Requirement, ...]:
        """Return what it says about the pod's labels: the pods of a Deployment carry a hash (apps/v1 Deployment controller)."""
        if self.hashed is None:
            return ()
        return (Requirement(HASH_LABEL, Operator.EXISTS if self.hashed else Operator.DOES_NOT_EXIST),)

    def is_among(self, owners: tuple[Owner, ...]) -> bool:
        """Say whether a match of these kinds takes its pods."""
        if not owners:
            return True
        return self.owner is not None and (self.owner in owners or (bool(self.hashed) and DEPLOYMENT in owners))


def controllers(*reaches: Reach) -> list[Controller]:
    """Return every kind of controller that any of the matches tells from others, beginning with none at all."""
    kinds = {owner for reach in reaches for owner in reach.owners}
    found = [Controller(None)]
    found += [Controller(owner) for owner in sorted(kinds - {DEPLOYMENT, REPLICA_SET})]
    if kinds & {DEPLOYMENT, REPLICA_SET}:
        found += [Controller(REPLICA_SET, hashed=hashed) for hashed in (True, False)]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A pod that shows something.

    Attributes:
        labels, requests, owner: what it has, asks for, and is controlled by (None where that does not matter).
        namespace_labels: those of a declared namespace, or what one would have to have.
        proved: False where it stands in a namespace that the cluster does not declare: that may exist or not.
        known: False where what it shows holds only as long as the webhook does not know the labels of its namespace, since then no
            selector matches it (``NamespaceMatch`` of the engine).
    """

    labels: dict[str, str]
    requests: tuple[str, ...]
    owner: Owner | None
    namespace: str
    namespace_labels: dict[str, str]
    proved: bool
    known: bool = True

    def pod(self) -> str:
        """Describe the pod for people."""
        text = describe(self.labels.items())
        if self.requests:
            text += f", asking for {' and '.join(self.requests)}"
        if self.owner is not None:
            text += f", controlled by a {self.owner.kind}"
        return text

    def place(self) -> str:
        """Describe its namespace for people."""
        text = f"namespace {self.namespace}"
        if not self.known:
            return f"{text} (its labels being unknown)"
        return text if self.proved else f"{text} ({describe(self.namespace_labels.items())})"

    def size(self) -> tuple[object, ...]:
        """Return the order of witnesses: proved ones first, then those in known namespaces, then those of which least has to be said, then by name."""
        labels = sorted(self.labels.items())
        return (
            not self.proved,
            not self.known,
            len(labels) + len(self.requests) + (self.owner is not None),
            len(self.namespace_labels) if not self.proved else 0,
            labels,
            self.requests,
            (self.owner.kind, self.owner.group) if self.owner else ("", ""),
            self.namespace,
        )


def takes(reach: Reach, witness: Witness, *, named: bool = True) -> bool:
    """Say whether a match takes a witness, as the engine would (``webhook.engine.match``); ``named`` is that of its ``Space``."""
    if not reach.pods.matches(witness.labels):
        return False
    if reach.requests and not set(reach.requests).intersection(witness.requests):
        return False
    if reach.owners and witness.owner not in reach.owners:
        deployed = witness.owner == REPLICA_SET and HASH_LABEL in witness.labels
        if not (deployed and DEPLOYMENT in reach.owners):
            return False
    if reach.namespaces.selector is None:
        return reach.namespaces.matches(witness.namespace, None)
    if not witness.known:
        return False
    labels = {**witness.namespace_labels, NAME_LABEL: witness.namespace} if named else witness.namespace_labels
    return reach.namespaces.selector.matches(labels)
