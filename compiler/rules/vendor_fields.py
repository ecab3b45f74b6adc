"""Fields for one vendor's ResourcePolicy, on clusters that do not write one: they have no effect, and the author should know."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.fixing import without
from compiler.model import BurstPolicy, Mechanism, Platform
from compiler.resolve import Binding, Resolved
from compiler.source import Route


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield written fields that are left out on some cluster, or that mean nothing without a ``max``."""
    bound: dict[str, list[Binding]] = {}
    for binding in resolved.bindings:
        bound.setdefault(binding.policy.name, []).append(binding)
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        for route in _written(policy):
            reason = _left_out(binding, route)
            if reason:
                message = f"`{_shown(route)}` of policy `{policy.name}` has no effect on cluster `{cluster.name}`: {reason}"
                # Where it has an effect on another cluster, it is not to go.
                idle = all(_left_out(each, route) for each in bound[policy.name])
                fix = without(policy.document, "spec", *route) if idle else None
                advice = ["take it out, or give these clusters a policy of their own"]
                yield diagnose(codes.NO_EFFECT, policy.at_key("spec", *route), message, help=advice, fix=fix)
        if not policy.mirror_label and binding.mechanism is not Mechanism.BURST_ANNOTATION:
            message = (
                f"`mirrorLabel` of policy `{policy.name}` has no effect on cluster `{cluster.name}`: it is for burstAnnotation"
            )
            idle = all(each.mechanism is not Mechanism.BURST_ANNOTATION for each in bound[policy.name])
            fix = without(policy.document, "spec", "mirrorLabel") if idle else None
            yield diagnose(codes.NO_EFFECT, policy.at_key("spec", "mirrorLabel"), message, fix=fix)


def _written(policy: BurstPolicy) -> Iterator[Route]:
    if policy.advance is not None:
        yield ("advance",)
    spec = policy.document.value["spec"]
    for field in spec.get("resourcePolicy", {}).get("ack", ()):
        yield ("resourcePolicy", "ack", field)
    for index, use in enumerate(spec.get("pools", ())):
        if use.get("ack"):
            yield ("pools", index, "ack")


def _left_out(binding: Binding, route: Route) -> str | None:
    vendor = "ack" in route
    platform = binding.cluster.platform
    if vendor and platform in (Platform.VKE, Platform.KUBERNETES):
        return None  # the author wrote whose it is
    if platform is Platform.ACK_REGISTERED:
        return "it is documented for ACK Pro, and not for ack-co-scheduler"
    if platform is not Platform.ACK_PRO:
        return f"{platform} has nothing like it"
    if binding.mechanism is not Mechanism.RESOURCE_POLICY:
        return f"the mechanism there is {binding.mechanism}"
    counts = route[-1] in ("ignorePreviousPod", "ignoreTerminatingPod", "matchLabelKeys")
    if counts and all(use.max is None for use, _ in binding.pools):
        return "it says how pods are counted against a `max`, and no pool has one"
    return None


def _shown(route: Route) -> str:
    return ".".join(f"[{step}]" if isinstance(step, int) else step for step in route).replace(".[", "[")
