"""``overbank init``: a new policy repository that passes check, test and build as it stands."""

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import schemas
from compiler import scaffold
from compiler.cli import CLEAN, CommandError
from compiler.cli.arguments.repository import open_tree
from compiler.spelling import listing

README: Final = "README.md"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="where to write (default: the current folder)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--platform",
        choices=_platforms(),
        default=scaffold.PLATFORMS[0],
        help=f"what the first cluster runs on (default: {scaffold.PLATFORMS[0]})",
    )
    what.add_argument(
        "--schemas-only",
        action="store_true",
        help=f"only refresh {scaffold.SCHEMAS} of an existing repository, as after an upgrade",
    )


def run(options: argparse.Namespace) -> int:
    """Write a repository, or refresh the schemas of one. Nothing that is not ours is ever overwritten."""
    root = Path(options.folder)
    schema_files = {f"{scaffold.SCHEMAS}/{kind}.schema.json": schemas.schema_text(kind).encode() for kind in schemas.KINDS}
    if options.schemas_only:
        open_tree(options.folder)
        _refresh(root, schema_files)
        return CLEAN
    files = scaffold.repository(options.platform)
    # A hoster's new repository has one, and what it says is not for us to say.
    kept = files.keys() & {README} if (root / README).is_file() else set()
    files = {path: content for path, content in files.items() if path not in kept}
    _refuse(root, files, schema_files)
    _create(root, files)
    _refresh(root, schema_files)
    sys.stderr.writelines(f"kept {path}\n" for path in sorted(kept))
    place = "" if options.folder == "." else f" {shlex.quote(options.folder)}"
    sys.stderr.write(f"a repository with one {options.platform} cluster; what to replace in it is marked `# replace`\nnext:\n")
    for command in ("check", "test", "build"):
        sys.stderr.write(f"  overbank {command}{place}\n")
    return CLEAN


def _platforms() -> tuple[str, ...]:
    """Return the platforms that this version of the language knows and that have templates."""
    known = schemas.schema("Cluster")["properties"]["spec"]["properties"]["platform"]["enum"]
    return tuple(platform for platform in scaffold.PLATFORMS if platform in known)


def _refuse(root: Path, files: Mapping[str, bytes], ours: Mapping[str, bytes]) -> None:
    """Find everything that stands in the way before anything is written.

    Raises:
        CommandError: a file is there already, or a folder on the way is a link or no folder.
    """
    if root.exists() and not root.is_dir():
        raise CommandError(f"{root} is not a folder; nothing was written")
    taken = [path for path in files if (root / path).is_symlink() or (root / path).exists()]
    if taken:
        raise CommandError(
            f"{root} has {listing(taken)} already; nothing was written",
            help="choose an empty folder; `overbank init --schemas-only` refreshes the schemas of a repository",
        )
    for path in (*files, *ours):
        _refuse_link(root, path)


def _refuse_link(root: Path, path: str) -> None:
    """Refuse to write through a link below the root, or through something that is no folder.

    Raises:
        CommandError: a part of the path is a link, or not a folder.
    """
    folder = root
    for part in Path(path).parts[:-1]:
        folder /= part
        if folder.is_symlink():
            raise CommandError(f"{folder} is a link, and what is behind it is not written to; nothing was written")
        if folder.exists() and not folder.is_dir():
            raise CommandError(f"{folder} is not a folder; nothing was written")


def _create(root: Path, files: Mapping[str, bytes]) -> None:
    """Write new files; if one cannot be written, those before it are taken back.

    Raises:
        CommandError: a file cannot be written.
    """
    written: list[Path] = []
    try:
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:  # exclusive: also fails where a link has appeared meanwhile
                written.append(target)
                file.write(content)
    except OSError as error:
        for target in written:
            target.unlink(missing_ok=True)
        raise CommandError(_said(error, root)) from error
    for path in files:
        sys.stdout.write(f"wrote {path}\n")


def _refresh(root: Path, files: Mapping[str, bytes]) -> None:
    """Write the schemas that differ from this version's; they are ours.

    Raises:
        CommandError: a schema cannot be written, or a link stands in its place.
    """
    for path, content in files.items():
        _refuse_link(root, path)
        target = root / path
        if target.is_symlink():
            raise CommandError(f"{target} is a link, and what is behind it is not written to")
        try:
            if target.exists() and target.read_bytes() == content:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:
            raise CommandError(_said(error, root)) from error
        sys.stdout.write(f"wrote {path}\n")


def _said(error: OSError, root: Path) -> str:
    return f"cannot write {error.filename or root}: {(error.strerror or str(error)).lower()}"
