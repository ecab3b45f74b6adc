"""The ``__main__`` of the one-file ``overbank``: unpack what it carries, once, and run it.

Extension modules cannot be imported out of a zip archive, so the first run unpacks everything into a folder that is named by a
digest of the content, and later runs find it there. Whoever can write into that folder runs code as us, therefore it is used only
if it belongs to us and nobody else can write into it. It comes into being in one step (a rename), so that a run that is killed, or
a second first run at the same time, never leaves half of it. What another version unpacked is removed when nobody has used it for a month.

This file also runs under Pythons that Overbank does not support, if only to say so: nothing newer than Python 3.6 in it.
"""

import importlib.machinery
import os
import stat
import sys

import built

VARIABLE = "OVERBANK_UNPACK_DIR"
PAYLOAD = "payload.zip"
USAGE = 2
DAY = 86400
KEPT = 30 * DAY
"""Seconds for which a version is kept that nobody runs."""


class NoPlaceError(Exception):
    """There is no folder to unpack into; the text says why for each that was tried."""


def main() -> int:
    """Run the command line from the unpacked folder."""
    refusal = wrong_python(importlib.machinery.EXTENSION_SUFFIXES[0])
    if refusal:
        return complain(*refusal)
    archive = sys.path[0]
    try:
        folder = unpacked(archive)
    except NoPlaceError as error:
        return complain(f"cannot unpack: {error}", f"set {VARIABLE} to a folder of yours on a file system that may run programs")
    # In the archive's place, so that what it carries wins over anything of the same name.
    sys.path[0] = folder
    from compiler.cli import main as run

    return run()


def wrong_python(suffix: str) -> "tuple[str, str] | None":
    """Return what is wrong with the running Python and what to do, or None if it is the one that this file was built for.

    The suffix of extension modules says it all: implementation, minor version, processor, C library.
    """
    if suffix == built.SUFFIX:
        return None
    problem = f"this file was built for {described(built.SUFFIX)} and runs under {described(suffix)}"
    wanted = f"python{built.PYTHON}"
    name = os.path.basename(sys.path[0])
    if sys.version_info[:2] != tuple(map(int, built.PYTHON.split("."))):
        return problem, f"run it as `{wanted} {name}`, or take the file for your Python"
    return problem, "take the file for your platform, or install overbank with pip"


def described(suffix: str) -> str:
    """Write the suffix of extension modules for people: ``.cpython-311-x86_64-linux-gnu.so`` is CPython 3.11 on x86_64-linux-gnu."""
    parts = suffix.split(".")[1].split("-", 2)
    if len(parts) != 3 or not parts[1][:1].isdigit():
        return suffix
    implementation, version, platform = parts
    names = {"cpython": "CPython"}
    return f"{names.get(implementation, implementation)} {version[0]}.{version[1:]} on {platform}"


def complain(problem: str, advice: str) -> int:
    """Say on standard error what is wrong, and return the exit code for it."""
    sys.stderr.write(f"overbank: error: {problem}\n  help: {advice}\n")
    return USAGE


def unpacked(archive: str) -> str:
    """Return the folder with the unpacked content, unpacking it first where it is not there yet."""
    reasons = []
    for base in places():
        folder = os.path.join(base, built.DIGEST)
        try:
            # Both: who can write into the outer one can put another in the place of the inner one.
            if not (trusted(base) and trusted(folder) and used(folder)):
                unpack(archive, base, folder)
                used(folder)
        except (OSError, NoPlaceError) as error:
            reasons.append(f"{base}: {(getattr(error, 'strerror', None) or str(error)).lower()}")
        else:
            return folder
    raise NoPlaceError("; ".join(reasons))


def places() -> "list[str]":
    """Return the folders to try: the one that is asked for and no other, or the user's cache and then the folders for temporary files."""
    asked = os.environ.get(VARIABLE)
    if asked:
        return [os.path.abspath(asked)]
    cache = os.environ.get("XDG_CACHE_HOME") or ""
    # The specification has relative paths ignored.
    if not os.path.isabs(cache):
        cache = os.path.join(os.path.expanduser("~"), ".cache")
    own = f"overbank-{os.geteuid()}"
    temporary = [os.environ.get("TMPDIR") or "/tmp", "/var/tmp"]
    found = [os.path.join(cache, "overbank", "unpacked"), *(os.path.join(each, own) for each in temporary)]
    return [each for each in found if os.path.isabs(each)]


def trusted(folder: str) -> bool:
    """Say whether the folder is there.

    Raises:
        NoPlaceError: it is there and must not be used.
    """
    try:
        found = os.lstat(folder)
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        raise NoPlaceError("it is no folder")
    if found.st_uid != os.geteuid():
        raise NoPlaceError("it belongs to somebody else")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NoPlaceError("others can write into it")
    return True


def used(folder: str) -> bool:
    """Say that the folder is in use, until this process ends; False if it is being removed."""
    import time

    descriptor = os.open(folder, os.O_RDONLY)
    # A second one could not wait longer than for the removal, and would then find nothing. The descriptor stays open on purpose.
    if locked(descriptor, shared=True) is False or not is_still(descriptor, folder):
        os.close(descriptor)
        return False
    # Not with every run: that would be a write each.
    if os.fstat(descriptor).st_mtime < time.time() - DAY:
        try:
            os.utime(folder)
        except OSError:
            pass  # read-only; then nobody removes it either
    return True


def locked(descriptor: int, *, shared: bool) -> "bool | None":
    """Lock a folder without waiting; False if somebody else has it, None if there are no locks here."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_still(descriptor: int, folder: str) -> bool:
    """Say whether a folder that was opened is the one that has the name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(folder))
    except FileNotFoundError:
        return False


def unpack(archive: str, base: str, folder: str) -> None:
    """Unpack into a new folder beside the wanted one and give it the name in one step.

    Raises:
        NoPlaceError: programs cannot be run from there, or others could change them.
        OSError: it cannot be written.
    """
    import io
    import shutil
    import tempfile
    import zipfile

    os.makedirs(os.path.dirname(base), mode=0o700, exist_ok=True)
    try:
        os.mkdir(base, 0o700)
    except FileExistsError:
        pass
    trusted(base)  # somebody else may have made it just now
    if os.statvfs(base).f_flag & os.ST_NOEXEC:
        raise NoPlaceError("mounted noexec, so that extension modules cannot be loaded")
    sweep(base)
    new = tempfile.mkdtemp(prefix=".new-", dir=base)
    try:
        with zipfile.ZipFile(archive) as outer, zipfile.ZipFile(io.BytesIO(outer.read(PAYLOAD))) as payload:
            payload.extractall(new)
        try:
            os.rename(new, folder)
        except OSError:
            # Another first run was quicker; what it unpacked has the same digest.
            if not trusted(folder):
                raise
    finally:
        shutil.rmtree(new, ignore_errors=True)


def sweep(base: str) -> None:
    """Remove what killed runs left behind, once it is certain that they are over, and versions that nobody has used for a month."""
    import shutil
    import time

    now = time.time()
    for name in os.listdir(base):
        path = os.path.join(base, name)
        try:
            age = now - os.lstat(path).st_mtime
            if name.startswith(".old-") or (name.startswith(".new-") and age > 3600):
                shutil.rmtree(path, ignore_errors=True)
            elif age > KEPT and is_digest(name):
                retire(path, os.path.join(base, ".old-" + name))
        except (OSError, NoPlaceError):
            continue  # another run was quicker, or it is none of ours


def is_digest(name: str) -> bool:
    """Say whether it is the name of an unpacked version."""
    return len(name) == 32 and not name.strip("0123456789abcdef")


def retire(folder: str, away: str) -> None:
    """Remove a version, unless somebody runs it or locks say nothing here. It loses its name first, so that nobody finds half of it.

    Raises:
        OSError: it is gone already.
        NoPlaceError: it is none of ours.
    """
    import shutil
    import time

    trusted(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Looked at once more: somebody may have begun to use it, and be done.
        if locked(descriptor, shared=False) and os.fstat(descriptor).st_mtime < time.time() - KEPT:
            os.rename(folder, away)
            shutil.rmtree(away, ignore_errors=True)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
