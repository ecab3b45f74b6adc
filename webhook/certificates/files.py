"""Certificates in files that somebody else writes: read, checked, and followed while they change.

What is compared is content, so it does not matter how the files are replaced: Kubernetes swaps a symbolic link of a mounted Secret,
others rename or write in place. In the latter case, and between two reads, certificate and key may not belong together for a moment;
so what cannot be used is only reported when it is still there at the next look.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from webhook.certificates.credentials import Credentials, TlsError, out_of_time, parse

LOOK_SECONDS: Final = 1.0
MAX_BYTES: Final = 1024**2
"""More than any chain needs; a file that grows without end must not fill the memory."""

Contents = tuple[bytes, ...]


def from_files(certificate: Path, key: Path, now: datetime | None = None) -> Credentials:
    """Read a certificate chain and its key, both PEM; any key type that OpenSSL can serve.

    Args:
        certificate: the server's certificate first, then those of its issuers.
        key: unencrypted.
        now: the current time, aware.

    Raises:
        TlsError: a file is missing or holds something else, the key belongs to another certificate, or the certificate is
            expired or not yet valid.
    """
    return from_contents(read((certificate, key)), (certificate, key), now)


def from_contents(contents: Contents, paths: Sequence[Path], now: datetime | None = None) -> Credentials:
    """Return what certificate and key make, in this order; see ``from_files``."""
    (chain, key), (certificate, key_path) = contents, paths
    credentials = parse(chain, key, chain_name=certificate, key_name=key_path)
    problem = out_of_time(credentials.leaf, now or datetime.now(UTC))
    if problem:
        raise TlsError(f"{certificate}: {problem}")
    return credentials


def read(paths: Sequence[Path]) -> Contents:
    """Read files.

    Raises:
        TlsError: one cannot be read, or is larger than ``MAX_BYTES``.
    """
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TlsError(f"{path}: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise TlsError(f"{path}: larger than {MAX_BYTES} bytes")
    return content


async def follow(
    paths: Sequence[Path],
    known: Contents,
    take: Callable[[Contents], None],
    failed: Callable[[TlsError], None],
    settled: Callable[[], None],
    *,
    seconds: float = LOOK_SECONDS,
) -> NoReturn:
    """Look at files for ever.

    Args:
        paths: they are one whole.
        known: what they held when they were last taken.
        take: given what they hold when that is something else; it raises TlsError where it has no use for it, and is then asked
            again at every look, because a certificate may only have to become valid.
        failed: told what is wrong, once, when two looks in a row find the same.
        settled: called when that is over.
        seconds: between two looks.
    """
    previous = reported = None
    while True:
        await asyncio.sleep(seconds)
        problem: TlsError | None = None
        try:
            contents = await asyncio.to_thread(read, paths)
            if contents != known:
                take(contents)
                known = contents
        except TlsError as error:
            problem = error
        text = None if problem is None else str(problem)
        if problem is None:
            if reported is not None:
                settled()
            reported = None
        elif text == previous and text != reported:
            reported = text
            failed(problem)
        previous = text
