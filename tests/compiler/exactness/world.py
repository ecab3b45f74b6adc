"""A small world: a cluster with a few namespaces, matches that are drawn by chance, and what they mean."""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import strategies as st

from compiler.pipeline import Result, compile_repository
from tests.inmemory import InMemory

API = "overbank.dev/v1alpha1"
NAMESPACES = {"shop": {"tier": "web"}, "portal": {"tier": "core", "team": "a"}, "kube-system": {"tier": "web"}}
UNDECLARED = "elsewhere"
KEYS, VALUES = ("app", "track"), ("x", "y")

Labels = dict[str, str]


def compiled_in_memory(documents: list[dict[str, Any]]) -> Result:
    """Compile documents, one a file; JSON is YAML."""
    names = ("overbank.yaml", *(f"{index:03}.yaml" for index in range(len(documents))))
    repository = {"apiVersion": API, "kind": "Repository", "spec": {}}
    files = {name: json.dumps(each, indent=1) for name, each in zip(names, [repository, *documents], strict=True)}
    return compile_repository(InMemory(files))


def cluster_with(namespaces: dict[str, Labels]) -> dict[str, Any]:
    """Return a cluster that declares namespaces."""
    pools = [
        {"name": "idc", "type": "idc"},
        {"name": "cloud", "type": "ecs", "nodeSelector": {"p": "c"}},
        {"name": "eci", "type": "eci"},
    ]
    declared = [{"name": name, "labels": labels} for name, labels in namespaces.items()]
    spec = {"platform": "ack-registered", "kubernetesVersion": "1.30", "pools": pools, "namespaces": declared}
    return {"apiVersion": API, "kind": "Cluster", "metadata": {"name": "idc"}, "spec": spec}


def _expressions(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
    with_values = st.fixed_dictionaries(
        {"key": st.sampled_from(keys), "operator": st.sampled_from(["In", "NotIn"]), "values": chosen}
    )
    without = st.fixed_dictionaries({"key": st.sampled_from(keys), "operator": st.sampled_from(["Exists", "DoesNotExist"])})
    return with_values | without


def selectors(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw label selectors."""
    maps = st.dictionaries(st.sampled_from(keys), st.sampled_from(values), min_size=1, max_size=2)
    lists = st.lists(_expressions(keys, values), min_size=1, max_size=2)
    return (
        st.fixed_dictionaries({"matchLabels": maps})
        | st.fixed_dictionaries({"matchExpressions": lists})
        | st.fixed_dictionaries({"matchLabels": maps, "matchExpressions": lists})
    )


SCOPES = (
    st.lists(st.sampled_from(["shop", "portal", UNDECLARED]), min_size=1, max_size=2, unique=True).map(
        lambda names: {"names": names}
    )
    | selectors(("tier", "team"), ("web", "core", "a")).map(lambda selector: {"selector": selector})
    | st.just({"all": True})
)


def holds(selector: dict[str, Any], labels: Labels) -> bool:
    """Evaluate a label selector as Kubernetes does, written down independently of the compiler."""
    if selector.get("all"):
        return True
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get("matchExpressions", ()):
        key, values = each["key"], each.get("values", ())
        fits = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[each["operator"]]
        if not fits:
            return False
    return True


def means(policy: dict[str, Any], labels: Labels, namespace: str, namespace_labels: Labels | None) -> bool:
    """Say whether a policy's match on namespaces and labels means a pod."""
    scope = policy["spec"]["match"]["namespaces"]
    if "names" in scope:
        inside = namespace in scope["names"]
    elif "selector" in scope:
        inside = namespace_labels is not None and holds(scope["selector"], namespace_labels)
    else:
        # With a ResourcePolicy, or a label on the namespace, all means the namespaces that have one: the declared ones.
        there = has_resource_policy(policy) or policy["spec"].get("namespaceWide")
        inside = namespace_labels is not None or not there
    return inside and holds(policy["spec"]["match"]["pods"], labels)


def places() -> Iterator[tuple[str, Labels | None]]:
    """Yield namespaces, with the labels that are known of them."""
    for name, labels in NAMESPACES.items():
        yield name, {**labels, "kubernetes.io/metadata.name": name}
    yield UNDECLARED, None


def errors(result: Result) -> set[str]:
    """Return the codes of errors."""
    return {each.code.id for each in result.diagnostics if each.code.severity == "error"}


def resource_policies(result: Result) -> list[dict[str, Any]]:
    """Return what the vendor's scheduler gets to read."""
    return [yaml.safe_load(content) for path, content in result.files.items() if "/resourcepolicy." in path]


def has_resource_policy(policy: dict[str, Any]) -> bool:
    """Say whether a policy's placement is one that only a ResourcePolicy can express."""
    uses = policy["spec"].get("pools", ())
    return len(uses) > 1 or any("max" in use for use in uses)
