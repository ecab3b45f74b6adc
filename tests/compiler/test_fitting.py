"""Node affinity against the labels of pools: the algebra by brute force, and what is known of pools' nodes."""

from itertools import combinations, product
from typing import Any

import pytest
from msgspec import structs

from compiler.model import Mechanism, Platform, Pool, PoolType
from compiler.platforms.fitting import Alternatives, Fit, Fitting, alternatives, fitting, known, satisfiable, telling
from webhook.engine.fields import NodeOperator, NodeRequirement
from webhook.engine.terms import describe

VALUES = (None, "a", "b", "1", "2", "3", "other")
REQUIREMENTS = [
    *(
        NodeRequirement("k", operator, values)
        for operator in (NodeOperator.IN, NodeOperator.NOT_IN)
        for values in (("a",), ("1", "2"), ("2", "a"), ("1_0",))
    ),
    *(
        NodeRequirement("k", operator, (value,))
        for operator in (NodeOperator.GT, NodeOperator.LT)
        for value in ("0", "1", "2", "3")
    ),
    NodeRequirement("k", NodeOperator.EXISTS),
    NodeRequirement("k", NodeOperator.DOES_NOT_EXIST),
    NodeRequirement("k", NodeOperator.NOT_IN, ("2",)),
]


def _holds(requirement: NodeRequirement, value: str | None) -> bool:
    match requirement.operator:
        case NodeOperator.IN:
            return value in requirement.values
        case NodeOperator.NOT_IN:
            return value not in requirement.values
        case NodeOperator.EXISTS:
            return value is not None
        case NodeOperator.DOES_NOT_EXIST:
            return value is None
    if value is None or not (value.isascii() and value.isdecimal()):
        return False
    wanted = int(requirement.values[0])
    return int(value) > wanted if requirement.operator is NodeOperator.GT else int(value) < wanted


@pytest.mark.parametrize("size", [1, 2, 3])
def test_satisfiable_agrees_with_trying_all_values(size: int) -> None:
    """Requirements on one label can be met exactly if some value, or its absence, meets them all."""
    # What a label may hold: nothing that begins with a sign, and integers in more than one spelling.
    values = (*VALUES, "1_0", *map(str, range(9)), *(f"0{number}" for number in range(9)))
    for those in combinations(REQUIREMENTS, size):
        expected = any(all(_holds(each, value) for each in those) for value in values)
        assert satisfiable(those) is expected, " and ".join(map(describe, those))


def _fit(platform: Platform, mechanism: Mechanism, pool: Pool, demands: Alternatives) -> Fitting:
    return fitting(pool, known(platform, mechanism, pool), demands)


def _pool(type_: PoolType, selector: dict[str, str] | None = None) -> Pool:
    return Pool(
        index=0,
        name="p",
        type=type_,
        node_selector=selector or {},
        pod_annotations={},
        nodes=None,
        pods_per_node=None,
        allocatable={},
        taints=(),
        autoscaling=False,
        stock_aware=False,
        price=None,
    )


NODE_POOL = "alibabacloud.com/nodepool-id"


@pytest.mark.parametrize(
    ("pool", "selector", "expected"),
    [
        (_pool(PoolType.ECS, {NODE_POOL: "np1"}), {NODE_POOL: "np1"}, Fit.FITS),
        (_pool(PoolType.ECS, {NODE_POOL: "np1"}), {NODE_POOL: "np2"}, Fit.NEVER),
        (_pool(PoolType.ECS, {NODE_POOL: "np1"}), {"disk": "ssd"}, Fit.FITS),
        (_pool(PoolType.ECS, {NODE_POOL: "np1"}), {"type": "virtual-kubelet"}, Fit.NEVER),
        (_pool(PoolType.ECS), {"alibabacloud.com/external": "true"}, Fit.FITS),
        (_pool(PoolType.IDC), {"alibabacloud.com/external": "true"}, Fit.NEVER),
        (_pool(PoolType.IDC, {"zone": "a"}), {"zone": "b"}, Fit.FITS),
        (_pool(PoolType.ECI), {NODE_POOL: "np1"}, Fit.NEVER),
        (_pool(PoolType.ECI), {"aliyun.accelerator/nvidia_name": "Tesla-T4"}, Fit.NEVER),
        (_pool(PoolType.ECI), {"disk": "ssd"}, Fit.POSSIBLY_NOT),
        (_pool(PoolType.ECI), {"kubernetes.io/hostname": "node-1"}, Fit.POSSIBLY_NOT),
        (_pool(PoolType.ECI), {"kubernetes.io/hostname": "virtual-kubelet-cn-shanghai-b"}, Fit.FITS),
        (_pool(PoolType.ECI), {"kubernetes.io/os": "linux"}, Fit.FITS),
        (_pool(PoolType.ECI), {"type": "virtual-kubelet"}, Fit.FITS),
        (_pool(PoolType.ACS), {NODE_POOL: "np1"}, Fit.FITS),
    ],
)
def test_node_selectors_against_pools(pool: Pool, selector: dict[str, str], expected: Fit) -> None:
    """A pool is closed to a pod only by what is known of its nodes; a registered cluster heeds node selectors of ecs units only."""
    answer = _fit(Platform.ACK_REGISTERED, Mechanism.RESOURCE_POLICY, pool, alternatives({"spec": {"nodeSelector": selector}}))
    assert answer.fit is expected
    assert bool(answer.why) is (expected is not Fit.FITS)


def test_node_affinity_of_the_data_centre_heeds_its_selector() -> None:
    """Where node affinity places the pods, the selector of an idc pool holds."""
    demands = alternatives({"spec": {"nodeSelector": {"zone": "b"}}})
    assert _fit(Platform.KUBERNETES, Mechanism.AFFINITY, _pool(PoolType.IDC, {"zone": "a"}), demands).fit is Fit.NEVER


def _affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    required = {"nodeSelectorTerms": list(terms)}
    return {"spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}}


def _in(key: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": "In", "values": list(values)}]}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([_in(NODE_POOL, "np2")], Fit.NEVER),
        ([_in(NODE_POOL, "np2"), _in(NODE_POOL, "np1", "np3")], Fit.FITS),
        ([_in(NODE_POOL, "np2"), {}], Fit.NEVER),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}], Fit.FITS),
    ],
)
def test_one_of_several_terms_is_enough(terms: list[dict[str, Any]], expected: Fit) -> None:
    """Terms are alternatives, an empty one matches nothing, and fields of nodes say nothing about labels."""
    pool = _pool(PoolType.ECS, {NODE_POOL: "np1"})
    assert _fit(Platform.ACK_PRO, Mechanism.RESOURCE_POLICY, pool, alternatives(_affinity(*terms))).fit is expected


def test_node_selector_and_terms_hold_together() -> None:
    """A node selector is ANDed to every term."""
    pod = _affinity(_in(NODE_POOL, "np1"), _in(NODE_POOL, "np3"))
    pod["spec"]["nodeSelector"] = {NODE_POOL: "np3"}
    pools = [_pool(PoolType.ECS, {NODE_POOL: name}) for name in ("np1", "np3")]
    fits = [_fit(Platform.VKE, Mechanism.RESOURCE_POLICY, pool, alternatives(pod)).fit for pool in pools]
    assert fits == [Fit.NEVER, Fit.FITS]


def test_every_platform_and_type_can_be_asked_about() -> None:
    """No pool of any kind is a surprise."""
    for platform, type_ in product(Platform, PoolType):
        pool = structs.replace(_pool(type_), node_selector={"a": "b"})
        assert _fit(platform, Mechanism.RESOURCE_POLICY, pool, [[]]).fit is Fit.FITS


def test_what_is_told_by_no_label_is_never_held_against_a_pod() -> None:
    """The quick look at a key passes over none that the closer one would close a pool for."""
    names = (
        NODE_POOL,
        "alibabacloud.com/external",
        "type",
        "k8s.aliyun.com/vnode",
        "aliyun.accelerator/nvidia_name",
        "disk",
        "zone",
    )
    for platform, type_, key in product(Platform, PoolType, names):
        pool = _pool(type_, {"zone": "a"})
        demands = alternatives({"spec": {"nodeSelector": {key: "b"}}})
        for mechanism in (Mechanism.RESOURCE_POLICY, Mechanism.AFFINITY):
            assert telling(key, pool) or _fit(platform, mechanism, pool, demands).fit is not Fit.NEVER
