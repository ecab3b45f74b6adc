"""In an opted-out namespace the webhook does nothing, and a ResourcePolicy does half of what the policy says."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.resolve import Resolved
from webhook.engine.keys import INJECT_LABEL


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield policies that name, or have a ResourcePolicy in, a namespace that is declared as opted out."""
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        if not policy.namespaces.names and binding.mechanism is not Mechanism.RESOURCE_POLICY:
            continue
        for name in binding.namespaces:
            if cluster.namespaces.get(name, {}).get(INJECT_LABEL) != "false":
                continue
            index = next(index for index, each in enumerate(cluster.document.get("spec", "namespaces")) if each["name"] == name)
            yield diagnose(
                codes.OPTED_OUT,
                policy.at_key("spec", "match", "namespaces"),
                f"policy `{policy.name}` reaches namespace `{name}`, which opts out on cluster `{cluster.name}`",
                related=[(cluster.at("spec", "namespaces", index), "opted out here")],
                help=[f"take `{name}` out of the policy, or the label off the namespace"],
            )
