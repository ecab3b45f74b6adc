"""The passes together: what they read, what they give, and what no single pass can promise."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from compiler.codes import output, reading
from compiler.load import decode, load
from compiler.pipeline import Result, compile_repository
from compiler.sources import SourceError
from compiler.sources.tree import Tree
from tests.inmemory import InMemory
from webhook.engine.bundle import decode as decode_bundle

Compile = Callable[[Mapping[str, str | bytes]], Result]


def _codes(result: Result) -> list[str]:
    return [each.code.id for each in result.diagnostics]


def test_file_that_cannot_be_read_is_an_error(minimal: dict[str, str]) -> None:
    """A file that the system refuses to give is reported by its path, and the build fails."""
    result = compile_repository(InMemory({**minimal, "secret.yaml": SourceError("permission denied")}))
    assert result.failed
    ((code, place, message),) = [(each.code, str(each.primary.where.locate()), each.message) for each in result.diagnostics]
    assert code is reading.UNREADABLE
    assert (place, message) == ("secret.yaml", "cannot read the file: permission denied")


def test_excluded_file_is_never_opened(minimal: dict[str, str]) -> None:
    """What the repository excludes is not read at all."""
    files = {**minimal, "secret.yaml": SourceError("opened"), "rendered/clusters/x.yaml": SourceError("opened")}
    files["overbank.yaml"] = minimal["overbank.yaml"].replace("{}", "{exclude: [secret.yaml]}")
    assert compile_repository(InMemory(files)).diagnostics == []


def test_failed_result_has_no_files(compiled: Compile, minimal: dict[str, str]) -> None:
    """After an error there is nothing to write."""
    result = compiled({**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("idc, max", "icd, max")})
    assert result.failed
    assert (result.files, result.clusters) == ({}, ())


def test_errors_in_the_repository_file_are_the_only_findings(compiled: Compile, minimal: dict[str, str]) -> None:
    """While the settings cannot be read nobody knows what else to read, so only their own errors are reported."""
    files = {**minimal, "overbank.yaml": minimal["overbank.yaml"].replace("{}", "{outptu: x}"), "burst/web.yaml": "["}
    result = compiled(files)
    assert _codes(result) == ["OB1101"]


def test_warnings_do_not_stop_the_build(compiled: Compile, minimal: dict[str, str]) -> None:
    """A result with warnings only is no failure and has files."""
    cluster = minimal["clusters/idc.yaml"].replace("type: eci", "type: eci, nodeSelector: {a: b}")
    result = compiled({**minimal, "clusters/idc.yaml": cluster})
    assert _codes(result) == ["OB3105"]
    assert not result.failed
    assert result.files


def test_documents_are_counted(compiled: Compile, minimal: dict[str, str]) -> None:
    """Our documents and those of others are told apart and counted."""
    result = compiled({**minimal, "other.yaml": "kind: Deployment\n---\napiVersion: apps/v1\n---\n# nothing\n", "x.txt": "{"})
    assert (result.documents, result.ignored) == (3, 2)


def test_findings_are_sorted_and_without_duplicates(compiled: Compile, minimal: dict[str, str]) -> None:
    """The order of findings is that of places, whatever pass found them."""
    files = {**minimal, "z.yaml": "a: 1\na: 2\n1: 3\n", "a.yaml": "[", "m.yaml": "b: !x y\n"}
    result = compiled(files)
    places = [str(each.primary.where.locate()) for each in result.diagnostics]
    assert places == ["a.yaml:1:2", "m.yaml:1:4", "z.yaml:2:1", "z.yaml:3:1"]


def test_bundle_that_no_webhook_reads_is_an_error(
    compiled: Compile, minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More policies for one cluster than a webhook reads are reported at the cluster, not by the webhook."""
    monkeypatch.setattr("webhook.engine.bundle.MAX_BUNDLE_BYTES", 700)
    (found,) = compiled(minimal).diagnostics
    assert found.code is output.BUNDLE_TOO_LARGE
    assert str(found.primary.where.locate()) == "clusters/idc.yaml:3:18"
    assert "a webhook reads 700 at most" in found.message


def test_leaving_out_the_files_leaves_out_no_finding(golden: Path) -> None:
    """What a check says of a repository is what a build says; it only makes no files."""
    for case in sorted(golden.iterdir()):
        built, checked = (compile_repository(Tree(case / "input"), files=files) for files in (True, False))
        assert checked.diagnostics == built.diagnostics
        assert checked.files == {}


def _positive(golden: Path) -> list[Result]:
    return [compile_repository(Tree(case / "input")) for case in sorted(golden.iterdir()) if (case / "expected").is_dir()]


def test_engine_accepts_every_bundle(golden: Path) -> None:
    """Every bundle that the compiler writes is one that the webhook loads."""
    count = 0
    for result in _positive(golden):
        for path, content in result.files.items():
            if path.endswith("/bundle.json"):
                count += 1
                decode_bundle(content)
    assert count > 20


def test_every_reader_reads_the_same_manifests(golden: Path) -> None:
    """YAML 1.1 (PyYAML) and YAML 1.2 (our own reader) see the same values in all that is written."""
    count = 0
    for result in _positive(golden):
        for path, content in result.files.items():
            if path.endswith(".yaml"):
                count += 1
                file, _ = decode(path, content)
                assert file is not None
                documents, found = load(file)
                assert found == []
                assert [document.value for document in documents] == [yaml.safe_load(content)]
    assert count > 50


def test_kustomization_has_every_object(golden: Path) -> None:
    """The kustomization of a cluster or host lists all YAML files of its folder but itself and Components, and nothing else."""
    for result in _positive(golden):
        folders = [f"clusters/{cluster.name}/" for cluster in result.clusters] + [
            f"federation/{host.name}/" for host in result.hosts
        ]
        for prefix in folders:
            inside = sorted(path.removeprefix(prefix) for path in result.files if path.startswith(prefix))
            listed = yaml.safe_load(result.files[f"{prefix}kustomization.yaml"])["resources"]
            objects = [path for path in inside if path.endswith(".yaml") and not path.startswith("components/")]
            assert listed == [path for path in objects if path != "kustomization.yaml"]


def test_file_names_follow_from_the_object(golden: Path) -> None:
    """A manifest or patch is found at <namespace or _cluster>/<kind>.<group>-<name>.yaml, apart from the webhook's own and JSON patches."""
    for result in _positive(golden):
        for path, content in result.files.items():
            folder, _, name = path.split("/", 2)[2].removeprefix("components/bindings/").rpartition("/")
            if not folder or folder == "webhook" or folder.startswith("components/workloads"):
                continue
            manifest = yaml.safe_load(content)
            group = manifest["apiVersion"].rpartition("/")[0]
            kind = manifest["kind"].lower() + (f".{group}" if group else "")
            assert name == f"{kind}-{manifest['metadata']['name']}.yaml"
            assert folder == manifest["metadata"].get("namespace", "_cluster")


def test_kubectl_builds_every_cluster_of_the_sample(sample: Path, kubectl: str, tmp_path: Path) -> None:
    """The rendered folders are kustomizations that the real kubectl builds, with all objects in them."""
    result = compile_repository(Tree(sample))
    for path, content in result.files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    assert len(result.clusters) == 4
    for cluster in result.clusters:
        folder = tmp_path / "clusters" / cluster.name
        run = subprocess.run([kubectl, "kustomize", folder], capture_output=True, check=True, timeout=60)
        built = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(run.stdout)}
        written = [yaml.safe_load(path.read_bytes()) for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml"]
        assert built == {(each["kind"], each["metadata"]["name"]): each for each in written}


def test_condition_on_many_label_values_asks_for_the_key_alone(compiled: Compile, minimal: dict[str, str]) -> None:
    """Hundreds of label values are not listed in the API server's condition: any value of the key passes, so none is missed."""
    policies = "---\n".join(
        minimal["burst/web.yaml"].replace("{name: web}", f"{{name: web-{number}}}", 1).replace("app: web", f"app: web-{number}")
        for number in range(501)
    )
    result = compiled({**minimal, "burst/web.yaml": policies})
    assert result.diagnostics == []
    (path,) = [path for path in result.files if "mutatingwebhookconfiguration" in path]
    conditions = [each for webhook in yaml.safe_load(result.files[path])["webhooks"] for each in webhook["matchConditions"]]
    (expression,) = {each["expression"] for each in conditions if each["name"] == "a-policy-may-match"}
    assert '"app" in object.metadata.labels' in expression
    assert "web-1" not in expression


# Each of these is a repository that looks right and must not compile to something that is wrong.


@pytest.mark.parametrize("number", ["3.0", "3e0", "30e-1"])
def test_whole_number_written_as_a_float_is_a_whole_number(compiled: Compile, minimal: dict[str, str], number: str) -> None:
    """JSON Schema takes 3.0 for an integer; then it is one in all that is written, or it is refused at once."""
    policy = minimal["burst/web.yaml"].replace("max: 3", f"max: {number}") + f"  priority: {number}\n"
    result = compiled({**minimal, "burst/web.yaml": policy})
    if result.failed:
        assert _codes(result) == ["OB1103", "OB1103"]
        return
    bundle = decode_bundle(result.files["clusters/idc/webhook/bundle.json"])
    assert type(bundle.policies[0].priority) is int
    (path,) = [path for path in result.files if "resourcepolicy" in path]
    assert type(yaml.safe_load(result.files[path])["spec"]["units"][0]["max"]) is int


@pytest.mark.parametrize("pattern", ["!", "\\", "[", "a[", "/", "//", " ", "#", "**", "!/", "[!]", "\\!"])
def test_any_exclude_pattern_is_read_or_refused(compiled: Compile, minimal: dict[str, str], pattern: str) -> None:
    """A pattern that Git would not understand is a finding in overbank.yaml and not a traceback."""
    repository = minimal["overbank.yaml"].replace("{}", f"{{exclude: ['{pattern}']}}")
    result = compiled({**minimal, "overbank.yaml": repository})
    for each in result.diagnostics:
        assert each.primary.where.locate().path == "overbank.yaml"


@pytest.mark.parametrize("version", [f"1.{'9' * 5000}", f"{'9' * 5000}.1"])
def test_absurd_version_is_a_finding(compiled: Compile, minimal: dict[str, str], version: str) -> None:
    """A version with more digits than Python converts is refused by the schema and not by a traceback."""
    result = compiled({**minimal, "clusters/idc.yaml": minimal["clusters/idc.yaml"].replace("1.30", version)})
    assert result.failed


def test_namespaces_with_other_names_do_not_overlap(compiled: Compile, minimal: dict[str, str]) -> None:
    """From Kubernetes 1.21 on a namespace's name is its label, so a name and a selector of another name share nothing."""
    selector = "{selector: {matchLabels: {kubernetes.io/metadata.name: portal}}}"
    other = minimal["burst/web.yaml"].replace("{name: web}", "{name: portal}", 1).replace("{names: [shop]}", selector)
    cluster = minimal["clusters/idc.yaml"] + "  namespaces: [{name: portal}]\n"
    result = compiled({**minimal, "clusters/idc.yaml": cluster, "burst/portal.yaml": other})
    assert result.diagnostics == []


def test_pools_that_render_to_the_same_unit_are_not_told_apart(compiled: Compile, minimal: dict[str, str]) -> None:
    """Two pools whose node selectors are left out on registered clusters are the same unit twice, which is an error."""
    pools = (
        "  - {name: idc, type: idc, nodeSelector: {room: a}}\n"
        "  - {name: idc-2, type: idc, nodeSelector: {room: b}}\n"
        "  - {name: serverless, type: eci}\n"
    )
    cluster = minimal["clusters/idc.yaml"].partition("  pools:\n")[0] + "  pools:\n" + pools
    policy = minimal["burst/web.yaml"].replace("  - {name: serverless}", "  - {name: idc-2}\n  - {name: serverless}")
    result = compiled({**minimal, "clusters/idc.yaml": cluster, "burst/web.yaml": policy})
    assert "OB3110" in _codes(result)


def test_vci_pools_that_render_to_the_same_subset_are_not_told_apart(compiled: Compile, minimal: dict[str, str]) -> None:
    """A vci pool without a node selector gets the virtual nodes' label, so one that says just that is the same pool."""
    cluster = (
        "apiVersion: overbank.dev/v1alpha1\nkind: Cluster\nmetadata: {name: idc}\n"
        'spec:\n  platform: vke\n  kubernetesVersion: "1.28"\n  pools:\n'
        "  - {name: idc, type: vci, nodeSelector: {type: virtual-kubelet}}\n  - {name: serverless, type: vci}\n"
    )
    assert "OB3110" in _codes(compiled({**minimal, "clusters/idc.yaml": cluster}))


@pytest.mark.parametrize(
    ("annotation", "code"),
    [
        ("overbank.dev/applied: web", "OB4103"),
        ("alibabacloud.com/burst-resource: eci", "OB4110"),
        ("vke.volcengine.com/burst-to-vci: enforce", "OB4110"),
    ],
)
def test_pool_annotations_obey_the_rules_for_injected_ones(
    compiled: Compile, minimal: dict[str, str], annotation: str, code: str
) -> None:
    """What a policy cannot inject cannot come in through the pool either."""
    cluster = minimal["clusters/idc.yaml"].replace("type: eci}", f"type: eci, podAnnotations: {{{annotation}}}}}")
    assert _codes(compiled({**minimal, "clusters/idc.yaml": cluster})) == [code]


def test_every_contradiction_of_a_key_points_at_each_policy_once(compiled: Compile, minimal: dict[str, str]) -> None:
    """Three policies of equal priority over the same pods are three pairs, each reported once."""
    policies = "---\n".join(minimal["burst/web.yaml"].replace("{name: web}", f"{{name: {name}}}", 1) for name in "abc")
    result = compiled({**minimal, "burst/web.yaml": policies})
    assert [each.message.split(" both")[0] for each in result.diagnostics] == [
        "policies `a` and `b`",
        "policies `a` and `c`",
        "policies `b` and `c`",
    ]
