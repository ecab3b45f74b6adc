"""What is read, and where the files go: dumps, lists, folders, several clusters, repositories that are there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

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

NODES = """\
apiVersion: scheduling.alibabacloud.com/v1alpha1
kind: ResourcePolicy
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  units:
  - {resource: ecs, nodeSelector: {pool: POOL}}
  - {resource: eci, max: 2}
"""

VOLCENGINE = """\
apiVersion: scheduling.vke.volcengine.com/v1beta1
kind: ResourcePolicy
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  strategy: prefer
  subsets:
  - {name: paid, type: ecs, nodeSelectorTerm: [{key: pool, operator: In, values: [paid]}]}
  - {name: containers, type: vci, maxReplicas: 2}
"""

Cli = Callable[..., Any]


def _policies(out: str) -> list[dict[str, Any]]:
    """Return the policies of printed files."""
    return [value for value in yaml.safe_load_all(out) if value["kind"] in ("BurstPolicy", "PlacementPolicy")]


def _listed(*texts: str) -> str:
    return yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(text) for text in texts]})


SHAPES = {
    "a stream": POLICY + "---\n" + POLICY.replace("web", "api"),
    "a List": _listed(POLICY, POLICY.replace("web", "api")),
    "a List in JSON": json.dumps(yaml.safe_load(_listed(POLICY, POLICY.replace("web", "api")))),
    "a ResourcePolicyList": _listed(POLICY, POLICY.replace("web", "api")).replace("kind: List", "kind: ResourcePolicyList"),
    "line ends of another system": (POLICY + "---\n" + POLICY.replace("web", "api")).replace("\n", "\r\n"),
    "twice the same": POLICY + "---\n" + POLICY.replace("web", "api") + "---\n" + POLICY,
    "other objects between": POLICY
    + "---\n{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n"
    + POLICY.replace("web", "api"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_objects_come_in_many_shapes(shape: str, write: Callable[..., Path], cli: Cli) -> None:
    """Two ResourcePolicies become two policies, whatever they stand in."""
    folder = write({"objects.yaml": SHAPES[shape]}, "in")
    outcome = cli("import", f"idc={folder / 'objects.yaml'}")
    assert outcome.code == 0, outcome.err
    assert [each["metadata"]["name"] for each in _policies(outcome.out)] == ["api", "web"]


def test_objects_come_from_standard_input(overbank: Callable[..., Any]) -> None:
    """`kubectl get -o yaml | overbank import - --cluster idc` is one way."""
    ran = overbank("import", "-", "--cluster", "idc", input=POLICY.encode())
    assert ran.returncode == 0
    assert b"# from stdin:3 ResourcePolicy shop/web\n" in ran.stdout


def test_a_folder_is_read_without_hidden_files_and_links(write: Callable[..., Path], cli: Cli) -> None:
    """Files are taken by their suffix, in all folders; what is hidden, linked or has another suffix is not."""
    files = {
        "a/web.yaml": POLICY,
        "b/api.json": json.dumps(yaml.safe_load(POLICY.replace("web", "api"))),
        ".git/x.yaml": POLICY.replace("web", "x"),
        "readme.md": "# not YAML: [",
    }
    folder = write(files, "in")
    (folder / "linked.yaml").symlink_to(folder / ".git/x.yaml")
    outcome = cli("import", f"idc={folder}")
    assert [each["metadata"]["name"] for each in _policies(outcome.out)] == ["api", "web"]


def test_the_same_in_two_namespaces_is_one_policy(write: Callable[..., Path], cli: Cli) -> None:
    """Two objects that differ in their namespace alone become one policy with both."""
    folder = write({"objects.yaml": POLICY + "---\n" + POLICY.replace("shop", "portal")}, "in")
    (policy,) = _policies(cli("import", f"idc={folder}").out)
    assert policy["spec"]["match"]["namespaces"] == {"names": ["portal", "shop"]}


def test_the_same_on_two_clusters_is_one_policy_with_limits_by_cluster(write: Callable[..., Path], cli: Cli) -> None:
    """A file for two clusters, and one with another limit for a third, become one policy."""
    folder = write({"one.yaml": POLICY, "two.yaml": POLICY.replace("max: 3", "max: 5")}, "in")
    outcome = cli("import", f"a={folder / 'one.yaml'}", f"b={folder / 'one.yaml'}", f"c={folder / 'two.yaml'}")
    assert outcome.code == 0, outcome.err
    (policy,) = _policies(outcome.out)
    assert policy["spec"]["match"]["clusters"] == {"names": ["a", "b", "c"]}
    assert policy["spec"]["pools"][0] == {
        "name": "idc",
        "overrides": [{"clusters": ["a", "b"], "max": 3}, {"clusters": ["c"], "max": 5}],
    }


def test_pools_of_several_clusters_are_called_alike(write: Callable[..., Path], cli: Cli) -> None:
    """Pools without a name get that of the same place in the ResourcePolicy of the same name, so that one policy says all."""
    folder = write({"ack.yaml": NODES.replace("POOL", "one"), "vke.yaml": VOLCENGINE}, "in")
    outcome = cli("import", f"ack={folder / 'ack.yaml'}", f"vke={folder / 'vke.yaml'}", "--platform", "ack=ack-registered")
    assert outcome.code == 0, outcome.err
    (policy,) = _policies(outcome.out)
    assert policy["spec"]["match"]["clusters"] == {"names": ["ack", "vke"]}
    assert policy["spec"]["pools"] == [{"name": "paid"}, {"name": "containers", "max": 2}]


def test_other_content_under_the_same_name_is_a_policy_of_its_own(write: Callable[..., Path], cli: Cli) -> None:
    """Where two clusters mean different things by a name, the second gets a number, and a warning."""
    folder = write({"one.yaml": POLICY, "two.yaml": POLICY.replace("app: web", "app: other")}, "in")
    outcome = cli("import", f"a={folder / 'one.yaml'}", f"b={folder / 'two.yaml'}", "--format", "concise")
    assert outcome.code == 0
    assert [each["metadata"]["name"] for each in _policies(outcome.out)] == ["web-2", "web"]
    assert "two.yaml:3:18: warning[OB5702]: ResourcePolicy `shop/web` comes back as `web-2`" in outcome.err


def test_pools_of_the_repository_are_found(write: Callable[..., Path], minimal: dict[str, str], cli: Cli) -> None:
    """With --into, pools are those of the cluster's document, policies go beside those that are there, and no cluster is written."""
    folder = write(minimal)
    objects = write({"o.yaml": NODES.replace("POOL", "cloud").replace("web", "api")}, "in")
    outcome = cli("import", f"idc={objects}", "--into", folder)
    assert outcome.code == 0, outcome.err
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")} - minimal.keys()
    assert made == {"burst/api.yaml"}
    policy = yaml.safe_load((folder / "burst/api.yaml").read_text())
    assert policy["spec"]["pools"] == [{"name": "cloud"}, {"name": "serverless", "max": 2}]
    assert cli("check", folder).code == 0


def test_a_pool_that_the_repository_lacks_is_an_error(write: Callable[..., Path], minimal: dict[str, str], cli: Cli) -> None:
    """Nothing is written into somebody's cluster document: the help has what to add to it."""
    folder = write(minimal)
    objects = write({"o.yaml": NODES.replace("POOL", "unknown").replace("web", "api")}, "in")
    outcome = cli("import", f"idc={objects}", "--into", folder)
    assert outcome.code == 1
    assert "error[OB5703]: cluster `idc` has no ecs pool like this one" in outcome.err
    assert "{name: ..., type: ecs, nodeSelector: {pool: unknown}}" in outcome.err
    assert not (folder / "burst/api.yaml").exists()


def test_nothing_that_is_there_is_overwritten(write: Callable[..., Path], minimal: dict[str, str], cli: Cli) -> None:
    """A file in the way ends the command with 2 before anything is written."""
    folder = write({**minimal, "burst/api.yaml": "# mine\n"})
    objects = write({"o.yaml": POLICY.replace("web", "api") + "---\n" + POLICY.replace("web", "beta")}, "in")
    outcome = cli("import", f"idc={objects}", "--into", folder)
    assert outcome.code == 2
    assert "burst/api.yaml is in the way" in outcome.err
    assert (folder / "burst/api.yaml").read_text() == "# mine\n"
    assert not (folder / "burst/beta.yaml").exists()


@pytest.mark.parametrize("option", ["--into", "-o"])
def test_nothing_is_written_behind_a_link(write: Callable[..., Path], minimal: dict[str, str], cli: Cli, option: str) -> None:
    """A folder of the repository that is a link leads elsewhere, and one that is a file leads nowhere: both end the command with 2."""
    folder = write({"overbank.yaml": minimal["overbank.yaml"], "clusters/idc.yaml": minimal["clusters/idc.yaml"]})
    elsewhere = write({"kept": ""}, "elsewhere")
    if option == "-o":
        (folder / "overbank.yaml").unlink()
        (folder / "clusters/idc.yaml").unlink()
    (folder / "burst").symlink_to(elsewhere)
    objects = write({"o.yaml": POLICY.replace("web", "api")}, "in")
    outcome = cli("import", f"idc={objects}", option, folder)
    assert outcome.code == 2
    assert "burst is a link, and nothing is written behind one" in outcome.err
    assert [each.name for each in elsewhere.iterdir()] == ["kept"]
    (folder / "burst").unlink()
    (folder / "burst").write_text("")
    outcome = cli("import", f"idc={objects}", option, folder)
    assert (outcome.code, "burst is in the way: it is no folder" in outcome.err) == (2, True)


def test_a_new_repository_is_not_written_over_another(write: Callable[..., Path], minimal: dict[str, str], cli: Cli) -> None:
    """Where -o leads to a repository, the help has the option that adds to it."""
    folder = write(minimal)
    objects = write({"o.yaml": POLICY.replace("web", "api")}, "in")
    outcome = cli("import", f"other={objects}", "-o", folder)
    assert outcome.code == 2
    assert f"add to that repository with --into {folder}" in " ".join(outcome.err.split())


def test_names_of_the_repository_are_not_taken_again(write: Callable[..., Path], minimal: dict[str, str], cli: Cli) -> None:
    """A ResourcePolicy with the name of a policy that is there becomes another one, and what it is called is said."""
    folder = write(minimal)
    objects = write({"o.yaml": POLICY.replace("shop", "portal").replace("max: 3", "max: 7")}, "in")
    outcome = cli("import", f"idc={objects}", "--into", folder, "--dry-run")
    assert outcome.code == 0, outcome.err
    assert "comes back as `web-2`" in outcome.err
    assert [each["metadata"]["name"] for each in _policies(outcome.out)] == ["web-2"]
    assert sorted(path.name for path in (folder / "burst").iterdir()) == ["web.yaml"]


def test_what_the_repository_builds_already_is_passed_over(
    write: Callable[..., Path], minimal: dict[str, str], guides: Path, cli: Cli
) -> None:
    """The same dump once more adds what is new, and where there is nothing new, says so and ends with 0."""
    folder = write(minimal)
    dump = write({"o.yaml": POLICY + "---\n" + POLICY.replace("web", "api")}, "in")
    first = cli("import", f"idc={dump}", f"idc={guides / 'registered-eci-workload.yaml'}", "--into", folder)
    assert first.code == 0, first.err
    assert "2 objects became 2 policies in 2 files, which build the same; 1 object built already" in first.err
    again = cli("import", f"idc={dump}", f"idc={guides / 'registered-eci-workload.yaml'}", "--into", folder)
    assert (again.code, again.out) == (0, "")
    assert again.err == "the repository builds 3 objects already, and there are no others to import\n"


def test_the_samples_own_output_is_there_already(sample: Path, tmp_path: Path, cli: Cli) -> None:
    """Everything that a repository builds is known in it, also ResourcePolicies that select the webhook's label."""
    assert cli("build", sample, "-o", tmp_path / "rendered").code == 0
    clusters = [f"{path.name}={path}" for path in sorted((tmp_path / "rendered/clusters").iterdir())]
    outcome = cli("import", *clusters, tmp_path / "rendered/federation", "--into", sample)
    assert (outcome.code, outcome.out) == (0, ""), outcome.err


def test_federation_of_the_repository_is_found(write: Callable[..., Path], minimal: dict[str, str], guides: Path, cli: Cli) -> None:
    """Members and host are those of the repository, also a host that no cluster belongs to yet; policy names are not taken again."""
    host = "apiVersion: overbank.dev/v1alpha1\nkind: FederationHost\nmetadata: {name: h}\n"
    host += 'spec: {engine: kubeadmiral, kubernetesVersion: "1.28"}\n'
    clusters = {
        f"clusters/{name}.yaml": minimal["clusters/idc.yaml"]
        .replace("name: idc}", f"name: {name}}}", 1)
        .replace("spec:\n", f"spec:\n  federation: {{host: h, member: {member}}}\n")
        for name, member in (("a", "cclt81kqnjbeqedvbbt0g"), ("b", "ccltbv1p1h4ho7pq6sugg"), ("c", "cclt75bp1h4ho7pq6su9g"))
    }
    repository = {"overbank.yaml": minimal["overbank.yaml"], "placement/h.yaml": host}
    inputs = [guides / name for name in ("fed-pp-weight.yaml", "fed-op.yaml", "fed-dp-gpu.yaml")]
    folder = write({**repository, **clusters})
    outcome = cli("import", *inputs, "--into", folder)
    assert outcome.code == 0, outcome.err
    written = yaml.safe_load((folder / "placement/fed-pp-weight.yaml").read_text())["spec"]
    assert (written["host"], [each["name"] for each in written["clusters"]]) == ("h", ["a", "b", "c"])
    again = cli("import", *inputs, "--into", folder, "--dry-run")
    assert again.err == "the repository builds 2 objects already, and there are no others to import\n"
    other = write({"pp.yaml": (guides / "fed-pp-weight.yaml").read_text().replace("weight: 20", "weight: 30")}, "in") / "pp.yaml"
    assert "comes back as `fed-pp-weight-2`" in cli("import", other, *inputs[1:], "--into", folder, "--dry-run").err
    lonely = write(repository, "lonely")
    found = cli("import", *inputs, "--into", lonely, "--member", "a=cclt81kqnjbeqedvbbt0g", "--format", "concise")
    assert found.code == 1
    assert "no cluster is known that is the member `ccltbv1p1h4ho7pq6sugg`" in found.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "the following arguments are required"),
        (("missing.yaml",), 2, "there is no file missing.yaml"),
        (("idc=missing.yaml",), 2, "cannot read missing.yaml"),
        (("../up=FILE",), 2, "`../up` is no name of a cluster"),
        (("FILE", "--cluster", "../up"), 2, "`../up` is no name of a cluster or host"),
        (("FILE",), 1, "no telling which cluster"),
        (("idc=FILE", "--platform", "idc=mainframe"), 2, "there is no platform `mainframe`"),
        (("idc=FILE", "--platform", "idc=vke"), 1, "has what only ack-registered knows, and cluster `idc` is vke"),
        (("idc=FILE", "--scheduler", "idc=new"), 2, "`new` is no version"),
        (("idc=FILE", "--kubernetes-version", "new"), 2, "`new` is no version"),
        (("idc=FILE", "--member", "idc"), 2, "--member takes CLUSTER=ID"),
        (("idc=FILE", "--into", "nowhere"), 2, "nowhere is not a folder"),
        (("idc=EMPTY",), 3, "there is nothing to import"),
    ],
)
def test_wrong_uses_are_told(arguments: tuple[str, ...], code: int, says: str, write: Callable[..., Path], cli: Cli) -> None:
    """Each wrong use ends with its exit code and says what is wrong."""
    folder = write({"in.yaml": POLICY, "empty.yaml": "{apiVersion: v1, kind: Secret, metadata: {name: a}}\n"}, "in")
    given = (each.replace("FILE", str(folder / "in.yaml")).replace("EMPTY", str(folder / "empty.yaml")) for each in arguments)
    outcome = cli("import", *given)
    assert outcome.code == code, outcome.err
    assert says in " ".join(outcome.err.split())


@pytest.mark.parametrize("text", ["[" * 5000, "a: &a [*a]\n", "\x00", "? {a: b}\n: c\n", "apiVersion: 1\nkind: 2\n", "- 1\n", ""])
def test_hostile_files_end_in_findings_or_nothing(text: str, write: Callable[..., Path], cli: Cli) -> None:
    """Nothing that a file can hold ends the command otherwise than with findings, or with nothing to import."""
    folder = write({"in.yaml": text}, "in")
    assert cli("import", f"idc={folder}").code in {1, 3}


def test_paths_cannot_end_a_comment(write: Callable[..., Path], cli: Cli) -> None:
    """A file name with a line break stays within its comment."""
    folder = write({"a\nkind: evil #.yaml": POLICY}, "in")
    outcome = cli("import", f"idc={folder}")
    assert outcome.code == 0, outcome.err
    assert [each["metadata"]["name"] for each in _policies(outcome.out)] == ["web"]
