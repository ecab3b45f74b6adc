"""Lists of nodes as kubectl writes them, and what is none."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from compiler.inventory import dump
from tests.compiler.inventory.cluster import node

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"items": [\n  {"metadata": }\n]}', r"nodes\.json:2:16\n.*"),
        ('{"items": [', "input data was truncated"),
        (
            '{"kind": "List", "items": [{"metadata": {"name": 5}}]}',
            r"`items\[0\]\.metadata\.name`: expected a string, got a number",
        ),
        ('{"kind": "PodList", "items": [{"kind": "Pod", "metadata": {"name": "p"}}]}', "item 1 is a Pod named p, and no Node"),
        ('{"kind": "NodeList", "metadata": {"continue": "x"}, "items": []}', "one page of several"),
        ('{"a": 1}', "it names no kind, and has no items"),
        ("kind: Node\nmetadata:\n  name: [1]\n", r"nodes\.json:3:9\n"),
        ("kind: Deployment\nmetadata: {name: a}\n", "item 1 is a Deployment named a"),
        ("a: b: c\n", r"OB0\d+.*\n --> .*nodes\.json:1:5"),
        ("- kind: Node\n  metadata: {name: a}\n- kind: Node\n  metadata: {name: a}\n", "node `a` is listed twice"),
        ("- {}\n", "item 1 has no name"),
        ('{"a": ' * 5000, r"JSON is nested too deeply|input data was truncated"),
        ('{"kind": "Status", "status": "Failure", "message": "Unauthorized"}', "`status`: expected a mapping, got a string"),
        ('{"items": {}}', "`items`: expected a list, got a mapping"),
        ('{"items": [{"metadata": {"name": "a"}, "status": {"allocatable": {"cpu": []}}}]}', "expected a quantity, got a list"),
    ],
)
def test_malformed_dumps_are_refused_with_their_place(refreshed: Run, cli: Run, text: str, message: str) -> None:
    """A file that is no list of nodes gives an error at its line where that is known, and exit code 2."""
    folder = refreshed(nodes=[]).folder
    path = folder.parent / "nodes.json"
    path.write_text(text)
    found = cli("inventory", folder, "--cluster", "pro", "--nodes", path)
    assert (found.code, found.out) == (2, "")
    assert re.search(message, found.err), found.err


def test_dumps_of_powershell_are_told_from_garbage() -> None:
    """Redirected in PowerShell, kubectl's output is UTF-16; people learn what to do about it."""
    for order in ("utf-16-le", "utf-16-be"):
        nodes, problems = dump.read("nodes", ("\ufeff" + json.dumps([node("a")])).encode(order))
        assert nodes == []
        assert [problem.message for problem in problems] == ["the list of nodes is UTF-16, and not UTF-8"]


def test_dumps_have_many_forms() -> None:
    """A List, a NodeList, a plain list, one Node, several documents, JSON or YAML: all are read alike, sorted by name."""
    one, two = node("a"), node("b")
    forms = [
        json.dumps({"kind": "List", "items": [two, one]}),
        json.dumps({"kind": "NodeList", "items": [{**two, "kind": ""}, one]}),
        "\ufeff" + json.dumps([two, one]),
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [two, one]}),
        yaml.safe_dump([two, one]),
        yaml.safe_dump_all([two, one]),
    ]
    read = [dump.read("nodes", form.encode()) for form in forms]
    assert all(found == read[0] for found in read)
    assert [node.name for node in read[0][0]] == ["a", "b"]
    assert dump.read("nodes", json.dumps(one).encode())[0] == read[0][0][:1]
