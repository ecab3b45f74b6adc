"""Values in the overrides of placement policies that look like secrets."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.federation.resolve import Federated
from compiler.rules.secrets import found


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield what overrides write into workloads, and policies' own labels."""
    for placement in federated.placements:
        policy = placement.policy
        yield from found(policy.document, f"placement policy `{policy.name}`", [("metadata", "labels"), ("spec", "overrides")])
