"""``overbank diff`` on real repositories."""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.cli.diff import FORBIDDABLE
from compiler.diff.forbidden import KINDS

Cli = Callable[..., Any]
Files = Mapping[str, str | bytes]
History = Callable[[Files], Path]
Git = Callable[..., None]

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def changed(history: History, files: dict[str, str]) -> Callable[..., Path]:
    """Return a function that commits the repository and then replaces texts in files of the work tree."""

    def run(*edits: tuple[str, str, str], **more: str) -> Path:
        folder = history(files)
        for path, old, new in edits:
            text = (folder / path).read_text()
            assert old in text
            (folder / path).write_text(text.replace(old, new))
        for path, text in more.items():
            (folder / path).write_text(text)
        return folder

    return run


WEB = "burst/web.yaml"
WIDENED = (WEB, ", stage: live", "")


def _report(outcome: Any) -> dict[str, Any]:
    assert outcome.code in (0, 1), outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def test_nothing_differs_from_itself(history: History, files: dict[str, str], cli: Cli) -> None:
    """A revision beside itself, or beside a work tree that has it checked out, is the same: exit code 0, and it is said."""
    folder = history(files)
    for arguments in (("HEAD",), ("HEAD", "HEAD"), ("main", "HEAD")):
        outcome = cli("diff", *arguments, "-C", folder)
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.endswith(": nothing differs\n")
    report = _report(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))
    assert report["differs"] is False
    assert not any(report[name] for name in ("policies", "running", "consequences", "objects", "forbidden"))


def test_the_sample_does_not_differ_from_itself(sample: Path, cli: Cli) -> None:
    """Two folders with the same files are the same, for the whole sample repository."""
    outcome = cli("diff", sample, sample)
    assert (outcome.code, outcome.err) == (0, "")


def test_a_wider_policy_shows_the_smallest_new_pod(changed: Callable[..., Path], cli: Cli) -> None:
    """A match with a condition less is wider on every cluster, with a pod that it did not reach before."""
    report = _report(cli("diff", "HEAD", "-C", changed(WIDENED), "--format", "json-v1"))
    (policy,) = report["policies"]
    assert (policy["name"], policy["status"], policy["relation"]) == ("web", "changed", "wider")
    assert [each["cluster"] for each in policy["clusters"]] == ["ack", "vke"]
    gained = policy["clusters"][0]["gained"]
    assert gained["labels"] == {"app": "web"}
    assert (gained["namespace"], gained["proved"]) == ("shop", True)


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("stage: live}", "stage: live, zone: a}", "narrower"),
        ("stage: live}", "stage: test}", "incomparable"),
        (
            "matchLabels: {app: web, stage: live}",
            "matchExpressions: [{key: app, operator: In, values: [web]}, {key: stage, operator: In, values: [live]}]",
            None,
        ),
        ("  priority: 10", "  mode: audit\n  priority: 10", "narrower"),
        ("  priority: 10", "  rollout: {percentage: 40}\n  priority: 10", "narrower"),
        ("names: [shop]", "names: [shop, lab]", "wider"),
        ("{selector: {matchLabels: {fleet: gpu}}}", "{names: [vke]}", "narrower"),
    ],
)
def test_relations(changed: Callable[..., Path], cli: Cli, old: str, new: str, relation: str | None) -> None:
    """Match, mode, rollout and clusters all count to what a policy reaches; the same match in other words is no difference."""
    report = _report(cli("diff", "HEAD", "-C", changed((WEB, old, new)), "--format", "json-v1"))
    assert [each["relation"] for each in report["policies"]] == ([relation] if relation else [])


def test_priorities_move_pods(changed: Callable[..., Path], files: dict[str, str], cli: Cli, git: Git) -> None:
    """Where two policies match a pod, a change of their order says whose it was, whose it is, and which pod shows it."""
    folder = changed()
    other = files[WEB].replace("name: web", "name: batch").replace("app: web, stage: live", "stage: live").replace("10", "5")
    (folder / "burst/batch.yaml").write_text(other)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "another policy")
    (folder / "burst/batch.yaml").write_text(other.replace("priority: 5", "priority: 50"))
    outcome = cli("diff", "HEAD", "-C", folder, "--forbid", "moved")
    assert outcome.code == 1
    assert "takes pods from web: proved: app=web,stage=live, in namespace shop" in outcome.out
    assert "error[OB5606]: pods that policy `web` placed on clusters ack, vke go to policy `batch`" in outcome.err


def test_priorities_change_what_is_injected(changed: Callable[..., Path], files: dict[str, str], cli: Cli, git: Git) -> None:
    """Where two policies want different values of a label, a change of their order is shown, and new pods are not said to be unaffected."""
    folder = changed()
    head, _, _ = files[WEB].partition("  pools:")
    first = f"{head}  inject: {{labels: {{team: a}}, annotations: {{same: x}}}}\n"
    second = first.replace("name: web", "name: batch").replace("team: a", "team: b").replace("priority: 10", "priority: 5")
    write = {"burst/web.yaml": first, "burst/batch.yaml": second}
    for path, text in write.items():
        (folder / path).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "two that inject")
    (folder / "burst/batch.yaml").write_text(second.replace("priority: 5", "priority: 50"))
    outcome = cli("diff", "HEAD", "-C", folder)
    assert "~ is heard before web now about labels[team]: proved: app=web,stage=live, in namespace shop" in outcome.out
    assert "running pods: unaffected" not in outcome.out
    assert "running pods: at next reschedule: the webhook changes pods" in outcome.out
    (folder / "burst/batch.yaml").write_text(second.replace("priority: 5", "priority: 9"))
    assert "running pods: unaffected" in cli("diff", "HEAD", "-C", folder).out


def test_pools_and_running_pods(changed: Callable[..., Path], cli: Cli) -> None:
    """Another limit is shown with the pools in their order, and by the vendor's rule old pods keep the old order on VKE."""
    outcome = cli("diff", "HEAD", "-C", changed((WEB, "max: 2", "max: 4")), "--format", "json-v1")
    ack, vke = _report(outcome)["policies"][0]["clusters"]
    assert vke["pools"] == {"before": ["prepaid", "serverless (max 2)"], "after": ["prepaid", "serverless (max 4)"]}
    assert [(each["when"], each["inferred"]) for each in vke["running"]] == [("keeps the old order", False)]
    assert [(each["when"], each["inferred"]) for each in ack["running"]] == [("at next reschedule", True)]


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (
            "clusters/vke.yaml",
            "machinepool-name: p1",
            "machinepool-name: p2",
            '"values": ["p2"]}]}, serverless (max 2)',
        ),
        (WEB, "max: 2}", 'max: 2, ack: {maxResources: {cpu: "8"}}}', 'serverless (max 2) {"maxResources": {"cpu": "8"}}'),
        (
            WEB,
            "  pools:",
            "  strategy: require\n  pools:",
            "policy `web` on cluster vke goes on to its next pools otherwise: spec.strategy",
        ),
    ],
)
def test_pools_that_keep_their_names_and_limits(  # noqa: PLR0917 - what is given and what is expected
    history: History, files: dict[str, str], cli: Cli, path: str, old: str, new: str, said: str
) -> None:
    """Where a pool stands for other nodes, has another limit of resources, or is left for the next one otherwise, its policy says so."""
    only = "ack" if "ack:" in new else "vke"
    known = {
        **files,
        "clusters/ack.yaml": files["clusters/ack.yaml"].replace('"6.4"', '"6.9.5"'),
        WEB: files[WEB].replace("{selector: {matchLabels: {fleet: gpu}}}", f"{{names: [{only}]}}"),
    }
    del known["tests/web.yaml"]
    folder = history(known)
    (folder / path).write_text(known[path].replace(old, new))
    outcome = cli("diff", "HEAD", "-C", folder, "--forbid", "pools", "--exit-zero")
    assert outcome.code == 1
    assert said in outcome.err


def test_another_namespace_is_no_other_pool(changed: Callable[..., Path], cli: Cli) -> None:
    """A policy that gets a ResourcePolicy in one more namespace has the pools that it had, so nothing is said about them."""
    report = _report(cli("diff", "HEAD", "-C", changed((WEB, "[shop]", "[shop, lab]")), "--format", "json-v1", "--forbid", "pools"))
    assert [each["pools"] for each in report["policies"][0]["clusters"]] == [None, None]
    assert report["forbidden"] == []


def test_newly_matched_pods_are_scaled_in_first_on_vke(changed: Callable[..., Path], cli: Cli) -> None:
    """A ResourcePolicy that selects more pods concerns running ones, which VKE scales in first (documented)."""
    outcome = cli("diff", "HEAD", "-C", changed(WIDENED), "--forbid", "running", "--format", "json-v1")
    vke = _report(outcome)["policies"][0]["clusters"][1]
    assert "scaled in first" in [each["when"] for each in vke["running"]]
    assert [each["code"] for each in json.loads(outcome.out)["forbidden"]] == ["OB5608"]


def test_pods_that_are_let_go_are_not_newly_matched(changed: Callable[..., Path], cli: Cli) -> None:
    """A ResourcePolicy that selects fewer pods lets running ones go, and has none scaled in first."""
    folder = changed((WEB, "stage: live}", "stage: live, zone: a}"))
    vke = _report(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))["policies"][0]["clusters"][1]
    assert {each["when"] for each in vke["running"]} == {"at next reschedule"}
    assert any("nothing orders their scale-in any more" in each["why"] for each in vke["running"])


def test_schedulers_that_rule_edits_out(history: History, files: dict[str, str], cli: Cli) -> None:
    """Below scheduler 6.1 an edit of a ResourcePolicy with live pods is ruled out by the vendor, and that is said."""
    folder = history({**files, "clusters/ack.yaml": files["clusters/ack.yaml"].replace('"6.4"', '"6.0"')})
    (folder / WEB).write_text(files[WEB].replace("max: 2", "max: 4"))
    outcome = cli("diff", "HEAD", "-C", folder)
    assert "! running pods: edit ruled out while pods exist: below scheduler 6.1" in outcome.out


def test_schedulers_that_rule_edits_of_selectors_out(
    history: History, files: dict[str, str], write: Callable[..., Path], cli: Cli
) -> None:
    """A selector is a part of a ResourcePolicy, so below scheduler 6.1 it must not be edited either, whether pods are let go or kept."""
    folder = history({**files, "clusters/ack.yaml": files["clusters/ack.yaml"].replace("6.4", "6.0")})
    (folder / WEB).write_text(files[WEB].replace("stage: live}", "stage: live, team: a}"))
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": "web", "stage": "live", **more}},
            "spec": {"nodeName": "n", "schedulerName": "somebody", "containers": [{"name": "c", "image": "i"}]},
        }
        for name, more in (("let-go", {}), ("kept", {"team": "a"}))
    ]
    dump = write({"live.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})}, "dump") / "live.json"
    outcome = cli("diff", "HEAD", "-C", folder, "--live", f"ack={dump}", "--forbid", "running")
    assert "! running pods: edit ruled out while pods exist: below scheduler 6.1" in outcome.out
    assert "cluster ack: 2 edit ruled out while pods exist" in outcome.out
    assert "error[OB5608]: running pods of policy `web` on cluster ack: edit ruled out while pods exist" in outcome.err


def test_pods_of_tests_are_tried(changed: Callable[..., Path], cli: Cli) -> None:
    """Pods of PolicyTests that are treated otherwise are listed with the fields that differ."""
    report = _report(
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


def test_pods_of_a_folder_are_tried(changed: Callable[..., Path], write: Callable[..., Path], cli: Cli) -> None:
    """``--pods`` takes a folder of manifests, whose pods are tried on every cluster with another bundle."""
    apps = write({"a/web.yaml": DEPLOYMENT, "a/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"}, "apps")
    report = _report(cli("diff", "HEAD", "-C", changed(WIDENED), "--pods", apps, "--format", "json-v1"))
    changes = {each["title"]: each for each in report["pods"]["changes"]}
    assert changes["Deployment shop/shop"]["clusters"] == ["ack", "vke"]
    assert changes["Deployment shop/shop"]["owner"] == {"before": None, "after": "web"}


def test_manifests_in_git_are_tried_and_their_patches_move_pods(history: History, files: dict[str, str], cli: Cli) -> None:
    """A workload in Git that gets another patch is shown, and applying the patch replaces its pods."""
    settings = files["overbank.yaml"].replace("spec: {}", "spec: {workloads: [apps/**]}")
    folder = history({**files, "overbank.yaml": settings, "apps/web.yaml": DEPLOYMENT})
    (folder / WEB).write_text(
        files[WEB].replace(", stage: live", "").replace("  priority", "  inject: {annotations: {team: a}}\n  priority")
    )
    report = _report(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))
    assert "Deployment shop/shop" in [each["title"] for each in report["pods"]["changes"]]
    assert {each["when"] for each in report["consequences"]} == {"moves now"}


def test_live_pods_are_counted(changed: Callable[..., Path], write: Callable[..., Path], cli: Cli) -> None:
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
    report = _report(cli("diff", "HEAD", "-C", changed(WIDENED), "--live", f"vke={dump}", "--format", "json-v1"))
    (observed,) = report["running"]
    assert observed["counts"] == {"scaled in first": 1, "unaffected": 2}
    assert [(each["name"], each["when"], each["pods"]) for each in observed["workloads"]] == [("a", "scaled in first", 1)]


def test_running_pods_are_tried_as_they_were_sent(changed: Callable[..., Path], write: Callable[..., Path], cli: Cli) -> None:
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
    report = _report(cli("diff", "HEAD", "-C", changed(WIDENED), "--pods", dump, "--format", "json-v1"))
    changes = [each for each in report["pods"]["changes"] if not each["title"].startswith("test ")]
    assert [(each["namespace"], each["clusters"], each["owner"]["after"]) for each in changes] == [("shop", ["ack", "vke"], "web")]
    assert report["pods"]["tried"] == 2


def test_a_repository_below_the_top_of_git(history: History, files: dict[str, str], cli: Cli) -> None:
    """``-C`` may name a folder below the top of the Git repository; revisions are then read there."""
    folder = history({f"policies/{path}": text for path, text in files.items()})
    (folder / "policies" / WEB).write_text(files[WEB].replace(", stage: live", ""))
    report = _report(cli("diff", "HEAD", "-C", folder / "policies", "--format", "json-v1"))
    assert [(each["name"], each["place"]) for each in report["policies"]] == [("web", WEB)]


def test_added_and_removed(changed: Callable[..., Path], cli: Cli) -> None:
    """A policy of a new name is new, and one whose name is gone is gone, each forbidden at its own line."""
    folder = changed((WEB, "{name: web}", "{name: shop}"))
    outcome = cli("diff", "HEAD", "-C", folder, "--forbid", "added", "--forbid", "removed")
    assert outcome.code == 1
    assert "policy `shop` is not in HEAD" in outcome.err
    assert f"{folder}/burst/web.yaml:3:18" in outcome.err
    assert "error[OB5605]: policy `web` is gone; HEAD has it\n --> HEAD:burst/web.yaml:3:18\n" in outcome.err


def test_new_clusters_do_not_widen_policies(changed: Callable[..., Path], files: dict[str, str], cli: Cli) -> None:
    """A cluster that only the new side has is reported as such, and reaches are compared in the others."""
    folder = changed(**{"clusters/new.yaml": files["clusters/vke.yaml"].replace("name: vke", "name: new")})
    report = _report(cli("diff", "HEAD", "-C", folder, "--format", "json-v1", "--forbid", "wider", "--forbid", "clusters"))
    assert report["clusters"] == {"added": ["new"], "removed": []}
    assert report["policies"] == []
    assert [each["code"] for each in report["forbidden"]] == ["OB5609"]


def test_namespaces_that_are_declared_otherwise(history: History, files: dict[str, str], cli: Cli) -> None:
    """A policy that selects namespaces by labels reaches others when these labels change, without a word in its own file."""
    policy = files[WEB].replace("names: [shop]", "selector: {matchLabels: {tier: web}}")
    folder = history({**files, WEB: policy})
    vke = folder / "clusters/vke.yaml"
    vke.write_text(
        vke.read_text().replace("{name: shop, labels: {tier: web}}, {name: lab}", "{name: shop}, {name: lab, labels: {tier: web}}")
    )
    report = _report(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))
    ((effect,),) = [each["clusters"] for each in report["policies"]]
    assert (effect["cluster"], effect["relation"]) == ("vke", "incomparable")
    assert (effect["lost"]["namespace"], effect["gained"]["namespace"]) == ("shop", "lab")
    assert "declared or excluded otherwise" in effect["gained"]["because"]


def test_excluded_namespaces_are_lost(history: History, files: dict[str, str], cli: Cli) -> None:
    """A namespace that is excluded from now on is lost to every policy that reached it."""
    folder = history({**files, WEB: files[WEB].replace("{names: [shop]}", "{all: true}")})
    (folder / "overbank.yaml").write_text(
        files["overbank.yaml"].replace("spec: {}", "spec: {webhook: {excludeNamespaces: [kube-system, kube-node-lease, lab]}}")
    )
    outcome = cli("diff", "HEAD", "-C", folder, "--format", "json-v1")
    lost = [each["lost"] for each in _report(outcome)["policies"][0]["clusters"]]
    assert [each["namespace"] for each in lost] == ["lab", "lab"]


def test_a_changed_placement_moves_replicas(sample: Path, tmp_path: Path, cli: Cli) -> None:
    """KubeAdmiral divides replicas anew when a PropagationPolicy changes, unless the policy says otherwise."""
    shutil.copytree(sample, tmp_path / "new")
    placement = tmp_path / "new/placement/gpu-demo.yaml"
    text = placement.read_text()
    placement.write_text(re.sub(r"weight: \d+", "weight: 77", text, count=1))
    assert placement.read_text() != text
    report = _report(cli("diff", sample, tmp_path / "new", "--format", "json-v1"))
    assert {each["when"] for each in report["consequences"]} == {"moves now"}
    assert all(each["object"].startswith("PropagationPolicy ") for each in report["consequences"])
    forbidden = cli("diff", sample, tmp_path / "new", "--forbid", "running")
    line = text[: text.index("name: fed-pp-weight")].count("\n") + 1
    assert f"placement/gpu-demo.yaml:{line}:" in forbidden.err


@pytest.mark.parametrize(("before", "after", "said"), [("10", "50", "10 % -> 50 %"), ("12.5", None, "12.5 % -> 100 %")])
def test_rollouts_are_shown_as_they_are_written(  # noqa: PLR0917 - what is given and what is expected
    history: History, files: dict[str, str], cli: Cli, before: str, after: str | None, said: str
) -> None:
    """A rollout is shown in per cent, and one that is left out as the whole."""

    def at(share: str | None) -> str:
        return files[WEB].replace("  priority", f"  rollout: {{percentage: {share}}}\n  priority") if share else files[WEB]

    folder = history({**files, WEB: at(before)})
    (folder / WEB).write_text(at(after))
    assert f"~ rollout: {said}" in cli("diff", "HEAD", "-C", folder).out


def test_a_comment_fits_and_says_what_it_lacks(history: History, files: dict[str, str], cli: Cli) -> None:
    """Where a difference is too large for a comment, whole entries are left out, and it is said how many of what."""
    many = {
        f"burst/{number}.yaml": files[WEB].replace("name: web", f"name: web-{number}").replace("stage: live", f"stage: s{number}")
        for number in range(150)
    }
    folder = history({**files, **many})
    for path, text in many.items():
        (folder / path).write_text(text.replace("max: 2", "max: 3").replace("app: web, ", ""))
    outcome = cli("diff", "HEAD", "-C", folder, "--format", "markdown")
    assert len(outcome.out.encode()) <= 65_536
    assert re.search(r"\*\*Left out, since a comment holds 65,536 characters:\*\* \d+ of 150 policies", outcome.out)


@pytest.mark.parametrize("kind", ["wider", "narrower", "incomparable"])
def test_only_what_is_forbidden_fails(changed: Callable[..., Path], cli: Cli, kind: str) -> None:
    """With ``--exit-zero`` a difference is no failure, unless it is of a forbidden kind."""
    outcome = cli("diff", "HEAD", "-C", changed(WIDENED), "--exit-zero", "--forbid", kind)
    assert outcome.code == (1 if kind == "wider" else 0)
    assert ("OB5601" in outcome.err) == (kind == "wider")


def test_options_name_all_kinds() -> None:
    """The command line offers exactly what can be forbidden."""
    assert FORBIDDABLE == KINDS


@pytest.mark.parametrize("side", ["BASE", "HEAD"])
def test_a_side_that_fails_is_never_no_change(history: History, files: dict[str, str], git: Git, cli: Cli, side: str) -> None:
    """Where a side cannot be rendered, the exit code is 2, its findings are shown with its name, and nothing is written."""
    folder = history(files)
    git(folder, "checkout", "--quiet", "-b", "broken")
    (folder / WEB).write_text(files[WEB].replace("serverless", "servrless"))
    git(folder, "commit", "--quiet", "--all", "--message", "break it")
    names = ("broken", "main") if side == "BASE" else ("main", "broken")
    outcome = cli("diff", *names, "-C", folder)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{side}: broken cannot be rendered" in outcome.err
    assert "broken:burst/web.yaml:" in outcome.err


def test_the_work_tree_is_not_touched(changed: Callable[..., Path], cli: Cli) -> None:
    """Revisions are read from the object store: files, index and branch are as they were."""
    folder = changed(WIDENED)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}
    cli("diff", "HEAD", "HEAD", "-C", folder)
    cli("diff", "HEAD", "-C", folder)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()} == before


@pytest.mark.parametrize("arguments", [("--no-cache",), ()])
def test_the_cache_changes_nothing(changed: Callable[..., Path], cli: Cli, arguments: tuple[str, ...]) -> None:
    """The answer is the same with a cache, cold and warm, and without."""
    folder = changed(WIDENED)
    expected = cli("diff", "HEAD", "-C", folder, "--no-cache").out
    assert [cli("diff", "HEAD", "-C", folder, *arguments).out for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("no-such-branch",), 2, "BASE no-such-branch: there is no revision"),
        (("HEAD", "no-such-branch"), 2, "HEAD no-such-branch: there is no revision"),
        (("HEAD", "--pods", "nowhere"), 2, "cannot read nowhere"),
        (("HEAD", "--live", "nope=x.json"), 2, "there is no cluster `nope` on both sides"),
        (("HEAD", "--live", "x.json"), 2, "does not say which cluster that is"),
        (("HEAD", "./clusters"), 3, "there is no overbank.yaml in HEAD"),
    ],
)
def test_what_cannot_be_compared(  # noqa: PLR0917 - what is given and what is expected
    history: History,
    files: dict[str, str],
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    """Wrong arguments say which side or file they are about, and write nothing."""
    monkeypatch.chdir(history(files))
    outcome = cli("diff", *arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert words in outcome.err


@pytest.mark.parametrize(("format_", "name"), [("text", "text.txt"), ("markdown", "comment.md"), ("json-v1", "report.json")])
def test_golden(changed: Callable[..., Path], cli: Cli, monkeypatch: pytest.MonkeyPatch, format_: str, name: str) -> None:
    """One change of several kinds, in all formats; ``OVERBANK_ACCEPT=1`` rewrites what is expected."""
    folder = changed(WIDENED, (WEB, "max: 2", "max: 4"), (WEB, "  priority", "  inject: {labels: {team: a}}\n  priority"))
    monkeypatch.chdir(folder)
    outcome = cli("diff", "HEAD", "--format", format_, "--forbid", "wider")
    assert outcome.code == 1
    if os.environ.get("OVERBANK_ACCEPT"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(outcome.out, encoding="utf-8")
    assert outcome.out == (GOLDEN / name).read_text(encoding="utf-8")
