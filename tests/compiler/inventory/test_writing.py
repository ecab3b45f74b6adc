"""How a document is changed: what nodes say is written into it, and all else stays as it was, byte for byte."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.compiler.inventory.cluster import CLUSTER, ECI, node, taint

Run = Callable[..., Any]


def test_difference_is_printed_and_nothing_written(refreshed: Run) -> None:
    """Without --write the difference goes to stdout, the exit code says that there is one, and the file stays; --check is the same."""
    nodes = [node("a"), node("b"), node("c"), ECI]
    found = refreshed(nodes=nodes)
    assert found.code == 1
    assert "-    nodes: {max: 2}  # since June\n+    nodes: {max: 3}  # since June\n" in found.out
    assert found.after.decode() == CLUSTER
    assert refreshed("--check", nodes=nodes).out == found.out


def test_difference_can_be_applied_with_git(refreshed: Run) -> None:
    """The difference is a patch."""
    found = refreshed(nodes=[node("a"), ECI], cluster=CLUSTER.rstrip("\n"))
    subprocess.run(["git", "apply", "-"], input=found.out.encode(), cwd=found.folder, check=True)
    assert (found.folder / "clusters/c.yaml").read_bytes() == refreshed(
        "--write", nodes=[node("a"), ECI], cluster=CLUSTER.rstrip("\n")
    ).after


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_difference_is_exact_where_text_is_odd(refreshed: Run, ending: str) -> None:
    """A byte order mark, and characters that reorder text in a terminal, are in the patch as they are in the file."""
    _, _, pools = CLUSTER.partition('  kubernetesVersion: "1.30"')
    odd = f'\ufeffkind: Cluster\nspec:\n  kubernetesVersion: "1.29"{pools}'.replace("since June", "\u202esince June")
    odd += "  platform: ack-pro\napiVersion: overbank.dev/v1alpha1\nmetadata: {name: pro}\n"
    odd = odd.replace("\n", ending)
    nodes = [node("a"), ECI]
    found = refreshed(nodes=nodes, cluster=odd)
    assert found.code == 1
    subprocess.run(["git", "apply", "-"], input=found.out.encode(), cwd=found.folder, check=True)
    assert (found.folder / "clusters/c.yaml").read_bytes() == refreshed("--write", nodes=nodes, cluster=odd).after


def test_json_keeps_its_line_ends(refreshed: Run) -> None:
    """A document that is written as JSON stays JSON."""
    cluster = json.dumps(yaml.safe_load(CLUSTER), indent=1).replace("\n", "\r\n")
    after = refreshed("--write", nodes=[node("a")], cluster=cluster).after.decode()
    assert json.loads(after)["spec"]["pools"][0]["nodes"] == {"max": 1}
    assert after.count("\n") == after.count("\r\n")


def test_only_what_the_nodes_say_changes(refreshed: Run) -> None:
    """Number, sizes and taints of a pool are written in the layout that is there; comments and everything else stay."""
    gpu = taint("nvidia.com/gpu", value="true")
    nodes = [node(name, taints=[gpu], sizes={"nvidia.com/gpu": "1"}) for name in "abc"]
    found = refreshed("--write", nodes=[*nodes, node("d", "np2"), ECI])
    assert (found.code, found.codes) == (0, [])
    assert found.out == "wrote clusters/c.yaml\n"
    expected = CLUSTER.replace("nodes: {max: 2}  # since", "nodes: {max: 3}  # since")
    expected = expected.replace(
        "    podsPerNode: 1\n",
        '    podsPerNode: 1\n    allocatable: {cpu: "7910m", memory: "29Gi", nvidia.com/gpu: "1"}\n'
        '    taints: [{key: nvidia.com/gpu, value: "true", effect: NoSchedule}]\n',
    ).replace("    autoscaling: true\n", '    autoscaling: true\n    allocatable: {cpu: "7910m", memory: "29Gi"}\n')
    assert found.after.decode() == expected
    again = refreshed(nodes=[*nodes, node("d", "np2"), ECI], cluster=found.after)
    assert (again.code, again.out) == (0, "")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_other_documents_of_the_file_stay_byte_for_byte(refreshed: Run, ending: str, mark: str) -> None:
    """Line ends, a byte order mark, and the documents before and after are as they were."""
    other = "# not ours\napiVersion: v1\nkind: ConfigMap\nmetadata: {name:   odd}\n"
    whole = f"{other}---\n{CLUSTER}---\n{other}"
    found = refreshed("--write", nodes=[node("a"), node("b"), node("c")], cluster=(mark + whole.replace("\n", ending)).encode())
    text = found.after.decode()
    assert text.startswith(mark + other.replace("\n", ending))
    assert text.endswith("---\n".replace("\n", ending) + other.replace("\n", ending))
    assert "nodes: {max: 3}  # since June" in text
    assert text.count("\n") == text.count(ending)


def test_permissions_of_the_file_stay(refreshed: Run, cli: Run) -> None:
    """A file is replaced in one step, with the mode that it had."""
    folder = refreshed(nodes=[node("a")]).folder
    (folder / "clusters/c.yaml").chmod(0o640)
    assert cli("inventory", folder, "--cluster", "pro", "--nodes", folder.parent / "nodes.json", "--write").code == 0
    assert (folder / "clusters/c.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in (folder / "clusters").iterdir()) == ["c.yaml"]


@pytest.mark.parametrize(
    "meanwhile", ["# nothing\n", "a: [", CLUSTER.replace("name: prepaid", "name: other"), f"kind: X\n---\n{CLUSTER}"]
)
@pytest.mark.parametrize("mode", [(), ("--write",)])
def test_file_that_changes_while_nodes_are_read_is_left_alone(
    refreshed: Run, cli: Run, monkeypatch: pytest.MonkeyPatch, meanwhile: str, mode: tuple[str, ...]
) -> None:
    """Listing nodes takes a while, in which somebody may edit the document: what was meant for the old one is not done to the new."""
    folder = refreshed(nodes=[node("a")]).folder

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            (folder / "clusters/c.yaml").write_text(meanwhile)
            return super().read(size)

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Slow((folder.parent / "nodes.json").read_bytes())))
    found = cli("inventory", folder, "--cluster", "pro", "--nodes", "-", *mode)
    assert (found.code, found.out) == (2, "")
    assert "clusters/c.yaml was changed while the nodes were read" in found.err
    assert (folder / "clusters/c.yaml").read_text() == meanwhile


def test_document_with_shared_values_is_refused(refreshed: Run) -> None:
    """Where a value cannot change alone, nothing is written and the finding says why."""
    shared = CLUSTER.replace("nodes: {max: 2}", "nodes: &n {max: 2}").replace("{min: 0, max: 2}\n    autoscaling: true", "*n")
    found = refreshed("--write", nodes=[node("a"), node("b"), node("c")], cluster=shared)
    assert (found.code, found.out, found.after.decode()) == (1, "", shared)
    assert "OB3510" in found.codes
