"""What the rules find, one repository each: findings that are due, and none where the policy means what it says."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from compiler.pipeline import Result
from compiler.trial import Bench

Compile = Callable[[Mapping[str, str | bytes]], Result]
Document = dict[str, Any]

API = "overbank.dev/v1alpha1"
ECS, ECI = {"name": "ecs", "type": "ecs", "nodeSelector": {"np": "a"}}, {"name": "eci", "type": "eci"}
IDC, VCI, AI = {"name": "idc", "type": "idc"}, {"name": "vci", "type": "vci"}, {"name": "ai", "type": "ai-node"}
PLATFORMS = {
    "ack-pro": {"scheduler": {"version": "6.9.5"}, "pools": [ECS, ECI, AI]},
    "ack-registered": {"pools": [IDC, ECS, ECI]},
    "vke": {"pools": [ECS, VCI]},
    "kubernetes": {"pools": [ECS, {"name": "vnode", "type": "vnode"}]},
}


def _cluster(platform: str = "ack-pro", name: str = "c", **spec: Any) -> Document:
    defaults = {"platform": platform, "kubernetesVersion": "1.30", **PLATFORMS[platform]}
    return {"kind": "Cluster", "metadata": {"name": name}, "spec": {**defaults, **spec}}


def _policy(
    name: str = "p", *pools: str | Document, pods: Document | None = None, spaces: Document | None = None, **spec: Any
) -> Document:
    match = {
        "clusters": {"all": True},
        "namespaces": spaces or {"names": ["shop"]},
        "pods": pods or {"matchLabels": {"app": "web"}},
    }
    uses = {"pools": [{"name": pool} if isinstance(pool, str) else pool for pool in pools]} if pools else {}
    return {"kind": "BurstPolicy", "metadata": {"name": name}, "spec": {"match": match, **uses, **spec}}


def _accelerator(name: str = "gpu", **spec: Any) -> Document:
    return {"kind": "AcceleratorClass", "metadata": {"name": name}, "spec": {"resource": "nvidia.com/gpu", **spec}}


@pytest.fixture
def built(compiled: Compile) -> Callable[..., Result]:
    """Return a function that compiles documents, one file each."""

    def run(*documents: Document) -> Result:
        found = [{"kind": "Repository", "spec": {}}, *documents]
        names = ["overbank.yaml", *(f"{index:03}.yaml" for index in range(len(documents)))]
        return compiled({name: json.dumps({"apiVersion": API, **each}) for name, each in zip(names, found, strict=True)})

    return run


Build = Callable[..., Result]


def _found(result: Result) -> list[tuple[str, str]]:
    """Return codes and messages, sorted."""
    return sorted((each.code.id, each.message) for each in result.diagnostics)


def _file(result: Result, part: str) -> Any:
    (path,) = [path for path in result.files if part in path]
    return yaml.safe_load(result.files[path])


def _pod(**fields: Any) -> Document:
    return {"kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a"}], **fields}}


def test_namespace_called_components_is_applied(built: Build) -> None:
    """The objects of a namespace called ``components`` are listed in the kustomization like any others."""
    result = built(_cluster(), _policy("p", "ecs", "eci", spaces={"names": ["components", "webhook"]}))
    listed = _file(result, "/kustomization.yaml")["resources"]
    assert [path for path in listed if "resourcepolicy" in path] == [
        "components/resourcepolicy.scheduling.alibabacloud.com-p.yaml",
        "webhook/resourcepolicy.scheduling.alibabacloud.com-p.yaml",
    ]


def test_fields_of_ack_pro_stay_out_of_registered_clusters(built: Build) -> None:
    """What is documented for ACK Pro only is left out of a registered cluster's units, as the warning says."""
    limits = {"name": "ecs", "max": 2, "ack": {"podLabels": {"a": "b"}, "maxResources": {"cpu": "1"}}}
    result = built(_cluster("ack-registered"), _policy("p", limits, "eci"))
    assert [code for code, _ in _found(result)] == ["OB3111"]
    assert _file(result, "resourcepolicy")["spec"]["units"] == [
        {"resource": "ecs", "nodeSelector": {"np": "a"}, "max": 2},
        {"resource": "eci"},
    ]


def test_label_on_all_namespaces_means_those_that_get_it(built: Build) -> None:
    """Where a policy labels all namespaces, pods of a namespace that is not declared, and so gets no label, are left alone."""
    wide = _policy("p", "eci", spaces={"all": True}, pods={"all": True}, namespaceWide=True)
    result = built(_cluster(namespaces=[{"name": "shop"}]), wide)
    bench = Bench(result.clusters[0])
    assert bench.admit(_pod(hostNetwork=True), "shop").decision.denied
    assert not bench.admit(_pod(hostNetwork=True), "elsewhere").decision.policies


@pytest.mark.parametrize(
    ("spaces", "reported"),
    [
        ({"names": ["shop"]}, True),
        ({"all": True}, True),
        ({"selector": {"matchLabels": {"a": "b"}}}, False),
        ({"names": ["other"]}, False),
    ],
    ids=str,
)
def test_label_on_a_namespace_against_policies_that_place_there(built: Build, spaces: Document, reported: bool) -> None:  # noqa: FBT001
    """A namespace that gets the ECI label is found in the scope of another placing policy, whether or not it is declared."""
    wide = _policy("wide", "eci", pods={"all": True}, namespaceWide=True)
    result = built(_cluster(), wide, _policy("p", "ecs", spaces=spaces, priority=1))
    assert any("overrides the placement of policy `p`" in message for _, message in _found(result)) is reported


def test_label_of_a_namespace_means_something_on_alibaba_only(built: Build) -> None:
    """A namespace with the ECI label is an error beside another mechanism of Alibaba, and means nothing on other platforms."""
    spaces = [{"name": "shop", "labels": {"alibabacloud.com/eci": "true"}}]
    assert [code for code, _ in _found(built(_cluster(namespaces=spaces), _policy("p", "ecs", "eci")))] == ["OB4110"]
    assert _found(built(_cluster("vke", namespaces=spaces), _policy("p", "ecs", "vci"))) == []
