"""Values in policies and clusters that look like secrets. Everybody who can read pods, or this repository, reads them."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.confidential import within
from compiler.diagnostics import Diagnostic, diagnose
from compiler.resolve import Resolved
from compiler.source import Document, Route

_REMEDY = ["revoke it, keep it in a Secret, and refer to that from the pods"]


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield what policies inject, what they have the scheduler write, and their own labels."""
    for policy in resolved.model.policies:
        routes: list[Route] = [("metadata", "labels"), ("spec", "inject", "labels"), ("spec", "inject", "annotations")]
        routes += [("spec", "pools", use.index, "ack") for use in policy.pools if use.ack.pod_labels or use.ack.pod_annotations]
        yield from found(policy.document, f"policy `{policy.name}`", routes)


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield what pools put on pods, and clusters' own labels."""
    for cluster in resolved.model.clusters:
        routes: list[Route] = [("metadata", "labels")]
        routes += [("spec", "pools", pool.index, "podAnnotations") for pool in cluster.pools.values() if pool.pod_annotations]
        yield from found(cluster.document, f"cluster `{cluster.name}`", routes)


def found(document: Document, of: str, routes: list[Route]) -> Iterator[Diagnostic]:
    """Yield the findings about values below some routes of a document, which is called ``of``."""
    for route in routes:
        value = document.get(*route)
        for at, key, kind in within(route, value) if value else ():
            yield diagnose(codes.SECRET, document.at_key(*at), f"the value of `{key}` in {of} looks like {kind}", help=_REMEDY)
