"""Which pods a ResourcePolicy selects: exactly those that the policies mean, for random repositories and all pods of a small world.

The vendor's scheduler knows label maps and namespaces and nothing else. After the webhook has run, each pod must be selected by the
ResourcePolicy of the policy that owns its placement and by no other.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from compiler.pipeline import Result, compile_repository
from compiler.trial import Bench
from tests.inmemory import InMemory

API = "overbank.dev/v1alpha1"
NAMESPACES = {"shop": {"tier": "web"}, "portal": {"tier": "core", "team": "a"}, "kube-system": {"tier": "web"}}
UNDECLARED = "elsewhere"
KEYS, VALUES = ("app", "track"), ("x", "y")

Labels = dict[str, str]


def _compiled(documents: list[dict[str, Any]]) -> Result:
    """Compile documents, one a file; JSON is YAML."""
    names = ("overbank.yaml", *(f"{index:03}.yaml" for index in range(len(documents))))
    repository = {"apiVersion": API, "kind": "Repository", "spec": {}}
    files = {name: json.dumps(each, indent=1) for name, each in zip(names, [repository, *documents], strict=True)}
    return compile_repository(InMemory(files))


def _cluster(namespaces: dict[str, Labels]) -> dict[str, Any]:
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


def _selectors(keys: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    maps = st.dictionaries(st.sampled_from(keys), st.sampled_from(values), min_size=1, max_size=2)
    lists = st.lists(_expressions(keys, values), min_size=1, max_size=2)
    return (
        st.fixed_dictionaries({"matchLabels": maps})
        | st.fixed_dictionaries({"matchExpressions": lists})
        | st.fixed_dictionaries({"matchLabels": maps, "matchExpressions": lists})
    )


_NAMESPACES = (
    st.lists(st.sampled_from(["shop", "portal", UNDECLARED]), min_size=1, max_size=2, unique=True).map(
        lambda names: {"names": names}
    )
    | _selectors(("tier", "team"), ("web", "core", "a")).map(lambda selector: {"selector": selector})
    | st.just({"all": True})
)
_POOLS = st.sampled_from([["idc", "eci"], ["idc", "cloud"], ["eci"], []])


@st.composite
def _policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for index in range(draw(st.integers(1, 4))):
        pods = draw(_selectors(KEYS, VALUES) | st.just({"all": True}))
        match = {"clusters": {"all": True}, "namespaces": draw(_NAMESPACES), "pods": pods}
        spec: dict[str, Any] = {"match": match, "priority": draw(st.integers(0, 2))}
        pools = draw(_POOLS)
        if pools:
            spec["pools"] = [{"name": name} for name in pools]
        else:
            spec["inject"] = {"annotations": {f"note-{index}": "x"}}
        if len(pools) > 1 and draw(st.booleans()):
            spec["selection"] = "marker"
        found.append({"apiVersion": API, "kind": "BurstPolicy", "metadata": {"name": f"p{index}"}, "spec": spec})
    return found


def _holds(selector: dict[str, Any], labels: Labels) -> bool:
    """Evaluate a label selector as Kubernetes does, written down independently of the compiler."""
    if selector.get("all"):
        return True
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get("matchExpressions", ()):
        key, values = each["key"], each.get("values", ())
        holds = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[each["operator"]]
        if not holds:
            return False
    return True


def _means(policy: dict[str, Any], labels: Labels, namespace: str, namespace_labels: Labels | None) -> bool:
    scope = policy["spec"]["match"]["namespaces"]
    if "names" in scope:
        inside = namespace in scope["names"]
    elif "selector" in scope:
        inside = namespace_labels is not None and _holds(scope["selector"], namespace_labels)
    else:
        # With a ResourcePolicy, or a label on the namespace, all means the namespaces that have one: the declared ones.
        there = _has_resource_policy(policy) or policy["spec"].get("namespaceWide")
        inside = namespace_labels is not None or not there
    return inside and _holds(policy["spec"]["match"]["pods"], labels)


def _pods() -> Iterator[Labels]:
    for values in product((None, *VALUES, "other"), repeat=len(KEYS)):
        yield {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}


def _places() -> Iterator[tuple[str, Labels | None]]:
    for name, labels in NAMESPACES.items():
        yield name, {**labels, "kubernetes.io/metadata.name": name}
    yield UNDECLARED, None


def _codes(result: Result) -> set[str]:
    return {each.code.id for each in result.diagnostics if each.code.severity == "error"}


def _resource_policies(result: Result) -> list[dict[str, Any]]:
    return [yaml.safe_load(content) for path, content in result.files.items() if "/resourcepolicy." in path]


@given(_policies())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_each_pod_is_selected_by_its_owners_resource_policy_alone(policies: list[dict[str, Any]]) -> None:
    """For every pod and namespace: the first matching policy with pools owns it, and only that one's ResourcePolicy selects it."""
    result = _compiled([_cluster(NAMESPACES), *policies])
    assume(not result.failed)
    (cluster,) = result.clusters
    bench = Bench(cluster)
    rendered = _resource_policies(result)
    ranked = sorted(policies, key=lambda each: (-each["spec"]["priority"], each["metadata"]["name"]))
    for labels, (namespace, namespace_labels) in product(_pods(), _places()):
        pod = {"kind": "Pod", "metadata": {"labels": {**labels, "overbank.dev/placement": "forged"}}, "spec": {"containers": []}}
        trial = bench.admit(pod, namespace)
        final = trial.after["metadata"].get("labels", {})
        selecting = [
            each["metadata"]["name"]
            for each in rendered
            if each["metadata"]["namespace"] == namespace and each["spec"]["selector"].items() <= final.items()
        ]
        if namespace == "kube-system":
            assert selecting == []
            continue
        matching = [each for each in ranked if _means(each, labels, namespace, namespace_labels)]
        placing = [each for each in matching if "pools" in each["spec"]]
        assert list(trial.decision.policies) == [each["metadata"]["name"] for each in matching]
        # An undeclared namespace has a ResourcePolicy only where a policy names it.
        written = placing and (namespace_labels is not None or "names" in placing[0]["spec"]["match"]["namespaces"])
        if written and len(placing[0]["spec"]["pools"]) > 1:
            event("placed by a ResourcePolicy")
            assert selecting == [placing[0]["metadata"]["name"]]
        else:
            assert selecting == []


@given(_policies())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_equal_priorities_are_refused_exactly_where_they_meet(policies: list[dict[str, Any]]) -> None:
    """Two placing policies of one priority that some pod in a known namespace matches are an error, with such a pod in the note."""
    result = _compiled([_cluster(NAMESPACES), *policies])
    found = [each for each in result.diagnostics if each.code.id == "OB4101"]
    by_name = {each["metadata"]["name"]: each for each in policies}
    reported: dict[frozenset[str], bool] = {}
    for each in found:
        first, second = re.findall(r"`(p\d)`", each.message)[:2]
        proved, labels, namespace = re.search(  # type: ignore[union-attr]
            r"^(this pod|possible).* matches both: (.*) in namespace ([a-z-]+)", each.notes[0]
        ).groups()
        reported[frozenset((first, second))] = proved == "this pod"
        witness = dict(pair.split("=") for pair in labels.split(",")) if labels != "no labels" else {}
        known = dict(_places()).get(namespace)
        for name in (first, second):
            assert _holds(by_name[name]["spec"]["match"]["pods"], witness)
            if proved == "this pod":
                assert _means(by_name[name], witness, namespace, known)
    structural = _codes(result) - {"OB4101"}
    for one, other in combinations(policies, 2):
        if not ("pools" in one["spec"] and "pools" in other["spec"] and one["spec"]["priority"] == other["spec"]["priority"]):
            continue
        meet = any(
            _means(one, labels, namespace, known) and _means(other, labels, namespace, known)
            for labels, (namespace, known) in product(_pods(), _places())
            if namespace != "kube-system"
        )
        pair = frozenset((one["metadata"]["name"], other["metadata"]["name"]))
        if meet:
            assert reported.get(pair) or structural, pair
        else:
            assert not reported.get(pair), pair


GPU = "nvidia.com/gpu"
_OWNERS = [
    {"kind": "Deployment"},
    {"kind": "ReplicaSet"},
    {"kind": "Job"},
    {"apiGroup": "kubeflow.org", "kind": "TFJob"},
]
# The controlling owner of a pod, the hash among its labels, and the name by which its author knows the workload.
_CONTROLLERS = [
    (None, None, "solo"),
    (("apps/v1", "ReplicaSet", "web-h1"), "h1", "web"),
    (("apps/v1", "ReplicaSet", "bare-h1"), None, "bare-h1"),
    (("batch/v1", "Job", "nightly-28000000"), None, "nightly"),
    (("kubeflow.org/v1", "TFJob", "train"), None, "train"),
]
_USES = st.sampled_from(
    [
        [{"name": "idc", "max": 3, "overrides": [{"clusters": ["idc"], "max": 2}]}, {"name": "eci"}],
        [{"name": "idc"}, {"name": "cloud"}],
        [{"name": "eci", "max": 2}],
        [{"name": "idc"}],
        [{"name": "eci"}],
        [],
    ]
)


@st.composite
def _particular_policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw overlapping policies that look at more than labels, or hold for some workloads only."""
    found = []
    for index in range(draw(st.integers(1, 4))):
        uses = draw(_USES)
        spec: dict[str, Any] = {"priority": draw(st.integers(0, 5))}
        wide = uses == [{"name": "eci"}] and draw(st.booleans())
        pods: dict[str, Any] = {}
        if not wide:
            pods = draw(_selectors(KEYS[:1], VALUES) | st.just({}))
            if draw(st.booleans()):
                pods["requestsResource"] = [GPU]
            if draw(st.booleans()):
                pods["owners"] = draw(
                    st.lists(st.sampled_from(_OWNERS), min_size=1, max_size=2, unique_by=lambda each: each["kind"])
                )
            if draw(st.integers(0, 3)) == 0:
                spec["mode"] = "audit"
            if draw(st.integers(0, 2)) == 0:
                spec["rollout"] = {"percentage": draw(st.sampled_from([0, 40.5, 60, 100]))}
        spec["match"] = {"clusters": {"all": True}, "namespaces": draw(_NAMESPACES), "pods": pods or {"all": True}}
        if uses:
            spec |= (
                {"pools": uses} | ({"strategy": "prefer"} if "max" in uses[0] else {}) | ({"namespaceWide": True} if wide else {})
            )
        else:
            spec["inject"] = {"annotations": {f"note-{index}": "x"}}
        found.append({"apiVersion": API, "kind": "BurstPolicy", "metadata": {"name": f"p{index}"}, "spec": spec})
    return found


def _particular_pods() -> Iterator[tuple[dict[str, Any], str]]:
    """Yield pods and the names of their workloads."""
    for value, (controller, revision, workload), asking in product((None, *VALUES), _CONTROLLERS, (False, True)):
        labels = {"overbank.dev/placement": "forged"} | ({"app": value} if value else {})
        metadata: dict[str, Any] = {"name": "solo", "labels": labels | ({"pod-template-hash": revision} if revision else {})}
        if controller:
            version, kind, name = controller
            owner = {"apiVersion": version, "kind": kind, "name": name, "uid": "1", "controller": True}
            metadata |= {"name": f"{name}-x1", "ownerReferences": [owner]}
        container = {"name": "a", "resources": {"limits": {GPU: "1"}}} if asking else {"name": "a"}
        yield {"kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}, workload


def _holds_for(policy: dict[str, Any], pod: dict[str, Any], workload: str, namespace: str) -> bool:
    """Evaluate what is not about labels, written down independently of the engine."""
    spec, metadata = policy["spec"], pod["metadata"]
    pods = spec["match"]["pods"]
    if "requestsResource" in pods and "resources" not in pod["spec"]["containers"][0]:
        return False
    controller = metadata.get("ownerReferences", [{"apiVersion": "", "kind": ""}])[0]
    group, kinds = controller["apiVersion"].rpartition("/")[0], {controller["kind"]}
    if controller["kind"] == "ReplicaSet" and "pod-template-hash" in metadata["labels"]:
        kinds.add("Deployment")
    groups = {"Deployment": "apps", "ReplicaSet": "apps", "Job": "batch"}
    if "owners" in pods and not any(
        each["kind"] in kinds and each.get("apiGroup", groups.get(each["kind"])) == group for each in pods["owners"]
    ):
        return False
    digest = hashlib.sha256("\0".join((policy["metadata"]["name"], namespace, workload)).encode()).hexdigest()
    within = int(digest[:16], 16) % 10_000 < spec.get("rollout", {"percentage": 100})["percentage"] * 100
    return within and spec.get("mode") != "audit"


def _has_resource_policy(policy: dict[str, Any]) -> bool:
    uses = policy["spec"].get("pools", ())
    return len(uses) > 1 or any("max" in use for use in uses)


@given(_particular_policies())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_each_pod_is_selected_by_its_owners_resource_policy_whatever_else_is_looked_at(policies: list[dict[str, Any]]) -> None:
    """The same with owners, requests, audit, rollouts, limits that differ and labels on namespaces; and admitting twice is once."""
    result = _compiled([_cluster(NAMESPACES), *policies])
    assume(not result.failed)
    (cluster,) = result.clusters
    bench = Bench(cluster)
    rendered = _resource_policies(result)
    ranked = sorted(policies, key=lambda each: (-each["spec"]["priority"], each["metadata"]["name"]))
    for (pod, workload), (namespace, known) in product(_particular_pods(), _places()):
        trial = bench.admit(pod, namespace)
        final = trial.after["metadata"]["labels"]
        selecting = [
            each["metadata"]["name"]
            for each in rendered
            if each["metadata"]["namespace"] == namespace and each["spec"]["selector"].items() <= final.items()
        ]
        labels = {key: value for key, value in pod["metadata"]["labels"].items() if key != "overbank.dev/placement"}
        matching = [
            each
            for each in ranked
            if namespace != "kube-system" and _means(each, labels, namespace, known) and _holds_for(each, pod, workload, namespace)
        ]
        assert list(trial.decision.policies) == [each["metadata"]["name"] for each in matching]
        owner = next((each for each in matching if "pools" in each["spec"]), None)
        if owner is not None and _has_resource_policy(owner):
            event("placed by a ResourcePolicy")
            assert selecting == [owner["metadata"]["name"]]
        else:
            assert selecting == []
        if namespace != "kube-system":
            assert bench.admit(trial.after, namespace).operations == []


@given(_particular_policies())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_equal_priorities_are_refused_where_owners_and_requests_meet(policies: list[dict[str, Any]]) -> None:
    """The same for matches by owners and requests: the pod in the note exists exactly where one of all pods matches both policies."""
    result = _compiled([_cluster(NAMESPACES), *policies])
    reported: dict[frozenset[str], str] = {}
    for each in result.diagnostics:
        if each.code.id == "OB4101" and each.notes[0].startswith("this pod"):
            reported[frozenset(re.findall(r"`(p\d)`", each.message)[:2])] = each.notes[0]
    structural = _codes(result) - {"OB4101"}
    for one, other in combinations(policies, 2):
        both_place = "pools" in one["spec"] and "pools" in other["spec"] and one["spec"]["priority"] == other["spec"]["priority"]
        if not both_place or "audit" in (one["spec"].get("mode"), other["spec"].get("mode")):
            continue
        # A rollout of any size may come to any workload.
        whole = [{**each, "spec": {**each["spec"], "rollout": {"percentage": 100}}} for each in (one, other)]
        meeting = [
            (labels, owners[0]["kind"] if (owners := pod["metadata"].get("ownerReferences")) else None)
            for (pod, workload), (namespace, known) in product(_particular_pods(), _places())
            if namespace != "kube-system"
            for labels in [{key: value for key, value in pod["metadata"]["labels"].items() if not key.startswith("overbank")}]
            if all(_means(each, labels, namespace, known) and _holds_for(each, pod, workload, namespace) for each in whole)
        ]
        note = reported.get(frozenset((one["metadata"]["name"], other["metadata"]["name"])))
        if meeting:
            assert note or structural
        else:
            assert note is None
        if note and (named := re.search(r"controlled by a (\w+) in", note)):
            event("a witness with an owner")
            kind = "ReplicaSet" if named[1] == "Deployment" else named[1]
            assert any(owner == kind for _, owner in meeting)
