"""What cannot be imported, and what comes back changed: each is a finding at its place, and nothing is dropped in silence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

POLICY = """\
apiVersion: scheduling.alibabacloud.com/v1alpha1
kind: ResourcePolicy
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  strategy: prefer
  units:
  - {resource: idc, max: 3}
  - {resource: eci}
"""

VOLCENGINE = """\
apiVersion: scheduling.vke.volcengine.com/v1beta1
kind: ResourcePolicy
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  subsets:
  - name: paid
    type: ecs
    nodeSelectorTerm:
    - {key: pool, operator: In, values: [paid]}
  - {name: vci, type: vci}
"""

PROPAGATION = """\
apiVersion: core.kubeadmiral.io/v1alpha1
kind: PropagationPolicy
metadata: {name: web, namespace: shop}
spec:
  schedulingMode: Divide
  placement:
  - {cluster: m-1, preferences: {weight: 1}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {kubeadmiral.io/propagation-policy-name: web}}
"""

Import = Callable[..., Any]


@pytest.fixture
def imported(tmp_path: Path, cli: Callable[..., Any]) -> Import:
    """Return a function that imports a text as objects of the cluster ``idc`` and of a host with the member ``m-1``."""

    def run(text: str, *arguments: str) -> Any:
        (tmp_path / "objects.yaml").write_text(text, encoding="utf-8")
        return cli("import", f"idc={tmp_path / 'objects.yaml'}", "--member", "idc=m-1", "--format", "json-v1", *arguments)

    return run


def _found(outcome: Any) -> list[tuple[str, int]]:
    """Return codes and lines."""
    return [(each["code"], each["location"]["span"]["line"]) for each in json.loads(outcome.err)["diagnostics"]]


UNSAID = {
    "an unknown field": (POLICY + "  fancy: true\n", 10),
    "an unknown field of a unit": (POLICY.replace("max: 3", "max: 3, weight: 1"), 8),
    "a field beside the spec": (POLICY + "extra: 1\n", 10),
    "an unknown strategy": (POLICY.replace("prefer", "random"), 6),
    "a resource that there is not": (POLICY.replace("idc", "mainframe"), 8),
    "a max that is no number": (POLICY.replace("max: 3", "max: '3'"), 8),
    "a selector with a number": (POLICY.replace("{app: web}", "{app: 1}"), 5),
    "a selector with a truth value": (POLICY.replace("{app: web}", "{app: true}"), 5),
    "no selector": (POLICY.replace("  selector: {app: web}\n", ""), 4),
    "a selector that is a list": (POLICY.replace("{app: web}", "[app]"), 5),
    "no units": (POLICY.partition("  units:")[0], 4),
    "units that are a map": (POLICY.partition("  units:")[0] + "  units: {a: 1}\n", 7),
    "a spec that is a list": (POLICY.partition("spec:")[0] + "spec: []\n", 4),
    "no spec": (POLICY.partition("spec:")[0], 1),
    "the webhook's own label": (POLICY.replace("{app: web}", "{overbank.dev/placement: web}"), 5),
    "another API version": (POLICY.replace("v1alpha1", "v9"), 1),
    "no name": (POLICY.replace("name: web, ", ""), 3),
    "a name that is none": (POLICY.replace("name: web, ", "name: '../web', "), 3),
    "a namespace that is to be filled in": (POLICY.replace("shop", "$NAMESPACE"), 3),
    "twice with other content": (POLICY + "---\n" + POLICY.replace("max: 3", "max: 4"), 13),
    "a term with two values": (VOLCENGINE.replace("[paid]", "[paid, free]"), 10),
    "a term that is no `In`": (VOLCENGINE.replace("In,", "NotIn,"), 10),
    "rescheduling that is disabled": (
        PROPAGATION.replace("  placement:", "  reschedulePolicy: {disableRescheduling: true}\n  placement:"),
        6,
    ),
    "placement without clusters": (PROPAGATION.replace("  - {cluster: m-1, preferences: {weight: 1}}\n", ""), 4),
    "a policy for all namespaces": (PROPAGATION.replace("PropagationPolicy", "ClusterPropagationPolicy", 1), 3),
    "a field of KubeAdmiral": (PROPAGATION.replace("  placement:", "  stickyCluster: true\n  placement:"), 6),
}


@pytest.mark.parametrize("name", UNSAID)
def test_what_policies_cannot_say_is_an_error_at_its_place(name: str, imported: Import) -> None:
    """Each is OB5701 at its line, and nothing is printed but the finding."""
    text, line = UNSAID[name]
    outcome = imported(text)
    assert outcome.code == 1
    assert ("OB5701", line) in _found(outcome), outcome.err
    assert outcome.out == ""


def test_a_number_in_a_selector_says_how_to_write_it(imported: Import) -> None:
    """The help has the text to put there."""
    assert 'quote it: app: \\"1\\"' in imported(POLICY.replace("{app: web}", "{app: 1}")).err


NEEDED = {
    "no cluster for a member": (PROPAGATION.replace("m-1", "m-2"), 7),
    "no workload": (PROPAGATION.partition("---")[0], 3),
    "an OverridePolicy without a name": (
        PROPAGATION.replace("name: web}}", "name: web, kubeadmiral.io/override-policy-name: {a: b}}}"),
        3,
    ),
    "no OverridePolicy": (PROPAGATION.replace("name: web}}", "name: web, kubeadmiral.io/override-policy-name: op}}"), 3),
    "an OverridePolicy of nobody": (
        PROPAGATION + "---\n" + PROPAGATION.partition("spec:")[0].replace("Propagation", "Override"),
        15,
    ),
}


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_an_error_at_its_place(name: str, imported: Import) -> None:
    """Each is OB5703 at its line; `--lossy` does not make it up."""
    text, line = NEEDED[name]
    for arguments in ((), ("--lossy",)):
        outcome = imported(text, *arguments)
        assert outcome.code == 1
        assert ("OB5703", line) in _found(outcome), outcome.err


CHANGED = {
    "a label": (POLICY.replace("namespace: shop", "namespace: shop, labels: {team: a}"), 3),
    "an annotation": (POLICY.replace("namespace: shop", "namespace: shop, annotations: {note: a}"), 3),
    "finalizers": (POLICY.replace("namespace: shop", "namespace: shop, finalizers: [a/b]"), 3),
    "a nodeSelector without effect": (POLICY.replace("resource: eci", "resource: eci, nodeSelector: {a: b}"), 9),
    "a name with dots": (POLICY.replace("name: web", "name: web.v1"), 3),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_comes_back_changed_is_a_warning_at_its_place(name: str, imported: Import) -> None:
    """Each is OB5702 at its line, and the policy is there."""
    text, line = CHANGED[name]
    outcome = imported(text)
    assert outcome.code == 0
    assert _found(outcome) == [("OB5702", line)]
    assert "kind: BurstPolicy" in outcome.out


def test_marks_of_tools_and_of_the_server_are_passed_over(imported: Import) -> None:
    """A dump with status, managed fields, what kubectl applied last and labels of GitOps tools has no findings."""
    marks = """\
metadata:
  name: web
  namespace: shop
  uid: 3f1c
  resourceVersion: "12"
  generation: 2
  creationTimestamp: "2024-06-05T19:03:32Z"
  managedFields: [{manager: kubectl, operation: Apply, apiVersion: v1, time: "2024-06-05T19:03:32Z", fieldsType: FieldsV1}]
  labels: {app.kubernetes.io/managed-by: overbank, app.kubernetes.io/instance: fleet, kustomize.toolkit.fluxcd.io/name: a}
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}", argocd.argoproj.io/sync-wave: "-1"}
"""
    outcome = imported(POLICY.replace("metadata: {name: web, namespace: shop}\n", marks) + "status: {phase: Active}\n")
    assert (outcome.code, _found(outcome)) == (0, [])


def test_lossy_leaves_out_a_field_and_proves_the_rest(imported: Import) -> None:
    """With `--lossy` the policy is written without the field, with a warning at it."""
    outcome = imported(POLICY + "  fancy: true\n", "--lossy")
    assert outcome.code == 0
    assert _found(outcome) == [("OB5702", 10)]
    assert outcome.out.count("kind: BurstPolicy") == 1


def test_lossy_leaves_out_an_object_of_which_nothing_is_left(imported: Import) -> None:
    """A policy without units is left out beside another one; alone, there is nothing to import."""
    empty = POLICY.partition("  units:")[0]
    beside = imported(empty.replace("name: web", "name: empty") + "---\n" + POLICY, "--lossy")
    assert (beside.code, _found(beside)) == (0, [("OB5702", 4)])
    assert beside.out.count("kind: BurstPolicy") == 1
    assert imported(empty, "--lossy").code == 3


def test_policies_with_errors_are_not_written(imported: Import) -> None:
    """Objects that contradict the vendor's documentation are OB5704 with what the compiler says, also with `--lossy`."""
    for arguments in ((), ("--lossy",)):
        outcome = imported(POLICY, "--kubernetes-version", "1.18", *arguments)
        assert outcome.code == 1
        assert [code for code, _ in _found(outcome)] == ["OB5704"]
        assert "1.18.8" in outcome.err
        assert outcome.out == ""


def test_findings_are_many_and_bounded_for_people(tmp_path: Path, cli: Callable[..., Any]) -> None:
    """Ten thousand unknown fields are one error each, of which people see as many as anywhere."""
    fields = "".join(f"  x{number}: 1\n" for number in range(10_000))
    (tmp_path / "objects.yaml").write_text(POLICY + fields, encoding="utf-8")
    outcome = cli("import", f"idc={tmp_path / 'objects.yaml'}")
    assert outcome.code == 1
    assert "10,000 errors" in outcome.err or "10000 errors" in outcome.err
    assert "more" in outcome.err
    assert len(outcome.err) < 500_000
