"""What a lock names as inputs: everything that a folder's content follows from, and as little else as possible."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler import inputs
from compiler.load import decode, load
from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree
from tests.inmemory import InMemory

Write = Callable[..., Path]


def _digests(result: Result) -> dict[str, dict[str, str]]:
    assert not result.failed
    return inputs.digests(result.inputs)


def _by_folder(files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        found.setdefault("/".join(path.split("/")[:2]), {})[path] = content
    return found


def test_inputs_are_named_by_what_they_are(sample: Path) -> None:
    """A cluster's inputs are its document, its policies and their accelerators; a host's are its policies and their clusters."""
    found = _digests(compile_repository(Tree(sample)))
    assert {"Repository", "Cluster/ack-poc", "BurstPolicy/gpu-demo", "AcceleratorClass/gpu-small"} <= found[
        "clusters/ack-poc"
    ].keys()
    assert not [name for name in found["clusters/ack-poc"] if name.startswith(("PlacementPolicy/", "PolicyTest/", "PlanScenario/"))]
    kinds = {name.split("/")[0] for name in found["federation/fed-poc"]}
    assert kinds == {"AcceleratorClass", "Cluster", "FederationHost", "PlacementPolicy"}


def test_every_folder_has_inputs(sample: Path, golden: Path) -> None:
    """Wherever something is rendered, the lock says what of."""
    for folder in (sample, golden / "every-field-at-once/input", golden / "workload-of-two-placement-policies/input"):
        result = compile_repository(Tree(folder))
        if not result.failed:
            assert _digests(result).keys() == _by_folder(result.files).keys()
            assert all(_digests(result).values())


def test_workloads_are_inputs_where_they_get_a_patch(minimal: dict[str, str], write: Write) -> None:
    """A manifest in Git is an input of the clusters that have a patch for it, by kind, namespace and name."""
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}},
        },
    }
    other = {**manifest, "metadata": {"name": "web", "namespace": "elsewhere"}}
    files = {
        **minimal,
        "overbank.yaml": minimal["overbank.yaml"].replace("{}", "{workloads: ['apps/*.yaml']}"),
        "apps/web.yaml": yaml.safe_dump_all([manifest, other]),
    }
    found = _digests(compile_repository(Tree(write(files))))
    assert [name for name in found["clusters/idc"] if "Deployment" in name] == ["Deployment.apps/shop/web"]


def test_neither_place_nor_layout_of_documents_shows(minimal: dict[str, str], write: Write) -> None:
    """Moving documents to other files, comments, quotes and the order of keys change no digest."""
    expected = _digests(compile_repository(Tree(write(minimal))))
    documents = [yaml.safe_load(minimal[path]) for path in ("burst/web.yaml", "clusters/idc.yaml")]
    content = "# all\n" + yaml.safe_dump_all(documents, sort_keys=True, default_flow_style=False)
    moved = {"overbank.yaml": minimal["overbank.yaml"], "x/all.yaml": content}
    assert _digests(compile_repository(Tree(write(moved, "moved")))) == expected


def test_changes_elsewhere_do_not_show(minimal: dict[str, str], write: Write) -> None:
    """Another cluster, its policies, tests, and what is excluded touch no lock of this cluster."""
    expected = _digests(compile_repository(Tree(write(minimal))))["clusters/idc"]
    more = {
        "overbank.yaml": minimal["overbank.yaml"].replace("{}", "{exclude: ['docs/**'], output: out}"),
        "clusters/other.yaml": minimal["clusters/idc.yaml"].replace("{name: idc}", "{name: other}", 1),
        "burst/other.yaml": minimal["burst/web.yaml"].replace("[idc]", "[other]").replace("{name: web}", "{name: other}", 1),
        "test.yaml": (
            "apiVersion: overbank.dev/v1alpha1\nkind: PolicyTest\nmetadata: {name: t}\nspec: {cluster: idc, namespace: {name: shop},"
            " cases: [{name: a, pod: {inline: {spec: {containers: [{name: a, image: a}]}}}, expect: {unchanged: true}}]}\n"
        ),
    }
    assert _digests(compile_repository(Tree(write({**minimal, **more}, "more"))))["clusters/idc"] == expected


def _edits(value: Any) -> Iterator[Any]:
    """Yield variants of a value, each with one scalar changed or one entry removed."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in {"apiVersion", "kind"}:
                yield {other: inner for other, inner in value.items() if other != key}
                for edited in _edits(each):
                    yield {**value, key: edited}
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield value[:index] + value[index + 1 :]
            for edited in _edits(each):
                yield [*value[:index], edited, *value[index + 1 :]]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield f"{value}x"


def _stored(documents: list[Any]) -> InMemory:
    """Return a repository of one file."""
    return InMemory({"overbank.yaml": "".join(f"---\n{json.dumps(each)}\n" for each in documents)})


@pytest.mark.parametrize("case", ["every-field-at-once", "workload-divided-by-weight", "limits-that-differ-by-cluster"])
def test_no_content_changes_without_an_input(golden: Path, case: str) -> None:
    """Whatever is edited, field by field: a folder whose files change has other inputs, so the lock never claims too little."""
    documents = []
    folder = golden / case / "input"
    for path in Tree(folder).paths():
        file, _ = decode(path, (folder / path).read_bytes())
        assert file is not None
        documents += [each.value for each in load(file)[0] if str(each.get("apiVersion")).startswith("overbank.dev/")]
    before = compile_repository(_stored(documents))
    assert not before.failed
    files, digests = _by_folder(before.files), inputs.digests(before.inputs)
    changed = 0
    for index, document in enumerate(documents):
        for edited in _edits(copy.deepcopy(document)):
            after = compile_repository(_stored([*documents[:index], edited, *documents[index + 1 :]]))
            if after.failed:
                continue
            now = inputs.digests(after.inputs)
            for place, content in _by_folder(after.files).items():
                if place in files and content != files[place]:
                    changed += 1
                    assert now[place] != digests[place], f"{place} changed with {edited}"
    assert changed > 10
