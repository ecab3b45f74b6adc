"""The two states that ``overbank diff`` compares: opened, rendered, and what is looked up in their documents."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from compiler.cli import NOTHING, USAGE, CommandError
from compiler.cli.arguments.caching import indexed
from compiler.cli.arguments.opening import opened
from compiler.cli.arguments.repository import open_tree
from compiler.cli.results.terminal import paint_for
from compiler.diagnostics import Diagnostic, Label, Severity
from compiler.diff.side import Side
from compiler.incremental import Memory, Outcome, compile_slices
from compiler.incremental.facts import Head
from compiler.model import Cluster
from compiler.progress import Progress
from compiler.source import Location
from compiler.sources import REPOSITORY_FILE, Source
from compiler.sources.tree import Tree

WORK_TREE = "the work tree"


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of a repository, rendered.

    Attributes:
        name: how people call it. root: what its paths are shown below.
    """

    name: str
    root: str
    source: Source = field(repr=False)
    outcome: Outcome = field(repr=False)

    @cached_property
    def heads(self) -> dict[str, Head]:
        """The documents that have names, by ``kind/name``."""
        return {f"{head.kind}/{head.name}": head for head in self.outcome.heads if head.name}

    @cached_property
    def side(self) -> Side:
        """What is compared."""
        policies = {head.name: head for head in self.outcome.heads if head.kind == "BurstPolicy"}
        return Side(
            name=self.name,
            files=self.outcome.files,
            clusters=Clusters(self),
            hosts=self.outcome.hosts,
            places={name: head.path if not head.line else f"{head.path}:{head.line + 1}" for name, head in policies.items()},
        )

    def where(self, document: str) -> Location | None:
        """Return where the name of a document is written, by ``kind/name``; None if there is none."""
        head = self.heads.get(document)
        if head is None or self.outcome.document is None:
            return None
        return self.outcome.document(head).at("metadata", "name").locate()


class Clusters(Mapping[str, Cluster]):
    """The documents of clusters, each read when it is asked for."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, Cluster] = {}

    def __getitem__(self, name: str) -> Cluster:
        if name not in self._known:
            from compiler import parse  # noqa: PLC0415 - most runs find nothing that differs

            head = self._state.heads[f"Cluster/{name}"]
            document = self._state.outcome.document
            if document is None:
                raise KeyError(name)
            self._known[name] = parse.cluster(document(head))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.outcome.clusters)

    def __len__(self) -> int:
        return len(self._state.outcome.clusters)


@contextmanager
def source_of(options: argparse.Namespace, named: str | None, option: str) -> Iterator[Source]:
    """Open a side: a revision or folder by its name, or the work tree.

    Raises:
        CommandError: it cannot be opened (2), or is no policy repository (3).
    """
    if named is None:
        yield open_tree(options.repository)
        return
    folder = Path(options.repository)
    if not folder.is_dir():
        raise CommandError(f"{options.repository} is not a folder")
    with opened(named, folder, option) as source:
        if REPOSITORY_FILE not in source.paths():
            advice = "name a revision or a folder that has one"
            raise CommandError(f"there is no {REPOSITORY_FILE} in {option} {named}", code=NOTHING, help=advice)
        yield source


def rendered(
    source: Source, memories: tuple[Memory, Memory], options: argparse.Namespace, role: str, *, progress: Progress
) -> State:
    """Render a side.

    Args:
        source: where it is read from.
        memories: what both sides share, and what is kept beyond.
        options: with ``base`` and ``head`` as they were named; no head is the work tree.
        role: ``BASE`` or ``HEAD``.
        progress: is told how far it is.
    """
    named, root = {"BASE": options.base, "HEAD": options.head}[role], options.repository
    shared, kept = memories
    place = str(source.root) if isinstance(source, Tree) else f"{role}:{root}"
    with indexed(kept, source, str(Path(place).absolute()) if isinstance(source, Tree) else place) as index:
        outcome = compile_slices(source, shared, index, files=True, progress=progress)
    shown = (root if named is None else str(source.root)) if isinstance(source, Tree) else ""
    return State(name=named if named is not None else WORK_TREE, root=shown, source=source, outcome=outcome)


def refuse_failures(states: Mapping[str, State], options: argparse.Namespace) -> None:
    """Report the sides that cannot be rendered: nothing can be said about what has changed then.

    Raises:
        CommandError: there is one.
    """
    failed = [role for role, state in states.items() if state.outcome.failed]
    if not failed:
        return
    from compiler.report import text  # noqa: PLC0415 - only when something is wrong

    for role in failed:
        state = states[role]
        errors = [each for each in state.outcome.diagnostics if each.code.severity is Severity.ERROR]
        sys.stderr.write(f"{role}: {state.name} cannot be rendered\n")
        shown = [relabelled(each, state) for each in errors] if not state.root else errors
        sys.stderr.write(text.render(shown, paint_for(sys.stderr, options.color), state.root or "."))
    raise CommandError(f"{' and '.join(failed)} cannot be rendered, so nothing can be said about the difference", code=USAGE)


def relabelled(diagnostic: Diagnostic, state: State) -> Diagnostic:
    """Return a finding with the name of its revision before each path."""

    def label(each: Label) -> Label:
        place = each.where.locate()
        return each._replace(where=replace(place, path=f"{state.name}:{place.path}"))

    return diagnostic._replace(primary=label(diagnostic.primary), related=tuple(map(label, diagnostic.related)))
