"""``overbank coverage``: what counts as exercised, by what, and what is left over."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Write = Callable[..., Path]

POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {names: [idc]}
    namespaces: {names: [shop]}
    pods: {matchLabels: {app: web}}
  pools:
  - {name: serverless}
  mechanism: eciLabel
  foreignIntent: deny
  inject:
    annotations:
      team: shop
"""

_POD = "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: APP, LABEL}}, spec: {containers: [{name: a, image: a}]}}"


def _test(*cases: tuple[str, str, str]) -> str:
    """Return a PolicyTest of cases: a name, the pod, what is expected."""
    lines = [f"  - {{name: {name}, pod: {{inline: {pod}}}, expect: {expect}}}\n" for name, pod, expect in cases]
    return (
        "apiVersion: overbank.dev/v1alpha1\nkind: PolicyTest\nmetadata: {name: tests}\n"
        f"spec:\n  cluster: idc\n  namespace: {{name: shop}}\n  cases:\n{''.join(lines)}"
    )


def _pod(app: str, *, label: str = "x: y") -> str:
    return _POD.replace("APP", app).replace("LABEL", label)


@pytest.fixture
def covered(cli: Cli, write: Write, minimal: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """Return a function that measures the small repository with more files, and returns the report."""

    def run(files: dict[str, str], *options: str) -> dict[str, Any]:
        done = cli("coverage", write({**minimal, "burst/web.yaml": POLICY, **files}), "--format", "json-v1", *options)
        assert done.code == 0, done.err
        report: dict[str, Any] = json.loads(done.out)
        return report

    return run


def _by(report: dict[str, Any]) -> dict[str, list[str]]:
    return {each["title"]: each["by"] for each in report["units"]}


def test_without_tests_nothing_is_exercised(covered: Callable[..., dict[str, Any]]) -> None:
    """The units of a policy: a match in each cluster, each pool, each value, each refusal, and where each is written."""
    report = covered({})
    assert report["summary"] == {
        "covered": 0,
        "total": 6,
        "percent": 0,
        "cases": 0,
        "scenarios": 0,
        "workloads": 0,
        "failing": 0,
    }
    assert [(each["part"], each["title"], each["location"]["line"]) for each in report["units"]] == [
        ("match", "a match on cluster `idc`", 5),
        ("pool", "pods on pool `serverless` of cluster `idc`", 10),
        ("value", "the value of metadata.labels[alibabacloud.com/eci]", 9),
        ("value", "the value of metadata.annotations[team]", 15),
        ("refusal", "a pod whose author would send it past the policy", 12),
        ("refusal", "a pod that the pools cannot run", 9),
    ]


def test_a_matching_pod_exercises_match_pool_and_values(covered: Callable[..., dict[str, Any]]) -> None:
    """A pod of a policy with one pool is meant for it; refusals need pods of their own."""
    found = _by(covered({"tests/a.yaml": _test(("plain", _pod("web"), "{policies: [web]}"))}))
    assert [title for title, by in found.items() if by == ["test"]] == list(found)[:4]


def test_each_refusal_needs_its_own_pod(covered: Callable[..., dict[str, Any]]) -> None:
    """What the author may not write, and what the pools cannot run, are told apart."""
    past = _pod("web", label='alibabacloud.com/eci: "false"')
    report = covered({"tests/a.yaml": _test(("past", past, '{denied: "past its placement"}'))})
    assert [title for title, by in _by(report).items() if by] == [
        "a match on cluster `idc`",
        "a pod whose author would send it past the policy",
    ]
    host = _pod("web").replace("containers:", "hostNetwork: true, containers:")
    report = covered({"tests/a.yaml": _test(("host", host, "{denied: policy}"))})
    assert "a pod that the pools cannot run" in [title for title, by in _by(report).items() if by]


def test_only_scenarios_say_which_of_several_pools_is_reached(
    covered: Callable[..., dict[str, Any]], minimal: dict[str, str]
) -> None:
    """A pod alone is meant for all pools; a scenario that expects something runs pods on some of them."""
    scenario = (
        "apiVersion: overbank.dev/v1alpha1\nkind: PlanScenario\nmetadata: {name: SCENE}\n"
        "spec:\n  cluster: idc\n  policy: web\n  events:\n  - create: COUNTEXPECT\n"
    )
    expect = "\n    expect: {idc: {running: COUNT}}"
    files = {
        "burst/web.yaml": minimal["burst/web.yaml"],
        "tests/a.yaml": _test(("plain", _pod("web"), "{policies: [web]}")),
        "plans/few.yaml": scenario.replace("EXPECT", expect).replace("COUNT", "2").replace("SCENE", "few"),
        "plans/shown.yaml": scenario.replace("EXPECT", "").replace("COUNT", "9").replace("SCENE", "shown"),
    }
    report = covered(files)
    found = _by(report)
    assert report["summary"]["scenarios"] == 1
    assert found["a match on cluster `idc`"] == ["test", "scenario"]
    assert found["pods on pool `idc` of cluster `idc`"] == ["scenario"]
    assert found["pods on pool `serverless` of cluster `idc`"] == []
    files["plans/more.yaml"] = scenario.replace("EXPECT", expect).replace("COUNT", "9").replace("SCENE", "more")
    assert _by(covered(files))["pods on pool `serverless` of cluster `idc`"] == ["scenario"]


def test_manifests_in_git_count_only_when_asked_for(
    covered: Callable[..., dict[str, Any]], cli: Cli, minimal: dict[str, str], tmp_path: Path
) -> None:
    """Nobody says what should become of a manifest, so it is no test; what no policy matches is listed, and which policy matches nothing."""
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME, namespace: shop}\n"
        "spec: {selector: {matchLabels: {app: NAME}}, template: {metadata: {labels: {app: NAME}}, spec: {containers: [{name: a, image: a}]}}}\n"
    )
    files = {
        "overbank.yaml": minimal["overbank.yaml"].replace("spec: {}", "spec: {workloads: [apps/**]}"),
        "apps/web.yaml": deployment.replace("NAME", "web"),
        "apps/other.yaml": deployment.replace("NAME", "other"),
        "burst/idle.yaml": POLICY.replace("name: web", "name: idle").replace("app: web", "app: idle"),
    }
    report = covered(files)
    assert _by(report)["a match on cluster `idc`"] in (["workload"], [])
    assert report["summary"]["covered"] == 0
    assert [each["name"] for each in report["unmatchedWorkloads"]] == ["Deployment `shop/other`"]
    assert report["unusedPolicies"] == [{"name": "idle", "location": {"path": "burst/idle.yaml", "line": 3, "column": 18}}]
    assert covered(files, "--include-workloads")["summary"]["covered"] == 4
    shown = cli("coverage", tmp_path / "repo").out
    assert "policy `web`: a match on cluster `idc` (only by workloads in Git)" in shown


def test_pods_and_clusters_that_no_policy_has_to_do_with_are_listed(
    covered: Callable[..., dict[str, Any]], minimal: dict[str, str]
) -> None:
    """A tested pod that no policy matches is listed unless the case says that this is meant; so are clusters without a policy."""
    cases = (
        ("stray", _pod("other"), "{denied: null, warnings: []}"),
        ("meant", _pod("other"), "{policies: []}"),
        ("same", _pod("other"), "{unchanged: true}"),
    )
    files = {
        "tests/a.yaml": _test(*cases),
        "clusters/b.yaml": minimal["clusters/idc.yaml"].replace("name: idc}\nspec", "name: lone}\nspec"),
    }
    report = covered(files)
    assert [each["name"] for each in report["unmatchedPods"]] == ["tests/stray"]
    assert [each["name"] for each in report["withoutOutput"]] == ["cluster `lone`"]


def test_percentages_are_rounded_down_and_may_be_asked_for(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """4 of 6 are 66 per cent; less than what is asked for is exit code 1, and the report is printed all the same."""
    root = write({**minimal, "burst/web.yaml": POLICY, "tests/a.yaml": _test(("plain", _pod("web"), "{policies: [web]}"))})
    enough = cli("coverage", root, "--fail-under", "66")
    assert (enough.code, enough.err) == (0, "")
    assert enough.out.endswith("\n66 % covered (4 of 6), by 1 test case and 0 scenarios\n")
    short = cli("coverage", root, "--fail-under", "67")
    assert (short.code, short.out) == (1, enough.out)
    assert short.err == "overbank: 66 % are covered, and 67 % are asked for\n"
    assert cli("coverage", root, "--fail-under", "101").code == 2


def test_a_failing_test_is_mentioned(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """What it exercises counts, since it is `overbank test` that fails."""
    root = write({**minimal, "burst/web.yaml": POLICY, "tests/a.yaml": _test(("plain", _pod("web"), "{policies: []}"))})
    done = cli("coverage", root)
    assert done.code == 0
    assert "note: 1 test fails, and what they exercise counts" in done.err


def test_lcov_has_a_line_for_every_place(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A line is covered if all that stands in it is exercised."""
    root = write({**minimal, "burst/web.yaml": POLICY, "tests/a.yaml": _test(("plain", _pod("web"), "{policies: [web]}"))})
    assert cli("coverage", root, "--format", "lcov").out == (
        "TN:overbank\nSF:burst/web.yaml\nDA:5,1\nDA:9,0\nDA:10,1\nDA:12,0\nDA:15,1\nLF:5\nLH:3\nend_of_record\n"
    )


def test_markdown_fits_a_comment(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """However many policies there are, and whatever they are called, the comment has less than 64 KiB and says what it left out."""
    policies = {
        f"burst/{n}.yaml": POLICY.replace("name: web", f"name: web-{n}-{'x' * 50}").replace("app: web", f"app: web-{n}")
        for n in range(400)
    }
    done = cli("coverage", write({**minimal, **policies}), "--format", "markdown")
    assert done.code == 0
    assert len(done.out.encode()) <= 64_000
    assert "**0 % covered (0 of" in done.out
    assert "... and 301 more policies" in done.out
    assert "<details><summary>not exercised: 2" in done.out


def test_the_sample_is_measured(cli: Cli, sample: Path) -> None:
    """Every policy of the sample matches in some test, and every member gets replicas in a scenario."""
    report = json.loads(cli("coverage", sample, "--format", "json-v1").out)
    assert [each["title"] for each in report["units"] if each["part"] in ("match", "value", "member") and not each["by"]] == []
    assert report["withoutOutput"] == report["unmatchedPods"] == []
    assert report["summary"]["percent"] >= 80


def test_without_policies_there_is_nothing_to_cover(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """That is exit code 3, and policies with errors are 1."""
    root = write({"overbank.yaml": minimal["overbank.yaml"], "clusters/idc.yaml": minimal["clusters/idc.yaml"]})
    assert cli("coverage", root).code == 3
    write({"burst/web.yaml": "apiVersion: overbank.dev/v1alpha1\nkind: BurstPolicy\n"})
    assert cli("coverage", root).code == 1
