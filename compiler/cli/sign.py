"""``overbank sign``: sign the bundles of a built tree, or one bundle. The changed paths are the result.

What is signed is what is on disk, and only if that is what the policies render: whoever signs then signs what was reviewed.
"""

import argparse
import sys
from pathlib import Path

from compiler import output
from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.folders import add_folders, chosen_folders, shown
from compiler.cli.arguments.keyfiles import private_key, read_plain, signatures_on_disk
from compiler.cli.arguments.repository import open_tree, report
from compiler.cli.results.terminal import add_colour
from compiler.incremental import Nothing, compile_slices
from compiler.incremental.contents import Unindexed
from compiler.output import OutputError
from compiler.replacing import replace
from compiler.report.style import printable
from compiler.signing.keys import PrivateKey
from compiler.signing.tree import attach, bundles, sign, still_good
from webhook.engine.bundle import MAX_BUNDLE_BYTES, BundleError, decode
from webhook.engine.signature import MAX_SIGNATURE_BYTES

_WAIT = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "target", nargs="?", default=".", metavar="REPO", help="a policy repository, or a bundle.json (default: the current folder)"
    )
    parser.add_argument("--key", required=True, metavar="FILE", help="the private key, as `overbank keygen` writes it")
    parser.add_argument("-o", "--output", metavar="DIR", help="where the tree is (default: spec.output of the Repository)")
    add_folders(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Sign."""
    key = private_key(options.key)
    target = Path(options.target)
    if target.is_file():
        return _file(target, key)
    options.format, options.repository = "concise", options.target
    tree = open_tree(options.target)
    result = compile_slices(tree, Nothing(), Unindexed(), files=True)
    if result.failed or result.output is None:
        report(result.diagnostics, options, sys.stderr)
        return FINDINGS
    folder = Path(options.output) if options.output else tree.root / result.output
    only = chosen_folders(options, result, folder)
    try:
        output.check_place(tree.root, folder)
        with output.hold(folder, notify=_note, seconds=_WAIT, writing=True):
            kept, _ = signatures_on_disk(folder, result.files)
            before = {**result.files, **attach(result.files, kept)}
            changes = output.compare(before, result.inputs, output.survey(folder, before, only), only)
            if output.is_unfinished(folder) or changes.changes:
                report(output.drift(changes, shown(tree.root, folder)), options, sys.stderr)
                raise CommandError(
                    "the tree is not what the policies render, and what is signed has to be what was reviewed",
                    code=FINDINGS,
                    help="run `overbank build`, have it reviewed, and sign then",
                )
            wanted = [path for path in bundles(before).values() if only is None or "/".join(path.split("/", 2)[:2]) in only]
            if not wanted:
                raise CommandError("there is no bundle to sign: no cluster is declared", code=NOTHING)
            signatures = kept | {path: sign(before[path], key, kept.get(path)) for path in wanted}
            after = {**result.files, **attach(result.files, signatures)}
            changes = output.compare(after, result.inputs, output.survey(folder, after, only), only)
            output.apply(changes, folder)
    except OutputError as error:
        raise CommandError(str(error)) from error
    sys.stdout.writelines(f"wrote {path}\n" for path in changes.written)
    sys.stderr.write(f"{folder}: {len(wanted)} {'bundle is' if len(wanted) == 1 else 'bundles are'} signed with key {key.id}\n")
    return CLEAN


def _file(path: Path, key: PrivateKey) -> int:
    """Sign one bundle, wherever it is; the signature goes beside it."""
    signature = path.with_name("bundle.sig") if path.name == "bundle.json" else path.with_suffix(".sig")
    try:
        raw = read_plain(path, MAX_BUNDLE_BYTES)
        if raw is None:
            raise CommandError(f"{path} is larger than any bundle, or no regular file")
        decode(raw)
        present = read_plain(signature, MAX_SIGNATURE_BYTES)
        replace(signature, sign(raw, key, still_good(raw, present) if present else None).encode())
    except BundleError as error:
        raise CommandError(f"{path}: {error}", code=FINDINGS) from error
    except OSError as error:
        raise CommandError(f"cannot sign {path}: {(error.strerror or str(error)).lower()}") from error
    sys.stdout.write(f"wrote {signature}\n")
    sys.stderr.write(f"{path} is signed with key {key.id}\n")
    return CLEAN


def _note(note: str) -> None:
    sys.stderr.write(f"overbank: {printable(note)}\n")
    sys.stderr.flush()
