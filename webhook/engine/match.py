"""Which policies match a pod, at a cost that does not grow with the number of policies.

Policies are found by namespace name first and then by one label pair that they require. Policies that select namespaces by
label, or all of them, are resolved once per namespace and remembered. What is left to evaluate for a pod is the policies of
its namespace that share a label pair with it, and those that require no pair at all. Only of those that remain is anything but
labels looked at: what the pod asks for, who controls it, and whether the rollout has come to its workload.
"""

from collections.abc import Mapping
from operator import attrgetter

from webhook.engine.fields import Fields
from webhook.engine.pod import Metadata, Pod
from webhook.engine.policy import ALL_WORKLOADS, Owner, Policy
from webhook.engine.rollout import HASH_LABEL, includes
from webhook.engine.selector import Operator, Requirement

_RANK = attrgetter("rank")

MAX_NAMESPACES = 10_000
"""How many resolved namespaces are remembered before the memory is cleared."""


class Candidate:
    """A policy with what can be computed before any pod arrives. Candidates are compared by identity.

    Attributes:
        rank: position in the total order of the bundle; the lowest decides.
        mark: ``name@digest12``, as it stands in the applied annotation.
        particular: whether more than labels decides if it matches.
    """

    __slots__ = ("accelerator", "audit", "mark", "name", "override", "particular", "placed", "policy", "rank", "residue")

    def __init__(self, rank: int, policy: Policy) -> None:
        self.rank = rank
        self.policy = policy
        self.name = policy.name
        self.mark = f"{policy.name}@{policy.digest()[:12]}"
        self.override = policy.override
        self.audit = policy.audit
        self.particular = bool(policy.requests or policy.owners) or policy.rollout < ALL_WORKLOADS
        self.placed: Fields | None = policy.placement.fields if policy.placement else None
        self.accelerator = policy.placement.accelerator if policy.placement else None
        key = index_requirement(policy)
        self.residue = tuple(requirement for requirement in policy.pods.requirements if requirement is not key)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Evaluate what the index has not decided yet."""
        return all(requirement.matches(labels) for requirement in self.residue)

    def holds(self, pod: Pod, metadata: Metadata, namespace: str) -> bool:
        """Evaluate what labels do not say."""
        policy = self.policy
        if policy.requests and not any(pod.asks_for(resource) for resource in policy.requests):
            return False
        if policy.owners and not _controlled(metadata, policy.owners):
            return False
        return includes(policy.rollout, policy.name, namespace, metadata)


def _controlled(metadata: Metadata, owners: tuple[Owner, ...]) -> bool:
    controller = metadata.controller
    if controller is None:
        return False
    kind, group = controller.kind, controller.group
    if Owner(kind, group) in owners:
        return True
    deployed = kind == "ReplicaSet" and group == "apps" and HASH_LABEL in (metadata.labels or ())
    return deployed and Owner("Deployment", "apps") in owners


def index_requirement(policy: Policy) -> Requirement | None:
    """Choose the requirement by which a policy is found: the ``In`` with the fewest values, or none."""
    pairs = [requirement for requirement in policy.pods.requirements if requirement.operator is Operator.IN]
    return min(pairs, key=lambda requirement: len(requirement.values), default=None)


class Table:
    """The candidates of one namespace, found by label pair.

    Attributes:
        particular: whether for any of them more than labels decides if it matches.
    """

    __slots__ = ("_anywhere", "_by_key", "particular")

    def __init__(self, candidates: list[Candidate]) -> None:
        self.particular = any(candidate.particular for candidate in candidates)
        self._by_key: dict[str, dict[str, list[Candidate]]] = {}
        self._anywhere: list[Candidate] = []
        for candidate in candidates:
            requirement = index_requirement(candidate.policy)
            if requirement is None:
                self._anywhere.append(candidate)
                continue
            by_value = self._by_key.setdefault(requirement.key, {})
            for value in requirement.values:
                by_value.setdefault(value, []).append(candidate)

    def matching(self, labels: Mapping[str, str]) -> list[Candidate]:
        """Return the candidates that match as far as labels say, best rank first."""
        found = [candidate for candidate in self._anywhere if not candidate.residue or candidate.matches(labels)]
        if self._by_key:
            for key, value in labels.items():
                by_value = self._by_key.get(key)
                if by_value is not None and value in by_value:
                    found += [each for each in by_value[value] if not each.residue or each.matches(labels)]
        if len(found) > 1:
            found.sort(key=_RANK)
        return found


class Index:
    """All policies of a bundle, found by namespace."""

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        self._by_name: dict[str, list[Candidate]] = {}
        self._broad: list[Candidate] = []
        self._resolved: dict[str, tuple[dict[str, str] | None, Table]] = {}
        for rank, policy in enumerate(policies):
            candidate = Candidate(rank, policy)
            if policy.namespaces.names:
                for name in policy.namespaces.names:
                    self._by_name.setdefault(name, []).append(candidate)
            else:
                self._broad.append(candidate)

    def table(self, namespace: str, labels: dict[str, str] | None) -> Table:
        """Return the candidates of a namespace. ``labels`` is None where they are unknown."""
        known = self._resolved.get(namespace)
        if known is not None and (known[0] is labels or known[0] == labels):
            return known[1]
        broad = [candidate for candidate in self._broad if candidate.policy.namespaces.matches(namespace, labels)]
        table = Table(self._by_name.get(namespace, []) + broad)
        if len(self._resolved) >= MAX_NAMESPACES:
            self._resolved.clear()
        self._resolved[namespace] = (labels, table)
        return table
