"""Bundles that fit into no ConfigMap: they are written in parts, and what is written is the bundle."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from compiler.pipeline import Result
from webhook.engine.bundle import decode
from webhook.engine.split import PART_BYTES, join, read_index, split

Compile = Callable[[Mapping[str, str | bytes]], Result]
INDEX = "clusters/idc/webhook/configmap-overbank-bundle.yaml"
LIMIT = 1024 * 1024


def noise(length: int, seed: str) -> str:
    """Return letters that no compressor makes much of."""
    blocks = (hashlib.sha512(f"{seed}{number}".encode()).digest() for number in range(length // 85 + 1))
    return "".join(base64.b85encode(each).decode() for each in blocks)[:length].replace("{", "a").replace("}", "b")


@pytest.fixture
def large(compiled: Compile, minimal: dict[str, str]) -> Callable[[str], Result]:
    """Return a function that compiles a repository whose bundle needs several parts."""

    def run(seed: str) -> Result:
        inject = "\n".join(f"      a{number}: '{noise(250_000, f'{seed}{number}')}'" for number in range(4))
        return compiled({**minimal, "burst/web.yaml": f"{minimal['burst/web.yaml']}  inject:\n    annotations:\n{inject}\n"})

    return run


def _parts(result: Result) -> dict[str, Any]:
    found = [yaml.safe_load(content) for path, content in result.files.items() if "configmap-overbank-bundle-" in path]
    return {each["metadata"]["name"]: each for each in found}


def test_large_bundles_are_written_in_parts(large: Callable[[str], Result]) -> None:
    """The index and the parts in their ConfigMaps give bundle.json, byte by byte, and each of them fits into a ConfigMap."""
    result = large("a")
    assert result.diagnostics == []
    index = read_index(yaml.safe_load(result.files[INDEX])["data"]["index.json"].encode())
    parts = _parts(result)
    assert [part.name for part in index.parts] == sorted(parts)
    assert len(parts) == 2
    raw = {name: base64.b64decode(each["binaryData"]["part"]) for name, each in parts.items()}
    assert all(len(each) <= PART_BYTES < LIMIT for each in raw.values())
    whole = result.files["clusters/idc/webhook/bundle.json"]
    assert join(index, raw) == whole
    assert decode(whole).digest == index.digest


def test_parts_of_two_bundles_have_other_names(large: Callable[[str], Result]) -> None:
    """Parts are immutable, so another bundle never needs a name that is taken; the same bundle has the same parts."""
    first, again, other = (_parts(large(seed)) for seed in "aab")
    assert first == again
    assert first.keys().isdisjoint(other)
    assert all(each["immutable"] for each in first.values())


def test_parts_are_applied_before_their_index_and_deleted_after_it(large: Callable[[str], Result]) -> None:
    """Argo CD applies the parts first, and deletes old ones when everything else is done."""
    result = large("a")
    index = yaml.safe_load(result.files[INDEX])["metadata"]["annotations"]
    for part in _parts(result).values():
        annotations = part["metadata"]["annotations"]
        assert int(annotations["argocd.argoproj.io/sync-wave"]) < int(index["argocd.argoproj.io/sync-wave"])
        assert annotations["argocd.argoproj.io/sync-options"] == "PruneLast=true,ServerSideApply=true"
    listed = yaml.safe_load(result.files["clusters/idc/kustomization.yaml"])["resources"]
    assert sum("configmap-overbank-bundle" in path for path in listed) == 3


def test_compression_gives_the_same_bytes_everywhere() -> None:
    """The bytes of a part hang on the content alone: they are those that every bzip2 makes at its highest level."""
    index, _ = split(b'{"a": 1}' * 50_000, "sha256:0", "x")
    (part,) = index.parts
    assert (part.name, part.size) == ("x-3faeebbcf593-0", 68)
    assert part.sha256 == "3faeebbcf593a31d9b9e05bb8f780da2b45e79b225bb39c1e812bf68e12513c5"
