"""The source map: every field of the output has an origin, and what stands at the origin decides the field."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from compiler.load import decode, load
from compiler.pipeline import Result, compile_repository
from compiler.sourcemap import source_map
from compiler.sourcemap.origin import UntracedError, leaves, pointer
from compiler.sources.tree import Tree
from tests.examples import examples

GOLDEN = Path(__file__).parent.parent / "golden"
SAMPLE = GOLDEN.parent.parent / "policies"
CASES = [*sorted(folder.parent / "input" for folder in GOLDEN.glob("*/expected")), SAMPLE]

DERIVED = (
    # What a bundle holds as the engine's own word for something that is written in another way, or not at all but follows from it.
    r"bundle /policies/#/(audit|override|rollout)",
    r"bundle /policies/#/(pods|namespaces/selector)/requirements(/#/operator)?",
    r"bundle /policies/#/owners/#/group",
    r"bundle /policies/#/placement/(marker|mechanism)",
    r"bundle /policies/#/placement/(foreign/.*|runtimes/#|mirroredResources/#)",
    # Vendors' keys and values, which a pool's type or a feature stands for.
    r"bundle /policies/#/placement/fields/(labels|annotations|nodeSelector|tolerations/#)/.*",
    r"bundle /policies/#/placement/fields/preferred/#/weight",
    r"bundle /policies/#/(placement/fields|placement/accelerator)/(required/#|preferred/#/preference)/matchExpressions/#/.*",
    r"bundle /policies/#/(placement|scheduling)/fields/schedulerName",
    r"bundle /policies/#/scheduling/fields/annotations/cpuset-scheduler",
    # Lists that are written as one text.
    r"bundle /policies/#/placement/accelerator/annotations/.*",
    # Files in a file, and expressions over all policies.
    r"configmap /data/bundle.json",
    r"mutatingwebhookconfiguration /webhooks/#/matchConditions/#/expression",
    r"validatingadmissionpolicy /spec/validations/#/(expression|message)",
    r"validatingadmissionpolicybinding /spec/validationActions/#",
    # Words of the vendors for ours.
    r"resourcepolicy /spec/strategy",
    r"resourcepolicy /spec/subsets/#/nodeSelectorTerm/#/(key|operator|values/#)",
    r"propagationpolicy /spec/(schedulingMode|replicasStrategy)",
    r"overridepolicy /spec/overrideRules/#/overriders/image/#/operations/#/(imageComponent|operator)",
    r"overridepolicy /spec/overrideRules/#/overriders/jsonpatch/#/(operator|path|value)",
    # What patches do, and the names of their files and targets.
    r"kustomization /patches/#/(path|target/(name|version))",
    r"patch /#/.*",
)
"""Fields whose text differs from what stands at their origin, as patterns over ``kind /pointer`` with ``#`` for indices."""

_NOT_COPIED = re.compile("|".join(f"({pattern})" for pattern in DERIVED))


@cache
def _compiled(folder: Path) -> Result:
    return compile_repository(Tree(folder))


def _value(path: str, content: bytes) -> Any:
    if path.endswith(".json"):
        return json.loads(content)
    file, _ = decode(path, content)
    assert file
    return load(file)[0][0].value


def _fields(result: Result) -> Iterator[tuple[str, str, Any, list[dict[str, Any]]]]:
    """Yield file, pointer, value and origins of all fields; the map must have no others."""
    described = source_map(result, result.files)["files"]
    assert list(described) == sorted(result.files)
    for path, content in result.files.items():
        found = {pointer(route): value for route, value in leaves(_value(path, content))}
        assert list(described[path]) == sorted(found), path
        for place, value in found.items():
            yield path, place, value, described[path][place]


def _at(folder: Path, origin: dict[str, Any]) -> str:
    """Return the line of an origin from its column on; the position must exist."""
    lines = (folder / origin["file"]).read_bytes().decode().removeprefix("\ufeff").split("\n")
    line = lines[origin["line"] - 1]
    assert origin["column"] <= len(line), origin
    return line[origin["column"] - 1 :]


def _shows(found: str, value: object) -> bool:
    written = value if isinstance(value, str) else json.dumps(value)
    return found.lstrip("\"'").startswith(written)


def _class(path: str, place: str) -> str:
    kind = path.rpartition("/")[2].split(".")[0].split("-")[0]
    if "/components/" in path and kind != "kustomization":
        kind = "patch" if "/workloads/" in path else "binding"
    return f"{kind} {re.sub(r'/[0-9]+(?=/|$)', '/#', place)}"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.parent.name if folder.name == "input" else folder.name)
def test_every_field_has_an_origin(folder: Path) -> None:
    """Each field names places that exist, where the value can be read if it is copied, or why no policy says it."""
    for path, place, value, origins in _fields(_compiled(folder)):
        assert origins, (path, place)
        texts = [_at(folder, origin) for origin in origins if "generated" not in origin]
        for origin in origins:
            assert set(origin) in ({"generated"}, {"file", "line", "column"}), (path, place)
        if texts and not _NOT_COPIED.fullmatch(_class(path, place)):
            assert any(_shows(each, value) for each in texts), (path, place, value, origins)


def test_every_exception_is_one() -> None:
    """No pattern among the fields that are not copied is there without need."""
    seen: set[str] = set()
    for folder in CASES:
        for path, place, value, origins in _fields(_compiled(folder)):
            texts = [_at(folder, origin) for origin in origins if "generated" not in origin]
            if texts and not any(_shows(each, value) for each in texts):
                seen.add(_class(path, place))
    assert [pattern for pattern in DERIVED if not any(re.fullmatch(pattern, each) for each in seen)] == []


class _Changed:
    """The sample repository with one stretch of text replaced."""

    def __init__(self, path: str, content: str) -> None:
        self._tree = Tree(SAMPLE)
        self._path = path
        self._content = content

    def paths(self) -> tuple[str, ...]:
        return self._tree.paths()

    def links(self) -> tuple[str, ...]:
        return self._tree.links()

    def unreadable(self) -> dict[str, str]:
        """Return nothing: all of it can be read."""
        return {}

    def read(self, path: str, limit: int) -> bytes:
        return self._content.encode() if path == self._path else self._tree.read(path, limit)


@cache
def _copied() -> list[tuple[str, str, Any, dict[str, Any]]]:
    """Return the fields of the sample that are copied from exactly one place, beside the names that other documents refer to."""
    found = []
    for path, place, value, origins in _fields(_compiled(SAMPLE)):
        if len(origins) == 1 and "generated" not in origins[0] and isinstance(value, str | int) and not isinstance(value, bool):
            named = re.search(r"/(name|namespace|host)$", place)
            if not named and _shows(_at(SAMPLE, origins[0]), value):
                found.append((path, place, value, origins[0]))
    return found


@settings(max_examples=examples(30), phases=[Phase.generate])
@given(st.data())
def test_the_text_at_an_origin_decides_the_field(data: st.DataObject) -> None:
    """Another text at the place that the map gives for a copied field changes that field."""
    path, place, value, origin = data.draw(st.sampled_from(_copied()))
    lines = (SAMPLE / origin["file"]).read_text().split("\n")
    line, column = lines[origin["line"] - 1], origin["column"] - 1
    column += line[column] in "\"'"
    old = value if isinstance(value, str) else json.dumps(value)
    new = f"{old}x" if isinstance(value, str) else json.dumps(value + 1)
    lines[origin["line"] - 1] = line[:column] + new + line[column + len(old) :]
    result = compile_repository(_Changed(origin["file"], "\n".join(lines)), scenarios=())
    assume(not result.failed)  # what the change breaks elsewhere says nothing about the map
    # By its origin, since another priority, say, gives the field another index.
    now = {str(each) for _, _, each, origins in _fields(result) if origin in origins}
    assert new in now, (path, place, origin)
    assert old not in now, (path, place, origin)


def test_a_field_without_an_origin_is_our_mistake() -> None:
    """A new field of a back end that nobody traced stops the map instead of being left out."""
    result = _compiled(SAMPLE)
    path = next(path for path in result.files if "resourcepolicy" in path)
    files = {**result.files, path: result.files[path] + b"extra: 1\n"}
    with pytest.raises(UntracedError, match="/extra"):
        source_map(replace(result, files=files), files)


def test_the_map_is_the_same_whatever_the_hash_seed(sample: Path, tmp_path: Path, overbank: Callable[..., Any]) -> None:
    """Two processes with other hash seeds write the same bytes, also to standard output, which holds nothing else then."""
    for seed in ("1", "2"):
        arguments = ["build", "policies", "-o", tmp_path / seed, "--source-map", tmp_path / f"{seed}.json"]
        assert overbank(*arguments, env={"PYTHONHASHSEED": seed}, cwd=sample.parent).returncode == 0
    first = (tmp_path / "1.json").read_bytes()
    assert (tmp_path / "2.json").read_bytes() == first
    printed = overbank("build", "policies", "-o", tmp_path / "3", "--source-map", "-", cwd=sample.parent)
    assert printed.stdout == first
    assert b"wrote clusters/" in printed.stderr
    document = json.loads(first)
    assert document["format"] == "overbank.dev/source-map/v1"
    assert document["files"]["clusters/ack-poc/default/resourcepolicy.scheduling.alibabacloud.com-gpu-demo.yaml"][
        "/spec/units/1/max"
    ] == [{"file": "policies/burst/gpu-demo.yaml", **_place(sample / "burst/gpu-demo.yaml", "max: 2", len("max: "))}]


def test_the_example_of_the_page_holds() -> None:
    """What docs/provenance.md shows of the sample's map is in it."""
    page = (SAMPLE.parent / "docs/provenance.md").read_text()
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    result = _compiled(SAMPLE)
    found = source_map(result, result.files, "policies")
    assert shown["format"] == found["format"]
    for path, fields in shown["files"].items():
        assert fields.items() <= found["files"][path].items()


def _place(file: Path, sought: str, offset: int) -> dict[str, int]:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if sought in line:
            return {"line": number, "column": line.index(sought) + offset + 1}
    raise AssertionError(sought)


def test_a_failed_build_writes_no_map(minimal: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]) -> None:
    """Findings stop the map as they stop the output."""
    folder = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("name: serverless", "name: nothing")})
    outcome = cli("build", folder, "--source-map", folder / "map.json", "--depfile", folder / "deps")
    assert outcome.code == 1
    assert not (folder / "map.json").exists()
    assert not (folder / "deps").exists()


def test_a_build_without_a_map_does_not_load_what_makes_it(sample: Path, tmp_path: Path) -> None:
    """Who asks for no map does not pay for it."""
    program = (
        "import sys; from compiler.cli import main; "
        f"code = main(['build', {str(sample)!r}, '-o', {str(tmp_path / 'out')!r}]); "
        "sys.exit(code or any(name.startswith('compiler.sourcemap') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60).returncode == 0
