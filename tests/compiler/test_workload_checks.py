"""Checks of workloads against pools and selectors, where golden cases would be many alike."""

from collections.abc import Callable
from typing import Final

import pytest

from compiler.pipeline import Result

Codes = Callable[..., list[str]]

REPOSITORY: Final = 'apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {workloads: ["apps/**/*.yaml"]}\n'
HOST: Final = "kubernetes.io/hostname"
NAMED: Final = "kubernetes.io/metadata.name"


@pytest.fixture
def codes(compiled: Callable[..., Result], minimal: dict[str, str]) -> Codes:
    """Return a function that gives the codes found for a Deployment with such a pod, beside the minimal policy ``idc`` then serverless."""

    def run(spec: str, *, replicas: int = 9, kind: str = "Deployment", metadata: str = "") -> list[str]:
        template = f"{{metadata: {{labels: {{app: web}}{metadata}}}, spec: {{{spec}containers: [{{name: main, image: nginx}}]}}}}"
        manifest = (
            f"{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web, namespace: shop}}, "
            f"spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: web}}}}, template: {template}}}}}"
        )
        result = compiled({**minimal, "overbank.yaml": REPOSITORY, "apps/web.yaml": manifest})
        return [each.code.id for each in result.diagnostics]

    return run


def _anti(term: str) -> str:
    return f"affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{term}]}}}}, "


def _spread(constraint: str) -> str:
    return f"topologySpreadConstraints: [{constraint}], "


def _affinity(expression: str) -> str:
    terms = f"{{nodeSelectorTerms: [{{matchExpressions: [{expression}]}}]}}"
    return f"affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {terms}}}}}, "


WEB: Final = "labelSelector: {matchLabels: {app: web}}"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", []),
        (_anti(f"{{topologyKey: {HOST}, {WEB}}}"), ["OB4308"]),
        (_anti(f"{{topologyKey: {HOST}, labelSelector: {{}}}}"), ["OB4308"]),
        (_anti(f"{{topologyKey: {HOST}}}"), []),
        (_anti(f"{{topologyKey: {HOST}, namespaces: [other], {WEB}}}"), []),
        (_anti(f"{{topologyKey: {HOST}, namespaces: [shop], {WEB}}}"), ["OB4308"]),
        (_anti(f"{{topologyKey: {HOST}, namespaces: [other], namespaceSelector: {{}}, {WEB}}}"), ["OB4308"]),
        (_anti(f"{{topologyKey: {HOST}, namespaceSelector: {{matchLabels: {{{NAMED}: shop}}}}, {WEB}}}"), ["OB4308"]),
        (_anti(f"{{topologyKey: {HOST}, namespaceSelector: {{matchLabels: {{{NAMED}: other}}}}, {WEB}}}"), []),
        (_anti(f"{{topologyKey: topology.kubernetes.io/zone, {WEB}}}"), []),
        (_spread(f"{{maxSkew: 1, topologyKey: {HOST}, whenUnsatisfiable: DoNotSchedule, {WEB}}}"), ["OB4308"]),
        (_spread(f"{{maxSkew: 1, topologyKey: {HOST}, whenUnsatisfiable: ScheduleAnyway, {WEB}}}"), []),
        (_spread(f"{{maxSkew: 20, topologyKey: {HOST}, whenUnsatisfiable: DoNotSchedule, {WEB}}}"), []),
        ("affinity: {podAntiAffinity: [x]}, ", []),
        (_spread("x"), []),
    ],
)
def test_spreading_by_hostname(codes: Codes, spec: str, expected: list[str]) -> None:
    """Only what is required, by hostname and of the workload's own pods keeps them from bursting; what is no constraint is passed over."""
    assert codes(spec) == expected


def test_one_pod_is_never_too_many_for_a_host(codes: Codes) -> None:
    """A workload of one pod can burst."""
    assert codes(_anti(f"{{topologyKey: {HOST}, {WEB}}}"), replicas=1) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("nodeSelector: {licence: matlab}, ", ["OB4303"]),
        ("nodeSelector: {type: virtual-kubelet}, ", ["OB4303"]),
        ("nodeSelector: {kubernetes.io/arch: amd64}, ", []),
        (_affinity("{key: type, operator: Sometimes}"), []),
        (_affinity("{key: type, operator: DoesNotExist}"), ["OB4303"]),
    ],
)
def test_pins(codes: Codes, spec: str, expected: list[str]) -> None:
    """A pin that leaves one pool is told of; what the API server would refuse is not judged."""
    assert codes(spec) == expected


def test_a_gang_of_one_pod_in_two_pools_is_an_info(codes: Codes) -> None:
    """An author's gang over several pools may be meant."""
    gang = ', annotations: {gang.scheduling.koordinator.sh/name: g, gang.scheduling.koordinator.sh/min-available: "9"}'
    assert codes("", metadata=gang) == ["OB4307"]


@pytest.mark.parametrize("size", ["many", "-1", "1.5", ""])
def test_sizes_that_are_no_numbers_make_no_gang(codes: Codes, size: str) -> None:
    """A size that no scheduler reads is not judged here."""
    gang = f', annotations: {{gang.scheduling.koordinator.sh/name: g, gang.scheduling.koordinator.sh/min-available: "{size}"}}'
    assert codes("", metadata=gang) == []


def test_stateful_sets_are_not_scaled_in_in_order(codes: Codes) -> None:
    """The ordinal decides, whatever the pools."""
    assert codes("", kind="StatefulSet") == ["OB3126"]


SELECTING: Final = [
    ("v1", "Service", "selector: {team: front}", True),
    ("v1", "Service", "selector: {team: back}", False),
    ("v1", "Service", "selector: {app: web}", False),
    ("policy/v1", "PodDisruptionBudget", "selector: {matchExpressions: [{key: team, operator: Exists}]}", True),
    ("policy/v1", "PodDisruptionBudget", "selector: {matchExpressions: [{key: team, operator: NotIn, values: [front]}]}", True),
    ("policy/v1", "PodDisruptionBudget", "selector: {matchExpressions: [{key: team, operator: NotIn, values: [back]}]}", False),
    ("policy/v1", "PodDisruptionBudget", "selector: {matchExpressions: [{key: team, operator: Sometimes}]}", False),
    ("networking.k8s.io/v1", "NetworkPolicy", "podSelector: {matchLabels: {app: other, team: front}}", False),
    ("example.com/v1", "Service", "selector: {team: front}", False),
]


@pytest.mark.parametrize(("api_version", "kind", "selector", "speaks"), SELECTING)
def test_labels_that_change_who_selects(  # noqa: PLR0917 - fixtures and parameters
    compiled: Callable[..., Result],
    minimal: dict[str, str],
    api_version: str,
    kind: str,
    selector: str,
    speaks: bool,  # noqa: FBT001
) -> None:
    """An object is named once for all pods with the same labels, and only if the policy's label decides."""
    pods = "".join(
        f"{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: shop}}, spec: {{selector: {{matchLabels: {{app: web}}}}, "
        "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: nginx}]}}}}\n---\n"
        for name in ("one", "two")
    )
    manifest = f"{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: x, namespace: shop}}, spec: {{{selector}}}}}"
    policy = minimal["burst/web.yaml"] + "  inject: {labels: {team: front}}\n"
    files = {**minimal, "overbank.yaml": REPOSITORY, "burst/web.yaml": policy, "apps/all.yaml": pods + manifest}
    found = [each for each in compiled(files).diagnostics if each.code.id == "OB4309"]
    assert len(found) == speaks
    assert all("Deployment `shop/one` and 1 more like them" in each.message for each in found)
