"""``overbank inventory --context``: what a live cluster says is written, and what went wrong is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.compiler.live.api import Api

Serve = Callable[..., Api]
Kubeconfig = Callable[..., str]


def test_command_refreshes_from_a_live_cluster(
    serve: Serve, kubeconfig: Kubeconfig, minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    """`overbank inventory --context` takes numbers and sizes from the nodes, and the version from the API server."""
    cluster = (
        minimal["clusters/idc.yaml"].replace("ack-registered", "ack-pro").replace("{name: idc, type: idc}", "{name: a, type: acs}")
    )
    cluster = cluster.replace("{pool: cloud}", "{alibabacloud.com/nodepool-id: np1}").replace('"1.30"', '"1.26"')
    folder = write({"overbank.yaml": minimal["overbank.yaml"], "clusters/idc.yaml": cluster})
    found = cli("inventory", folder, "--cluster", "idc", "--context", "prod", "--kubeconfig", kubeconfig(serve()), "--write")
    assert (found.code, found.err) == (0, "idc: 5 nodes: 5 in cloud\n")
    after = (folder / "clusters/idc.yaml").read_text()
    assert 'kubernetesVersion: "1.30"\n' in after
    assert 'np1}, nodes: {max: 5}, allocatable: {cpu: "8", memory: "30Gi"}}\n' in after


def test_command_says_what_went_wrong(
    kubeconfig: Kubeconfig, minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    """What keeps a cluster from being read ends the command with exit code 2 and advice."""
    found = cli("inventory", write(minimal), "--cluster", "idc", "--context", "prot", "--kubeconfig", kubeconfig())
    assert (found.code, found.out) == (2, "")
    assert found.err == "overbank: error: the kubeconfig has no context `prot`\n  help: did you mean `prod`?\n"


def test_servers_do_not_write_to_the_terminal(
    serve: Serve, kubeconfig: Kubeconfig, minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    """What a server says is one line of plain text, whatever it says."""
    api = serve(instead={"/api/v1/nodes": [(403, json.dumps({"message": "\x1b[2Jno\noverbank: all is well"}).encode())]})
    found = cli("inventory", write(minimal), "--cluster", "idc", "--kubeconfig", kubeconfig(api))
    assert found.code == 2
    assert "\x1b" not in found.err
    assert found.err.count("\n") == 2
