"""The picture for Mermaid (https://mermaid.js.org/syntax/flowchart.html), which GitHub and GitLab draw in Markdown."""

from collections.abc import Iterator
from typing import Final

from compiler.graph.picture import Edge, Line, Node, Picture, Shape
from compiler.report.style import printable

MAX_EDGES: Final = 500
MAX_TEXT: Final = 50_000
"""Beyond these Mermaid draws nothing (https://mermaid.js.org/config/schema-docs/config.html: maxEdges, maxTextSize)."""

_SHAPES: Final = {
    Shape.CLUSTER: ("[[", "]]"),
    Shape.POOL: ("[", "]"),
    Shape.VIRTUAL_POOL: ("(", ")"),
    Shape.POLICY: ("([", "])"),
    Shape.ACCELERATOR: ("{{", "}}"),
    Shape.PLACEMENT: ("([", "])"),
    Shape.HOST: ("[/", "\\]"),
}
_LINES: Final = {Line.USES: "-->", Line.NEEDS: "-.->", Line.PLACES: "==>", Line.RUNS: "-.->"}
_ENTITIES: Final = {ord(each): f"#{ord(each)};" for each in '"#&<>`\\*_~[](){}|'}


def render(picture: Picture) -> str:
    """Return the text of a flowchart."""
    return "".join(f"{line}\n" for line in _lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    yield "flowchart LR"
    for frame in picture.frames:
        yield f"  subgraph {frame.id}[{_quoted(frame.title)}]"
        for node in frame.nodes:
            yield f"    {_node(node)}"
        yield "  end"
    for node in picture.nodes:
        yield f"  {_node(node)}"
    for edge in picture.edges:
        yield f"  {_edge(edge)}"
    partial = [node.id for node in picture.nodes if node.partial]
    if partial:
        yield "  classDef partial stroke-dasharray: 5 5"
        yield f"  class {','.join(partial)} partial"


def _node(node: Node) -> str:
    opening, closing = _SHAPES[node.shape]
    return f"{node.id}{opening}{_quoted(*node.lines)}{closing}"


def _edge(edge: Edge) -> str:
    arrow = _LINES[edge.line]
    return f"{edge.start} {arrow}|{_quoted(edge.label)}| {edge.end}" if edge.label else f"{edge.start} {arrow} {edge.end}"


def _quoted(*lines: str) -> str:
    """Write a label: signs of Mermaid, Markdown and HTML as its entity codes, which are decimal and begin with ``#``."""
    return '"' + "<br>".join(printable(line).translate(_ENTITIES) for line in lines) + '"'
