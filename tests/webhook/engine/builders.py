"""Policies, bundles and pods for tests that say exactly what they need; everything else of them has the plainest value."""

from typing import Any

from webhook.engine.bundle import VERSION, Bundle, Cluster
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector


def rank(policy: Policy) -> tuple[int, str]:
    """Return the key by which policies are sorted in a bundle."""
    return (-policy.priority, policy.name)


def policy_of(name: str = "p", **given: Any) -> Policy:
    """Make a policy that holds for every pod, but for what is given; the keyword arguments are those of Policy."""
    defaults: dict[str, Any] = {"priority": 0, "namespaces": NamespaceMatch(all=True), "pods": Selector()}
    return Policy(name=name, **{**defaults, **given})


def bundle_of(
    *policies: Policy, namespaces: dict[str, dict[str, str]] | None = None, claims: dict[str, dict[str, str]] | None = None
) -> Bundle:
    """Make a bundle of policies, in their order."""
    return Bundle(
        version=VERSION,
        cluster=Cluster(name="c", platform="ack-pro"),
        excluded_namespaces=("kube-system", "overbank-system"),
        namespaces=namespaces or {},
        policies=tuple(sorted(policies, key=rank)),
        claims=claims or {},
    )
