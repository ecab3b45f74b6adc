"""Files of people, written anew: only what was read is replaced, in one step, and never behind a link."""

from compiler import output
from compiler.cli import CommandError
from compiler.sources import SourceError
from compiler.sources.tree import Tree


def rewrite(tree: Tree, path: str, before: bytes, after: bytes) -> None:
    """Replace a file of a tree.

    Args:
        tree: which has it.
        path: of the file, in the tree.
        before: what was read of it.
        after: what it shall have.

    Raises:
        CommandError: it is not what was read any more, a link stands on the way, or it cannot be written. Nothing has changed then.
    """
    try:
        found = tree.read(path, len(before) + 1)
    except SourceError as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    if found != before:
        raise CommandError(f"{path} was changed meanwhile", help="run it again")
    try:
        output.replace_file(tree.root, path, after)
    except output.OutputError as error:
        raise CommandError(str(error)) from error
