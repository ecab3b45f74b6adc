"""Checks of manifests beside pods, each where it must speak and where it must be silent."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from compiler.diagnostics import Diagnostic, has_errors
from compiler.ir import ClusterIR
from compiler.manifests.checks import check
from compiler.manifests.inventory import take_stock
from compiler.manifests.placing import place
from compiler.pipeline import Result
from compiler.source import Document
from webhook.engine.bundle import seal
from webhook.engine.policy import Runtime, Verdict

WEB = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  volumeClaimTemplates:
  - {metadata: {name: scratch}, spec: {storageClassName: disks}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: nginx}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}, {name: tmp, emptyDir: {}}]
"""

Findings = Callable[..., list[Diagnostic]]


@pytest.fixture
def findings(compiled: Callable[..., Result], minimal: dict[str, str], parse: Callable[[str], list[Document]]) -> Findings:
    """Return a function that gives the findings about WEB and another manifest, its pods being placed on a runtime."""
    (plain,) = compiled(minimal).clusters

    def run(manifest: str, *runtimes: Runtime, claims: dict[str, str] | None = None) -> list[Diagnostic]:
        inventory, problems = take_stock(parse(f"{WEB}---\n{manifest}"))
        assert problems == []
        placed, problems = place(inventory, [_on(plain, runtimes, claims or {})])
        assert not has_errors(problems)
        return [each for each in check(inventory, placed) if each.code.id.startswith("OB82")]

    return run


def _on(cluster: ClusterIR, runtimes: tuple[Runtime, ...], claims: dict[str, str]) -> ClusterIR:
    (policy,) = cluster.bundle.policies
    assert policy.placement
    placement = msgspec.structs.replace(policy.placement, runtimes=runtimes, incompatible=Verdict.WARN)
    policies = (msgspec.structs.replace(policy, placement=placement),)
    bundle = seal(msgspec.structs.replace(cluster.bundle, policies=policies, claims={"shop": claims}))
    fields: dict[str, Any] = {name: getattr(cluster, name) for name in cluster.__dataclass_fields__}
    return ClusterIR(**{**fields, "bundle": bundle})


def _service(type_: str = "NodePort", selector: str = "{app: web}", namespace: str = "shop") -> str:
    return f"{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: {namespace}}}, spec: {{type: {type_}, selector: {selector}}}}}"


@pytest.mark.parametrize(
    ("manifest", "runtime", "speaks"),
    [
        (_service(), Runtime.ECI, True),
        (_service(), Runtime.AI_NODE, True),
        (_service(), Runtime.VCI, False),
        (_service(type_="ClusterIP"), Runtime.ECI, False),
        (_service(selector="{app: other}"), Runtime.ECI, False),
        (_service(selector="{}"), Runtime.ECI, False),
        (_service(selector="[app]"), Runtime.ECI, False),
        (_service(selector="{app: 1}"), Runtime.ECI, False),
        (_service(namespace="other"), Runtime.ECI, False),
        ("{apiVersion: v1, kind: Service, metadata: {name: s}}", Runtime.ECI, False),
    ],
)
def test_node_ports(findings: Findings, manifest: str, runtime: Runtime, speaks: bool) -> None:  # noqa: FBT001
    """A NodePort Service that selects pods on ECI or AI nodes is warned about, and no other."""
    found = findings(manifest, runtime)
    assert [each.code.id for each in found] == (["OB8201"] if speaks else [])
    if speaks:
        assert found[0].notes == ("policy `web` may bring the pods there on cluster `idc`",)


def test_pods_that_stay_on_nodes_are_no_concern(findings: Findings) -> None:
    """Without a virtual pool nothing is said."""
    assert findings(_service()) == []


def _selecting(kind: str, field: str, selector: str | None, api_version: str) -> str:
    spec = "{}" if selector is None else f"{{{field}: {selector}}}"
    return f"{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: x, namespace: shop}}, spec: {spec}}}"


@pytest.mark.parametrize(
    ("selector", "runtime", "speaks"),
    [
        ("{matchLabels: {app: web}}", Runtime.AI_NODE, True),
        ("{matchLabels: {app: web}}", Runtime.ECI, True),
        ("{matchLabels: {app: web}}", Runtime.VCI, False),
        ("{matchExpressions: [{key: app, operator: In, values: [web, x]}]}", Runtime.ECI, True),
        ("{matchExpressions: [{key: app, operator: DoesNotExist}]}", Runtime.ECI, False),
        ("{matchExpressions: [{key: app, operator: Sometimes}]}", Runtime.ECI, False),
        ("{matchExpressions: [app]}", Runtime.ECI, False),
        ("{}", Runtime.ECI, True),
        (None, Runtime.ECI, True),
        ("[]", Runtime.ECI, True),
        ("[x]", Runtime.ECI, False),
    ],
)
def test_network_policies(findings: Findings, selector: str | None, runtime: Runtime, speaks: bool) -> None:  # noqa: FBT001
    """A NetworkPolicy that selects pods on AI nodes or ECI is warned about; an empty selector selects all pods."""
    found = findings(_selecting("NetworkPolicy", "podSelector", selector, "networking.k8s.io/v1"), runtime)
    assert [each.code.id for each in found] == (["OB8202"] if speaks else [])


def test_network_policy_finding_says_how_sure_it_is(findings: Findings) -> None:
    """For ECI the vendor's pages differ by year, and the finding says so."""
    (found,) = findings(_selecting("NetworkPolicy", "podSelector", "{}", "networking.k8s.io/v1"), Runtime.ECI, Runtime.AI_NODE)
    assert "AI nodes and ECI" in found.message
    assert "2021" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("selector", "version", "runtime", "speaks"),
    [
        ("{matchLabels: {app: web}}", "policy/v1", Runtime.AI_NODE, True),
        ("{matchLabels: {app: web}}", "policy/v1", Runtime.ECI, False),
        ("{matchLabels: {app: other}}", "policy/v1", Runtime.AI_NODE, False),
        ("{}", "policy/v1", Runtime.AI_NODE, True),
        ("{}", "policy/v1beta1", Runtime.AI_NODE, False),
        (None, "policy/v1", Runtime.AI_NODE, False),
    ],
)
def test_disruption_budgets(findings: Findings, selector: str | None, version: str, runtime: Runtime, speaks: bool) -> None:  # noqa: FBT001
    """A budget for pods on AI nodes is warned about. What an empty selector means differs between its versions."""
    found = findings(_selecting("PodDisruptionBudget", "selector", selector, version), runtime)
    assert [each.code.id for each in found] == (["OB8203"] if speaks else [])


def _claim(spec: str, name: str = "data", namespace: str = "shop") -> str:
    return f"{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}, namespace: {namespace}}}, spec: {spec}}}"


def _volume(driver: str) -> str:
    return f"{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: pv}}, spec: {{csi: {{driver: {driver}}}}}}}"


def _class(driver: str, name: str) -> str:
    return f"{{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {{name: {name}}}, provisioner: {driver}}}"


OSS, DISK = "ossplugin.csi.alibabacloud.com", "diskplugin.csi.alibabacloud.com"


@pytest.mark.parametrize(
    ("manifests", "claims", "expected"),
    [
        ([_claim("{volumeName: pv}"), _volume(DISK)], {}, ["data"]),
        ([_claim("{volumeName: pv}"), _volume(OSS)], {}, []),
        ([_claim("{volumeName: other}"), _volume(DISK)], {}, []),
        ([_claim("{volumeName: pv}", namespace="other"), _volume(DISK)], {}, []),
        ([_claim("{storageClassName: disks}"), _class(DISK, "disks")], {}, ["data", "scratch"]),
        ([_class(DISK, "disks")], {}, ["scratch"]),
        ([_class(OSS, "disks")], {}, []),
        ([], {"data": DISK}, ["data"]),
        ([], {"data": OSS}, []),
        ([], {"other": DISK}, []),
        ([_claim("{volumeName: pv}"), _volume(OSS)], {"data": DISK}, []),
        ([_claim("x")], {}, []),
    ],
)
def test_claim_drivers(findings: Findings, manifests: list[str], claims: dict[str, str], expected: list[str]) -> None:
    """A claim of a pod on AI nodes must be OSS, by its volume or class in Git or else by the cluster's declaration."""
    found = findings("\n---\n".join(manifests) or "{}", Runtime.AI_NODE, claims=claims)
    assert [each.code.id for each in found] == ["OB8204"] * len(expected)
    assert sorted(name for name in ("data", "scratch") for each in found if f"volume `{name}`" in each.message) == expected


def test_claims_elsewhere_are_no_concern(findings: Findings) -> None:
    """Other runtimes mount other volumes."""
    assert findings("{}", Runtime.ECI, claims={"data": DISK}) == []
