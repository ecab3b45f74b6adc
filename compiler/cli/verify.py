"""``overbank verify``: whether every bundle of a built tree, or one bundle, is signed by one of the keys, as the webhook would ask."""

import argparse
import sys
from pathlib import Path

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.keyfiles import public_keys, read_plain
from compiler.cli.arguments.repository import open_tree
from compiler.pipeline import REPOSITORY_FILE
from compiler.reading import read
from compiler.report.style import printable
from compiler.signing.keys import PublicKey
from compiler.signing.tree import verify
from webhook.engine.bundle import MAX_BUNDLE_BYTES, BundleError, decode
from webhook.engine.signature import MAX_SIGNATURE_BYTES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "target", nargs="?", default=".", metavar="REPO", help="a policy repository, or a bundle.json (default: the current folder)"
    )
    parser.add_argument(
        "--public-key",
        action="append",
        required=True,
        metavar="FILE",
        help="one of these must have signed; may be given more than once",
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="where the tree is (default: spec.output of the Repository)")


def run(options: argparse.Namespace) -> int:
    """Verify; one line for each bundle."""
    keys = public_keys(options.public_key)
    target = Path(options.target)
    if target.is_file():
        paths = [target]
    else:
        folder = Path(options.output) if options.output else _output(options.target)
        paths = sorted(folder.glob("clusters/*/webhook/bundle.json"))
        if not paths:
            raise CommandError(f"there is no bundle below {folder}", code=NOTHING, help="run `overbank build` first")
    bad = 0
    for path in paths:
        try:
            verdict = f"signed with key {_verified(path, keys)}"
        except BundleError as error:
            bad += 1
            verdict = f"NOT signed: {error}"
        sys.stdout.write(f"{printable(f'{path}: {verdict}')}\n")
    return FINDINGS if bad else CLEAN


def _verified(path: Path, keys: dict[str, PublicKey]) -> str:
    signature = path.with_name("bundle.sig") if path.name == "bundle.json" else path.with_suffix(".sig")
    try:
        raw, found = read_plain(path, MAX_BUNDLE_BYTES), read_plain(signature, MAX_SIGNATURE_BYTES)
    except OSError as error:
        raise CommandError(f"cannot read {error.filename}: {(error.strerror or str(error)).lower()}") from error
    if raw is None:
        raise BundleError("larger than any bundle, or no regular file")
    if found is None:
        raise BundleError(f"there is no {signature.name} beside it")
    key = verify(raw, found, keys)
    decode(raw)
    return key


def _output(repository: str) -> Path:
    tree = open_tree(repository)
    found = read(tree).repository
    if found is None:
        raise CommandError(f"{REPOSITORY_FILE} cannot be read; `overbank check` says why", code=FINDINGS)
    return tree.root / found.output
