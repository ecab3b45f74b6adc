"""The repository as a whole: what its files promise each other."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from compiler import __version__
from compiler.codes.catalogue import ALL

ROOT = Path(__file__).resolve().parent.parent


def test_the_changelog_knows_the_version() -> None:
    """The newest entry of the changelog is for the version that the package has."""
    newest = re.search(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == __version__


def test_constraints_pin_exactly_and_name_no_registry() -> None:
    """Every line of the constraints file is one exact version, without an address."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []


def test_every_dependency_is_pinned() -> None:
    """What pyproject.toml asks for by name stands in the constraints file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"]]
    wanted += [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    wanted += [each for group in project["dependency-groups"].values() for each in group]
    names = {re.split(r"[^A-Za-z0-9._-]", each)[0].lower().replace("_", "-") for each in wanted}
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert names <= pinned


def test_the_source_distribution_is_whole() -> None:
    """The source distribution has every folder that the Makefile checks, every page, and what decides what the image is built from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = {each.removeprefix("/") for each in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]}
    sources = re.search(r"^SOURCES := (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sources
    pages = {path.name for path in ROOT.glob("*.md")} - {project["project"]["readme"]}  # the build adds that one by itself
    assert {*sources[1].split(), *pages, ".containerignore", "Makefile", "constraints.txt"} <= included


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    """Every relative link of a page leads to a file or folder of the repository."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    assert [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()] == []


@pytest.mark.parametrize(("page", "folder"), [("docs/index.md", ""), ("README.md", "docs/")])
def test_every_page_is_on_the_contents(page: str, folder: str) -> None:
    """The index and the README lead to every page right below docs."""
    targets = set(re.findall(r"\]\(([^)#:]+)", (ROOT / page).read_text()))
    assert {f"{folder}{path.name}" for path in ROOT.glob("docs/*.md") if path.name != "index.md"} - targets == set()


def test_codes_have_their_category_and_an_explanation() -> None:
    """Identifiers are unique, and each explanation says more than its title."""
    assert len({code.id for code in ALL}) == len(ALL)
    for code in ALL:
        assert re.fullmatch(r"OB[0-9]\d{3}", code.id)
        assert len(code.explanation) > len(code.title) + 40
        assert not code.title.endswith(".")


@pytest.mark.parametrize("package", ["compiler", "webhook"])
def test_the_page_on_architecture_knows_the_layers(package: str) -> None:
    """The chain of layers on the page is the one that is checked."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [each["layers"] for each in contracts if each.get("containers") == [package]]
    page = (ROOT / "docs/architecture.md").read_text()
    chains = [re.split(r"\s*▶\s*", block.strip()) for block in re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    assert [layer.replace(" : ", ", ") for layer in layers] in chains


@pytest.mark.parametrize(
    ("contract", "free"),
    [
        ("touch the disk", {"cache", "cli", "hooks", "output", "replacing", "scaffold", "sources"}),
        ("know the Kubernetes client", {"live"}),
    ],
)
def test_contracts_of_the_compiler_forget_no_room(contract: str, free: set[str]) -> None:
    """Unlike layers, a list of what must not import something cannot be exhaustive by itself: a new room would stand outside it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [held] = [each["source_modules"] for each in contracts if contract in each["name"]]
    [layers] = [each["layers"] for each in contracts if each.get("containers") == ["compiler"]]
    rooms = {room for layer in layers for room in re.findall(r"[a-z_]+", layer)}
    assert rooms - {each.removeprefix("compiler.") for each in held} == free


@pytest.mark.parametrize("package", ["compiler", "webhook"])
def test_the_page_on_architecture_has_a_line_for_every_room(package: str) -> None:
    """Every module and folder right below a package stands in the page's list, and nothing does that is not there."""
    page = (ROOT / "docs/architecture.md").read_text()
    [folder] = (Path(each) for each in importlib.import_module(package).__path__)  # as installed, where the checkout is not
    found = re.search(rf"^{package}/.*\n((?:  .*\n)+)", page, re.MULTILINE)
    assert found
    heads = [
        re.split(r"\s{3,}", line.strip())[0] if line.startswith("  ") and line[2] != " " else "" for line in found[1].splitlines()
    ]
    listed = {name for head in heads for name in re.findall(r"[a-z_]+(?:\.py|/)", head)}
    there = {f"{path.name}/" if path.is_dir() else path.name for path in folder.glob("[a-z]*") if path.name != "py.typed"}
    assert listed == there
