"""Patches of templates: what the webhook does to a defaulted pod, done to the raw manifest."""

import copy
import json
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.ir import ClusterIR
from compiler.manifests.exact import InexactError, exact, settled, worked_out
from compiler.manifests.inventory import Template
from compiler.manifests.rebase import rebase
from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree
from compiler.trial import Bench, send
from compiler.workloads import copied, pods_of
from webhook.engine.defaults import defaulted

CONTAINERS = [{"name": "main", "image": "nginx"}]


def _rebased(template: dict[str, Any], operations: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    before = copy.deepcopy(template)
    found, target = rebase(template, defaulted(template), operations)
    assert template == before
    assert jsonpatch.JsonPatch(found).apply(template) == target
    return found, target


def test_missing_parents_are_made_once() -> None:
    """What is put below a map that the manifest lacks comes with the map, in one operation."""
    template = {"spec": {"containers": CONTAINERS}}
    found, _ = _rebased(
        template,
        [
            {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}},
            {"op": "add", "path": "/metadata/labels/c~1d", "value": "e"},
            {"op": "add", "path": "/spec/schedulerName", "value": "x"},
        ],
    )
    assert found == [
        {"op": "add", "path": "/metadata", "value": {"labels": {"a": "b", "c/d": "e"}}},
        {"op": "add", "path": "/spec/schedulerName", "value": "x"},
    ]


@pytest.mark.parametrize("tolerations", [None, "absent"])
def test_item_for_a_missing_list_makes_the_list(tolerations: Any) -> None:
    """Defaulting made the list that the webhook appends to; the manifest has none, or null."""
    template: dict[str, Any] = {"metadata": {}, "spec": {"containers": CONTAINERS}}
    if tolerations is None:
        template["spec"]["tolerations"] = None
    found, _ = _rebased(template, [{"op": "add", "path": "/spec/tolerations/-", "value": {"key": "a"}}] * 2)
    assert found == [{"op": "add", "path": "/spec/tolerations", "value": [{"key": "a"}, {"key": "a"}]}]


def test_removals_keep_to_what_is_written() -> None:
    """What stands in the pod by default only is not removed from the manifest, and positions are those of the manifest."""
    template = {"metadata": {}, "spec": {"containers": CONTAINERS, "tolerations": [{"key": "a"}, {"key": "b"}, {"key": "c"}]}}
    found, target = _rebased(
        template,
        [
            {"op": "remove", "path": "/spec/priority"},
            {"op": "add", "path": "/spec/tolerations/-", "value": {"key": "new"}},
            {"op": "remove", "path": "/spec/tolerations/4"},
            {"op": "remove", "path": "/spec/tolerations/1"},
            {"op": "remove", "path": "/spec/tolerations/0"},
            {"op": "remove", "path": "/spec/tolerations/2"},
        ],
    )
    assert target["spec"]["tolerations"] == [{"key": "c"}]
    assert [each["path"] for each in found] == [
        "/spec/tolerations/-",
        "/spec/tolerations/1",
        "/spec/tolerations/0",
        "/spec/tolerations/1",
    ]


def test_insertions_and_replacements_find_their_place() -> None:
    """An item put between two others stands between them in the manifest as well; replacing sets what is there."""
    terms = {"nodeSelectorTerms": [{"matchExpressions": [1]}, {"matchExpressions": [2]}]}
    template = {"metadata": {}, "spec": {"containers": CONTAINERS, "affinity": terms, "tolerations": [{"key": "a"}, {"key": "b"}]}}
    _, target = _rebased(
        template,
        [
            {"op": "add", "path": "/spec/tolerations/1", "value": {"key": "between"}},
            {"op": "add", "path": "/spec/affinity/nodeSelectorTerms/1/matchExpressions/-", "value": 3},
            {"op": "replace", "path": "/spec/affinity/nodeSelectorTerms/0", "value": {"x": "y"}},
            {"op": "replace", "path": "/spec/schedulerName", "value": "x"},
            {"op": "add", "path": "/spec/tolerations/3", "value": {"key": "last"}},
        ],
    )
    assert [each["key"] for each in target["spec"]["tolerations"]] == ["a", "between", "b", "last"]
    assert target["spec"]["affinity"]["nodeSelectorTerms"] == [{"x": "y"}, {"matchExpressions": [2, 3]}]
    assert target["spec"]["schedulerName"] == "x"


def test_requests_that_are_there_by_default_are_made() -> None:
    """Requests follow from limits by default; what the webhook adds to them makes the map in the manifest."""
    container = {"name": "main", "resources": {"limits": {"cpu": "1"}}}
    template = {"metadata": {}, "spec": {"containers": [container]}}
    found, target = _rebased(
        template, [{"op": "add", "path": "/spec/containers/0/resources/requests/nvidia.com~1gpu", "value": "1"}]
    )
    assert found == [{"op": "add", "path": "/spec/containers/0/resources/requests", "value": {"nvidia.com/gpu": "1"}}]
    assert defaulted(target)["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1", "nvidia.com/gpu": "1"}


def test_what_defaulting_appended_is_left_to_it() -> None:
    """The token's volume and the containers' mounts of it are not in the manifest, so neither is what happens to them."""
    template = {"metadata": {}, "spec": {"containers": CONTAINERS, "volumes": [{"name": "own"}]}}
    found, target = _rebased(
        template,
        [
            {"op": "add", "path": "/spec/volumes/1/projected/defaultMode", "value": 1},
            {"op": "remove", "path": "/spec/volumes/1"},
            {"op": "remove", "path": "/spec/containers/0/volumeMounts/0"},
        ],
    )
    assert found == []
    assert target == template


POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {names: [idc]}
    namespaces: {names: [shop]}
    pods: {matchLabels: {app: web}}
  pools:
  - {name: idc, max: 3}
  - {name: serverless}
  merge: override
  inject:
    labels: {tier: front}
    annotations: {team/owner: "a~b"}
    priorityClassName: low
    nodeSelector: {disk: ssd}
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [a, b]}]}]
      preferredDuringSchedulingIgnoredDuringExecution:
      - {weight: 5, preference: {matchExpressions: [{key: fast, operator: Exists}]}}
    tolerations:
    - {key: dedicated, operator: Exists, effect: NoSchedule}
    - {operator: Exists, effect: NoExecute}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, minimal: dict[str, str]) -> ClusterIR:
    """Return a cluster with a policy that writes into every map and list that there is."""
    root = tmp_path_factory.mktemp("repo")
    for path, content in {**minimal, "burst/web.yaml": POLICY}.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(content)
    (found,) = compile_repository(Tree(root)).clusters
    return found


_TOLERATIONS = st.sampled_from(
    [
        {"key": "dedicated", "operator": "Exists"},
        {"key": "dedicated", "operator": "Equal", "value": "x", "effect": "NoSchedule"},
        {"operator": "Exists"},
        {"operator": "Exists", "effect": "NoExecute"},
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists"},
    ]
)
_LABELS = st.dictionaries(st.sampled_from(["app", "tier", "overbank.dev/placement", "x"]), st.sampled_from(["web", "front", "y"]))
_ANNOTATIONS = st.dictionaries(
    st.sampled_from(["team/owner", "overbank.dev/applied", "x", "alibabacloud.com/burst-resource"]), st.sampled_from(["a~b", "eci"])
)
_METADATA = st.fixed_dictionaries(
    {}, optional={"labels": _LABELS | st.none(), "annotations": _ANNOTATIONS | st.none(), "name": st.just("x")}
)
_AMOUNTS = st.dictionaries(st.sampled_from(["cpu", "nvidia.com/gpu"]), st.sampled_from(["1", 1, 0.5]), max_size=2)
_RESOURCES = st.fixed_dictionaries({}, optional={"limits": _AMOUNTS, "requests": _AMOUNTS})
_CONTAINER = st.fixed_dictionaries({"name": st.sampled_from(["a", "b"])}, optional={"resources": _RESOURCES | st.none()})
_REQUIREMENT = st.sampled_from(
    [
        {"key": "zone", "operator": "In", "values": ["a"]},
        {"key": "disk", "operator": "Exists"},
        {"key": "n", "operator": "Gt", "values": ["1"]},
    ]
)
_TERM = st.fixed_dictionaries({}, optional={"matchExpressions": st.lists(_REQUIREMENT, max_size=2)})
_REQUIRED = st.fixed_dictionaries({"nodeSelectorTerms": st.lists(_TERM, min_size=1, max_size=2)})
_PREFERRED = st.lists(st.fixed_dictionaries({"weight": st.integers(1, 2), "preference": _TERM}), max_size=1)
_NODE_AFFINITY = st.fixed_dictionaries(
    {},
    optional={
        "requiredDuringSchedulingIgnoredDuringExecution": _REQUIRED,
        "preferredDuringSchedulingIgnoredDuringExecution": _PREFERRED,
    },
)
_AFFINITY = st.fixed_dictionaries({}, optional={"nodeAffinity": _NODE_AFFINITY, "podAffinity": st.just({})})
_SPEC = st.fixed_dictionaries(
    {"containers": st.lists(_CONTAINER, min_size=1, max_size=2)},
    optional={
        "tolerations": st.lists(_TOLERATIONS, max_size=3) | st.none(),
        "schedulerName": st.sampled_from(["", "default-scheduler", "mine", "ack-co-scheduler"]),
        "priorityClassName": st.sampled_from(["", "high"]),
        "priority": st.just(0),
        "affinity": _AFFINITY,
        "nodeSelector": st.dictionaries(st.just("a"), st.just("b")) | st.none(),
        "automountServiceAccountToken": st.booleans(),
        "volumes": st.lists(st.just({"name": "v", "emptyDir": {}}), max_size=1) | st.none(),
        "initContainers": st.lists(_CONTAINER, max_size=1) | st.none(),
    },
)
_TEMPLATES = st.fixed_dictionaries({"spec": _SPEC}, optional={"metadata": _METADATA | st.none()})
_KINDS = st.sampled_from(
    [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("kubeflow.org/v1", "TFJob"),
    ]
)


def _manifest(kind: tuple[str, str], template: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {"template": template}
    if kind[1] == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    elif kind[1] == "TFJob":
        spec = {"tfReplicaSpecs": {"Worker": spec}}
    return {"apiVersion": kind[0], "kind": kind[1], "metadata": {"name": "w"}, "spec": spec}


@given(kind=_KINDS, template=_TEMPLATES)
def test_patched_manifest_gives_the_webhooks_pod(cluster: ClusterIR, kind: tuple[str, str], template: dict[str, Any]) -> None:
    """Whatever is written, the patched manifest's pod is the webhook's outcome, and the webhook finds nothing left to do."""
    bench = Bench(cluster)
    manifest = _manifest(kind, template)
    (made,) = pods_of(manifest)
    trial = bench.admit(made.pod, "shop")
    found = exact(Template(made, send(made.pod)), trial.decision)
    prefix = "".join(f"/{step}" for step in made.route)
    operations = [{**each, "path": prefix + each["path"]} for each in found.operations]
    (patched,) = pods_of(jsonpatch.JsonPatch(operations).apply(manifest))
    assert settled(patched.pod) == settled(trial.after)
    assert bench.admit(patched.pod, "shop").operations == []
    assert json.dumps(made.template) == json.dumps(template)


def test_pod_itself_is_patched(cluster: ClusterIR) -> None:
    """A Pod is its own template."""
    (made,) = pods_of(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": {"containers": CONTAINERS}}
    )
    trial = Bench(cluster).admit(made.pod, "shop")
    found = exact(Template(made, send(made.pod)), trial.decision)
    assert made.route == ()
    assert settled(jsonpatch.JsonPatch(found.operations).apply(made.template)) == settled(trial.after)


@st.composite
def _edits(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a template, and operations for its defaulted pod as the engine writes them for every field that it may own."""
    template = draw(_TEMPLATES)
    template["spec"].pop("affinity", None)
    if draw(st.booleans()):
        term = {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
        template["spec"]["affinity"] = {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term, {}, term]}}
        }
    pod = defaulted(template)
    spec = pod["spec"]
    operations: list[dict[str, Any]] = []
    if draw(st.booleans()):
        whole = spec.get("nodeSelector") is None
        operations.append(
            {"op": "add", "path": "/spec/nodeSelector", "value": {"type": "x"}}
            if whole
            else {"op": "add", "path": "/spec/nodeSelector/type", "value": "x"}
        )
    if draw(st.booleans()):
        if "affinity" in spec:
            terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms"
            operations.append(
                {"op": "add", "path": f"{terms}/{draw(st.sampled_from([0, 2]))}/matchExpressions/-", "value": {"key": "y"}}
            )
            operations.append({"op": "add", "path": "/spec/affinity/nodeAffinity/preferred", "value": [{"weight": 1}]})
        else:
            operations.append({"op": "add", "path": "/spec/affinity", "value": {"nodeAffinity": {"preferred": [{"weight": 1}]}}})
    if draw(st.booleans()):
        operations.append({"op": "add", "path": "/spec/priorityClassName", "value": "low"})
        operations += [{"op": "remove", "path": f"/spec/{key}"} for key in ("priority", "preemptionPolicy") if key in spec]
    index = draw(st.integers(0, len(spec["containers"]) - 1))
    if draw(st.booleans()):
        resources = spec["containers"][index].get("resources")
        base = f"/spec/containers/{index}/resources"
        if resources is None:
            operations.append({"op": "add", "path": base, "value": {}})
        for part in ("limits", "requests"):
            if (resources or {}).get(part):
                operations.append({"op": "add", "path": f"{base}/{part}/nvidia.com~1gpu", "value": "2"})
            else:
                operations.append({"op": "add", "path": f"{base}/{part}", "value": {"nvidia.com/gpu": "2"}})
    written = len(template["spec"].get("tolerations") or ())
    removed = draw(st.sets(st.integers(0, max(0, written - 1)), max_size=written))
    operations += [{"op": "remove", "path": f"/spec/tolerations/{each}"} for each in sorted(removed, reverse=True)]
    if draw(st.booleans()):
        operations.append({"op": "add", "path": "/spec/tolerations/-", "value": {"key": "provider", "operator": "Exists"}})
    return template, operations


@given(kind=_KINDS, edit=_edits())
def test_every_field_that_may_be_patched_is_patched_exactly(
    kind: tuple[str, str], edit: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    """Selectors, affinity, priority, resources and removed tolerations arrive in the manifest as the webhook has them in the pod."""
    template, operations = edit
    (made,) = pods_of(_manifest(kind, template))
    found = worked_out(made, defaulted(made.pod), operations)
    patched = jsonpatch.JsonPatch(found.operations).apply(copied(template))
    assert settled(made.make(patched)) == found.stored
    assert found.stored == settled(jsonpatch.JsonPatch(operations).apply(defaulted(made.pod)))


def test_patch_that_is_not_exact_is_our_own_mistake() -> None:
    """Where no patch of the manifest could give what the webhook gives, nothing is written; this cannot happen with our engine."""
    (made,) = pods_of(_manifest(("apps/v1", "Deployment"), {"spec": {"containers": CONTAINERS}}))
    with pytest.raises(InexactError, match="does not give what the webhook gives"):
        worked_out(made, defaulted(made.pod), [{"op": "add", "path": "/spec/volumes/0/name", "value": "token"}])
