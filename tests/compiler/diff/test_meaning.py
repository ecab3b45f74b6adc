"""What ``overbank diff`` says of policies on real repositories: reaches, owners, pools, clusters, namespaces."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.compiler.diff.edits import WEB, WIDENED

Cli = Callable[..., Any]
Files = Mapping[str, str | bytes]
History = Callable[[Files], Path]
Git = Callable[..., None]
Report = Callable[[Any], dict[str, Any]]


def test_a_wider_policy_shows_the_smallest_new_pod(changed: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """A match with a condition less is wider on every cluster, with a pod that it did not reach before."""
    report = report_of(cli("diff", "HEAD", "-C", changed(WIDENED), "--format", "json-v1"))
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
def test_relations(changed: Callable[..., Path], cli: Cli, old: str, new: str, relation: str | None, *, report_of: Report) -> None:
    """Match, mode, rollout and clusters all count to what a policy reaches; the same match in other words is no difference."""
    report = report_of(cli("diff", "HEAD", "-C", changed((WEB, old, new)), "--format", "json-v1"))
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


def test_pools_and_running_pods(changed: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """Another limit is shown with the pools in their order, and by the vendor's rule old pods keep the old order on VKE."""
    outcome = cli("diff", "HEAD", "-C", changed((WEB, "max: 2", "max: 4")), "--format", "json-v1")
    ack, vke = report_of(outcome)["policies"][0]["clusters"]
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


def test_another_namespace_is_no_other_pool(changed: Callable[..., Path], cli: Cli, report_of: Report) -> None:
    """A policy that gets a ResourcePolicy in one more namespace has the pools that it had, so nothing is said about them."""
    report = report_of(
        cli("diff", "HEAD", "-C", changed((WEB, "[shop]", "[shop, lab]")), "--format", "json-v1", "--forbid", "pools")
    )
    assert [each["pools"] for each in report["policies"][0]["clusters"]] == [None, None]
    assert report["forbidden"] == []


def test_added_and_removed(changed: Callable[..., Path], cli: Cli) -> None:
    """A policy of a new name is new, and one whose name is gone is gone, each forbidden at its own line."""
    folder = changed((WEB, "{name: web}", "{name: shop}"))
    outcome = cli("diff", "HEAD", "-C", folder, "--forbid", "added", "--forbid", "removed")
    assert outcome.code == 1
    assert "policy `shop` is not in HEAD" in outcome.err
    assert f"{folder}/burst/web.yaml:3:18" in outcome.err
    assert "error[OB5605]: policy `web` is gone; HEAD has it\n --> HEAD:burst/web.yaml:3:18\n" in outcome.err


def test_new_clusters_do_not_widen_policies(
    changed: Callable[..., Path], files: dict[str, str], cli: Cli, report_of: Report
) -> None:
    """A cluster that only the new side has is reported as such, and reaches are compared in the others."""
    folder = changed(**{"clusters/new.yaml": files["clusters/vke.yaml"].replace("name: vke", "name: new")})
    report = report_of(cli("diff", "HEAD", "-C", folder, "--format", "json-v1", "--forbid", "wider", "--forbid", "clusters"))
    assert report["clusters"] == {"added": ["new"], "removed": []}
    assert report["policies"] == []
    assert [each["code"] for each in report["forbidden"]] == ["OB5609"]


def test_namespaces_that_are_declared_otherwise(history: History, files: dict[str, str], cli: Cli, report_of: Report) -> None:
    """A policy that selects namespaces by labels reaches others when these labels change, without a word in its own file."""
    policy = files[WEB].replace("names: [shop]", "selector: {matchLabels: {tier: web}}")
    folder = history({**files, WEB: policy})
    vke = folder / "clusters/vke.yaml"
    vke.write_text(
        vke.read_text().replace("{name: shop, labels: {tier: web}}, {name: lab}", "{name: shop}, {name: lab, labels: {tier: web}}")
    )
    report = report_of(cli("diff", "HEAD", "-C", folder, "--format", "json-v1"))
    ((effect,),) = [each["clusters"] for each in report["policies"]]
    assert (effect["cluster"], effect["relation"]) == ("vke", "incomparable")
    assert (effect["lost"]["namespace"], effect["gained"]["namespace"]) == ("shop", "lab")
    assert "declared or excluded otherwise" in effect["gained"]["because"]


def test_excluded_namespaces_are_lost(history: History, files: dict[str, str], cli: Cli, report_of: Report) -> None:
    """A namespace that is excluded from now on is lost to every policy that reached it."""
    folder = history({**files, WEB: files[WEB].replace("{names: [shop]}", "{all: true}")})
    (folder / "overbank.yaml").write_text(
        files["overbank.yaml"].replace("spec: {}", "spec: {webhook: {excludeNamespaces: [kube-system, kube-node-lease, lab]}}")
    )
    outcome = cli("diff", "HEAD", "-C", folder, "--format", "json-v1")
    lost = [each["lost"] for each in report_of(outcome)["policies"][0]["clusters"]]
    assert [each["namespace"] for each in lost] == ["lab", "lab"]


def test_a_changed_placement_moves_replicas(sample: Path, tmp_path: Path, cli: Cli, report_of: Report) -> None:
    """KubeAdmiral divides replicas anew when a PropagationPolicy changes, unless the policy says otherwise."""
    shutil.copytree(sample, tmp_path / "new")
    placement = tmp_path / "new/placement/gpu-demo.yaml"
    text = placement.read_text()
    placement.write_text(re.sub(r"weight: \d+", "weight: 77", text, count=1))
    assert placement.read_text() != text
    report = report_of(cli("diff", sample, tmp_path / "new", "--format", "json-v1"))
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
