"""A bundle in which every field is set somewhere, and changes of its JSON."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from webhook.engine.bundle import VERSION, Bundle, Cluster, encode
from webhook.engine.fields import Fields, Toleration
from webhook.engine.policy import Accelerator, NamespaceMatch, Placement, Policy
from webhook.engine.selector import Operator, Requirement, Selector

Route = tuple[str | int, ...]

RICH = Bundle(
    version=VERSION,
    cluster=Cluster(name="ack-poc", platform="ack-pro"),
    excluded_namespaces=("kube-system", "overbank-system"),
    namespaces={"default": {"env": "prod"}, "empty": {}},
    policies=(
        Policy(
            name="burst",
            priority=100,
            namespaces=NamespaceMatch(names=("default", "team-a")),
            pods=Selector.of(
                {"app": "x"}, [Requirement("tier", Operator.NOT_IN, ("a", "b")), Requirement("role", Operator.EXISTS)]
            ),
            placement=Placement(
                mechanism="resourcePolicy",
                marker=True,
                fields=Fields(labels={"l/~": "v"}, annotations={"a": "b"}, scheduler_name="ack-co-scheduler"),
                accelerator=Accelerator("nvidia.com/gpu", {"k8s.aliyun.com/eci-use-specs": "ecs.gn5i-c2g1.large"}),
            ),
            inject=Fields(
                labels={"team": "é"},
                annotations={"note": 'two\nlines, "quoted"'},
                tolerations=(Toleration(key="k", operator="Equal", value="v", effect="NoExecute", toleration_seconds=30),),
            ),
            override=True,
        ),
        Policy(name="all", priority=0, namespaces=NamespaceMatch(all=True), pods=Selector()),
        Policy(name="some", priority=0, namespaces=NamespaceMatch(selector=Selector.of({"env": "prod"})), pods=Selector()),
    ),
)
"""A bundle in which every field is set somewhere."""


def rich_tree() -> Any:
    """Return the JSON of the rich bundle."""
    return json.loads(encode(RICH))


def resealed(tree: Any) -> bytes:
    """Write a tree with the digest that belongs to it, computed from the documented canonical form."""
    canonical = json.dumps({**tree, "digest": ""}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return json.dumps({**tree, "digest": f"sha256:{hashlib.sha256(canonical).hexdigest()}"}).encode()


def _walk(value: Any, route: Route = ()) -> Iterator[tuple[Route, Any]]:
    yield route, value
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _walk(child, (*route, key))


def parent_of(tree: Any, route: Route) -> Any:
    """Return the list or object that holds what a route leads to."""
    for step in route[:-1]:
        tree = tree[step]
    return tree


def rich_with(route: Route, value: Any) -> Any:
    """Return the JSON of the rich bundle with one value changed, and the digest that it had."""
    tree = rich_tree()
    parent_of(tree, route)[route[-1]] = value
    return tree


LEAVES = [(route, value) for route, value in _walk(rich_tree()) if not isinstance(value, dict | list)]
NODES = [(route, value) for route, value in _walk(rich_tree()) if isinstance(value, dict | list) and route]
OBJECTS = [
    route
    for route, value in _walk(rich_tree())
    if isinstance(value, dict)
    and route[:1] not in (("namespaces",), ("claims",))
    and route[-1:] not in (("labels",), ("annotations",))
]
"""Objects whose keys are ours; those of the maps that are left out are the author's."""
