"""API defaulting for pods from files: what the API server does before a webhook sees a pod, and nothing else.

Expected values are those of the code that the docstring of ``webhook.engine.defaults`` names.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from compiler.ir import ClusterIR
from compiler.trial import Bench, NotAPodError
from webhook.engine.defaults import TOKEN_PATH, TOKEN_VOLUME, defaulted

NOT_READY = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
UNREACHABLE = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
MOUNT = {"name": TOKEN_VOLUME, "readOnly": True, "mountPath": TOKEN_PATH}


def _spec(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = defaulted({"spec": spec})["spec"]
    return found


def test_a_bare_pod_gets_all_defaults() -> None:
    """The smallest pod comes out as the API server would send it to a webhook."""
    pod = defaulted({"spec": {"containers": [{"name": "main"}]}})
    volumes = pod["spec"].pop("volumes")
    assert pod == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {},
        "spec": {
            "containers": [{"name": "main", "resources": {}, "volumeMounts": [MOUNT]}],
            "schedulerName": "default-scheduler",
            "serviceAccountName": "default",
            "serviceAccount": "default",
            "tolerations": [NOT_READY, UNREACHABLE],
            "priority": 0,
            "preemptionPolicy": "PreemptLowerPriority",
        },
    }
    assert [volume["name"] for volume in volumes] == [TOKEN_VOLUME]
    assert [next(iter(source)) for source in volumes[0]["projected"]["sources"]] == [
        "serviceAccountToken",
        "configMap",
        "downwardAPI",
    ]


@pytest.mark.parametrize("pod", [{}, {"metadata": None, "spec": None}, {"spec": {"containers": None, "tolerations": None}}])
def test_missing_and_null_parts_are_filled_in(pod: dict[str, Any]) -> None:
    """A pod without metadata, spec or lists is defaulted like one with empty ones."""
    found = defaulted(pod)
    assert found["metadata"] == {}
    assert found["spec"]["schedulerName"] == "default-scheduler"
    assert found["spec"]["tolerations"] == [NOT_READY, UNREACHABLE]


@pytest.mark.parametrize("name", ["volcano", "ack-co-scheduler"])
def test_a_scheduler_that_is_named_stays(name: str) -> None:
    """The author's scheduler is not touched."""
    assert _spec(schedulerName=name)["schedulerName"] == name


@pytest.mark.parametrize("part", ["containers", "initContainers"])
def test_requests_follow_from_limits(part: str) -> None:
    """A limit without a request becomes one, resource by resource; a request that is there stays."""
    resources = {"limits": {"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": 1}, "requests": {"cpu": "500m", "disk": "1"}}
    (container,) = _spec(**{part: [{"name": "main", "resources": resources}]})[part]
    assert container["resources"] == {
        "limits": {"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": 1},
        "requests": {"cpu": "500m", "memory": "1Gi", "nvidia.com/gpu": 1, "disk": "1"},
    }


@pytest.mark.parametrize("resources", [None, {}, {"limits": None}, {"limits": {}}, {"requests": {"cpu": "1"}}])
def test_without_limits_requests_stay(resources: dict[str, Any] | None) -> None:
    """Where there is no limit nothing follows from one; the field itself is always there, as in what the API server sends."""
    (container,) = _spec(containers=[{"name": "main", "resources": resources}])["containers"]
    assert container["resources"] == (resources or {})


def test_a_service_account_that_is_named_stays_and_is_written_twice() -> None:
    """The deprecated field says the same as the new one."""
    spec = _spec(serviceAccountName="builder")
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("builder", "builder")


def test_the_deprecated_service_account_counts_where_it_stands_alone() -> None:
    """An account under the old name is an alias for the new one (core/v1 conversion, Convert_v1_PodSpec_To_core_PodSpec)."""
    spec = _spec(serviceAccount="builder")
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("builder", "builder")


def test_no_token_is_mounted_where_the_pod_declines_it() -> None:
    """With ``automountServiceAccountToken: false`` there is neither a volume nor a mount."""
    spec = _spec(automountServiceAccountToken=False, containers=[{"name": "main"}])
    assert "volumes" not in spec
    assert spec["containers"] == [{"name": "main", "resources": {}}]


def test_every_container_gets_the_token_once() -> None:
    """Containers and init containers get the mount after their own, save those that have something at its path; volumes keep order."""
    own = {"name": "mine", "mountPath": TOKEN_PATH}
    spec = _spec(
        volumes=[{"name": "mine"}],
        initContainers=[{"name": "init"}],
        containers=[
            {"name": "main", "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
            {"name": "own", "volumeMounts": [own]},
        ],
    )
    assert spec["initContainers"][0]["volumeMounts"] == [MOUNT]
    assert spec["containers"][0]["volumeMounts"] == [{"name": "data", "mountPath": "/data"}, MOUNT]
    assert spec["containers"][1]["volumeMounts"] == [own]
    assert [volume["name"] for volume in spec["volumes"]] == ["mine", TOKEN_VOLUME]


def test_a_token_that_nobody_mounts_gets_no_volume() -> None:
    """Where every container has something of its own at the path, no volume is added."""
    assert "volumes" not in _spec(containers=[{"name": "own", "volumeMounts": [{"name": "mine", "mountPath": TOKEN_PATH}]}])


@pytest.mark.parametrize(
    ("existing", "added"),
    [
        ({"operator": "Exists"}, []),
        ({"operator": "Exists", "effect": "NoExecute"}, []),
        ({"key": "node.kubernetes.io/not-ready", "operator": "Exists"}, [UNREACHABLE]),
        (
            {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "operator": "Exists", "tolerationSeconds": 5},
            [NOT_READY],
        ),
        ({"key": "node.kubernetes.io/not-ready", "operator": "Equal", "value": "x"}, [UNREACHABLE]),
        ({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule", "operator": "Exists"}, [NOT_READY, UNREACHABLE]),
        ({"operator": "Exists", "effect": "NoSchedule"}, [NOT_READY, UNREACHABLE]),
        ({"key": "other", "operator": "Exists"}, [NOT_READY, UNREACHABLE]),
    ],
)
def test_failing_nodes_are_tolerated_for_a_while(existing: dict[str, Any], added: list[dict[str, Any]]) -> None:
    """Tolerations of not-ready and unreachable nodes are appended unless key and effect are named already."""
    assert _spec(tolerations=[existing])["tolerations"] == [existing, *added]


def test_a_priority_class_is_not_resolved() -> None:
    """What a class is worth is known in the cluster only, so nothing is invented."""
    spec = _spec(priorityClassName="high")
    assert "priority" not in spec
    assert "preemptionPolicy" not in spec


def test_a_priority_that_is_there_stays() -> None:
    """A pod that was read from a cluster keeps what was computed there."""
    spec = _spec(priority=7, preemptionPolicy="Never")
    assert (spec["priority"], spec["preemptionPolicy"]) == (7, "Never")


@given(data=st.data())
def test_defaulting_only_adds(data: st.DataObject, requests: SearchStrategy[Any]) -> None:
    """Whatever the pod, it is not changed itself, every field of it is in the result, and defaulting again adds nothing."""
    pod = data.draw(requests).pod
    before = copy.deepcopy(pod)
    found = defaulted(pod)
    assert pod == before
    assert defaulted(found) == found
    for field, value in pod.items():
        if field not in ("metadata", "spec"):
            assert found[field] == value
    for field, value in pod["spec"].items():
        if field in ("tolerations", "volumes"):
            assert (found["spec"][field] or [])[: len(value or [])] == (value or [])
        elif field not in ("containers", "initContainers") and not (field == "schedulerName" and not value):
            assert found["spec"][field] == value
    assert found["metadata"] == (pod.get("metadata") or {})


@pytest.mark.parametrize(
    "pod",
    [
        {"spec": "x"},
        {"spec": {"containers": 5}},
        {"spec": {"containers": [{"name": "main", "resources": "x"}]}},
        {"spec": {"containers": [{"name": "main", "volumeMounts": ["x"]}]}},
        {"spec": {"tolerations": ["x"]}},
        {"spec": {"tolerations": 5}},
        {"spec": {"schedulerName": 1}},
        {"metadata": "x", "spec": {}},
        {"metadata": {"labels": {"a": 1}}, "spec": {}},
    ],
    ids=str,
)
def test_a_pod_with_wrong_types_is_refused_by_a_trial(pod: dict[str, Any], cluster_ir: Callable[..., ClusterIR]) -> None:
    """A pod that the API server would refuse is called that, also where defaulting looks at it before the decoder does."""
    with pytest.raises(NotAPodError, match="the API server would refuse this pod"):
        Bench(cluster_ir()).admit(pod, "default")
