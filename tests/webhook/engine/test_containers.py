"""Amounts in containers: shares of GPUs, resources that have to stand in both halves, whole CPUs."""

from collections.abc import Callable
from typing import Any

import pytest

from webhook.engine.decision import Action, Effect
from webhook.engine.fields import GpuShare, Scheduling
from webhook.engine.pod import amount, is_whole
from webhook.engine.policy import Placement

GPU = "nvidia.com/gpu"
MEMORY = "aliyun.com/gpu-mem"
COUNT = "aliyun.com/gpu-count"

Admit = Callable[..., Any]
Make = Callable[..., Any]


@pytest.fixture
def sharing(admit: Admit, bundle_of: Make, policy_of: Make) -> Callable[..., Any]:
    """Admit containers under a policy with a share of GPUs."""

    def sharing(*containers: dict[str, Any], override: bool = False, **given: Any) -> Any:
        policy = policy_of(override=override, scheduling=Scheduling(gpu_share=GpuShare(**{"memory_gib": 8, **given})))
        return admit(bundle_of(policy), {"spec": {"containers": list(containers)}})

    return sharing


@pytest.mark.parametrize("resources", [{}, {"resources": None}, {"resources": {}}, {"resources": {"limits": None, "requests": {}}}])
def test_the_only_container_gets_the_share(sharing: Make, resources: dict[str, Any]) -> None:
    """Limits and requests both name the memory; parents are made where they are missing, null or empty."""
    outcome = sharing({"name": "main", **resources})
    assert outcome.after["spec"]["containers"][0]["resources"] == {"limits": {MEMORY: "8"}, "requests": {MEMORY: "8"}}
    field = "spec.containers[main].resources"
    assert outcome.decision.effects == [
        Effect("p", f"{field}.limits[{MEMORY}]", Action.ADDED, None, "8"),
        Effect("p", f"{field}.requests[{MEMORY}]", Action.ADDED, None, "8"),
    ]


def test_a_container_keeps_what_else_it_asks_for(sharing: Make) -> None:
    """The amount is one member of each half, with its key escaped."""
    outcome = sharing({"name": "main", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}, "claims": [{"name": "x"}]}})
    assert [operation["path"] for operation in outcome.operations if "containers" in operation["path"]] == [
        "/spec/containers/0/resources/limits/aliyun.com~1gpu-mem",
        "/spec/containers/0/resources/requests/aliyun.com~1gpu-mem",
    ]


def test_the_named_container_gets_the_share(sharing: Make) -> None:
    """With a name the others are left alone."""
    outcome = sharing({"name": "proxy"}, {"name": "trainer"}, container="trainer")
    assert "resources" not in outcome.after["spec"]["containers"][0]
    assert outcome.after["spec"]["containers"][1]["resources"]["limits"] == {MEMORY: "8"}


@pytest.mark.parametrize(
    ("containers", "given", "text"),
    [
        (["a", "b"], {}, "the pod has several containers, and the policy does not say which"),
        (["a"], {"container": "trainer"}, "there is no container trainer"),
        ([], {}, "the pod has no container"),
    ],
)
def test_no_share_is_given_where_nobody_can_take_it(sharing: Make, containers: list[str], given: dict[str, str], text: str) -> None:
    """The user is told, and nothing is written: no amount and no count."""
    outcome = sharing(*({"name": name} for name in containers), gpus=2, **given)
    assert outcome.operations == []
    (warning,) = outcome.decision.warnings
    assert warning.startswith(f"overbank policy p: no share of a GPU is given, since {text}")


@pytest.mark.parametrize("half", ["limits", "requests"])
def test_a_container_that_asks_for_whole_gpus_gets_no_share(sharing: Make, half: str) -> None:
    """A GPU is either shared or not; an amount of zero does not count."""
    outcome = sharing({"name": "main", "resources": {half: {GPU: "1"}}})
    assert outcome.operations == []
    assert "asks for whole GPUs (nvidia.com/gpu)" in outcome.decision.warnings[0]
    assert sharing({"name": "main", "resources": {half: {GPU: "0"}}}).operations


def test_several_gpus_are_counted_by_a_label(sharing: Make) -> None:
    """The number of devices is a label of the pod; one device needs none, and the author's own count stays."""
    assert sharing({"name": "main"}, gpus=2).after["metadata"]["labels"] == {COUNT: "2"}
    assert "labels" not in sharing({"name": "main"}).after["metadata"]


@pytest.mark.parametrize(
    ("sent", "override", "expected"),
    [
        ({"limits": {MEMORY: "4"}, "requests": {MEMORY: "4"}}, False, {"limits": {MEMORY: "4"}, "requests": {MEMORY: "4"}}),
        ({"limits": {MEMORY: "4"}, "requests": {MEMORY: "4"}}, True, {"limits": {MEMORY: "8"}, "requests": {MEMORY: "8"}}),
        ({"limits": {MEMORY: "4"}}, False, {"limits": {MEMORY: "4"}}),
        ({"limits": {MEMORY: "8"}}, False, {"limits": {MEMORY: "8"}, "requests": {MEMORY: "8"}}),
        ({"limits": {MEMORY: 8}, "requests": {MEMORY: 8}}, True, {"limits": {MEMORY: 8}, "requests": {MEMORY: 8}}),
    ],
)
def test_the_two_halves_are_one_value(sharing: Make, sent: dict[str, Any], override: bool, expected: dict[str, Any]) -> None:  # noqa: FBT001
    """Under ``keep`` an amount of the author stays with its half; under ``override`` both are replaced."""
    outcome = sharing({"name": "main", "resources": sent}, override=override)
    assert outcome.after["spec"]["containers"][0]["resources"] == expected


def test_a_sidecar_that_comes_later_changes_nothing(sharing: Make, admit: Admit, bundle_of: Make, policy_of: Make) -> None:
    """With a second container nobody is the only one, so the pod is left as it is."""
    after = sharing({"name": "main"}, gpus=2).after
    after["spec"]["containers"].append({"name": "proxy"})
    policy = policy_of(scheduling=Scheduling(gpu_share=GpuShare(8, gpus=2)))
    assert admit(bundle_of(policy), after).operations == []


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"limits": {GPU: "1"}}, {"limits": {GPU: "1"}, "requests": {GPU: "1"}}),
        ({"requests": {GPU: 2}}, {"limits": {GPU: 2}, "requests": {GPU: 2}}),
        ({"limits": {GPU: "1"}, "requests": {"cpu": "1"}}, {"limits": {GPU: "1"}, "requests": {"cpu": "1", GPU: "1"}}),
    ],
)
def test_a_mirrored_resource_gets_its_other_half(
    *, admit: Admit, bundle_of: Make, policy_of: Make, sent: dict[str, Any], expected: dict[str, Any]
) -> None:
    """AI nodes need the GPU in limits and requests alike, of init containers too; whoever names it in neither is left alone."""
    policy = policy_of(placement=Placement("aiNode", mirrored_resources=(GPU,)))
    pod = {"spec": {"containers": [{"name": "a", "resources": sent}, {"name": "b"}], "initContainers": [{"resources": sent}]}}
    outcome = admit(bundle_of(policy), pod)
    assert outcome.after["spec"]["containers"] == [{"name": "a", "resources": expected}, {"name": "b"}]
    assert outcome.after["spec"]["initContainers"] == [{"resources": expected}]
    assert {effect.action for effect in outcome.decision.effects} == {Action.ADDED}


@pytest.mark.parametrize("name", ["", "main"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("given", [{}, {"gpus": 2}, {"override": True}])
def test_a_share_is_found_again_among_sidecars(sharing: Make, given: dict[str, Any], first: bool, name: str) -> None:  # noqa: FBT001
    """Another webhook may add containers between two admissions: the one that has the share is still the one that is meant."""
    main = sharing({"name": "main"}, container=name, **given).after["spec"]["containers"][0]
    sidecar = {"name": "sidecar", "resources": {"limits": {"cpu": "1"}}}
    again = sharing(*((sidecar, main) if first else (main, sidecar)), container=name, **given)
    assert MEMORY not in again.after["spec"]["containers"][0 if first else 1]["resources"]["limits"]
    assert [operation for operation in again.operations if "resources" in operation["path"]] == []
    assert again.decision.warnings == []


def test_of_several_containers_the_only_one_that_asks_for_gpu_memory_is_meant(sharing: Make) -> None:
    """Without a name in the policy; where several ask for it, or none does, no share is given."""
    asking, other = {"name": "main", "resources": {"limits": {MEMORY: "4"}, "requests": {MEMORY: "4"}}}, {"name": "other"}
    found = sharing(other, asking, override=True)
    assert found.after["spec"]["containers"][1]["resources"] == {"limits": {MEMORY: "8"}, "requests": {MEMORY: "8"}}
    for containers in ((other, other), (asking, asking)):
        outcome = sharing(*containers)
        assert outcome.operations == []
        assert "several containers" in outcome.decision.warnings[0]


def test_cpus_that_cannot_be_bound_are_told(admit: Admit, bundle_of: Make, policy_of: Make) -> None:
    """Containers without a whole CPU limit are named; init containers are not, since they end before."""
    policy = policy_of(scheduling=Scheduling(cpu_topology=True))
    containers = [
        {"name": "whole", "resources": {"limits": {"cpu": "4"}}},
        {"name": "part", "resources": {"limits": {"cpu": "1500m"}}},
        {"name": "none", "resources": {"requests": {"cpu": "4"}}},
    ]
    outcome = admit(bundle_of(policy), {"spec": {"containers": containers, "initContainers": [{"name": "init"}]}})
    assert outcome.operations == []
    assert outcome.decision.warnings == [
        "overbank policy p: no CPUs are bound to part, none: limits.cpu has to be a whole number there",
    ]
    assert admit(bundle_of(policy), {"spec": {"containers": containers[:1]}}).decision.warnings == []


@pytest.mark.parametrize("quantity", ["1", "16", 4, 4.0, "4.0", "4000m", "4e0", "0.004k", "+2", "1Ki", "2000000u", "040"])
def test_whole_quantities(quantity: str | float) -> None:
    """However a whole number is written, it is one."""
    assert is_whole(quantity)


@pytest.mark.parametrize(
    "quantity",
    [
        "0",
        "00",
        0,
        0.5,
        "500m",
        "1.5",
        "-1",
        -1,
        "",
        "x",
        "4 ",
        "4e-1",
        "1001m",
        "٣",
        "1e400",
        pytest.param("1" * 10**6 + ".5", id="endless"),
    ],
)
def test_quantities_that_are_not_whole(quantity: str | float) -> None:
    """Fractions, nothing, less than nothing, and what is no quantity bind no CPU."""
    assert not is_whole(quantity)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("7910m", "8"),
        ("1G", "1Gi"),
        ("999Ki", "1Mi"),
        ("1e3", "1001"),
        ("0", "1n"),
        ("1500u", "2m"),
        ("1.5", "1500001u"),
        ("9" * 60 + "8Ei", "9" * 60 + "9Ei"),
        ("1." + "0" * 58 + "1Ei", "1." + "0" * 58 + "2Ei"),
    ],
)
def test_amounts_are_exact(less: str, more: str) -> None:
    """Quantities are numbers, whatever their suffixes, and none is rounded."""
    low, high = amount(less), amount(more)
    assert low is not None
    assert high is not None
    assert low < high
    assert amount("1Ki") == 1024
    assert [amount(text) for text in ("", "x", "-1", "1KiB", "1ki", "1 ", "1" * 99)] == [None] * 7
