"""What the tests of ``overbank plan`` share: repositories with scenarios, and one with a history."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compiler.plan.command.scenario import CLUSTER, SCENARIO

Write = Callable[..., Path]


@pytest.fixture
def files(minimal: dict[str, str]) -> dict[str, str]:
    """Return the files of a repository with one scenario, which meets its expectation: three pods in the data centre, two on ECI."""
    return {**minimal, "clusters/idc.yaml": minimal["clusters/idc.yaml"].replace(*CLUSTER), "plans/a.yaml": SCENARIO % ("burst", 2)}


@pytest.fixture
def repo(write: Write, files: dict[str, str]) -> Path:
    """Return the folder of that repository."""
    return write(files)


@pytest.fixture
def wrong(write: Write, files: dict[str, str]) -> Path:
    """Return the folder of a repository whose second scenario expects something else than what happens."""
    return write({**files, "plans/b.yaml": SCENARIO % ("never", 4)}, "wrong")


@pytest.fixture
def history(repo: Path, write: Write, files: dict[str, str], git: Callable[..., None]) -> Path:
    """Return the folder of a repository whose policy, in the work tree, leaves more to the data centre than in ``main``."""
    git(repo, "init", "--quiet", "--initial-branch=main")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "a change")
    return write(
        {**files, "burst/web.yaml": files["burst/web.yaml"].replace("max: 3", "max: 1"), "plans/a.yaml": SCENARIO % ("burst", 4)}
    )
