"""Pythons that the archive was not built for, and that it is the same whenever it is built."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.onefile.archive import CARRIED, RELEASE


def test_another_python_is_told_so(bootstrap: ModuleType) -> None:
    """A Python of another minor version, processor or C library is named beside the one that the file was built for."""
    own = EXTENSION_SUFFIXES[0]
    assert bootstrap.wrong_python(own) is None
    bootstrap.built.SUFFIX, bootstrap.built.PYTHON = ".cpython-39-x86_64-linux-gnu.so", "3.9"
    problem, advice = bootstrap.wrong_python(".cpython-314-x86_64-linux-gnu.so")
    assert problem == "this file was built for CPython 3.9 on x86_64-linux-gnu and runs under CPython 3.14 on x86_64-linux-gnu"
    assert advice.startswith("run it as `python3.9 ")
    bootstrap.built.PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
    problem, advice = bootstrap.wrong_python(".cpython-39-aarch64-linux-musl.so")
    assert problem.endswith("runs under CPython 3.9 on aarch64-linux-musl")
    assert advice == "take the file for your platform, or install overbank with pip"


@pytest.mark.parametrize("minor", range(6, 15))
def test_every_python_3_reads_the_main_module(minor: int) -> None:
    """The main module keeps to the grammar of old Pythons, which have to run it to say that they are too old."""
    __import__("ast").parse((RELEASE / "bootstrap.py").read_text(), feature_version=(3, minor))


def test_another_python_says_so_itself(pack: ModuleType, tmp_path: Path) -> None:
    """The message comes from the running interpreter, with the exit code for the environment."""
    others = [shutil.which(f"python3.{minor}") for minor in (9, 10, 11, 12, 13, 14) if minor != sys.version_info.minor]
    # Version managers put names on PATH for Pythons that are not chosen.
    working = [
        each for each in others if each and not subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode
    ]
    if not working:
        pytest.skip("no other Python is on PATH")
    path = tmp_path / "overbank"
    path.write_bytes(pack.assemble(CARRIED, []))
    found = subprocess.run([working[0], "-I", path], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 2
    assert f"built for CPython {sys.version_info.major}.{sys.version_info.minor}" in found.stderr


def test_the_archive_hangs_on_its_content_only(tmp_path: Path) -> None:
    """Another hash seed, time zone and moment give the same bytes; SOURCE_DATE_EPOCH is what the entries are dated."""
    program = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('pack', {str(RELEASE / 'pack.py')!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        f"sys.stdout.buffer.write(module.assemble({CARRIED!r}, ['one', 'two']))\n"
    )

    def built(**env: str) -> bytes:
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env={**os.environ, **env}, capture_output=True, check=True, timeout=60).stdout

    first = built(PYTHONHASHSEED="1", TZ="UTC")
    assert built(PYTHONHASHSEED="2", TZ="Asia/Shanghai") == first
    (tmp_path / "dated").write_bytes(built(SOURCE_DATE_EPOCH="1700000000"))
    with zipfile.ZipFile(tmp_path / "dated") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
