"""What the tests of inventories share: the command on a repository with one Cluster document."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.compiler.inventory.cluster import CLUSTER, REPOSITORY

Run = Callable[..., Any]


@pytest.fixture
def refreshed(write: Callable[..., Path], cli: Run) -> Callable[..., SimpleNamespace]:
    """Return a function that runs the command on a repository with one Cluster document, and returns what it printed and wrote."""

    def run(
        *arguments: str,
        nodes: list[dict[str, Any]],
        cluster: str | bytes = CLUSTER,
        name: str = "pro",
        repository: str = REPOSITORY,
    ) -> SimpleNamespace:
        items = {"apiVersion": "v1", "kind": "List", "items": nodes}
        folder = write({"overbank.yaml": repository, "clusters/c.yaml": cluster})
        (folder.parent / "nodes.json").write_text(json.dumps(items, indent=2))
        found = cli("inventory", folder, "--cluster", name, "--nodes", folder.parent / "nodes.json", *arguments)
        after = (folder / "clusters/c.yaml").read_bytes()
        codes = [line.partition("[")[2][:6] for line in found.err.splitlines() if line.startswith(("warning[", "error["))]
        return SimpleNamespace(code=found.code, out=found.out, err=found.err, after=after, codes=codes, folder=folder)

    return run
