"""The command line: one file a command, the only printers of the compiler.

Exit codes, the same for every command:

== ==========================================================================
0  clean, or done
1  findings: errors in the policies, tests that fail
2  usage or environment: wrong arguments, a folder that cannot be written
3  nothing found where something was required: no repository, no tests, no pods
== ==========================================================================

Results go to stdout, everything else to stderr. Commands are imported when they run, so that ``--help`` stays quick; this module does
without ``typing`` and ``shutil`` for the same reason.
"""

import argparse
import gc
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

COMMANDS = {
    "init": "write a new policy repository that works as it stands",
    "check": "validate a policy repository and report what is wrong with it",
    "fmt": "write policy files in their one form, comments kept",
    "build": "compile a policy repository into manifests for every cluster",
    "test": "run the PolicyTest documents of a repository, and the scenarios that expect something",
    "try": "show what one cluster's policies would do to a pod",
    "mutate": "pass manifests through, with their workloads as the webhook would have their pods",
    "plan": "show where replicas will land, scenario by scenario",
    "diff": "show what a change means: objects, reaches of policies, pods, and what runs already",
    "lint": "check webhook configurations, of Overbank or anybody else, for what could stop a cluster",
    "import": "turn hand-written ResourcePolicies and objects of KubeAdmiral into policy files",
    "inventory": "build or refresh Cluster documents from the nodes that a cluster has",
    "sweep": "find live pods that missed their mutation, or would be mutated differently today",
    "doctor": "compare what a cluster has with what its Cluster document claims",
    "coverage": "say what of the policies the tests exercise, and what no policy matches",
    "graph": "draw clusters, pools and policies, and how they belong together",
    "hook": "install Git hooks that refuse a commit or a push whose policies are not right",
    "keygen": "make a pair of keys for signing bundles",
    "sign": "sign the bundles of a built tree",
    "verify": "say whether the bundles of a built tree are signed",
    "explain": "say what a diagnostic code means and what to do",
    "rules": "list all diagnostic codes",
    "clean": "delete the cache",
    "schema": "print the JSON Schema of a kind, or list the kinds",
    "completion": "print a script with which a shell completes commands",
}

CLEAN, FINDINGS, USAGE, NOTHING = 0, 1, 2, 3


class CommandError(Exception):
    """A command cannot go on; carries the exit code and, if any, a line of help."""

    def __init__(self, message: str, *, code: int = USAGE, help: str = "") -> None:  # noqa: A002 - the field's own word
        super().__init__(message)
        self.code = code
        self.help = help


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Without ``argv`` it is the process's own, which ends with the command."""
    try:
        return _main(argv)
    finally:
        if argv is None:
            gc.freeze()  # the interpreter looks for cyclic garbage twice before it ends; what is alive now will not be any


def _main(argv: Sequence[str] | None) -> int:
    arguments = sys.argv[1:] if argv is None else list(argv)
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 is no reason to fail
    try:
        with _uncollected():
            _require_command(arguments)
            options, unknown = make_parser(arguments).parse_known_args(arguments)
            _refuse(unknown, options.command)
            code: int = import_module(f"compiler.cli.{_module(options.command)}").run(options)
        sys.stdout.flush()
    except CommandError as error:
        from compiler.report.style import printable  # noqa: PLC0415 - only when something is wrong

        # Errors quote files, servers and arguments, none of which may write to the terminal as they like.
        sys.stderr.write(f"overbank: error: {printable(str(error))}\n")
        if error.help:
            sys.stderr.write(f"  help: {printable(error.help)}\n")
        return error.code
    except BrokenPipeError:
        # The reader has gone, which is its right; without this, flushing at exit would complain.
        sys.stdout = None
        return CLEAN
    except OSError as error:
        # Commands answer for the files that they name; what is left is the stream that the result goes to.
        sys.stdout = None
        with suppress(OSError):
            sys.stderr.write(f"overbank: error: cannot write the result: {(error.strerror or str(error)).lower()}\n")
            sys.stderr.flush()
        return USAGE
    except KeyboardInterrupt:
        return 130
    return code


@contextmanager
def _uncollected() -> Iterator[None]:
    """Stop the collector of cyclic garbage: commands make next to none, and it would go through all documents again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _open_closed_streams() -> None:
    """Put the null device in the place of standard streams that whoever started us has closed; Python has None for them."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as the process


def _require_command(arguments: Sequence[str]) -> None:
    """Find a command that does not exist before argparse does, which cannot say what was meant.

    Raises:
        CommandError: the first word is no command.
    """
    word = next((argument for argument in arguments if not argument.startswith("-")), None)
    if word is not None and word not in COMMANDS:
        from compiler.spelling import did_you_mean  # noqa: PLC0415 - only when something is misspelt

        advice = "".join(did_you_mean(word, COMMANDS)) or f"commands: {', '.join(COMMANDS)}"
        raise CommandError(f"there is no command `{word}`", help=advice)


def _refuse(unknown: Sequence[str], command: str) -> None:
    """Refuse what a command does not take; argparse cannot say what was meant here, either.

    Raises:
        CommandError: there is something.
    """
    if not unknown:
        return
    from compiler.spelling import did_you_mean  # noqa: PLC0415 - only when something is misspelt

    word, _, _ = unknown[0].partition("=")
    if not word.startswith("-"):
        raise CommandError(f"{command} does not take `{word}` as well", help=f"overbank {command} --help says what it takes")
    parser = argparse.ArgumentParser()
    import_module(f"compiler.cli.{_module(command)}").configure(parser)
    known = {part.strip("[],") for part in parser.format_usage().split() if part.strip("[],").startswith("-")}
    advice = "".join(did_you_mean(word, known)) or f"overbank {command} --help lists its options"
    raise CommandError(f"{command} has no option `{word}`", help=advice)


def make_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the commands that are among the arguments have theirs added.

    Where a command comes first, the others are left out altogether: nothing will show them.
    """
    parser = argparse.ArgumentParser(
        prog="overbank",
        description="Placement policy as code: fill the data centre first, then cloud nodes, then serverless containers.",
        epilog="exit codes: 0 clean, 1 findings, 2 usage or environment, 3 nothing found where something was required",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    # Without `prog`, argparse formats a usage line to find it out.
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True, prog=parser.prog)
    named = [name for name in COMMANDS if name in arguments]
    for name in named if arguments[:1] and arguments[0] in COMMANDS else COMMANDS:
        summary = COMMANDS[name]
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=_Help,
            allow_abbrev=False,
            add_help=name in named,
        )
        if name in named:
            import_module(f"compiler.cli.{_module(name)}").configure(command)
    return parser


def _module(command: str) -> str:
    return f"{command}_" if command in ("try", "import") else command


class _Help(argparse.HelpFormatter):
    """Asks the system how wide the terminal is: argparse asks ``shutil``, which loads three libraries of compression first."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """Return what ``shutil.get_terminal_size`` would."""
    columns = 0
    with suppress(KeyError, ValueError):
        columns = int(os.environ["COLUMNS"])
    if columns <= 0:
        with suppress(AttributeError, ValueError, OSError):
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr] # None raises, as meant
    return columns if columns > 0 else 80


class _Version(argparse.Action):
    """Prints the version; it is looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002 - argparse's word
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from compiler import __version__  # noqa: PLC0415

        sys.stdout.write(f"overbank {__version__}\n")
        parser.exit(CLEAN)
