"""Keys and signatures in files, for the commands that sign and verify."""

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from compiler.cli import CommandError
from compiler.signing.keys import (
    EXTRA,
    MissingLibraryError,
    PrivateKey,
    PublicKey,
    UnusableKeyError,
    is_exposed,
    read_private,
    read_public,
)
from compiler.signing.tree import beside, bundles, still_good
from webhook.engine.signature import MAX_SIGNATURE_BYTES, Signatures

_MAX_KEY_BYTES = 64 * 1024


def missing_library() -> CommandError:
    """Return what to say where cryptography is not installed."""
    return CommandError("signatures need the library cryptography, which is not installed", help=EXTRA)


def private_key(path: str) -> PrivateKey:
    """Read the key that signs; that others may read it is worth a warning.

    Raises:
        CommandError: it cannot be used.
    """
    raw = _read(path)
    with suppress(OSError):
        if stat.S_ISREG(mode := Path(path).stat().st_mode) and is_exposed(mode):
            sys.stderr.write(f"overbank: warning: others may read {path}; chmod 600 it\n")
    try:
        return read_private(raw)
    except UnusableKeyError as error:
        raise CommandError(f"{path}: {error}") from error
    except MissingLibraryError as error:
        raise missing_library() from error


def public_keys(paths: Iterable[str]) -> dict[str, PublicKey]:
    """Read the keys of which one must have signed, by their names.

    Raises:
        CommandError: one cannot be used.
    """
    found: dict[str, PublicKey] = {}
    for path in paths:
        raw = _read(path)
        if b"PRIVATE KEY-----" in raw:
            raise CommandError(f"{path}: this is a private key, which belongs to whoever signs; give the public one")
        try:
            found.update((key.id, key) for key in read_public(raw))
        except UnusableKeyError as error:
            raise CommandError(f"{path}: {error}") from error
        except MissingLibraryError as error:
            raise missing_library() from error
    return found


def signatures_on_disk(folder: Path, files: Mapping[str, bytes]) -> tuple[dict[str, Signatures], list[str]]:
    """Return the signatures in the output folder that are of these bundles, by the path of the bundle, and the clusters whose are not.

    What cannot be read counts as no signature: what is in its way is for others to say.
    """
    good: dict[str, Signatures] = {}
    outdated: list[str] = []
    for cluster, path in bundles(files).items():
        raw = None
        with suppress(OSError):
            raw = read_plain(folder / beside(path), MAX_SIGNATURE_BYTES)
        if raw is None:
            continue
        found = still_good(files[path], raw)
        if found is None:
            outdated.append(cluster)
        else:
            good[path] = found
    return good, outdated


def read_plain(path: Path, most: int) -> bytes | None:
    """Return the content of a regular file, at most so many bytes; None where there is none, or it is larger. No link is followed.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            raw = file.read(most + 1)
    except FileNotFoundError:
        return None
    return raw if len(raw) <= most else None


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_KEY_BYTES)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
