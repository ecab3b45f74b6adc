"""Build the one-file ``overbank``: a zip archive that Python runs, with everything in it that the command line imports.

What is packed is what is installed in the environment that this runs in, the versions that the tests ran against: the wheel that is
given, and the files that the records of its dependencies list. The archive has two entries of weight, ``__main__.py`` and a payload
that is unpacked on the first run (``bootstrap.py`` says how). The payload is an archive in the archive because the interpreter
reads the outer one's directory on every start: with the thousand files in it directly, that would cost as much as the command does.

Same inputs, same bytes: entries are sorted, times come from SOURCE_DATE_EPOCH (or are 1980), modes are fixed, byte code is made
with unchecked hashes in place of times.
"""

import argparse
import email
import hashlib
import importlib.machinery
import io
import os
import py_compile
import stat
import sys
import tempfile
import time
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE: Final = Path(__file__).parent
SHEBANG: Final = b"#!/usr/bin/env python3\n"
NOT_PACKED: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
"""Files of an installation that differ between machines, and mean nothing without pip."""

Files = dict[str, bytes]


def main() -> None:
    """Write the archive."""
    parser = argparse.ArgumentParser(description="Build the one-file overbank from a wheel and the installed dependencies.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    content = pack(options.wheel.read_bytes())
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(content)
    options.output.chmod(0o755)
    sys.stdout.write(f"{options.output}: {len(content) / 1e6:.1f} MB, for {importlib.machinery.EXTENSION_SUFFIXES[0]}\n")


def pack(wheel: bytes) -> bytes:
    """Return the archive for a wheel, for the Python that this runs under and its platform."""
    carried, requires = _of_wheel(wheel)
    notices = []
    for name in _closure(requires):
        distribution = metadata.distribution(name)
        found = _of_distribution(distribution)
        carried |= found
        notices.append(_notice(distribution, found))
    return assemble(carried, notices)


def assemble(carried: Files, notices: list[str]) -> bytes:
    """Return the archive that carries these files; ``compiler.cli.main`` among them is what it runs."""
    carried = carried | _byte_code(carried)
    digest = _digest(carried)
    built = (
        f'DIGEST = "{digest}"\nSUFFIX = "{importlib.machinery.EXTENSION_SUFFIXES[0]}"\n'
        f'PYTHON = "{sys.version_info.major}.{sys.version_info.minor}"\n'
    )
    outer = {"__main__.py": (HERE / "bootstrap.py").read_bytes(), "built.py": built.encode()}
    # A Python of another version passes over byte code that is not its own.
    outer |= _byte_code(outer)
    outer["LICENSE"] = (HERE.parent.parent / "LICENSE").read_bytes()
    outer["THIRD-PARTY"] = "\n".join(notices).encode()
    outer["payload.zip"] = _zip(carried, zipfile.ZIP_DEFLATED)
    return _zip(outer, zipfile.ZIP_STORED, SHEBANG)


def _of_wheel(wheel: bytes) -> tuple[Files, list[str]]:
    """Return the files of a wheel, and what it requires."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}
    about = next(content for name, content in files.items() if name.endswith(".dist-info/METADATA"))
    return files, email.message_from_bytes(about).get_all("Requires-Dist") or []


def _closure(requires: list[str]) -> list[str]:
    """Return the names of all distributions that are required without any extra, sorted."""
    found: set[str] = set()
    pending = list(requires)
    while pending:
        requirement = Requirement(pending.pop())
        name = canonicalize_name(requirement.name)
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(name)
            pending += metadata.requires(name) or []
    return sorted(found)


def _of_distribution(distribution: metadata.Distribution) -> Files:
    """Return the files of an installed distribution, without programs and what is not the same everywhere."""
    found = {}
    for path in distribution.files or ():
        inside = ".." not in path.parts and not path.is_absolute() and "__pycache__" not in path.parts
        if inside and not (path.parts[0].endswith(".dist-info") and path.name in NOT_PACKED):
            found[path.as_posix()] = Path(str(path.locate())).read_bytes()
    return found


def _notice(distribution: metadata.Distribution, files: Files) -> str:
    """Return the name, version and licence texts of a distribution."""
    about = distribution.metadata
    licence = next((str(about[field]) for field in ("License-Expression", "License") if field in about), "see below")
    texts = [
        f"{path.rpartition('/')[2]}:\n\n{content.decode()}"
        for path, content in sorted(files.items())
        if ".dist-info/" in path and any(word in path.upper() for word in ("LICEN", "COPYING", "AUTHORS", "NOTICE"))
    ]
    return "\n".join([f"{'=' * 80}\n{distribution.name} {distribution.version}: {licence.splitlines()[0]}\n", *texts])


def _byte_code(files: Files) -> Files:
    """Return the byte code of the modules among files, by the path where Python looks for it."""
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch, "source.py"), Path(scratch, "target.pyc")
        for path, content in sorted(files.items()):
            if not path.endswith(".py"):
                continue
            source.write_bytes(content)
            unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(source), cfile=str(target), dfile=path, doraise=True, invalidation_mode=unchecked)
            folder, _, name = path.rpartition("/")
            tag = sys.implementation.cache_tag
            # Within a zip archive byte code is looked for beside the module, elsewhere in __pycache__.
            at = f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc" if "/" in path or path not in _OUTER else f"{path}c"
            found[at.removeprefix("/")] = target.read_bytes()
    return found


_OUTER: Final = ("__main__.py", "built.py")


def _digest(files: Files) -> str:
    """Return a digest of names and contents."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()[:32]


def _zip(files: Files, compression: int, before: bytes = b"") -> bytes:
    """Return a zip archive, after some bytes, that hangs on nothing but the files and SOURCE_DATE_EPOCH."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    moment = max(time.gmtime(epoch)[:6], (1980, 1, 1, 0, 0, 0))
    buffer = io.BytesIO()
    buffer.write(before)
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, moment)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = compression
            archive.writestr(entry, content, compresslevel=9)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
