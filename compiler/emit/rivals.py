"""Which policies own the placement of a pod before another one may."""

from compiler.reach.labels import narrowed
from webhook.engine.policy import Policy


class Above:
    """Policies that own the placement of what they match before others, found by the namespaces that they name."""

    def __init__(self) -> None:
        self._anywhere: list[tuple[int, Policy]] = []
        self._named: dict[str, list[tuple[int, Policy]]] = {}
        self._count = 0

    def add(self, policy: Policy) -> None:
        """Add the next one in order."""
        if policy.placement is None or policy.audit:
            return
        self._count += 1
        ranked = (self._count, policy)
        for name in policy.namespaces.names:
            self._named.setdefault(name, []).append(ranked)
        if not policy.namespaces.names:
            self._anywhere.append(ranked)

    def rivals(self, policy: Policy) -> list[Policy]:
        """Return those that may match a pod of a policy, in order, as far as names and labels tell."""
        names = policy.namespaces.names or self._named
        near = dict(self._anywhere) | {rank: each for name in names for rank, each in self._named.get(name, ())}
        return [near[rank] for rank in sorted(near) if _may_share(policy, near[rank])]


def _may_share(policy: Policy, other: Policy) -> bool:
    """Say whether the labels of a pod may be what two policies match."""
    return narrowed({}, (*policy.pods.requirements, *other.pods.requirements)) is not None
