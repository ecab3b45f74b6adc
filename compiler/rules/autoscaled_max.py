"""A ``max`` on an autoscaled pool of Alibaba makes the autoscaler add nodes that stay empty."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Platform
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield uses of autoscaled pools with a ``max``."""
    for binding in resolved.bindings:
        # VKE's page says nothing of the kind.
        if binding.mechanism is not Mechanism.RESOURCE_POLICY or binding.cluster.platform is Platform.VKE:
            continue
        for use, pool in binding.pools:
            if pool.autoscaling and use.max is not None:
                where = binding.policy.at("spec", "pools", use.index, "max")
                related = [(binding.cluster.at("spec", "pools", pool.index, "autoscaling"), "autoscaled")]
                message = f"`max` on pool `{pool.name}`, which cluster `{binding.cluster.name}` autoscales"
                yield diagnose(
                    codes.AUTOSCALED_MAX,
                    where,
                    message,
                    related=related,
                    help=["take `max` out, and limit the node pool itself: `nodes: {max: …}` of the pool, and its autoscaler"],
                )
