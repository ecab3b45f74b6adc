"""``overbank sweep``: verdicts, what is read, and what is printed."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree
from compiler.trial import Bench

Object = dict[str, Any]
Cli = Callable[..., Any]
Write = Callable[..., Path]

WEB: Object = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": "web"}]}}
OTHER: Object = {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": [{"name": "main", "image": "web"}]}}
SHOP: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {}}}
MISSED = """\
cluster idc: 3 pods of policies: 2 as they should be, 1 missed; 1 concern no policy

Deployment shop/late: 1 pod missed its mutation
  late-5d9c8b7f6-00000
  ~ spec.schedulerName: ack-co-scheduler (is default-scheduler)  <- web REPO/burst/web.yaml:9:3
"""


@pytest.fixture
def repo(write: Write, minimal: dict[str, str]) -> Path:
    """Return a repository whose policy ``web`` sets the scheduler of pods labelled so."""
    return write(minimal)


@pytest.fixture
def bench(repo: Path) -> Bench:
    """Return the engine of that repository's cluster."""
    return Bench(compile_repository(Tree(repo)).clusters[0])


@pytest.fixture
def dump(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes objects as kubectl prints them."""

    def run(*objects: Object, name: str = "dump.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        return path

    return run


@pytest.fixture
def swept(cli: Cli, repo: Path, dump: Callable[..., Path]) -> Callable[..., list[Object]]:
    """Return a function that sweeps objects and returns what is said of each pod."""

    def run(*objects: Object, arguments: tuple[str | Path, ...] = ()) -> list[Object]:
        outcome = cli("sweep", repo, "--cluster", "idc", "--pods", dump(SHOP, *objects), "--format", "json-v1", *arguments)
        assert outcome.code in (0, 1), outcome.err
        report = json.loads(outcome.out)
        pods = [{**pod, "kind": workload["kind"]} for workload in report["workloads"] for pod in workload["pods"]]
        assert outcome.code == any(pod["verdict"] in ("missed", "differs", "denied-today") for pod in pods)
        return pods

    return run


def _pods(objects: list[Object]) -> list[Object]:
    return [each for each in objects if each["kind"] == "Pod"]


def test_missed_pods_are_gathered_by_workload(cli: Cli, repo: Path, bench: Bench, maker: Any, dump: Callable[..., Path]) -> None:
    """The report names the workload, the pod, the field, and the line of the policy that wants it; the exit code is 1."""
    path = dump(
        SHOP,
        *maker(bench).deployment("shop", "web", WEB, replicas=2),
        *maker(None).deployment("shop", "late", WEB),
        *maker(bench).deployment("shop", "other", OTHER),
    )
    outcome = cli("sweep", repo, "--cluster", "idc", "--pods", path)
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.replace(str(repo), "REPO") == MISSED


def test_order_of_dumps_does_not_matter(cli: Cli, repo: Path, bench: Bench, maker: Any, dump: Callable[..., Path]) -> None:
    """Objects may come in any order and in several files."""
    objects = [SHOP, *maker(bench).deployment("shop", "web", WEB), *maker(None).deployment("shop", "late", WEB, replicas=2)]
    forward = cli("sweep", repo, "--cluster", "idc", "--pods", dump(*objects), "--restart-plan")
    first, second = dump(*objects[::-1][:3], name="a.json"), dump(*objects[::-1][3:], name="b.json")
    backward = cli("sweep", repo, "--cluster", "idc", "--dump", first, "--dump", second, "--restart-plan")
    assert (forward.code, forward.out) == (backward.code, backward.out)


def test_nothing_to_find_is_clean(swept: Callable[..., list[Object]], bench: Bench, maker: Any, inject: Any) -> None:
    """Pods as today's webhook makes them are as they should be, with another webhook's sidecars."""
    made = maker(bench).deployment("shop", "web", WEB)
    made[-1] = inject(made[-1])
    assert [pod["verdict"] for pod in swept(*made)] == ["as-it-should-be"]


def test_pods_that_ended_or_leave_are_passed_over(cli: Cli, repo: Path, maker: Any, dump: Callable[..., Path]) -> None:
    """Completed and terminating pods are nobody's business; without any others nothing is found (3)."""
    done, going = (_pods(maker(None).deployment("shop", name, WEB))[0] for name in ("done", "going"))
    done["status"]["phase"] = "Succeeded"
    going["metadata"]["deletionTimestamp"] = "2025-01-01T00:00:00Z"
    assert cli("sweep", repo, "--cluster", "idc", "--pods", dump(done, going)).code == 3


@pytest.mark.parametrize(
    ("managed", "verdict"),
    [
        (None, "cannot-tell"),
        ([{"fieldsV1": {"f:spec": {"f:containers": {}}}}], "missed"),
        ([{"fieldsV1": {"f:spec": {"f:nodeName": {}}}}], None),
    ],
)
def test_bare_pod_is_missed_only_if_the_scheduler_chose_its_node(
    swept: Callable[..., list[Object]], maker: Any, managed: list[Object] | None, verdict: str | None
) -> None:
    """A pod whose author names the node is never mutated; without the fields' managers that cannot be told."""
    pod = maker(None).pod({"metadata": {"name": "bare", **WEB["metadata"]}, "spec": WEB["spec"]}, "shop")
    if managed is not None:
        pod["metadata"]["managedFields"] = managed
    assert [each["verdict"] for each in swept(pod)] == ([verdict] if verdict else [])


def test_bare_pod_that_waits_has_missed(swept: Callable[..., list[Object]], maker: Any) -> None:
    """A pod without a node and without a mark certainly missed its mutation."""
    pod = maker(None).pod({"metadata": {"name": "bare", **WEB["metadata"]}, "spec": WEB["spec"]}, "shop", node="")
    (found,) = swept(pod)
    assert (found["verdict"], found["awaiting"], found["kind"]) == ("missed", True, "Pod")


def test_last_applied_configuration_is_what_its_author_sent(swept: Callable[..., list[Object]], bench: Bench, maker: Any) -> None:
    """``kubectl apply`` keeps the manifest, so an author's node is known to be the author's."""
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", **WEB["metadata"]}, "spec": WEB["spec"]}
    kept = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(manifest)}}
    pod = maker(None).pod({"metadata": {**manifest["metadata"], **kept}, "spec": WEB["spec"]}, "shop")
    (found,) = swept(pod)
    assert (found["verdict"], found["source"]) == ("missed", "annotation kubectl.kubernetes.io/last-applied-configuration")
    assert bench.cluster.name == "idc"


def test_stateful_set_pods_are_judged_by_their_own_revision(swept: Callable[..., list[Object]], bench: Bench, maker: Any) -> None:
    """A pod of an older revision is compared with the ControllerRevision that it was made from, and not with today's template."""
    holder = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"replicas": 1, "template": OTHER},
        "status": {"updateRevision": "db-2"},
    }
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "controller": True}
    labels = {**WEB["metadata"]["labels"], "controller-revision-hash": "db-1", "statefulset.kubernetes.io/pod-name": "db-0"}
    pod = maker(bench).pod(
        {"metadata": {"name": "db-0", "labels": labels, "ownerReferences": [owner]}, "spec": WEB["spec"]}, "shop"
    )
    revision = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"name": "db-1", "namespace": "shop"},
        "data": {"spec": {"template": WEB}},
    }
    assert [each["verdict"] for each in swept(holder, pod, revision)] == ["as-it-should-be"]
    unmarked = maker(None).pod(
        {"metadata": {"name": "db-0", "labels": labels, "ownerReferences": [owner]}, "spec": WEB["spec"]}, "shop"
    )
    (found,) = swept(holder, unmarked)
    assert (found["verdict"], "db-1" in found["why"]) == ("cannot-tell", True)


def test_templates_of_one_job_are_told_apart_by_their_labels(swept: Callable[..., list[Object]], maker: Any) -> None:
    """Of a TFJob's templates the one counts whose role the pod's labels name."""
    job = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": "train", "namespace": "shop"},
        "spec": {"tfReplicaSpecs": {"PS": {"replicas": 1, "template": OTHER}, "Worker": {"replicas": 2, "template": WEB}}},
    }
    owner = {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "name": "train", "controller": True}
    names = {"operator-name": "tfjob-controller", "job-name": "train", "replica-type": "worker", "replica-index": "1"}
    labels = {**WEB["metadata"]["labels"], **{f"training.kubeflow.org/{key}": value for key, value in names.items()}}
    pod = maker(None).pod(
        {"metadata": {"name": "train-worker-1", "labels": labels, "ownerReferences": [owner]}, "spec": WEB["spec"]}, "shop"
    )
    (found,) = swept(job, pod)
    assert (found["verdict"], found["kind"], found["source"]) == ("missed", "TFJob", "template of TFJob train")


def test_others_who_change_what_matches_leave_it_open(swept: Callable[..., list[Object]], bench: Bench, maker: Any) -> None:
    """Where a label that policies match on was added later, nothing is claimed."""
    made = maker(bench).deployment("shop", "web", OTHER)
    made[-1]["metadata"]["labels"]["app"] = "web"
    (found,) = swept(*made)
    assert (found["verdict"], "none by what its author sent, web by what stands there" in found["why"]) == ("cannot-tell", True)


def test_values_that_a_deleted_policy_left_differ(
    swept: Callable[..., list[Object]], write: Write, minimal: dict[str, str], maker: Any
) -> None:
    """A mark of a policy that is gone, and a field that nothing would write today: the value stands there, wanted by nobody."""
    gone = minimal["burst/web.yaml"].replace("name: web", "name: gone").replace("{app: web}", "{app: other}")
    then = write({**minimal, "burst/gone.yaml": gone}, "then")
    bench = Bench(compile_repository(Tree(then)).clusters[0])
    (found,) = swept(*maker(bench).deployment("shop", "old", OTHER))
    assert found["verdict"] == "differs"
    assert [(each["field"], each["has"], each["wants"]) for each in found["differences"]] == [
        ("spec.schedulerName", "ack-co-scheduler", None)
    ]
    assert found["then"][0].startswith("gone@")
    assert found["now"] == []


def test_annotations_that_anybody_may_have_written_need_the_policies_of_then(
    swept: Callable[..., list[Object]], write: Write, minimal: dict[str, str], maker: Any
) -> None:
    """What an unknown policy injected cannot be told from what others did, until --against shows that policy."""
    more = minimal["burst/web.yaml"] + "  inject: {annotations: {example.com/note: old}}\n"
    then = write({**minimal, "burst/web.yaml": more}, "then")
    made = maker(Bench(compile_repository(Tree(then)).clusters[0])).deployment("shop", "web", WEB)
    (found,) = swept(*made)
    assert (found["verdict"], "pass --against" in found["why"]) == ("cannot-tell", True)
    (found,) = swept(*made, arguments=("--against", then))
    assert (found["verdict"], [each["has"] for each in found["differences"]]) == ("differs", ["old"])


def test_denied_pods_say_why_and_are_never_restarted(
    cli: Cli, write: Write, minimal: dict[str, str], maker: Any, dump: Callable[..., Path]
) -> None:
    """A pod that today's policies refuse would not come back, so the restart list leaves its workload alone."""
    policy = minimal["burst/web.yaml"].replace("  - {name: idc, max: 3}\n", "")
    repo = write({**minimal, "burst/web.yaml": policy}, "denying")
    template = deepcopy(WEB)
    template["spec"]["hostNetwork"] = True
    outcome = cli(
        "sweep", repo, "--cluster", "idc", "--pods", dump(SHOP, *maker(None).deployment("shop", "web", template)), "--restart-plan"
    )
    assert outcome.code == 1
    assert "1 pod would be denied today" in outcome.out
    assert "denied: overbank policy web: " in outcome.out
    assert "# Deployment shop/web: its pods would be denied today" in outcome.out
    assert "kubectl" not in outcome.out


def test_marker_that_its_author_wrote_is_found(swept: Callable[..., list[Object]], maker: Any) -> None:
    """The webhook removes a marker label that is not due, so one that stands there got past it."""
    template = deepcopy(OTHER)
    template["metadata"]["labels"]["overbank.dev/placement"] = "web"
    (found,) = swept(*maker(None).deployment("shop", "sly", template))
    assert (found["verdict"], [each["wants"] for each in found["differences"]]) == ("missed", [None])


def test_opted_out_pods_concern_no_policy(swept: Callable[..., list[Object]], maker: Any) -> None:
    """A pod whose author wants nothing injected is no finding."""
    template = deepcopy(WEB)
    template["metadata"]["labels"]["overbank.dev/inject"] = "false"
    assert swept(*maker(None).deployment("shop", "out", template)) == []


def test_unread_owners_are_named(cli: Cli, repo: Path, maker: Any, dump: Callable[..., Path]) -> None:
    """A dump of pods alone leaves the pods open, and says what is missing."""
    outcome = cli("sweep", repo, "--cluster", "idc", "--pods", dump(*_pods(maker(None).deployment("shop", "web", WEB))))
    assert outcome.code == 0
    assert "Deployment shop/web: 1 pod cannot be judged" in outcome.out
    assert "ReplicaSet web-5d9c8b7f6 is not there" in outcome.out
    assert "the labels of these namespaces were not read" in outcome.err


def test_live_clusters_are_only_read(cli: Cli, repo: Path, bench: Bench, maker: Any, serving: Callable[..., Any]) -> None:
    """From a live cluster comes what a dump gives, with GET alone, page by page."""
    objects = [SHOP, *maker(bench).deployment("shop", "web", WEB, replicas=3), *maker(None).deployment("shop", "late", WEB)]
    served = serving(objects)
    outcome = cli("sweep", repo, "--cluster", "idc", "--kubeconfig", served.kubeconfig, "--restart-plan")
    assert outcome.code == 1, outcome.err
    assert "cluster idc: 4 pods of policies: 3 as they should be, 1 missed" in outcome.out
    assert "kubectl -n shop rollout restart deployment/late" in outcome.out
    assert served.asked == [
        "GET /api/v1/pods",
        "GET /api/v1/pods",
        "GET /api/v1/namespaces",
        "GET /apis/apps/v1/replicasets",
        "GET /apis/apps/v1/deployments",
        "GET /apis/policy/v1/poddisruptionbudgets",
    ]


def test_permissions_that_are_missing_are_named(cli: Cli, repo: Path, maker: Any, serving: Callable[..., Any]) -> None:
    """Without ReplicaSets the pods are left open; without pods there is nothing to do."""
    objects = [SHOP, *maker(None).deployment("shop", "late", WEB)]
    outcome = cli("sweep", repo, "--cluster", "idc", "--kubeconfig", serving(objects, forbidden={"replicasets"}).kubeconfig)
    assert outcome.code == 0
    assert "no permission: list replicasets.apps" in outcome.err
    outcome = cli("sweep", repo, "--cluster", "idc", "--kubeconfig", serving(objects, forbidden={"pods"}).kubeconfig)
    assert outcome.code == 2
    assert "no permission: list pods" in outcome.err


def test_operators_kinds_are_found_by_discovery(cli: Cli, repo: Path, maker: Any, serving: Callable[..., Any]) -> None:
    """The plural of a kind that is not Kubernetes' own is asked for."""
    owner = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "it", "controller": True}
    pod = maker(None).pod({"metadata": {"name": "p", **WEB["metadata"], "ownerReferences": [owner]}, "spec": WEB["spec"]}, "shop")
    thing = {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "it", "namespace": "shop"},
        "spec": {"template": WEB},
    }
    served = serving([SHOP, pod, thing], versions={"example.com/v1": [{"name": "things", "kind": "Thing"}]})
    outcome = cli("sweep", repo, "--cluster", "idc", "--kubeconfig", served.kubeconfig)
    assert (outcome.code, "Thing shop/it: 1 pod missed its mutation" in outcome.out) == (1, True), outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "it is not said where the cluster is"),
        (("--pods", "x.json", "--context", "c"), "both files and a live cluster are given"),
        (("--pods", "missing.json"), "cannot read missing.json"),
        (("--pods", "x.json", "--include-jobs"), "--include-jobs is of use with --restart-plan only"),
    ],
)
def test_wrong_use_is_explained(cli: Cli, repo: Path, arguments: tuple[str, ...], message: str) -> None:
    """What is asked for and cannot be done ends with exit code 2 and a sentence."""
    outcome = cli("sweep", repo, "--cluster", "idc", *arguments)
    assert (outcome.code, message in outcome.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"{", "it is no JSON"),
        (b"[1]", "something that is no object"),
        (b'{"kind": "PodList", "metadata": {"continue": "x"}, "items": []}', "one page of several"),
        (b'{"kind": "Pod", "metadata": {}}', "a Pod without a name"),
        ("\ufeffa".encode("utf-16"), "UTF-16"),
    ],
)
def test_dumps_that_are_none_are_refused(cli: Cli, repo: Path, tmp_path: Path, content: bytes, message: str) -> None:
    """A file that kubectl did not write is an error that says what is wrong with it."""
    path = tmp_path / "dump"
    path.write_bytes(content)
    outcome = cli("sweep", repo, "--cluster", "idc", "--pods", path)
    assert (outcome.code, message in outcome.err) == (2, True), outcome.err


def test_hostile_names_stay_text(cli: Cli, repo: Path, maker: Any, dump: Callable[..., Path]) -> None:
    """Names in a dump neither write to the terminal as they like nor become commands."""
    made = maker(None).deployment("shop", "late", WEB, node="")
    made[-1]["metadata"]["name"] = "x; rm -rf ~ \x1b[2J"
    outcome = cli("sweep", repo, "--cluster", "idc", "--pods", dump(SHOP, *made), "--restart-plan", "--color", "always")
    assert "\x1b[2J" not in outcome.out
    assert "delete pod 'x; rm -rf ~ " in outcome.out
