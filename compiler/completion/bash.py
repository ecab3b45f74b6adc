"""The script for bash, from 3.2 on (that of macOS); it needs no other package."""

from collections.abc import Iterator, Sequence
from shlex import quote

from compiler.completion import names
from compiler.completion.grammar import Command, Source, Values

_TEMPLATE = r"""# Completion of {program} for bash: overbank completion bash
_{program}_names() {{
    local word repo=.
    for word in "${{COMP_WORDS[@]}}"; do
        word="${{word/#\~/$HOME}}"
        if [[ -f "$word/overbank.yaml" ]]; then repo="$word"; fi
    done
    {find}
}}

_{program}() {{
    local IFS=$'\n' cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" command='' from='' words='' i
    # Bash takes --option=value apart at the equals sign.
    if [[ "$cur" == = ]]; then
        cur=''
    elif [[ "$prev" == = && $COMP_CWORD -gt 1 ]]; then
        prev="${{COMP_WORDS[COMP_CWORD-2]}}"
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ "${{COMP_WORDS[i]}}" != -* ]]; then command="${{COMP_WORDS[i]}}"; break; fi
    done
    case "$command $prev" in
{values}
    *)
        case "$command:$cur" in
{options}
{arguments}
        esac
        ;;
    esac
    COMPREPLY=()
    case "$from" in
    files) COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null ;;
    folders) COMPREPLY=($(compgen -d -- "$cur")); compopt -o filenames 2>/dev/null ;;
    '') if [[ -n "$words" ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); fi ;;
    *) COMPREPLY=($(compgen -W "$(_{program}_names "$from")" -- "$cur")) ;;
    esac
}}

complete -F _{program} {program}
"""


def script(program: str, commands: Sequence[Command]) -> str:
    """Return the script."""
    return _TEMPLATE.format(
        program=program,
        find=names.command('"$repo"', '"$1"'),
        values="\n".join(_of_options(commands)),
        options="\n".join(f"        {quote(f'{each.name}:')}-*) {_words(_flags(each))} ;;" for each in commands),
        arguments="\n".join(_of_arguments(commands)),
    )


def _flags(command: Command) -> list[str]:
    return [flag for option in command.options for flag in option.flags]


def _of_options(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        for option in command.options:
            if option.values:
                cases = "|".join(quote(f"{command.name} {flag}") for flag in option.flags)
                yield f"    {cases}) {_assigned(option.values)} ;;"


def _of_arguments(commands: Sequence[Command]) -> Iterator[str]:
    yield f"        :*) {_words([command.name for command in commands if command.name])} ;;"
    for command in commands:
        if command.name and command.arguments:
            yield f"        {quote(f'{command.name}:')}*) {_assigned(command.arguments[0].values)} ;;"


def _assigned(values: Values) -> str:
    """Return the assignment that says what is offered; nothing is, where anything can stand."""
    if values.words:
        return _words([word for word, _ in values.words])
    return ":" if values.source is Source.ANYTHING else f"from={values.source.value}"


def _words(words: Sequence[str]) -> str:
    return "words=" + quote("\n".join(words)) if len(words) > 1 else f"words={quote(''.join(words))}"
