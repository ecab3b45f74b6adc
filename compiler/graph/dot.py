"""The picture for Graphviz (https://graphviz.org/doc/info/lang.html)."""

from collections.abc import Iterator
from typing import Final

from compiler.graph.picture import Edge, Line, Node, Picture, Shape
from compiler.report.style import printable

_SHAPES: Final = {
    Shape.CLUSTER: "shape=box3d",
    Shape.POOL: "shape=box",
    Shape.VIRTUAL_POOL: 'shape=box, style="rounded,dashed"',
    Shape.POLICY: 'shape=box, style="rounded,filled", fillcolor="#dbe9f6"',
    Shape.ACCELERATOR: "shape=hexagon",
    Shape.PLACEMENT: 'shape=box, style="rounded,filled", fillcolor="#e5f0dc"',
    Shape.HOST: "shape=house",
}
_PARTIAL: Final = 'shape=box, style="rounded,dashed"'
_LINES: Final = {Line.USES: "solid", Line.NEEDS: "dotted", Line.PLACES: "dashed", Line.RUNS: "dotted"}


def render(picture: Picture) -> str:
    """Return the text of a directed graph."""
    return "".join(f"{line}\n" for line in _lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    yield "digraph overbank {"
    yield "  rankdir=LR;"
    yield '  node [fontname="sans-serif"];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    for frame in picture.frames:
        # Graphviz draws a frame around a subgraph whose name begins so, whatever it stands for.
        yield f"  subgraph cluster_{frame.id} {{"
        yield f"    label={_quoted(frame.title)};"
        for node in frame.nodes:
            yield f"    {_node(node)}"
        yield "  }"
    for node in picture.nodes:
        yield f"  {_node(node)}"
    for edge in picture.edges:
        yield f"  {_edge(edge)}"
    yield "}"


def _node(node: Node) -> str:
    look = _PARTIAL if node.partial else _SHAPES[node.shape]
    return f"{node.id} [label={_quoted(*node.lines)}, {look}];"


def _edge(edge: Edge) -> str:
    label = f"label={_quoted(edge.label)}, " if edge.label else ""
    return f"{edge.start} -> {edge.end} [{label}style={_LINES[edge.line]}];"


def _quoted(*lines: str) -> str:
    """Write a label: a backslash would begin an escape, and lines are parted by one."""
    escaped = (printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
