"""The real archive does what the installed ``overbank`` does."""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.onefile.archive import PYTHON


@pytest.fixture(scope="module")
def onefile() -> Path:
    """Return the one-file ``overbank`` that was built; without it the test is skipped, and says so."""
    found = os.environ.get("OVERBANK_ONEFILE")
    if not found:
        pytest.skip("OVERBANK_ONEFILE names no archive (make test-wheel does): the real one was NOT run")
    return Path(found)


def _tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_real_one_does_what_the_installed_one_does(
    onefile: Path, sample: Path, overbank: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    """A bare interpreter that knows no packages gives the same bytes for check, build, test, plan and explain."""
    shutil.copytree(sample, tmp_path / "policies", ignore=shutil.ignore_patterns("rendered"))
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COLUMNS": "120"}
    for arguments in (
        ["check", "policies"],
        ["test", "policies"],
        ["plan", "policies"],
        ["plan", "policies", "--format", "html"],
        ["explain", "OB4101"],
        ["schema", "BurstPolicy"],
        ["check", "missing"],
    ):
        mine = subprocess.run([PYTHON, "-I", "-S", onefile, *arguments], env=env, cwd=tmp_path, capture_output=True, check=False)
        theirs = overbank(*arguments, cwd=tmp_path, env={"COLUMNS": env["COLUMNS"]})
        assert (mine.returncode, mine.stdout, mine.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr), arguments
    subprocess.run([PYTHON, "-I", "-S", onefile, "build", "policies", "-o", "one"], env=env, cwd=tmp_path, check=True)
    assert overbank("build", "policies", "-o", "two", cwd=tmp_path).returncode == 0
    assert _tree(tmp_path / "one") == _tree(tmp_path / "two")
    assert _tree(tmp_path / "one")


def test_the_real_one_starts_as_a_program(onefile: Path, tmp_path: Path) -> None:
    """It is executable, and finds Python by itself."""
    env = {"PATH": f"{PYTHON.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    found = subprocess.run([onefile, "--version"], env=env, capture_output=True, text=True, check=True)
    assert found.stdout.startswith("overbank ")


def test_the_real_one_carries_its_licences(onefile: Path) -> None:
    """The licences of Overbank and of everything that it carries can be read without unpacking."""
    with zipfile.ZipFile(onefile) as archive:
        assert b"Apache License" in archive.read("LICENSE")
        others = archive.read("THIRD-PARTY").decode()
    for name in ("jinja2", "jsonschema", "jsonschema_rs", "msgspec", "PyYAML", "rich", "rpds-py", "attrs"):
        assert f"\n{name} ".casefold() in others.casefold(), name
