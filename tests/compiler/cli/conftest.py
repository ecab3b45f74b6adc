"""What the tests of the command line share: repositories without findings, with a warning and with an error, and a pod."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, labels: {app: web}}\nspec: {containers: [{name: main, image: web}]}\n"


@pytest.fixture
def repo(write: Write, minimal: dict[str, str]) -> Path:
    """Return the folder of a clean repository."""
    return write(minimal)


@pytest.fixture
def warned(write: Write, minimal: dict[str, str]) -> Path:
    """Return the folder of a repository with one warning."""
    cluster = minimal["clusters/idc.yaml"].replace("type: eci", "type: eci, nodeSelector: {a: b}")
    return write({**minimal, "clusters/idc.yaml": cluster}, "warned")


@pytest.fixture
def broken(write: Write, minimal: dict[str, str]) -> Path:
    """Return the folder of a repository with one error."""
    return write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("names: [idc]", "names: [icd]")}, "broken")


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    """Return the path of a pod that the policy places."""
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    return path
