"""What the tests of deploy/ share: helm, and the programs there as modules."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"

Load = Callable[[str], ModuleType]


@pytest.fixture(scope="session")
def load() -> Load:
    """Return a function that loads a program by its path below deploy/."""

    def loaded(path: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(Path(path).stem, DEPLOY / path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded


@pytest.fixture(scope="session")
def helm(load: Load) -> str:
    """Return the path of helm; without it the test is skipped, and says so, or fails where helm has to be there."""
    found: Path | None = load("helm.py").find()
    if found is None:
        reason = "there is no helm (python deploy/helm.py builds one): the chart was NOT rendered"
        if os.environ.get("OVERBANK_REQUIRE_HELM"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(found)
