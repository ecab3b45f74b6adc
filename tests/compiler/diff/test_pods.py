"""What ``overbank diff`` says of pods on real repositories: those of tests, folders and manifests, and those that run."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.compiler.diff.edits import WEB, WIDENED

Cli = Callable[..., Any]
Files = Mapping[str, str | bytes]
History = Callable[[Files], Path]
Git = Callable[..., None]
Report = Callable[[Any], dict[str, Any]]


def test_newly_matched_pods_are_scaled_in_first_on_vke(changed: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """A ResourcePolicy that selects more pods concerns running ones, which VKE scales in first (documented)."""
    outcome = cli("diff", "HEAD", "-C", changed(WIDENED), "--forbid", "running", "--format", "json-v1")
    vke = report_of(outcome)["policies"][0]["clusters"][1]
    assert "scaled in first" in [each["when"] for each in vke["running"]]
    assert [each["code"] for each in json.loads(outcome.out)["forbidden"]] == ["OB5608"]


def test_pods_that_are_let_go_are_not_newly_matched(changed: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """A ResourcePolicy that selects fewer pods lets running ones go, and has none scaled in first."""
    folder = changed((WEB, "stage: live}", "stage: live, zone: a}"))
    vke = report_of(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))["policies"][0]["clusters"][1]
    assert {each["when"] for each in vke["running"]} == {"at next reschedule"}
    assert any("nothing orders their scale-in any more" in each["why"] for each in vke["running"])


def test_pods_of_tests_are_tried(changed: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """Pods of PolicyTests that are treated otherwise are listed with the fields that differ."""
    report = report_of(
        cli(
            "diff",
            "HEAD",
            "-C",
            changed((WEB, "stage: live", "stage: canary"), (WEB, "  priority", "  inject: {labels: {team: a}}\n  priority")),
            "--format",
            "json-v1",
        )
    )
    (pod,) = report["pods"]["changes"]
    assert (pod["title"], pod["clusters"]) == ("test web, case a canary", ["vke"])
    assert pod["owner"] == {"before": None, "after": "web"}
    assert {"path": "metadata.labels[team]", "after": "a"} in pod["fields"]


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web, stage: beta}}
    spec: {containers: [{name: c, image: i}]}
"""


def test_pods_of_a_folder_are_tried(changed: Callable[..., Path], write: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """``--pods`` takes a folder of manifests, whose pods are tried on every cluster with another bundle."""
    apps = write({"a/web.yaml": DEPLOYMENT, "a/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"}, "apps")
    report = report_of(cli("diff", "HEAD", "-C", changed(WIDENED), "--pods", apps, "--format", "json-v1"))
    changes = {each["title"]: each for each in report["pods"]["changes"]}
    assert changes["Deployment shop/shop"]["clusters"] == ["ack", "vke"]
    assert changes["Deployment shop/shop"]["owner"] == {"before": None, "after": "web"}


def test_manifests_in_git_are_tried_and_their_patches_move_pods(
    history: History, files: dict[str, str], cli: Cli, report_of: Report
) -> None:
    """A workload in Git that gets another patch is shown, and applying the patch replaces its pods."""
    settings = files["overbank.yaml"].replace("spec: {}", "spec: {workloads: [apps/**]}")
    folder = history({**files, "overbank.yaml": settings, "apps/web.yaml": DEPLOYMENT})
    (folder / WEB).write_text(
        files[WEB].replace(", stage: live", "").replace("  priority", "  inject: {annotations: {team: a}}\n  priority")
    )
    report = report_of(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))
    assert "Deployment shop/shop" in [each["title"] for each in report["pods"]["changes"]]
    assert {each["when"] for each in report["consequences"]} == {"moves now"}


def test_live_pods_are_counted(changed: Callable[..., Path], write: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """Of a dump, pods that a VKE ResourcePolicy selects for the first time are scaled in first; others are not affected."""
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": labels},
            "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running"},
        }
        for name, labels in (("a", {"app": "web"}), ("b", {"app": "web", "stage": "live"}), ("c", {"app": "x"}))
    ]
    dump = write({"live.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})}, "dump") / "live.json"
    report = report_of(cli("diff", "HEAD", "-C", changed(WIDENED), "--live", f"vke={dump}", "--format", "json-v1"))
    (observed,) = report["running"]
    assert observed["counts"] == {"scaled in first": 1, "unaffected": 2}
    assert [(each["name"], each["when"], each["pods"]) for each in observed["workloads"]] == [("a", "scaled in first", 1)]


def test_running_pods_are_tried_as_they_were_sent(
    changed: Callable[..., Path], write: Callable[..., Path], cli: Cli, report_of: Report
) -> None:
    """Of a dump with the owners of its pods, each template is tried once, without the node and the values that admission added."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": "shop",
            "labels": {"app": "web", "pod-template-hash": "h1"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-h1", "uid": "1", "controller": True}],
        },
        "spec": {"nodeName": "n", "schedulerName": "somebody", "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running"},
    }
    template = {
        "metadata": {"labels": {"app": "web", "pod-template-hash": "h1"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "web-h1", "namespace": "shop", "labels": {"pod-template-hash": "h1"}},
        "spec": {"template": template},
    }
    pods = [{**pod, "metadata": {**pod["metadata"], "name": f"web-{number}"}} for number in range(3)]  # type: ignore[dict-item]
    dump = write({"pods.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": [owner, *pods]})}, "dump") / "pods.json"
    report = report_of(cli("diff", "HEAD", "-C", changed(WIDENED), "--pods", dump, "--format", "json-v1"))
    changes = [each for each in report["pods"]["changes"] if not each["title"].startswith("test ")]
    assert [(each["namespace"], each["clusters"], each["owner"]["after"]) for each in changes] == [("shop", ["ack", "vke"], "web")]
    assert report["pods"]["tried"] == 2
