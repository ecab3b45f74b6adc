"""``overbank inventory``: arguments, exit codes, and repositories that are not as they should be."""

import io
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from compiler.codes.catalogue import BY_ID
from tests.compiler.inventory.cluster import CLUSTER, node

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ((), (2, "it is not said where the nodes are")),
        (("--nodes", "x", "--context", "y"), (2, "both a file and a live cluster")),
        (("--nodes", "/nowhere/x"), (2, "cannot read /nowhere/x: no such file")),
        (("--nodes", "-"), (3, "there are no nodes in stdin")),
        (("--nodes", "-", "-o", "x"), (2, "--output is for clusters without a document")),
        (("--nodes", "-", "--cluster", "por", "--write"), (3, "there are no nodes")),
        (("--context", "c", "--timeout", "0"), (2, "no number of seconds")),
        (("--context", "c", "--kubeconfig", "/nowhere/x"), (2, "there is no kubeconfig /nowhere/x")),
        (("--nodes", "-", "--pool-label", "x"), (2, "--pool-label is about new pools")),
        (("--check", "--write", "--nodes", "-"), (2, "not allowed with")),
    ],
)
def test_wrong_use_is_explained(
    refreshed: Run, cli: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], outcome: tuple[int, str]
) -> None:
    """Arguments that do not fit together, and places without nodes, say what to do."""
    folder = refreshed(nodes=[]).folder
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"kind": "List", "items": []}')))
    found = cli("inventory", folder, "--cluster", "pro", *arguments)
    assert (found.code, found.out) == (outcome[0], "")
    assert outcome[1] in found.err


def test_misspelt_cluster_is_not_written(refreshed: Run) -> None:
    """--write needs a document, and a name that is nearly one's is said; so is a new document's."""
    found = refreshed("--write", nodes=[node("a")], name="pros")
    assert (found.code, "did you mean `pro`?" in found.err) == (2, True)
    assert "did you mean `pro`?" in refreshed(nodes=[node("a")], name="pros").err


def test_repositories_with_errors_do_not_lose_a_document(refreshed: Run) -> None:
    """A document that is not valid is not taken for one that does not exist; errors elsewhere are no reason to stop."""
    found = refreshed(nodes=[node("a")], cluster=CLUSTER.replace("ack-pro", "ack-prO"))
    assert (found.code, found.out) == (1, "")
    assert "there is no valid document of cluster `pro`" in found.err
    assert (
        refreshed(nodes=[node("a"), node("b")], cluster=f"{CLUSTER}---\napiVersion: overbank.dev/v1alpha1\nkind: Nonsense\n").code
        == 1
    )
    assert "several documents" in refreshed(nodes=[node("a")], cluster=f"{CLUSTER}---\n{CLUSTER}").err


def test_links_are_mentioned_and_stop_nothing(refreshed: Run, cli: Run) -> None:
    """A link is not followed, so a cluster whose document is behind one is new; the warning says why, and is no error."""
    folder = refreshed(nodes=[node("a")]).folder
    (folder / "clusters/link.yaml").symlink_to("c.yaml")
    found = cli("inventory", folder, "--cluster", "new", "--nodes", folder.parent / "nodes.json")
    assert (found.code, found.out.splitlines()[2]) == (0, "apiVersion: overbank.dev/v1alpha1")
    assert "warning[OB0110]" in found.err


def test_findings_come_in_every_shape(refreshed: Run) -> None:
    """Findings go to stderr in the asked-for shape; json-v1 is not mixed with anything else."""
    found = refreshed("--format", "json-v1", nodes=[node("a", "np9")])
    assert {each["code"] for each in json.loads(found.err)["diagnostics"]} <= BY_ID.keys()
    assert "warning[OB3502]" in refreshed("--format", "concise", nodes=[node("a", "np9")]).err
