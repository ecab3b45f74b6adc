"""``overbank hook``: Git hooks that refuse a commit or a push whose policies are not right."""

import argparse
import sys
from pathlib import Path
from typing import Final

from compiler.cli import CLEAN, CommandError
from compiler.cli.arguments.caching import add_cache
from compiler.cli.arguments.forbidding import add_forbidding
from compiler.cli.arguments.gitpaths import folder_path
from compiler.diagnostics import Severity
from compiler.hooks import Hook
from compiler.report.style import printable
from compiler.sources import REPOSITORY_FILE

SECONDS: Final = 300
"""How long a hook may take altogether; whoever pushes waits for it, and so does everybody who pushes there."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions", prog=parser.prog)
    install = _action(actions, "install", "write hooks into a Git repository; a hook that is there already stays as it is")
    _add_folder(install)
    for hook, when in (
        (Hook.PRE_COMMIT, "check what is about to be committed"),
        (Hook.PRE_PUSH, "check every revision that is about to be pushed"),
        (Hook.PRE_RECEIVE, "on a server: check every revision that is pushed, before it is taken over"),
    ):
        install.add_argument(f"--{hook}", dest="hooks", action="append_const", const=hook, help=when)
    install.epilog = (
        "Without a choice of hooks, these are pre-commit and pre-push in a work tree, and pre-receive in a bare repository."
    )
    install.add_argument("--chain", action="store_true", help="run a hook that is there already before this one")
    _add_demands(install)
    _add_folder(_action(actions, "uninstall", "take away the hooks that were installed, and put back what they ran before"))
    run = _action(actions, "run", "do what a hook does; Git runs it")
    _add_demands(run)
    add_cache(run)
    run.add_argument("--chain", metavar="FILE", help="a hook to run before, with the same arguments and input")
    run.add_argument("hook", type=_hook, choices=[*Hook], metavar="HOOK", help="which one: pre-commit, pre-push or pre-receive")
    run.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="what Git tells the hook")


def _action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    return made


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "repository", nargs="?", default=".", metavar="REPO", help="a folder in a Git repository (default: the current folder)"
    )


def _add_demands(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--path",
        metavar="FOLDER",
        help=f"the folder with {REPOSITORY_FILE}, from the root of the Git repository (default: REPO, or the root)",
    )
    parser.add_argument("--require", action="store_true", help=f"refuse branches and tags without {REPOSITORY_FILE}")
    parser.add_argument(
        "--ref",
        action="append",
        default=[],
        metavar="GLOB",
        help="only branches, tags or references of this name; may be given more than once",
    )
    parser.add_argument(
        "--fail-level", choices=[*map(str, Severity)], default="error", help="least severity that refuses (default: error)"
    )
    add_forbidding(parser, "refuse a kind of difference to what was before: {kinds}; may be given more than once")
    parser.add_argument("--format", choices=("text", "concise"), default="text", help="shape of the findings (default: text)")
    parser.add_argument(
        "--timeout", type=_seconds, default=SECONDS, metavar="SECONDS", help=f"refuse after so long (default: {SECONDS})"
    )


def _hook(written: str) -> Hook:
    try:
        return Hook(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{written}` is none of {', '.join(Hook)}") from None


def _seconds(written: str) -> int:
    if not written.isascii() or not written.isdigit() or not 0 < int(written) < 1_000_000:  # noqa: PLR2004 - eleven days
        raise argparse.ArgumentTypeError(f"`{written}` is no number of seconds")
    return int(written)


def run(options: argparse.Namespace) -> int:
    """Install, uninstall, or do what a hook does."""
    match options.action:
        case "install":
            return _install(options)
        case "uninstall":
            return _uninstall(options)
        case _:
            from compiler.cli.steps.hooking import judge  # noqa: PLC0415 - what installs needs none of it

            return judge(options)


def _install(options: argparse.Namespace) -> int:
    from compiler.hooks.installing import install  # noqa: PLC0415 - a hook that runs needs none of it
    from compiler.hooks.place import PlaceError, find  # noqa: PLC0415

    try:
        place = find(_folder(options.repository))
        hooks = options.hooks or ([Hook.PRE_RECEIVE] if place.bare else [Hook.PRE_COMMIT, Hook.PRE_PUSH])
        if place.bare and set(hooks) - {Hook.PRE_RECEIVE}:
            raise CommandError(
                f"{options.repository} is a bare repository: nobody commits there", help="it has use for --pre-receive"
            )
        path = place.prefix if options.path is None else folder_path(options.path)
        installed = install(place, hooks, _words(options, path), chain=options.chain)
    except PlaceError as error:
        raise CommandError(str(error), help=error.help) from error
    except OSError as error:
        raise CommandError(f"cannot write {error.filename}: {(error.strerror or str(error)).lower()}") from error
    for each in installed:
        after = f", after {each.chained}" if each.chained else ""
        sys.stdout.write(f"wrote {printable(f'{each.path}{after}')}\n")
    if place.shared:
        sys.stderr.write("note: the folder of hooks is in the work tree; what was written names paths of this machine\n")
    top = None if place.bare else Path(options.repository).absolute()
    if top is not None and options.path is None and not (top / REPOSITORY_FILE).is_file():
        sys.stderr.write(
            f"note: there is no {REPOSITORY_FILE} in {printable(options.repository)}: until there is, nothing is refused\n"
        )
    return CLEAN


def _words(options: argparse.Namespace, path: str) -> list[str]:
    """Return the options for ``overbank hook run``, without those that say what would be so anyway."""
    words = [f"--path={path}"] if path else []
    words += ["--require"] if options.require else []
    words += [f"--ref={each}" for each in options.ref]
    words += [f"--forbid={each}" for each in options.forbid]
    words += [f"--fail-level={options.fail_level}"] if options.fail_level != "error" else []
    words += [f"--format={options.format}"] if options.format != "text" else []
    return [*words, *([f"--timeout={options.timeout}"] if options.timeout != SECONDS else [])]


def _uninstall(options: argparse.Namespace) -> int:
    from compiler.hooks.installing import uninstall  # noqa: PLC0415 - a hook that runs needs none of it
    from compiler.hooks.place import PlaceError, find  # noqa: PLC0415

    try:
        removed = uninstall(find(_folder(options.repository)))
    except PlaceError as error:
        raise CommandError(str(error), help=error.help) from error
    except OSError as error:
        raise CommandError(f"cannot remove {error.filename}: {(error.strerror or str(error)).lower()}") from error
    for each in removed:
        back = f", and put back what was {each.chained}" if each.chained else ""
        sys.stdout.write(f"removed {printable(f'{each.path}{back}')}\n")
    if not removed:
        sys.stderr.write("there is no hook that was installed by overbank\n")
    return CLEAN


def _folder(written: str) -> Path:
    folder = Path(written)
    if not folder.is_dir():
        raise CommandError(f"{written} is not a folder")
    return folder
