"""Paths in Git repositories, as they are given to commands."""

from compiler.cli import CommandError


def folder_path(written: str) -> str:
    """Read the path of a folder in a Git repository.

    Raises:
        CommandError: it is none.
    """
    parts = [part for part in written.split("/") if part not in ("", ".")]
    if written.startswith("/") or ".." in parts or not written.isprintable():
        raise CommandError(f"--path {written}: it is no path from the root of a Git repository")
    return "/".join(parts)
