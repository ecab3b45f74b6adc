"""``overbank keygen``: a new pair of keys for signing bundles. Nothing that exists is overwritten."""

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path

from compiler.cli import CLEAN, CommandError
from compiler.cli.arguments.keyfiles import missing_library
from compiler.signing.keys import MissingLibraryError, generate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="overbank.key",
        help="where the private key goes; the public one goes beside it as .pub (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Write a key pair."""
    private = Path(options.output)
    if private.name in {"", ".."} or private.suffix == ".pub":
        raise CommandError(f"`{options.output}` cannot be the private key: it is no file, or ends as public keys do")
    public = private.with_suffix(".pub")
    try:
        secret, open_half, name = generate()
    except MissingLibraryError as error:
        raise missing_library() from error
    _create(private, secret, 0o600)
    try:
        _create(public, open_half, 0o644)
    except CommandError:
        private.unlink()
        raise
    sys.stdout.write(f"wrote {private}\nwrote {public}\n")
    sys.stderr.write(f"key {name}; whoever has {private} can sign: keep it out of Git. {public} is for --public-key\n")
    return CLEAN


def _create(path: Path, content: bytes, mode: int) -> None:
    """Write a file that does not exist yet, with its permissions from its first byte on; if that fails, it still does not.

    Raises:
        CommandError: there is something already, or it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except FileExistsError as error:
        raise CommandError(f"{path} exists already", help="a key that was replaced is lost; choose another name with -o") from error
    except OSError as error:
        raise CommandError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)  # whatever the umask says
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise CommandError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error
