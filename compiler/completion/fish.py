"""The script for fish, from 3.0 on."""

from collections.abc import Iterator, Sequence

from compiler.completion import names
from compiler.completion.grammar import Command, Option, Source, Values

_TEMPLATE = r"""# Completion of {program} for fish: overbank completion fish
function __{program}_command
    for token in (commandline -opc)[2..-1]
        if not string match -q -- '-*' $token
            echo $token
            return
        end
    end
end

function __{program}_in
    set -l found (__{program}_command)
    test "$found" = "$argv[1]"
end

function __{program}_names
    set -l repo .
    for token in (commandline -opc)
        set -l folder (string replace -r '^~' $HOME -- $token)
        if test -f "$folder/overbank.yaml"
            set repo $folder
        end
    end
    {find}
end

{words}
complete -c {program} -f
{lines}
"""


def script(program: str, commands: Sequence[Command]) -> str:
    """Return the script."""
    find = "sh -c " + _quoted(names.command('"$1"', '"$2"')) + " sh $repo $argv[1]"
    return _TEMPLATE.format(
        program=program, find=find, words="\n".join(_words(program, commands)), lines="\n".join(_lines(program, commands))
    )


def _lines(program: str, commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        condition = f"'__{program}_in {command.name}'" if command.name else f"'test -z (__{program}_command)'"
        begin = f"complete -c {program} -n {condition}"
        if command.name:
            before = f"complete -c {program} -n 'test -z (__{program}_command)'"
            yield f"{before} -a {command.name} -d {_quoted(command.summary)}"
        yield from (f"{begin}{_option(option, program)}" for option in command.options)
        yield from (f"{begin}{offered}" for each in command.arguments[:1] for offered in _offered(each.values, program))


def _option(option: Option, program: str) -> str:
    flags = "".join(f" -l {flag[2:]}" if flag.startswith("--") else f" -s {flag[1:]}" for flag in option.flags)
    described = f"{flags} -d {_quoted(option.help)}"
    if option.values is None:
        return described
    # A value has to follow, and with -x it is none of the files.
    kind = "-r" if option.values.source is Source.FILES else "-x"
    return f"{described} {kind}{''.join(_offered(option.values, program))}"


def _words(program: str, commands: Sequence[Command]) -> Iterator[str]:
    """Yield a function for each list of words with descriptions."""
    values = {each.values for command in commands for each in command.arguments}
    values |= {each.values for command in commands for each in command.options if each.values}
    for each in sorted((each for each in values if _described(each)), key=lambda each: each.title):
        pairs = " ".join(f"{_quoted(word)} {_quoted(description)}" for word, description in each.words)
        yield f"function __{program}_{each.title}\n    printf '%s\\t%s\\n' {pairs}\nend\n"


def _described(values: Values) -> bool:
    return any(description for _, description in values.words)


def _offered(values: Values, program: str) -> list[str]:
    if _described(values):
        return [f" -a '(__{program}_{values.title})'"]
    if values.words:
        return [f" -a {_quoted(' '.join(word for word, _ in values.words))}"]
    match values.source:
        case Source.ANYTHING:
            return []
        case Source.FILES:
            return [" -F"]
        case Source.FOLDERS:
            return [" -a '(__fish_complete_directories)'"]
        case _:
            return [f" -a '(__{program}_names {values.source.kind})'"]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
