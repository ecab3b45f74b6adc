"""``overbank mutate``: manifests through a filter, and as a KRM function."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.manifests.stream import UnreadableError, split
from compiler.trial import Bench
from compiler.workloads import pods_of
from webhook.engine.decision import Decision

Run = Callable[..., Any]

WEB = """\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: web}   # chosen by the policy

    # What runs.
    spec:
      containers: [{name: main, image: nginx}]
"""

SERVICE = """\
---   # beside it
apiVersion:   v1
kind: Service
metadata: {"name": 'web',   namespace: shop}   # odd spaces stay
"""


@pytest.fixture
def mutate(cli: Run, write: Callable[..., Path], minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command on a stream from stdin, or on files."""
    folder = write(minimal)

    def run(stream: str | bytes | None = None, *arguments: str | Path, cluster: str | None = "idc") -> Any:
        raw = stream.encode() if isinstance(stream, str) else stream or b""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        return cli("mutate", *(("--cluster", cluster) if cluster else ()), "--repo", folder, *arguments)

    return run


@pytest.fixture
def denying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the engine deny every pod."""

    def decide(*_: object) -> Decision:
        return Decision([], None, ("web",), "web", "", [], ["be careful"], ("hostPath is not supported",))

    monkeypatch.setattr(Bench, "decide", decide)


def test_workloads_are_patched_and_the_rest_stays(mutate: Run) -> None:
    """A changed document keeps its comments, an unchanged one every byte, and the webhook would find nothing left to do."""
    outcome = mutate(WEB + SERVICE)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith(SERVICE)
    for comment in ("# The shop.", "# chosen by the policy", "# What runs."):
        assert comment in outcome.out
    patched = next(yaml.safe_load_all(outcome.out))
    assert patched["spec"]["template"]["spec"]["schedulerName"] == "ack-co-scheduler"
    assert mutate(outcome.out).out == outcome.out
    assert pods_of(patched)


@pytest.mark.parametrize(
    "stream",
    [
        SERVICE,
        "\ufeff" + SERVICE,
        "%YAML 1.2\n---\na: 1\n...\n# between\n---\n---\n# empty\n---\nb: 2",
        "a: 1\r\n---\r\nb: 2\r\n",
        "[1, 2]\n--- text\n--- {a: 中}\n",
        WEB.replace("shop}", "other}"),
    ],
)
def test_stream_without_changes_is_passed_byte_for_byte(mutate: Run, stream: str) -> None:
    """Whatever is in it and however it is written, what does not change is not touched."""
    assert mutate(stream).out == stream


def test_files_make_one_stream(mutate: Run, tmp_path: Path) -> None:
    """Documents of several files do not run into each other, whether the files have dashes and final line breaks or not."""
    paths = []
    for number, text in enumerate(["a: 1", "b: 2\n", "---\nc: 3\n", ""]):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(text)
    assert list(yaml.safe_load_all(mutate(None, *paths).out)) == [{"a": 1}, {"b": 2}, {"c": 3}, None]


def test_namespace_is_for_objects_that_name_none(mutate: Run) -> None:
    """An object's own namespace counts; without one, the argument, and else `default`."""
    bare = WEB.replace(", namespace: shop", "")
    assert mutate(bare).out == bare
    assert "ack-co-scheduler" in mutate(bare, "--namespace", "shop").out
    assert "ack-co-scheduler" in mutate(WEB, "--namespace", "other").out


def test_items_of_a_list_are_patched(mutate: Run) -> None:
    """A List is a stream in one document."""
    items = "".join(
        f"{'- ' if not index else '  '}{line}\n" for index, line in enumerate(WEB.replace("# The shop.\n", "").splitlines())
    )
    outcome = mutate(f"apiVersion: v1\nkind: List\nitems:\n{items}")
    assert yaml.safe_load(outcome.out)["items"][0]["spec"]["template"]["spec"]["schedulerName"] == "ack-co-scheduler"
    assert "# What runs." in outcome.out


def test_lost_comments_are_said(mutate: Run) -> None:
    """A document that cannot be edited in place is written anew, and stderr says which."""
    outcome = mutate(WEB.replace("spec:\n      containers", "spec: &x\n      containers"))
    assert outcome.code == 0
    assert "Deployment `shop/web`: the document is written anew, without its comments" in outcome.err
    assert yaml.safe_load(outcome.out)["spec"]["template"]["spec"]["schedulerName"] == "ack-co-scheduler"


def test_lost_comments_of_a_list_are_said_once(mutate: Run) -> None:
    """A long List is one document, and one note."""
    item = (
        "- {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop, labels: {app: web}}, spec: {containers: [{name: a}]}}\n"
    )
    outcome = mutate("apiVersion: v1\nkind: List\nitems:\n" + 150 * item)
    assert (outcome.code, outcome.err.count("written anew")) == (0, 1)
    assert outcome.out.count("ack-co-scheduler") == 150


def test_warnings_go_to_stderr(mutate: Run) -> None:
    """What the webhook would warn about does not get lost, and does not get into the stream."""
    outcome = mutate(WEB.replace("    spec:\n", "    spec:\n      schedulerName: mine\n"))
    assert outcome.code == 0
    assert "warning: the pods of Deployment `shop/web`: overbank policy web: spec.schedulerName is kept" in outcome.err
    assert "warning" not in outcome.out


def test_template_is_left_alone_where_its_pods_differ(mutate: Run, minimal: dict[str, str], write: Callable[..., Path]) -> None:
    """What every run of a CronJob gets for itself does not go into the template, and stderr says so."""
    gang = "  scheduling: {gang: {nameFrom: {label: job-name}, minAvailable: 2, allowSplit: true}}\n"
    policy = minimal["burst/web.yaml"] + gang
    write({**minimal, "burst/web.yaml": policy})
    template = "{template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: busybox}]}}}"
    head = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly, namespace: shop}\n"
    stream = f"{head}spec: {{jobTemplate: {{spec: {template}}}}}\n"
    result = mutate(stream)
    assert (result.code, result.out) == (0, stream)
    assert "the pods of CronJob `shop/nightly` do not all get the same" in result.err


@pytest.mark.usefixtures("denying")
def test_denied_pods_stop_the_whole_stream(mutate: Run) -> None:
    """Half a stream would delete the other half from whoever applies it, so nothing is printed."""
    outcome = mutate(SERVICE + "---\n" + WEB)
    assert (outcome.code, outcome.out) == (1, "")
    assert "denied: the pods of Deployment `shop/web` would be denied: hostPath is not supported" in outcome.err
    assert "nothing is printed" in outcome.err


@pytest.mark.parametrize(
    ("stream", "code", "words"),
    [
        ("", 3, "no document in the input"),
        ("---\n# nothing\n", 3, "no document in the input"),
        ("a: [", 2, "stdin cannot be read"),
        (b"\xff", 2, "stdin cannot be read"),
        (WEB.replace("{app: web}", "[app]"), 2, "stdin:2:1: Deployment `shop/web` cannot be created: labels is not a mapping"),
        (WEB.replace("{app: web}", "{app: 1}"), 2, "the API server would refuse this pod"),
    ],
)
def test_bad_input_is_refused_whole(mutate: Run, stream: str | bytes, code: int, words: str) -> None:
    """Nothing is printed unless everything could be read."""
    outcome = mutate(stream)
    assert (outcome.code, outcome.out) == (code, "")
    assert words in outcome.err


def test_usage_errors(mutate: Run, tmp_path: Path) -> None:
    """A missing or unknown cluster, and a file that is not there, are errors of usage."""
    assert "pass --cluster NAME" in mutate(WEB, cluster=None).err
    assert "there is no cluster `idx`" in mutate(WEB, cluster="idx").err
    outcome = mutate(None, tmp_path / "none.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no such file" in outcome.err


def test_policies_with_errors_mutate_nothing(mutate: Run, minimal: dict[str, str], write: Callable[..., Path]) -> None:
    """While the policies do not compile, nobody knows what they want."""
    write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("serverless", "nowhere")})
    outcome = mutate(WEB)
    assert (outcome.code, outcome.out) == (1, "")
    assert "the policies have errors" in outcome.err


def test_manifests_in_git_are_not_asked_for(mutate: Run, minimal: dict[str, str], write: Callable[..., Path]) -> None:
    """Another workload that could not be created does not stop this stream."""
    broken = WEB.replace("{app: web}", "[app]")
    settings = minimal["overbank.yaml"].replace("{}", '{workloads: ["apps/"]}')
    write({**minimal, "overbank.yaml": settings, "apps/web.yaml": broken})
    assert mutate(WEB).code == 0


def _resource_list(config: str, *items: str) -> str:
    written = [yaml.safe_load(item) for item in items]
    value = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": written,
        "functionConfig": yaml.safe_load(config),
    }
    return yaml.safe_dump(value, sort_keys=False)


CONFIG_MAP = "{apiVersion: v1, kind: ConfigMap, metadata: {name: f}, data: {cluster: idc}}"


@pytest.mark.parametrize("config", [CONFIG_MAP, "{apiVersion: example.com/v1, kind: Overbank, spec: {cluster: idc}}"])
def test_function_takes_its_cluster_from_its_configuration(mutate: Run, config: str) -> None:
    """A ResourceList comes back as one, its items patched, with the configuration that came with it."""
    outcome = mutate(_resource_list(config, WEB, SERVICE), cluster=None)
    assert (outcome.code, outcome.err) == (0, "")
    answer = yaml.safe_load(outcome.out)
    assert (answer["kind"], answer["functionConfig"]) == ("ResourceList", yaml.safe_load(config))
    assert answer["items"][0]["spec"]["template"]["spec"]["schedulerName"] == "ack-co-scheduler"
    assert answer["items"][1] == yaml.safe_load(SERVICE)
    assert "results" not in answer


def test_function_without_a_cluster_says_how_to_name_it(mutate: Run) -> None:
    """Neither an argument nor the configuration names a cluster."""
    outcome = mutate(_resource_list("{}", WEB), cluster=None)
    assert outcome.code == 2
    assert "data.cluster of a ConfigMap" in outcome.err


def test_namespace_that_is_still_a_variable_is_refused(mutate: Run) -> None:
    """Which policies match hangs on the namespace, so a workload whose namespace is none cannot be mutated."""
    outcome = mutate(WEB.replace("namespace: shop", 'namespace: "${NS}"'))
    assert (outcome.code, outcome.out) == (2, "")
    assert "stdin:4:34: Deployment `web` has the namespace `${NS}`, which no API server takes" in outcome.err


def test_function_refuses_items_that_are_no_list(mutate: Run) -> None:
    """A ResourceList without a list would pass unmutated, and nobody would know."""
    outcome = mutate("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: {}\n")
    assert (outcome.code, outcome.out) == (2, "")
    assert "stdin:3:8: `items` of a ResourceList is a list" in outcome.err


def test_warnings_are_results_of_a_function(mutate: Run) -> None:
    """A warning comes back as a result that names the object, after those of earlier functions."""
    kept = WEB.replace("    spec:\n", "    spec:\n      schedulerName: mine\n")
    stream = _resource_list(CONFIG_MAP, kept) + "results: [{message: earlier}]\n"
    outcome = mutate(stream, cluster=None)
    assert outcome.code == 0
    earlier, result = yaml.safe_load(outcome.out)["results"]
    assert earlier == {"message": "earlier"}
    assert result["severity"] == "warning"
    assert result["resourceRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"}


@pytest.mark.usefixtures("denying")
def test_denials_are_results_of_a_function(mutate: Run) -> None:
    """A denial leaves the items as they came, comes back as an error, and ends the function with 1, as its specification says."""
    stream = _resource_list(CONFIG_MAP, WEB)
    outcome = mutate(stream, cluster=None)
    assert outcome.code == 1
    answer = yaml.safe_load(outcome.out)
    assert answer["items"] == yaml.safe_load(stream)["items"]
    assert [each["severity"] for each in answer["results"]] == ["error", "warning"]
    assert answer["results"][0]["message"].endswith("would be denied: hostPath is not supported")


def test_streams_are_cut_without_loss() -> None:
    """The texts of the documents, one after the other, are the stream; positions are those in the stream."""
    stream = "# head\na: 1\n---\n---\nb: 2\n...\n%YAML 1.2\n---\nc: 3"
    parts = split("x", stream.encode())
    assert "".join(text for text, _ in parts) == stream
    assert [document.value if document else None for _, document in parts] == [{"a": 1}, None, {"b": 2}, {"c": 3}]
    assert str(parts[2][1].at("b").locate()) == "x:5:4" if parts[2][1] else False
    with pytest.raises(UnreadableError):
        split("x", b"a: [")
