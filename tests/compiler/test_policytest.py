"""PolicyTest documents: what holds is silent, what does not is shown with both sides."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from compiler.codes import testing as codes
from compiler.ir import ClusterIR
from compiler.pipeline import compile_repository
from compiler.policytest import run
from compiler.sources.tree import Tree
from webhook.engine.policy import Runtime

Write = Callable[..., Path]

_TEST = """\
apiVersion: overbank.dev/v1alpha1
kind: PolicyTest
metadata: {name: web}
spec:
  cluster: idc
  namespace: {name: shop}
  cases:
  - name: case
    pod: %s
    expect: %s
"""

POD = "{inline: {kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {containers: [{name: main, image: web}]}}}"
OTHER = "{inline: {kind: Pod, metadata: {name: a, labels: {app: api}}, spec: {containers: [{name: main, image: web}]}}}"
KEPT = "{inline: {kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {schedulerName: volcano, containers: []}}}"


def _findings(folder: Path) -> list[tuple[str, str]]:
    """Run all tests of a repository and return code and message of what does not hold."""
    tree = Tree(folder)
    result = compile_repository(tree)
    assert result.model is not None
    assert not result.failed, result.diagnostics
    return [(each.code.id, each.message) for case in run(result.model, result.clusters, tree) for each in case.diagnostics]


@pytest.fixture
def findings(write: Write, minimal: dict[str, str]) -> Callable[..., list[tuple[str, str]]]:
    """Return a function that runs one case in the small repository and returns what does not hold."""

    def check(pod: str, expect: str, **files: str) -> list[tuple[str, str]]:
        more = {path.replace("__", "/").replace("_yaml", ".yaml"): content for path, content in files.items()}
        return _findings(write({**minimal, "tests/web.yaml": _TEST % (pod, expect), **more}))

    return check


Findings = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("pod", "expect"),
    [
        (POD, "{policies: [web], unchanged: false, warnings: []}"),
        (POD, "{contains: {spec: {schedulerName: ack-co-scheduler}}}"),
        (POD, "{contains: {spec: {containers: [{name: main}], tolerations: [{key: node.kubernetes.io/not-ready}]}}}"),
        (POD, "{contains: {spec: {tolerations: []}, metadata: {}}}"),
        (OTHER, "{policies: [], unchanged: true, warnings: []}"),
        (KEPT, "{unchanged: true, warnings: [kept as]}"),
    ],
)
def test_expectations_that_hold_are_silent(findings: Findings, pod: str, expect: str) -> None:
    """What holds gives no finding."""
    assert findings(pod, expect) == []


@pytest.mark.parametrize(
    ("pod", "expect", "message"),
    [
        (POD, "{policies: []}", "expected policies [], and ['web'] match"),
        (OTHER, "{policies: [web]}", "expected policies ['web'], and none match"),
        (OTHER, "{unchanged: false}", "the pod comes back as it was sent"),
        (POD, "{unchanged: true}", "the pod is changed: add /metadata/annotations, add /spec/schedulerName"),
        (POD, "{warnings: [kept]}", "expected warnings ['kept'], got []"),
        (
            KEPT,
            "{warnings: []}",
            'expected warnings [], got [\'overbank policy web: spec.schedulerName is kept as "volcano", so the pod escapes',
        ),
        (POD, "{contains: {spec: {schedulerName: volcano}}}", "spec.schedulerName: expected 'volcano', got 'ack-co-scheduler'"),
        (POD, "{contains: {spec: {nodeName: a}}}", "spec.nodeName: expected 'a', and it is absent"),
        (POD, "{contains: {spec: {containers: [{name: other}]}}}", "spec.containers: no element contains {'name': 'other'}"),
        (POD, "{contains: {spec: {containers: {}}}}", "spec.containers: expected {}, got [{"),
        (POD, "{contains: {spec: {priority: false}}}", "spec.priority: expected False, got 0"),
    ],
)
def test_expectation_that_does_not_hold_shows_both_sides(findings: Findings, pod: str, expect: str, message: str) -> None:
    """What does not hold is a finding with what was expected and what is."""
    ((code, found),) = findings(pod, expect)
    assert code == codes.EXPECTATION.id
    assert found.startswith(f"case `case`: {message}")


def test_each_failing_expectation_of_a_case_is_a_finding(findings: Findings) -> None:
    """A case reports all that does not hold, not only the first."""
    expect = "{policies: [], unchanged: true, contains: {spec: {schedulerName: x, nodeName: y}}}"
    assert len(findings(POD, expect)) == 4


def test_finding_points_at_the_expectation(write: Write, minimal: dict[str, str]) -> None:
    """The place of a finding is the value that was expected."""
    tree = Tree(write({**minimal, "tests/web.yaml": _TEST % (POD, "{unchanged: true}")}))
    result = compile_repository(tree)
    assert result.model is not None
    ((found,),) = [case.diagnostics for case in run(result.model, result.clusters, tree)]
    assert str(found.primary.where.locate()) == "tests/web.yaml:10:25"


def test_expectation_holds_for_each_pod_of_a_workload(findings: Findings) -> None:
    """With several templates each pod must do as expected, and the finding names the role."""
    spec = "{containers: [{name: main, image: web}]}"
    job = (
        "{inline: {kind: TFJob, metadata: {name: job}, spec: {tfReplicaSpecs: "
        f"{{PS: {{template: {{metadata: {{labels: {{app: web}}}}, spec: {spec}}}}}, Worker: {{template: {{spec: {spec}}}}}}}}}}}}}"
    )
    assert findings(job, "{policies: [web]}") == [
        (codes.EXPECTATION.id, "case `case` (Worker): expected policies ['web'], and none match")
    ]


def test_pod_comes_from_a_file_beside_the_test(findings: Findings) -> None:
    """Paths are relative to the test's own file, and may climb within the repository."""
    pod = "kind: Pod\nmetadata: {labels: {app: web}}\nspec: {containers: []}\n"
    assert findings("{file: pods/web.yaml}", "{policies: [web]}", tests__pods__web_yaml=pod) == []
    assert findings("{file: ../pods/./web.yaml}", "{policies: [web]}", pods__web_yaml=pod) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none.yaml", "cannot read tests/none.yaml: no such file or directory"),
        ("../../outside.yaml", "../../outside.yaml leaves the repository"),
        ("../tests/../../outside.yaml", "leaves the repository"),
        ("/etc/hostname", "/etc/hostname is not relative"),
        ("../overbank.yaml", "overbank.yaml holds no pods: Repository is no Pod and has no pod template"),
        ("../burst", "cannot read burst"),
        ("link.yaml", "cannot read tests/link.yaml"),
    ],
)
def test_pod_that_cannot_be_had_is_a_finding(write: Write, minimal: dict[str, str], tmp_path: Path, path: str, reason: str) -> None:
    """A file that is missing, no workload, a link or outside of the repository fails the case with the reason."""
    (tmp_path / "outside.yaml").write_text("kind: Pod\nspec: {}\n")
    folder = write({**minimal, "tests/web.yaml": _TEST % (f"{{file: '{path}'}}", "{unchanged: true}")})
    (folder / "tests/link.yaml").symlink_to(tmp_path / "outside.yaml")
    ((code, message),) = _findings(folder)
    assert code == codes.POD_UNREADABLE.id
    assert reason in message


def test_malformed_pod_is_a_finding(findings: Findings) -> None:
    """A pod that the API server would refuse fails the case instead of the run."""
    ((code, message),) = findings("{inline: {kind: Pod, spec: {containers: 5}}}", "{unchanged: true}")
    assert code == codes.POD_UNREADABLE.id
    assert "the API server would refuse this pod" in message


def test_case_names_are_unique_as_the_schema_says(write: Write, minimal: dict[str, str]) -> None:
    """Two cases of one name cannot be told apart in a report, so they are an error."""
    cases = _TEST % (POD, "{unchanged: false}") + f"  - name: case\n    pod: {OTHER}\n    expect: {{unchanged: true}}\n"
    assert compile_repository(Tree(write({**minimal, "tests/web.yaml": cases}))).failed


@pytest.mark.parametrize(
    ("namespace", "expect"),
    [
        ("{name: shop}", "{policies: [tier]}"),
        ("{name: shop, labels: {}}", "{policies: []}"),
        ("{name: elsewhere}", "{policies: []}"),
        ("{name: elsewhere, labels: {tier: web}}", "{policies: [tier]}"),
        ("{name: elsewhere, labels: {tier: core}}", "{policies: []}"),
    ],
)
def test_namespace_labels_are_the_declared_ones_or_the_tests_own(
    write: Write, minimal: dict[str, str], namespace: str, expect: str
) -> None:
    """A test's namespace has the labels that the cluster declares, or else those that the test gives it."""
    policy = minimal["burst/web.yaml"].replace("{name: web}", "{name: tier}", 1)
    policy = policy.replace("{names: [shop]}", "{selector: {matchLabels: {tier: web}}}")
    cluster = minimal["clusters/idc.yaml"] + "  namespaces: [{name: shop, labels: {tier: web}}]\n"
    test = (_TEST % (POD, expect)).replace("{name: shop}", namespace)
    files = {"overbank.yaml": minimal["overbank.yaml"], "clusters/idc.yaml": cluster, "burst/tier.yaml": policy}
    assert _findings(write({**files, "tests/web.yaml": test})) == []


def test_namespace_of_a_test_has_its_name_as_a_label(write: Write, minimal: dict[str, str]) -> None:
    """From Kubernetes 1.21 on the name is a label of every namespace, also of one that a test makes up."""
    selector = "{selector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, made-up]}]}}"
    cluster = minimal["clusters/idc.yaml"] + "  namespaces: [{name: shop}]\n"
    test = (_TEST % (POD, "{policies: [web]}")).replace("{name: shop}", "{name: made-up, labels: {}}")
    files = {
        **minimal,
        "clusters/idc.yaml": cluster,
        "burst/web.yaml": minimal["burst/web.yaml"].replace("{names: [shop]}", selector),
    }
    assert _findings(write({**files, "tests/web.yaml": test})) == []


def test_tests_run_in_the_order_of_their_names(write: Write, minimal: dict[str, str]) -> None:
    """Tests are run by name and cases as they stand, whatever files they are in."""
    two = _TEST % (POD, "{unchanged: false}")
    one = two.replace("{name: web}", "{name: api}") + f"  - name: a second\n    pod: {OTHER}\n    expect: {{unchanged: true}}\n"
    tree = Tree(write({**minimal, "a.yaml": two, "z.yaml": one}))
    result = compile_repository(tree)
    assert result.model is not None
    names = [f"{each.test.name}/{each.case.name}" for each in run(result.model, result.clusters, tree)]
    assert names == ["api/case", "api/a second", "web/case"]


def _refusing(cluster: ClusterIR) -> ClusterIR:
    """Make the pools of every placing policy unable to run pods that use the host's network."""
    policies = tuple(
        policy if policy.placement is None else replace(policy, placement=replace(policy.placement, runtimes=(Runtime.ECI,)))
        for policy in cluster.bundle.policies
    )
    return dataclasses.replace(cluster, bundle=replace(cluster.bundle, policies=policies))


HOST = POD.replace("spec: {", "spec: {hostNetwork: true, ")


@pytest.mark.parametrize(
    ("pod", "expect", "message"),
    [
        (HOST, "{denied: spec.hostNetwork}", None),
        (POD, "{denied: null}", None),
        (HOST, "{denied: null}", "the pod is denied: overbank policy web: spec.hostNetwork: "),
        (HOST, "{denied: hostPath}", "expected the pod to be denied with `hostPath`, and it is denied: overbank policy web: "),
        (POD, "{denied: hostPath}", "expected the pod to be denied with `hostPath`, and it is allowed"),
        (HOST, "{unchanged: true, contains: {spec: {hostNetwork: true}}}", None),
    ],
)
def test_denials_are_expected_by_a_part_of_their_reason(
    *, write: Write, minimal: dict[str, str], pod: str, expect: str, message: str | None
) -> None:
    """A text means that the pod is denied for a reason which contains it, null that it is allowed; a denied pod is as it was sent."""
    tree = Tree(write({**minimal, "tests/web.yaml": _TEST % (pod, expect)}))
    result = compile_repository(tree)
    assert result.model is not None
    (case,) = run(result.model, tuple(_refusing(cluster) for cluster in result.clusters), tree)
    found = [each.message for each in case.diagnostics]
    if message is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(f"case `case`: {message}")


def test_a_denial_is_a_text_or_null(write: Write, minimal: dict[str, str]) -> None:
    """Whether a pod is denied cannot be expected without a reason."""
    for expect in ("{denied: true}", "{denied: ''}", "{denied: []}"):
        assert compile_repository(Tree(write({**minimal, "tests/web.yaml": _TEST % (POD, expect)}))).failed


def test_a_part_of_the_pod_that_cannot_be_read_is_told(write: Write, minimal: dict[str, str]) -> None:
    """A part that is decoded only for some policies is refused as the API server would."""
    pod = POD.replace("spec: {", "spec: {volumes: {hostPath: 1}, ")
    tree = Tree(write({**minimal, "tests/web.yaml": _TEST % (pod, "{unchanged: true}")}))
    result = compile_repository(tree)
    assert result.model is not None
    (case,) = run(result.model, tuple(_refusing(cluster) for cluster in result.clusters), tree)
    assert [each.code for each in case.diagnostics] == [codes.POD_UNREADABLE]
