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


EXISTS = [{"operator": "Exists"}]
PROVIDER = [{"key": "virtual-kubelet.io/provider", "operator": "Exists"}]
VIRTUAL = "tolerates virtual nodes (virtual-kubelet.io/provider="


@pytest.mark.parametrize(
    ("policies", "reported"),
    [
        ([_policy("p", "ecs", "eci", inject={"tolerations": EXISTS})], [f"`p` {VIRTUAL}alibabacloud) on pods that it places"]),
        (
            [_policy("p", "ecs", "eci"), _policy("q", pods={"all": True}, inject={"tolerations": EXISTS})],
            [f"`q` {VIRTUAL}alibabacloud) on pods that policy `p` places"],
        ),
        ([_policy("p", "ai", inject={"tolerations": PROVIDER})], [f"`p` {VIRTUAL}alibabacloud) on pods that it places"]),
        (
            [_policy("p", "ecs", "eci", mechanism="affinity", inject={"tolerations": PROVIDER})],
            [f"`p` {VIRTUAL}aliclouddb) on pods that it places"],
        ),
        ([_policy("p", "ecs", inject={"tolerations": EXISTS})], []),
        ([_policy("p", "eci", inject={"tolerations": EXISTS})], []),
        ([_policy("p", "ecs", "eci"), _policy("q", pods={"matchLabels": {"app": "x"}}, inject={"tolerations": EXISTS})], []),
        ([_policy("p", "ecs", "eci", mode="audit"), _policy("q", pods={"all": True}, inject={"tolerations": EXISTS})], []),
    ],
    ids=["own", "another", "ai nodes", "affinity", "bound to nodes", "forced", "no overlap", "audit"],
)
def test_injected_tolerations_of_virtual_nodes(built: Build, policies: list[Document], reported: list[str]) -> None:
    """A policy cannot tolerate virtual nodes on pods that they would escape to, whichever policy places them; elsewhere it may."""
    found = [message for code, message in _found(built(_cluster(), *policies)) if code == "OB4110"]
    assert found == [f"policy {each}" for each in reported]


def test_scheduler_does_not_write_mechanisms(built: Build) -> None:
    """What the vendor's scheduler writes on pods of a unit cannot be a second way onto elastic capacity."""
    ack = {"podLabels": {"alibabacloud.com/eci": "true"}, "podAnnotations": {"alibabacloud.com/burst-resource": "eci"}}
    found = _found(built(_cluster(), _policy("p", {"name": "ecs", "ack": ack}, "eci")))
    assert [code for code, _ in found] == ["OB4110", "OB4110"]


@pytest.mark.parametrize(
    ("platform", "virtual", "reported"), [("ack-pro", "eci", True), ("ack-registered", "eci", False), ("vke", "vci", False)]
)
def test_labels_of_the_vendors_scheduler_feed_matches_where_they_are_written(
    built: Build,
    platform: str,
    virtual: str,
    reported: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A match on a label that ACK Pro's scheduler writes is an error there, and nowhere else."""
    result = built(_cluster(platform), _policy("p", {"name": "ecs", "ack": {"podLabels": {"app": "web"}}}, virtual))
    assert any(code == "OB4102" for code, _ in _found(result)) is reported


def test_compute_class_cannot_be_matched_on_beside_acs(built: Build) -> None:
    """ACK Pro's scheduler puts its compute class on pods of acs units, so no policy may match on that label."""
    cluster = _cluster(pools=[ECS, {"name": "acs", "type": "acs"}])
    chosen = {"matchLabels": {"alibabacloud.com/compute-class": "gpu"}}
    assert [code for code, _ in _found(built(cluster, _policy("p", "ecs", "acs", pods=chosen)))] == ["OB4102"]
    assert _found(built(_cluster(), _policy("p", "ecs", "eci", pods=chosen))) == []


def test_shares_of_gpus_do_not_feed_matches(built: Build) -> None:
    """A policy that makes pods ask for GPU memory, and another that matches on it or looks for it, would not be idempotent."""
    sharing = _policy("p", scheduling={"gpuShare": {"memoryGiB": 8}})
    matching = _policy("q", pods={"requestsResource": ["aliyun.com/gpu-mem"]}, inject={"annotations": {"a": "b"}})
    looking = _policy("r", "ecs", accelerator="gpu", priority=1)
    nodes = {"matchLabels": {"model": "T4"}}
    found = _found(built(_cluster(), sharing, matching, looking, _accelerator(resource="aliyun.com/gpu-mem", nodes=nodes)))
    assert found == [
        ("OB4102", "policy `p` writes resource `aliyun.com/gpu-mem`, which policy `q` looks for"),
        ("OB4102", "policy `p` writes resource `aliyun.com/gpu-mem`, which policy `r` looks for"),
    ]


GANG = {"gang": {"nameFrom": {"label": "job"}, "minAvailable": 2}}
VOLCANO, DEFAULT = {"schedulerName": "volcano"}, {"schedulerName": "default-scheduler"}


@pytest.mark.parametrize(
    ("platform", "policies", "codes"),
    [
        ("ack-pro", [_policy("p", "ecs", "eci", inject=VOLCANO)], ["OB4108"]),
        ("vke", [_policy("p", "ecs", "vci", inject=VOLCANO)], ["OB4108"]),
        ("ack-pro", [_policy("p", scheduling=GANG, inject=VOLCANO)], ["OB4108"]),
        ("ack-registered", [_policy("p", "ecs", "eci", inject=VOLCANO)], ["OB4108"]),
        ("ack-pro", [_policy("p", "ecs", "eci", inject=DEFAULT)], []),
        ("ack-pro", [_policy("p", "ecs", inject=VOLCANO)], []),
        ("ack-pro", [_policy("p", "ecs", "eci", priority=5), _policy("q", inject=VOLCANO)], ["OB4116"]),
        ("ack-registered", [_policy("p", "ecs", "eci"), _policy("q", inject=VOLCANO, priority=5)], ["OB4116"]),
        ("ack-registered", [_policy("p", "ecs", "eci", priority=5), _policy("q", inject=VOLCANO)], []),
        ("ack-registered", [_policy("p", "ecs", "eci"), _policy("q", inject=VOLCANO)], ["OB4101"]),
        ("ack-pro", [_policy("p", "ecs", "eci"), _policy("q", inject=VOLCANO, pods={"matchLabels": {"app": "x"}})], []),
    ],
)
def test_pods_are_not_given_to_another_scheduler(built: Build, platform: str, policies: list[Document], codes: list[str]) -> None:
    """Who injects another scheduler's name into pods that need the vendor's is told, on platforms where that one has no name too."""
    assert [code for code, _ in _found(built(_cluster(platform), *policies))] == codes


def test_scheduler_name_has_an_effect_on_registered_clusters_only(built: Build) -> None:
    """A declared name of the scheduler reaches pods of registered clusters; elsewhere its author hears that it does not."""
    registered = built(_cluster("ack-registered", scheduler={"name": "mine"}), _policy("p", "ecs", "eci"))
    assert Bench(registered.clusters[0]).admit(_pod(), "shop").after["spec"]["schedulerName"] == "mine"
    assert [
        code for code, _ in _found(built(_cluster(scheduler={"version": "6.4", "name": "mine"}), _policy("p", "ecs", "eci")))
    ] == ["OB3111"]


ECI_LABEL, BURST = "alibabacloud.com/eci", "alibabacloud.com/burst-resource"


@pytest.mark.parametrize("intent", ["warn", "strip", "deny"])
def test_authors_cannot_keep_pods_off_the_policys_own_mechanism(built: Build, intent: str) -> None:
    """Another value of the mechanism's own key is kept with one warning, replaced or refused, as ``foreignIntent`` says."""
    policy = _policy("p", "eci", foreignIntent=intent)
    sent = {**_pod(), "metadata": {"labels": {"app": "web", ECI_LABEL: "false"}}}
    trial = Bench(built(_cluster(), policy).clusters[0]).admit(sent, "shop")
    assert len(trial.decision.warnings) == 1
    assert bool(trial.decision.denied) is (intent == "deny")
    assert trial.after["metadata"]["labels"][ECI_LABEL] == ("true" if intent == "strip" else "false")


def test_what_the_eci_label_overrides_is_not_foreign(built: Build) -> None:
    """Beside the ECI label a burst annotation has no effect, so it is no reason to refuse the pod."""
    sent = {**_pod(), "metadata": {"labels": {"app": "web"}, "annotations": {BURST: "eci"}}}
    label, policy = (_policy("p", *pools, foreignIntent="deny") for pools in (["eci"], ["ecs", "eci"]))
    assert not Bench(built(_cluster(), label).clusters[0]).admit(sent, "shop").decision.denied
    assert Bench(built(_cluster(), policy).clusters[0]).admit(sent, "shop").decision.denied


@pytest.mark.parametrize(
    ("policy", "taint"),
    [
        (_policy("p", "ecs", "eci", mechanism="affinity"), "aliclouddb"),
        (_policy("p", "eci", mechanism="affinity"), "aliclouddb"),
        (_policy("p", "ai"), "alibabacloud"),
        (_policy("p", "ecs"), None),
        (_policy("p", "eci"), None),
    ],
    ids=["ecs and eci", "eci by affinity", "ai nodes", "labelled nodes", "eci label"],
)
def test_pods_of_one_family_do_not_tolerate_the_other(built: Build, policy: Document, taint: str | None) -> None:
    """Where only a taint is sure to tell ECI nodes from AI nodes, a toleration of both families is foreign, and the vendor's own is not."""
    bench = Bench(built(_cluster(), policy).clusters[0])
    sent = _pod(tolerations=PROVIDER, containers=[{"name": "a", "resources": {"limits": {"nvidia.com/gpu": "1"}}}])
    assert bool(bench.admit(sent, "shop").decision.warnings) is (taint is not None)
    own = {"aliclouddb": "alibabacloud", "alibabacloud": "aliclouddb"}.get(taint or "")
    if own:
        sent["spec"]["tolerations"] = [{"key": "virtual-kubelet.io/provider", "value": own, "effect": "NoSchedule"}]
        assert bench.admit(sent, "shop").decision.warnings == []


THREE, FIVE = ({"gang": {"nameFrom": {"label": "job"}, "minAvailable": size}} for size in (3, 5))
NOTE = {"annotations": {"note": "x"}}


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"scheduling": THREE}, {"scheduling": FIVE}, "want different values for `scheduling.gang`"),
        ({"scheduling": THREE}, {"scheduling": THREE}, None),
        ({"scheduling": THREE}, {"scheduling": FIVE, "priority": 1}, None),
        (
            {"scheduling": {"gpuShare": {"memoryGiB": 4}}},
            {"scheduling": {"gpuShare": {"memoryGiB": 8}}},
            "want different values for `scheduling.gpuShare`",
        ),
        ({"inject": NOTE}, {"inject": NOTE, "merge": "override"}, "want metadata.annotations[note] with different `merge`"),
        ({"inject": NOTE}, {"inject": NOTE}, None),
        ({"inject": {"labels": {"a": "b"}}}, {"inject": {"labels": {"a": "b"}, **NOTE}, "merge": "override"}, None),
    ],
)
def test_equal_priorities_have_no_silent_winner(built: Build, one: Document, other: Document, said: str | None) -> None:
    """Two policies of equal priority cannot want different gangs, shares, or one value with and without override."""
    found = [message for code, message in _found(built(_cluster(), _policy("p", **one), _policy("q", **other))) if code == "OB4101"]
    assert found == ([f"policies `p` and `q` {said} with priority 0"] if said else [])


@pytest.mark.parametrize(
    ("pools", "strategy", "wrong"),
    [(["eci"], "prefer", True), (["eci"], "require", False), (["ecs", "eci"], "require", True), (["ecs", "eci"], "prefer", False)],
)
def test_strategies_of_the_burst_annotation(built: Build, pools: list[str], strategy: str, wrong: bool) -> None:  # noqa: FBT001
    """``eci_only`` cannot prefer ECI, and ``eci`` cannot keep pods to certain nodes; each is an error if written, and the default fits."""
    cluster = _cluster("ack-registered", kubernetesVersion="1.22")
    written = built(cluster, _policy("p", *pools, mechanism="burstAnnotation", strategy=strategy))
    assert any(code == "OB3104" for code, _ in _found(written)) is wrong
    assert "OB3104" not in dict(_found(built(cluster, _policy("p", *pools, mechanism="burstAnnotation"))))


def _zoned(**pool: Any) -> Document:
    return {**pool, "nodeSelector": {"zone": "a"}}


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ([_cluster(pools=[_zoned(**ECI)]), _policy("p", "eci")], "nodeSelector of pool `eci` has no effect with `eciLabel`"),
        (
            [_cluster("vke", pools=[_zoned(**VCI)]), _policy("p", "vci")],
            "nodeSelector of pool `vci` has no effect with `vciEnforce`",
        ),
        (
            [_cluster(pools=[{**AI, "podAnnotations": {"a": "b"}}]), _policy("p", "ai")],
            "podAnnotations of pool `ai` have no effect",
        ),
        ([_cluster(), _policy("p", inject=NOTE, strategy="prefer")], "`strategy` of policy `p` has no effect"),
        ([_cluster(), _policy("p", inject=NOTE, foreignIntent="deny")], "`foreignIntent` of policy `p` has no effect"),
        ([_cluster(), _policy("p", "ecs", incompatible="warn")], "`incompatible` of policy `p` has no effect"),
        ([_cluster(), _policy("p")], "policy `p` does nothing: it has no pools"),
        (
            [_cluster(), _policy("p", "ecs", spaces={"selector": {"matchLabels": {"a": "b"}}})],
            "policy `p` does nothing on cluster `c`, which declares no namespace",
        ),
        (
            [
                _cluster(),
                _cluster(name="d", pools=[ECI]),
                _policy("p", {"name": "ecs", "skipIfMissing": True, "overrides": [{"clusters": ["d"], "max": 1}]}, "eci"),
            ],
            "the limit for cluster `d` has no effect: it has no pool `ecs`",
        ),
    ],
)
def test_fields_that_nothing_hangs_on(built: Build, documents: list[Document], said: str) -> None:
    """What is written and has no effect is told, in one warning, and the rest is built."""
    result = built(*documents)
    assert not result.failed
    assert [code for code, message in _found(result) if message.startswith(said)] in (["OB3105"], ["OB3111"])


def test_limit_for_a_cluster_that_the_policy_does_not_match(built: Build) -> None:
    """A limit for a cluster outside of the match is told."""
    policy = _policy("p", {"name": "ecs", "overrides": [{"clusters": ["d"], "max": 1}]}, "eci")
    policy["spec"]["match"]["clusters"] = {"names": ["c"]}
    found = _found(built(_cluster(), _cluster(name="d"), policy))
    assert found == [("OB3111", "the limit for cluster `d` has no effect: policy `p` does not match it")]


@pytest.mark.parametrize(
    ("documents", "code"),
    [
        ([_cluster(pools=[{"name": "ecs", "type": "ecs", "nodes": {"min": 5, "max": 2}}]), _policy("p", "ecs")], "OB1104"),
        (
            [_cluster(claims=[{"namespace": "a", "name": "b", "driver": each} for each in ("x", "y")]), _policy("p", "ecs")],
            "OB2103",
        ),
        (
            [_cluster(pools=[{"name": each, "type": "ecs"} for each in ("a", "b")]), _policy("p", "a", "b", mechanism="affinity")],
            "OB3110",
        ),
        (
            [
                _cluster(),
                _policy(
                    "p",
                    "ecs",
                    pods={
                        "owners": [{"kind": "Deployment"}],
                        "matchExpressions": [{"key": "pod-template-hash", "operator": "DoesNotExist"}],
                    },
                ),
            ],
            "OB4109",
        ),
        ([_cluster("ack-registered", kubernetesVersion="1.18.7"), _policy("p", scheduling={"cpuTopology": True})], "OB3102"),
        (
            [_cluster("ack-registered", kubernetesVersion="1.18.7"), _policy("p", scheduling={"gpuShare": {"memoryGiB": 1}})],
            "OB3102",
        ),
    ],
    ids=["fewer nodes", "two claims", "same affinity", "no such pod", "cpu topology", "gpu share"],
)
def test_what_cannot_be(built: Build, documents: list[Document], code: str) -> None:
    """Contradictions in pools, claims, matches and versions are errors."""
    result = built(*documents)
    assert result.failed
    assert code in dict(_found(result))


@pytest.mark.parametrize(
    ("key", "pods", "inject", "reported"),
    [
        ("rev", {"matchLabels": {"app": "web"}}, {}, True),
        ("rev", {"matchExpressions": [{"key": "rev", "operator": "NotIn", "values": ["a"]}]}, {}, True),
        ("rev", {"matchExpressions": [{"key": "rev", "operator": "Exists"}]}, {}, False),
        ("rev", {"all": True}, {"labels": {"rev": "none"}}, False),
        ("pod-template-hash", {"owners": [{"kind": "Deployment"}]}, {}, False),
        ("pod-template-hash", {"owners": [{"kind": "Deployment"}, {"kind": "StatefulSet"}]}, {}, True),
    ],
)
def test_pods_without_a_label_to_count_by(built: Build, key: str, pods: Document, inject: Document, reported: bool) -> None:  # noqa: FBT001
    """A label of ``matchLabelKeys`` that matching pods may lack is told, since the scheduler refuses such pods."""
    counted = {"ack": {"matchLabelKeys": [key]}}
    policy = _policy(
        "p", {"name": "ecs", "max": 2}, "eci", pods=pods, resourcePolicy=counted, **({"inject": inject} if inject else {})
    )
    assert any(code == "OB3116" for code, _ in _found(built(_cluster(), policy))) is reported


@pytest.mark.parametrize(
    ("first", "reported"),
    [({"name": "eci"}, True), ({"name": "eci", "max": 3}, False), ({"name": "eci", "ack": {"maxResources": {"cpu": "1"}}}, False)],
)
def test_pools_behind_one_that_is_never_full(built: Build, first: Document, reported: bool) -> None:  # noqa: FBT001 - a parameter
    """A pool behind a serverless one without a limit is told."""
    assert any(code == "OB3117" for code, _ in _found(built(_cluster(), _policy("p", first, "ecs")))) is reported


COST = {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "1"}}
FLUID = {"labels": {"alibabacloud.com/fluid-sidecar-target": "eci"}}


@pytest.mark.parametrize(
    ("policies", "count"),
    [
        ([_policy("p", "ecs", "eci", inject=COST)], 1),
        ([_policy("p", "ecs", "eci"), _policy("q", inject=COST, pods={"all": True})], 1),
        ([_policy("p", "ecs", inject=COST)], 0),
        ([_policy("p", "ecs", "eci"), _policy("q", inject=COST, pods={"matchLabels": {"app": "x"}})], 0),
        ([_policy("p", "ecs", "eci", mechanism="burstAnnotation", inject=FLUID)], 1),
        ([_policy("p", "ecs", "eci", inject=FLUID)], 0),
        ([_policy("p", "ecs", "eci", pods={"matchLabels": {ECI_LABEL: "true"}})], 1),
        ([_policy("p", "ecs", "eci", pods={"matchLabels": {ECI_LABEL: "false"}})], 0),
    ],
)
def test_what_the_vendors_forbid_beside_a_mechanism(built: Build, policies: list[Document], count: int) -> None:
    """Deletion costs beside a ResourcePolicy, Fluid's sidecars beside burst-resource, and matches on the ECI label are errors."""
    found = [code for code, _ in _found(built(_cluster(), *policies)) if code == "OB4110"]
    assert len(found) == count


@pytest.mark.parametrize(("name", "reported"), [("ack-virtualnode", True), ("ack-virtual-node", False), ("csi-plugin", False)])
def test_misspelled_addons(built: Build, name: str, reported: bool) -> None:  # noqa: FBT001 - a parameter
    """An add-on whose name looks like one that matters is told; any other may be declared."""
    found = _found(built(_cluster(addons={name: True}), _policy("p", "ecs", "eci")))
    assert [code for code, _ in found] == (["OB3111"] if reported else [])


def test_a_cluster_with_too_many_policies_for_the_backstop_is_told(compiled: Compile) -> None:
    """Beyond the number whose missing mutations are reported, the others are not silently left out if the author asked for reports."""
    policies = [
        _policy(f"p-{number}", pods={"matchLabels": {"app": f"a-{number}"}}, inject={"labels": {"b": "1"}}) for number in range(501)
    ]
    for count, webhook, found in (
        (500, {"backstop": "warn"}, 0),
        (501, {"backstop": "warn"}, 1),
        (501, {}, 0),
        (501, {"backstop": "off"}, 0),
    ):
        documents = [{"kind": "Repository", "spec": {"webhook": webhook}}, _cluster(), *policies[:count]]
        names = ["overbank.yaml", *(f"{index:03}.yaml" for index in range(len(documents) - 1))]
        files = {name: json.dumps({"apiVersion": API, **each}) for name, each in zip(names, documents, strict=True)}
        diagnostics = compiled(files).diagnostics
        assert [each.code.id for each in diagnostics] == ["OB3122"] * found
        assert all("501 policies are enforced on c" in each.message for each in diagnostics)


def test_old_clusters_are_told_of_a_backstop_only_if_it_was_asked_for(compiled: Compile) -> None:
    """By default clusters report missing mutations where they can, and nothing is said of the others."""
    documents = [_cluster(kubernetesVersion="1.28"), _policy(inject={"labels": {"b": "1"}})]
    for webhook, found in (({}, []), ({"backstop": "audit"}, ["OB3121"]), ({"backstop": "off"}, [])):
        files = {f"{index}.yaml": json.dumps({"apiVersion": API, **each}) for index, each in enumerate(documents)}
        repository = {"apiVersion": API, "kind": "Repository", "spec": {"webhook": webhook}}
        assert [each.code.id for each in compiled({"overbank.yaml": json.dumps(repository), **files}).diagnostics] == found
