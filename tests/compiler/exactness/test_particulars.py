"""Policies that look at owners and requests besides, or hold for some workloads only."""

import hashlib
import re
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from compiler.trial import Bench
from tests.compiler.exactness.world import (
    API,
    KEYS,
    NAMESPACES,
    SCOPES,
    VALUES,
    cluster_with,
    compiled_in_memory,
    errors,
    has_resource_policy,
    means,
    places,
    resource_policies,
    selectors,
)

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
            pods = draw(selectors(KEYS[:1], VALUES) | st.just({}))
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
        spec["match"] = {"clusters": {"all": True}, "namespaces": draw(SCOPES), "pods": pods or {"all": True}}
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


@given(_particular_policies())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_each_pod_is_selected_by_its_owners_resource_policy_whatever_else_is_looked_at(policies: list[dict[str, Any]]) -> None:
    """The same with owners, requests, audit, rollouts, limits that differ and labels on namespaces; and admitting twice is once."""
    result = compiled_in_memory([cluster_with(NAMESPACES), *policies])
    assume(not result.failed)
    (cluster,) = result.clusters
    bench = Bench(cluster)
    rendered = resource_policies(result)
    ranked = sorted(policies, key=lambda each: (-each["spec"]["priority"], each["metadata"]["name"]))
    for (pod, workload), (namespace, known) in product(_particular_pods(), places()):
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
            if namespace != "kube-system" and means(each, labels, namespace, known) and _holds_for(each, pod, workload, namespace)
        ]
        assert list(trial.decision.policies) == [each["metadata"]["name"] for each in matching]
        owner = next((each for each in matching if "pools" in each["spec"]), None)
        if owner is not None and has_resource_policy(owner):
            event("placed by a ResourcePolicy")
            assert selecting == [owner["metadata"]["name"]]
        else:
            assert selecting == []
        if namespace != "kube-system":
            assert bench.admit(trial.after, namespace).operations == []


@given(_particular_policies())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_equal_priorities_are_refused_where_owners_and_requests_meet(policies: list[dict[str, Any]]) -> None:
    """The same for matches by owners and requests: the pod in the note exists exactly where one of all pods matches both policies."""
    result = compiled_in_memory([cluster_with(NAMESPACES), *policies])
    reported: dict[frozenset[str], str] = {}
    for each in result.diagnostics:
        if each.code.id == "OB4101" and each.notes[0].startswith("this pod"):
            reported[frozenset(re.findall(r"`(p\d)`", each.message)[:2])] = each.notes[0]
    structural = errors(result) - {"OB4101"}
    for one, other in combinations(policies, 2):
        both_place = "pools" in one["spec"] and "pools" in other["spec"] and one["spec"]["priority"] == other["spec"]["priority"]
        if not both_place or "audit" in (one["spec"].get("mode"), other["spec"].get("mode")):
            continue
        # A rollout of any size may come to any workload.
        whole = [{**each, "spec": {**each["spec"], "rollout": {"percentage": 100}}} for each in (one, other)]
        meeting = [
            (labels, owners[0]["kind"] if (owners := pod["metadata"].get("ownerReferences")) else None)
            for (pod, workload), (namespace, known) in product(_particular_pods(), places())
            if namespace != "kube-system"
            for labels in [{key: value for key, value in pod["metadata"]["labels"].items() if not key.startswith("overbank")}]
            if all(means(each, labels, namespace, known) and _holds_for(each, pod, workload, namespace) for each in whole)
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
