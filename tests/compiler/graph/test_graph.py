"""``overbank graph``: what is in the picture, and that the programs that draw it read it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydot
import pytest

from compiler.graph import dot, json_v1, mermaid
from compiler.graph.picture import Edge, Frame, Line, Node, Picture, Shape

Cli = Callable[..., Any]
Write = Callable[..., Path]

_LABEL = r'"[^"]*"'
_ID = r"[a-z]\d+(?:_\w+)?"
_MERMAID = re.compile(
    rf"flowchart LR\n"
    rf"(?:  subgraph {_ID}\[{_LABEL}\]\n(?:    {_ID}[\[({{/\\]+{_LABEL}[\])}}/\\]+\n)*  end\n)*"
    rf"(?:  {_ID}[\[({{/\\]+{_LABEL}[\])}}/\\]+\n)*"
    rf"(?:  {_ID} (?:-->|-\.->|==>)(?:\|{_LABEL}\|)? {_ID}\n)*"
    r"(?:  classDef partial stroke-dasharray: 5 5\n  class \S+ partial\n)?"
)
"""The part of https://mermaid.js.org/syntax/flowchart.html that is written."""

AWKWARD = 'a "quoted" \\N name # ; [x] <b> `c` & |{}\n\x1b[31m'


@pytest.fixture(scope="session")
def awkward() -> Picture:
    """Return a picture whose every text has what is syntax somewhere."""
    nodes = tuple(Node(id=f"n{index}", shape=shape, lines=(AWKWARD, AWKWARD)) for index, shape in enumerate(Shape))
    edges = tuple(Edge(start="n0", end="n1", line=line, label=AWKWARD) for line in Line)
    return Picture(frames=(Frame(id="c0_frame", title=AWKWARD, nodes=nodes[:1]),), nodes=nodes[1:], edges=edges)


def _edges(text: str) -> list[tuple[str, str, str]]:
    """Return the edges of a dot file by the first lines of the labels of their ends, as Graphviz's grammar has it."""
    [graph] = pydot.graph_from_dot_data(text)
    inner = [node for frame in graph.get_subgraphs() for node in frame.get_nodes()]
    names = {node.get_name(): (node.get("label") or "").strip('"').split("\\n")[0] for node in [*graph.get_nodes(), *inner]}
    return [
        (names[edge.get_source()], names[edge.get_destination()], (edge.get("label") or "").strip('"'))
        for edge in graph.get_edges()
    ]


def test_policies_lead_to_their_pools_in_order(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """An edge for each pool says the place in the order and the most pods; a policy without pools leads to the cluster."""
    inject = minimal["burst/web.yaml"].partition("  pools:")[0].replace("name: web", "name: team").replace("app: web", "app: x")
    root = write({**minimal, "burst/team.yaml": f"{inject}  inject: {{labels: {{team: a}}}}\n"})
    done = cli("graph", root)
    assert (done.code, done.err) == (0, "")
    assert _edges(done.out) == [("team", "idc", "injects"), ("web", "idc", "1, max 3"), ("web", "serverless", "2")]


def test_the_samples_federation_is_in_the_picture(cli: Cli, sample: Path) -> None:
    """Placement policies lead to their members with what they say of each, and to the host, which leads to its members."""
    edges = _edges(cli("graph", sample).out)
    assert ("fed-pp-weight", "vke-poc1", "weight 40, min 2") in edges
    assert ("fed-pp-weight", "fed-poc", "in default") in edges
    assert ("gpu-demo", "gpu-small", "") in edges
    assert {start for start, _, label in edges if label.startswith("as ")} == {"fed-poc"}
    assert sum(start == "gpu-demo" for start, _, _ in edges) == 10


@pytest.mark.parametrize("language", ["dot", "mermaid", "json-v1"])
def test_the_same_policies_give_the_same_picture(
    cli: Cli, overbank: Callable[..., subprocess.CompletedProcess[bytes]], sample: Path, language: str
) -> None:
    """Neither the hash seed nor the process matters."""
    runs = {overbank("graph", sample, "--format", language, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    assert runs == {cli("graph", sample, "--format", language).out.encode()}


def test_clusters_and_policies_can_be_chosen(cli: Cli, sample: Path) -> None:
    """Only what is named is drawn, with what it has to do with; a name that does not exist is told from those that do."""
    one = json.loads(cli("graph", sample, "--format", "json-v1", "--policy", "gpu-demo", "--cluster", "ack-poc").out)
    assert {node["name"] for node in one["nodes"] if node["kind"] in ("policy", "cluster", "placement")} == {"gpu-demo", "ack-poc"}
    assert [edge["label"] for edge in one["edges"] if edge["kind"] == "uses"] == ["1", "2, max 2", "3"]
    placed = json.loads(cli("graph", sample, "--format", "json-v1", "--policy", "fed-pp-weight").out)
    assert {node["name"] for node in placed["nodes"] if node["kind"] == "cluster"} == {"ack-poc", "vke-poc1", "vke-poc2"}
    wrong = cli("graph", sample, "--policy", "gpu-dmo")
    assert (wrong.code, wrong.out) == (2, "")
    assert "there is no policy `gpu-dmo`" in wrong.err
    assert "did you mean `gpu-demo`?" in wrong.err


def test_mermaid_has_its_form(cli: Cli, sample: Path, awkward: Picture) -> None:
    """What is written is within the grammar, for the sample and for texts with every sign of it."""
    assert _MERMAID.fullmatch(cli("graph", sample, "--format", "mermaid").out)
    text = mermaid.render(awkward)
    assert _MERMAID.fullmatch(text)
    assert "a #34;quoted#34; #92;N name #35; ; #91;x#93; #60;b#62; #96;c#96; #38; #124;#123;#125;" in text


def test_dot_is_read_back_as_it_was_meant(awkward: Picture) -> None:
    """Quotes and backslashes of names do not end or change a label, and control characters are shown."""
    [graph] = pydot.graph_from_dot_data(dot.render(awkward))
    assert len(graph.get_edges()) == len(Line)
    label = graph.get_edges()[0].get("label")
    assert label.startswith('"a \\"quoted\\" \\\\N name # ;')
    assert "\x1b" not in label
    assert "\N{SYMBOL FOR ESCAPE}" in label


def test_json_names_every_node_of_every_edge(awkward: Picture, cli: Cli, sample: Path) -> None:
    """Edges lead between nodes that are there."""
    for text in (json_v1.render(awkward), cli("graph", sample, "--format", "json-v1").out):
        picture = json.loads(text)
        assert {end for edge in picture["edges"] for end in (edge["from"], edge["to"])} <= {node["id"] for node in picture["nodes"]}


def test_policies_that_hold_for_a_part_look_different(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A policy in audit mode, or rolled out to a part, is dashed and says so."""
    root = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"] + "  rollout: {percentage: 25}\n  priority: 7\n"})
    drawn = cli("graph", root, "--format", "mermaid").out
    assert 'p0(["web<br>priority 7, rollout 25 %"])' in drawn
    assert "  class p0 partial\n" in drawn
    assert "dashed" in next(line for line in cli("graph", root).out.splitlines() if line.startswith("  p0 ["))


def test_what_mermaid_cannot_draw_is_refused(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """Beyond Mermaid's own limits there is a reason and a way out, instead of a picture that nobody sees."""
    policies = {
        f"burst/{n}.yaml": minimal["burst/web.yaml"].replace("name: web", f"name: web-{n}").replace("app: web", f"app: web-{n}")
        for n in range(260)
    }
    root = write({**minimal, **policies})
    refused = cli("graph", root, "--format", "mermaid")
    assert (refused.code, refused.out) == (2, "")
    assert "the picture has 522 edges" in refused.err
    assert "--cluster or --policy" in refused.err
    assert cli("graph", root, "--format", "mermaid", "--policy", "web-1").code == 0


def test_a_repository_without_clusters_has_no_picture(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """There is nothing to draw, which is exit code 3."""
    assert cli("graph", write({"overbank.yaml": minimal["overbank.yaml"]})).code == 3
