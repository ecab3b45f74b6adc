"""A decision in words: every value, what became of it, and the policy's line that wants it."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from compiler.ir import ClusterIR
from compiler.pipeline import Result
from compiler.report.decision import render
from compiler.report.style import ansi
from compiler.trial import Bench
from webhook.engine.fields import Fields
from webhook.engine.policy import Foreign, Placement, Runtime, Verdict

Compile = Callable[[Mapping[str, str | bytes]], Result]

_POLICIES = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {all: true}
    namespaces: {names: [shop]}
    pods: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}
  priority: 7
  pools:
  - {name: idc}
  - {name: serverless}
  accelerator: gpu
---
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: team}
spec:
  match:
    clusters: {all: true}
    namespaces: {all: true}
    pods: {all: true}
  merge: override
  inject:
    annotations: {team: shop, empty: ""}
    tolerations:
    - {key: dedicated, value: shop, effect: NoSchedule}
---
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: labels}
spec:
  match:
    clusters: {all: true}
    namespaces: {names: [shop]}
    pods: {matchLabels: {app: web}}
  inject:
    labels: {team: shop}
---
apiVersion: overbank.dev/v1alpha1
kind: AcceleratorClass
metadata: {name: gpu}
spec: {resource: nvidia.com/gpu, eci: {useSpecs: [ecs.gn5-c4g1.xlarge]}}
"""


@pytest.fixture
def cluster(compiled: Compile, minimal: dict[str, str]) -> ClusterIR:
    """Return a cluster with a placing, an overriding and a labelling policy."""
    result = compiled({**minimal, "burst/web.yaml": _POLICIES})
    assert result.diagnostics == []
    (found,) = result.clusters
    return found


def _explained(cluster: ClusterIR, namespace: str = "shop", **pod: Any) -> list[str]:
    manifest = {
        "kind": "Pod",
        "metadata": {"name": "web", **pod.get("metadata", {})},
        "spec": {"containers": [], **pod.get("spec", {})},
    }
    return render(Bench(cluster).admit(manifest, namespace).decision, cluster.origins).split("\n")[:-1]


def test_added_and_replaced_values(cluster: ClusterIR) -> None:
    """A bare pod shows each added value, the marker included, with its line."""
    gpu = {"containers": [{"resources": {"limits": {"nvidia.com/gpu": 1}}}]}
    assert _explained(cluster, metadata={"labels": {"app": "web"}}, spec=gpu) == [
        "policies, deciding first: web (burst/web.yaml:3:18), labels (burst/web.yaml:31:18), team (burst/web.yaml:17:18)",
        "placement: web",
        "  ~ spec.schedulerName: ack-co-scheduler (was default-scheduler)  <- web burst/web.yaml:10:3",
        "  + metadata.labels[overbank.dev/placement]: web  <- web burst/web.yaml:8:5",
        "  + metadata.labels[team]: shop  <- labels burst/web.yaml:38:20",
        "  + metadata.annotations[k8s.aliyun.com/eci-use-specs]: ecs.gn5-c4g1.xlarge  <- web burst/web.yaml:43:50",
        '  + metadata.annotations[empty]: ""  <- team burst/web.yaml:25:38',
        "  + metadata.annotations[team]: shop  <- team burst/web.yaml:25:25",
        "  + spec.tolerations: dedicated=shop:NoSchedule  <- team burst/web.yaml:27:7",
    ]


def test_kept_present_and_overridden_values(cluster: ClusterIR) -> None:
    """The author's values are said to stay, to be there already, or to be replaced; what escapes placement is a warning."""
    metadata = {
        "labels": {"app": "api", "overbank.dev/placement": "web", "team": "mine"},
        "annotations": {"team": "mine", "empty": ""},
    }
    spec = {"schedulerName": "volcano", "tolerations": [{"key": "dedicated", "operator": "Exists"}]}
    assert _explained(cluster, metadata=metadata, spec=spec) == [
        "policies, deciding first: web (burst/web.yaml:3:18), team (burst/web.yaml:17:18)",
        "placement: web",
        "  ! spec.schedulerName: volcano (the pod's own value stays)  <- web burst/web.yaml:10:3",
        "  = metadata.labels[overbank.dev/placement]: web (already there)  <- web burst/web.yaml:8:5",
        "  = metadata.annotations[empty]: (already there)  <- team burst/web.yaml:25:38",
        "  ~ metadata.annotations[team]: shop (was mine)  <- team burst/web.yaml:25:25",
        "  = spec.tolerations: dedicated op=Exists (already there)  <- team burst/web.yaml:27:7",
        'warning: overbank policy web: spec.schedulerName is kept as "volcano", so the pod escapes its placement',
        "warning: overbank policy web: no container asks for nvidia.com/gpu, so no GPU instance is chosen",
    ]


def test_forged_mark_is_removed(cluster: ClusterIR) -> None:
    """A marker that no policy gives is shown as removed, without a policy behind it."""
    lines = _explained(cluster, metadata={"labels": {"overbank.dev/placement": "web"}})
    assert lines[:3] == [
        "policies, deciding first: team (burst/web.yaml:17:18)",
        "placement: left to the cluster",
        "  - metadata.labels[overbank.dev/placement]: web (only Overbank may set it)",
    ]


@pytest.mark.parametrize(
    ("namespace", "pod", "reason"),
    [
        ("kube-system", {}, "its namespace is excluded (Repository, spec.webhook)"),
        ("shop", {"spec": {"nodeName": "a"}}, "it is bound to a node already (spec.nodeName)"),
        ("shop", {"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}}, "it is the mirror of a static pod"),
        ("shop", {"metadata": {"ownerReferences": [{"kind": "DaemonSet", "controller": True}]}}, "it belongs to a DaemonSet"),
        (
            "shop",
            {"metadata": {"labels": {"overbank.dev/inject": "false"}}},
            'it, or its namespace, is labelled overbank.dev/inject: "false"',
        ),
    ],
)
def test_pod_that_is_left_alone_says_why(cluster: ClusterIR, namespace: str, pod: dict[str, Any], reason: str) -> None:
    """An exempted pod has its reason and nothing else."""
    assert _explained(cluster, namespace, **pod) == [f"left alone: {reason}", "the pod is not changed"]


def test_pod_without_a_policy(compiled: Compile, minimal: dict[str, str]) -> None:
    """A pod that nothing matches is said to be matched by nothing."""
    (cluster,) = compiled(minimal).clusters
    assert _explained(cluster, metadata={"labels": {"app": "other"}}) == ["no policy matches", "the pod is not changed"]


def test_colours_mark_lines(cluster: ClusterIR) -> None:
    """In colour, each line's sign and value are painted as one."""
    pod = {"kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
    coloured = render(Bench(cluster).admit(pod, "shop").decision, cluster.origins, ansi)
    assert "\x1b[33m~ spec.schedulerName: ack-co-scheduler (was default-scheduler)\x1b[0m" in coloured


def test_values_of_the_pod_forge_nothing(cluster: ClusterIR) -> None:
    """A hostile value in the pod neither paints the terminal nor begins a line of its own."""
    pod = {"metadata": {"labels": {"app": "web"}, "annotations": {"team": "\x1b[31mred\nthe pod is not changed"}}}
    lines = _explained(cluster, **pod)
    assert not any("\x1b" in line for line in lines)
    assert all(line.startswith(("policies, ", "placement: ", "  ", "warning: ")) for line in lines)


def _with(cluster: ClusterIR, name: str, **changes: Any) -> ClusterIR:
    """Change one policy of a cluster's bundle."""
    policies = tuple(replace(policy, **changes) if policy.name == name else policy for policy in cluster.bundle.policies)
    return dataclasses.replace(cluster, bundle=replace(cluster.bundle, policies=policies))


def test_a_denied_pod_has_its_reasons(cluster: ClusterIR) -> None:
    """Every reason is a line, and nothing says that the pod is left as it is."""
    strict = _with(cluster, "web", placement=Placement("eciLabel", runtimes=(Runtime.ECI,)))
    for spec in ({"hostNetwork": True}, {"hostNetwork": True, "nodeName": "worker-1"}):
        lines = _explained(strict, "shop", metadata={"labels": {"app": "web"}}, spec=spec)
        assert lines[-1].startswith("denied: overbank policy web: spec.hostNetwork: ")
        assert any(line.startswith("policies, deciding first: web (") for line in lines)


def test_an_audit_is_told_below_the_decision(cluster: ClusterIR) -> None:
    """What a policy in audit mode would do is set off from what happens, with the place that it comes from."""
    audited = _with(cluster, "labels", audit=True)
    lines = _explained(audited, "shop", metadata={"labels": {"app": "web"}}, spec={})
    at = next(index for index, line in enumerate(lines) if line.startswith("audit: "))
    assert lines[at].startswith("audit: would change metadata.labels[team], were these in force: labels (burst/web.yaml:")
    assert lines[at + 1].startswith("    + metadata.labels[team]: shop  <- labels burst/web.yaml:")
    assert lines[at + 2 :] == []
    assert not any("labels[team]" in line for line in lines[:at])


def test_what_is_removed_says_why(cluster: ClusterIR) -> None:
    """A stripped label, a computed priority and a marker of nobody are removed for different reasons."""
    foreign = Foreign(Verdict.STRIP, {"escape": ()})
    changed = _with(
        cluster, "web", placement=Placement("resourcePolicy", foreign=foreign, fields=Fields(priority_class_name="high"))
    )
    metadata = {"labels": {"app": "web", "escape": "yes", "overbank.dev/placement": "x"}}
    found = "\n".join(_explained(changed, "shop", metadata=metadata, spec={}))
    assert "- metadata.labels[escape]: yes (it takes the pod past its placement)" in found
    assert "- spec.priority: 0 (the API server computes it from the priority class)" in found
    assert "- metadata.labels[overbank.dev/placement]: x (only Overbank may set it)" in found
