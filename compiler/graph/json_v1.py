"""The picture for programs, format ``json-v1``: fields are only ever added."""

import json

from compiler.graph.picture import Node, Picture
from compiler.report.style import printable


def render(picture: Picture) -> str:
    """Return the picture as indented JSON with a final newline; ``frame`` is null for nodes outside of clusters."""
    nodes = [_node(node, printable(frame.title)) for frame in picture.frames for node in frame.nodes]
    nodes += [_node(node, None) for node in picture.nodes]
    edges = [{"from": each.start, "to": each.end, "kind": str(each.line), "label": printable(each.label)} for each in picture.edges]
    return json.dumps({"format": "json-v1", "nodes": nodes, "edges": edges}, indent=2, ensure_ascii=False) + "\n"


def _node(node: Node, frame: str | None) -> dict[str, object]:
    return {
        "id": node.id,
        "kind": str(node.shape),
        "name": printable(node.lines[0]),
        "about": [printable(each) for each in node.lines[1:]],
        "partial": node.partial,
        "frame": frame,
    }
