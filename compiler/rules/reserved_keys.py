"""Keys under ``overbank.dev/`` belong to Overbank; labels are never overridden."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.fixing import without
from compiler.resolve import Resolved
from webhook.engine.keys import PREFIX

_OWN = ("use a key of your own; what Overbank needs there it writes itself",)


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield reserved keys in pools."""
    for cluster in resolved.model.clusters:
        for pool in cluster.pools.values():
            for key in pool.pod_annotations:
                if key.startswith(PREFIX):
                    where = cluster.at_key("spec", "pools", pool.index, "podAnnotations", key)
                    yield diagnose(
                        codes.RESERVED_KEY,
                        where,
                        f"pool `{pool.name}` of cluster `{cluster.name}` uses the reserved key `{key}`",
                        help=_OWN,
                    )


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield reserved keys in ``inject``, in units and in matches on pods, and labels beside ``merge: override``."""
    for policy in resolved.model.policies:
        for part, written in (
            ("labels", policy.inject.labels),
            ("annotations", policy.inject.annotations),
        ):
            for key in written:
                if key.startswith(PREFIX):
                    where = policy.at_key("spec", "inject", part, key)
                    yield diagnose(codes.RESERVED_KEY, where, f"policy `{policy.name}` injects the reserved key `{key}`", help=_OWN)
        for use in policy.pools:
            for part, written in (("podLabels", use.ack.pod_labels), ("podAnnotations", use.ack.pod_annotations)):
                for key in written:
                    if key.startswith(PREFIX):
                        where = policy.at_key("spec", "pools", use.index, "ack", part, key)
                        message = f"policy `{policy.name}` has the scheduler write the reserved key `{key}`"
                        yield diagnose(codes.RESERVED_KEY, where, message, help=_OWN)
        for key in sorted({requirement.key for requirement in policy.pods.requirements}):
            if key.startswith(PREFIX):
                where = policy.at_key("spec", "match", "pods")
                yield diagnose(
                    codes.RESERVED_KEY, where, f"policy `{policy.name}` matches pods on the reserved key `{key}`", help=_OWN
                )
        if policy.override and policy.inject.labels:
            where = policy.at_key("spec", "inject", "labels")
            related = [(policy.at("spec", "merge"), "override is asked for here")]
            spec = policy.document.get("spec")
            # With labels alone there is nothing that it could hold for.
            idle = not spec.keys() & {"pools", "scheduling", "accelerator"} and spec["inject"].keys() == {"labels"}
            fix = without(policy.document, "spec", "merge") if idle else None
            message = f"policy `{policy.name}` overrides, but not these labels"
            yield diagnose(codes.OVERRIDE_LABELS, where, message, related=related, fix=fix)
