"""The documentation: its examples hold, its tables are current, its commands exist.

A YAML example without a mark has documents of Overbank, each valid by its schema. Other examples carry a mark in the line above:

``<!-- example: repository NAME PATH -->``  a file of a repository; all files of one name on a page compile, and their tests pass
``<!-- example: part of KIND at ROUTE -->``  a part of a document: valid when put there into the smallest document of that kind
``<!-- example: manifest -->``  objects of somebody else: each with apiVersion, kind and a name
``<!-- example: yaml -->``  anything that can be read
"""

import copy
import functools
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import schemas
from compiler import policytest
from compiler.cli import COMMANDS
from compiler.load import decode, load
from compiler.pipeline import compile_repository
from compiler.report import text
from compiler.sources.tree import Tree

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])

SMALLEST: dict[str, Any] = {
    "Repository": {},
    "FederationHost": {"engine": "kubeadmiral", "kubernetesVersion": "1.30"},
    "Cluster": {"platform": "ack-pro", "kubernetesVersion": "1.30", "pools": [{"name": "a", "type": "ecs"}]},
    "AcceleratorClass": {"resource": "nvidia.com/gpu"},
    "BurstPolicy": {"match": {"clusters": {"all": True}, "namespaces": {"all": True}, "pods": {"all": True}}},
    "PlacementPolicy": {
        "host": "a",
        "namespace": "a",
        "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}],
        "mode": "duplicate",
        "clusters": [{"name": "a"}],
    },
    "PlanScenario": {"cluster": "a", "events": [{"create": 1}]},
    "PolicyTest": {"cluster": "a", "cases": [{"name": "a", "pod": {"inline": {}}, "expect": {"unchanged": True}}]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A YAML example; ``name`` is its page, the heading that it is under, and its number there."""

    page: str
    name: str
    mark: tuple[str, ...]
    text: str


def _examples() -> list[Example]:
    found = []
    for page in PAGES:
        heading, number, mark = "", 0, ()
        lines = iter(page.read_text(encoding="utf-8").splitlines())
        for line in lines:
            if line.startswith("#"):
                heading, number = line.lstrip("# "), 0
            comment = re.fullmatch(r"<!-- example: (.+) -->", line)
            if line == "```yaml":
                body = "\n".join(iter(functools.partial(next, lines), "```"))
                number += 1
                name = f"{page.relative_to(ROOT)}: {heading} {number}"
                found.append(Example(page=page.name, name=name, mark=mark, text=f"{body}\n"))
            elif line.startswith("```") and line != "```":
                while next(lines) != "```":
                    pass
            mark = tuple(comment[1].split()) if comment else ()
    return found


EXAMPLES = _examples()


def _parameters() -> list[Any]:
    return [pytest.param(each, id=each.name) for each in EXAMPLES if each.mark[:1] != ("repository",)]


def _values(example: Example) -> list[Any]:
    """Read an example as the compiler reads files, so that what YAML readers disagree about is found."""
    file, problems = decode("example.yaml", example.text.encode())
    assert file is not None, problems
    documents, found = load(file)
    assert found == [], text.render(found)
    assert documents, "there is nothing in the example"
    return [document.value for document in documents]


def _check(value: Any) -> None:
    assert value["kind"] in schemas.KINDS, f"there is no kind {value['kind']}"
    jsonschema.Draft202012Validator(schemas.schema(value["kind"])).validate(value)


def _placed(kind: str, route: str, part: Any) -> Any:
    """Return the smallest document of a kind with a part put into it."""
    names = {} if kind == "Repository" else {"metadata": {"name": "example"}}
    document: Any = {"apiVersion": schemas.API_VERSION, "kind": kind, **names, "spec": copy.deepcopy(SMALLEST[kind])}
    place = document
    for key in route.split("."):
        place = place.setdefault(key, {})
    place.update(part)
    return document


@pytest.mark.parametrize("example", _parameters())
def test_example_is_right(example: Example) -> None:
    """Each example can be read, and is what its mark says."""
    values = _values(example)
    match example.mark:
        case ():
            for value in values:
                assert value.get("apiVersion") == schemas.API_VERSION, "an example that is not Overbank's needs a mark"
                _check(value)
        case ("part", "of", kind, "at", route):
            for value in values:
                _check(_placed(kind, route, value))
        case ("manifest",):
            assert all({"apiVersion", "kind", "metadata"} <= value.keys() and value["metadata"]["name"] for value in values)
        case ("yaml",):
            pass
        case _:
            pytest.fail(f"unknown mark: {' '.join(example.mark)}")


REPOSITORIES = sorted({(each.page, each.mark[1]) for each in EXAMPLES if each.mark[:1] == ("repository",)})


@pytest.mark.parametrize(("page", "name"), REPOSITORIES)
def test_repository_of_a_page_is_right(page: str, name: str, write: Callable[..., Path]) -> None:
    """The files of an example repository compile without a finding, and their own tests pass."""
    files = {each.mark[2]: each.text for each in EXAMPLES if (each.page, each.mark[:2]) == (page, ("repository", name))}
    tree = Tree(write(files))
    result = compile_repository(tree)
    assert result.diagnostics == [], text.render(result.diagnostics)
    assert result.model is not None
    cases = list(policytest.run(result.model, result.clusters, tree))
    assert cases
    assert [text.render(case.diagnostics) for case in cases if case.diagnostics] == []


def test_examples_are_found() -> None:
    """The reader of examples has not gone blind."""
    assert len(EXAMPLES) > 20
    assert {each.page for each in EXAMPLES} >= {"README.md", "language.md", "gitops.md"}


def test_tables_are_current() -> None:
    """The tables of fields are what the schemas say now; `make docs` rewrites them."""
    run = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_every_kind_has_a_table_and_a_section() -> None:
    """The language reference has each kind: a section of its name with its table of fields, and a row in the list."""
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^<!-- fields: (\w+) -->$", page, re.MULTILINE)) == list(schemas.KINDS)
    for kind in schemas.KINDS:
        assert f"\n## {kind}\n" in page
        assert f"\n| [{kind}](#{kind.lower()}) |" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_a_page_lead_to_a_heading(page: Path) -> None:
    """Every anchor is the heading of its page, or of the page that the link leads to."""
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        other = (page.parent / target).read_text(encoding="utf-8") if target else page.read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", other, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, f"{page.name}: #{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    """Every command that a page tells people to type is one of ours."""
    blocks = re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for block in blocks:
        assert set(re.findall(r"^\$ overbank (\w+)", block, re.MULTILINE)) <= COMMANDS.keys()


def test_generated_tables_follow_the_schema(tmp_path: Path) -> None:
    """A page that is out of date is named and brought up to date; the text around its tables stays."""
    (tmp_path / "docs").mkdir()
    script = tmp_path / "docs" / "generate.py"
    script.write_bytes((ROOT / "docs" / "generate.py").read_bytes())
    page = tmp_path / "docs" / "page.md"
    page.write_text("Before.\n\n<!-- fields: AcceleratorClass -->\nstale\n<!-- end -->\n\nAfter.\n")

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, script, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout

    assert run("--check") == (1, "out of date docs/page.md\n")
    assert run() == (0, "wrote docs/page.md\n")
    assert run() == (0, "")
    written = page.read_text()
    assert written.startswith("Before.\n\n<!-- fields: AcceleratorClass -->\n\n| field | type |")
    assert written.endswith("|\n\n<!-- end -->\n\nAfter.\n")
    assert "stale" not in written
