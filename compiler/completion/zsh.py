"""The script for zsh: for a folder of ``fpath`` under the name ``_overbank``, or to be sourced after compinit."""

from collections.abc import Iterator, Sequence
from shlex import quote

from compiler.completion import names
from compiler.completion.grammar import Argument, Command, Option, Source, Values

_TEMPLATE = r"""#compdef {program}
# Completion of {program} for zsh: overbank completion zsh
_{program}_names() {{
    local word repo=.
    local -a found
    for word in $words; do
        word=${{(Q)word}}
        word=${{word/#\~/$HOME}}
        if [[ -f $word/overbank.yaml ]]; then repo=$word; fi
    done
    found=(${{(f)"$({find})"}})
    compadd -- $found
}}

_{program}() {{
    local curcontext="$curcontext" state line
    local -a commands
    commands=(
{commands}
    )
    _arguments -C {top} '1:command:->command' '*::argument:->argument'
    case $state in
    command) _describe -t commands command commands ;;
    argument)
        case $line[1] in
{cases}
        esac
        ;;
    esac
}}

if [[ $funcstack[1] == _{program} ]]; then _{program} "$@"; else compdef _{program} {program}; fi
"""


def script(program: str, commands: Sequence[Command]) -> str:
    """Return the script."""
    top, *named = commands
    return _TEMPLATE.format(
        program=program,
        find=names.command('"$repo"', '"$1"'),
        commands="\n".join(f"        {quote(f'{each.name}:{_described(each.summary)}')}" for each in named),
        top=" ".join(_specs(top.options, (), program)),
        cases="\n".join(
            f"        {each.name}) _arguments {' '.join(_specs(each.options, each.arguments, program))} ;;" for each in named
        ),
    )


def _specs(options: Sequence[Option], arguments: Sequence[Argument], program: str) -> Iterator[str]:
    for option in options:
        for flag in option.flags:
            # A spelling of an option rules out its others.
            first = "*" if option.repeatable else f"({' '.join(option.flags)})"
            # Both `--name value` and `--name=value`.
            equals = "=" if option.values and flag.startswith("--") else ""
            action = f":{_title(option.values)}:{_action(option.values, program)}" if option.values else ""
            yield quote(f"{first}{flag}{equals}[{_described(option.help)}]{action}")
    for argument in arguments:
        place = "*" if argument.many else ":"
        yield quote(f"{place}:{_title(argument.values)}:{_action(argument.values, program)}".replace(":::", "::", 1))


def _described(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def _title(values: Values | None) -> str:
    return _described(values.title) if values else ""


def _action(values: Values, program: str) -> str:
    if any(description for _, description in values.words):
        described = " ".join(f"{_quoted(word)}\\:{_quoted(_described(description))}" for word, description in values.words)
        return f"(({described}))"
    if values.words:
        return f"({' '.join(word for word, _ in values.words)})"
    match values.source:
        case Source.ANYTHING:
            return " "
        case Source.FILES:
            return "_files"
        case Source.FOLDERS:
            return "_files -/"
        case _:
            # After a space _arguments adds no words of its own.
            return f" _{program}_names {values.source.kind}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`") + '"'
