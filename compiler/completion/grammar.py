"""A command line as the shells' scripts see it, read off an argparse parser."""

import argparse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Source(Enum):
    """Where the values of an option or argument come from, if they are no fixed words."""

    ANYTHING = "anything"
    FILES = "files"
    FOLDERS = "folders"
    CLUSTERS = "Cluster"
    SCENARIOS = "PlanScenario"

    @property
    def kind(self) -> str | None:
        """The kind of the documents whose names are the values, None where they are no names."""
        return self.value if self in (Source.CLUSTERS, Source.SCENARIOS) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What can stand in a place: fixed words with a description each (possibly empty), or what a source gives."""

    title: str
    words: tuple[tuple[str, str], ...] = ()
    source: Source = Source.ANYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option by its spellings; ``values`` is None for a switch."""

    flags: tuple[str, ...]
    help: str
    values: Values | None
    repeatable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A positional argument; ``many`` says that it may be given more than once."""

    values: Values
    many: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command; the one without a name holds the options that stand before any command."""

    name: str
    summary: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]


_BY_METAVAR: Final = {
    "DIR": Source.FOLDERS,
    "REPO": Source.FOLDERS,
    "BASE": Source.FOLDERS,
    "FILE": Source.FILES,
    "[CLUSTER=]FILE": Source.FILES,
    "POD.yaml": Source.FILES,
}
_BY_DESTINATION: Final = {"cluster": Source.CLUSTERS, "clusters": Source.CLUSTERS, "scenario": Source.SCENARIOS}


def commands(parser: argparse.ArgumentParser, words: Mapping[str, tuple[tuple[str, str], ...]]) -> list[Command]:
    """Return the commands of a parser, that of the options before any command first.

    Args:
        parser: with the arguments of every command added.
        words: values by metavar, with their descriptions, where the parser itself does not know them.
    """
    found = [_command("", "", parser, words)]
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            summaries = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001
            found += [_command(name, summaries[name], inner, words) for name, inner in action.choices.items()]
    return found


def _command(name: str, summary: str, parser: argparse.ArgumentParser, words: Mapping[str, tuple[tuple[str, str], ...]]) -> Command:
    actions = [each for each in parser._actions if each.help is not argparse.SUPPRESS]  # noqa: SLF001
    positional = (each for each in actions if not each.option_strings and not isinstance(each, argparse._SubParsersAction))  # noqa: SLF001
    options = tuple(_options(actions, words))
    arguments = [Argument(values=_values(each, words), many=each.nargs in ("*", "+")) for each in positional]
    nested = [each for each in actions if isinstance(each, argparse._SubParsersAction)] if name else []  # noqa: SLF001
    for each in nested:
        # What the actions of a command take is offered for all of them: the scripts know one level.
        arguments.append(Argument(values=Values(title="action", words=_described(each)), many=False))
        inner = [_command(word, "", action, words) for word, action in each.choices.items()]
        options += tuple(option for command in inner for option in command.options)
        arguments += [argument for command in inner[:1] for argument in command.arguments]
    unique = {option.flags: option for option in reversed(options)}
    return Command(name=name, summary=summary, options=tuple(reversed(unique.values())), arguments=tuple(arguments))


def _described(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> tuple[tuple[str, str], ...]:
    """Return the words of nested actions with their summaries."""
    return tuple((each.dest, each.help or "") for each in actions._choices_actions)  # noqa: SLF001


def _options(actions: Iterable[argparse.Action], words: Mapping[str, tuple[tuple[str, str], ...]]) -> Iterator[Option]:
    for action in actions:
        if action.option_strings:
            yield Option(
                flags=tuple(action.option_strings),
                help=" ".join((action.help or "").split()).replace("%%", "%"),
                values=None if action.nargs == 0 else _values(action, words),
                repeatable=isinstance(action, argparse._AppendAction) or action.nargs in ("*", "+"),  # noqa: SLF001
            )


def _values(action: argparse.Action, words: Mapping[str, tuple[tuple[str, str], ...]]) -> Values:
    title = action.metavar if isinstance(action.metavar, str) else action.dest
    if action.choices:
        return Values(title=action.dest, words=tuple((str(each), "") for each in action.choices))
    if title in words:
        return Values(title=title, words=words[title])
    return Values(title=title, source=_BY_DESTINATION.get(action.dest) or _BY_METAVAR.get(title, Source.ANYTHING))
