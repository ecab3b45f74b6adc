"""Write the page of every diagnostic code: ``python docs/codes/generate.py [CODE...]``, or ``make docs``.

A page is the text of ``overbank explain``, an example of the mistake, what the command prints for it, and the same put right; how
examples are written is said in code_examples.py. With ``--check`` nothing is written, and the exit code is 1 if a page is out of date.
Codes narrow it to their pages.
"""

import re
import sys
from pathlib import Path

from code_examples import EXAMPLES, Example, text_of

from compiler.codes.catalogue import ALL
from compiler.codes.offers import OFFERS
from compiler.diagnostics import Code, Severity

HERE = Path(__file__).resolve().parent

NO_EXAMPLE = {
    "OB0109": "Git cannot hold a file that its owner may not read",
    "OB0111": "it takes a file with more mistakes than are listed",
    "OB0112": "such paths cannot be checked out on every system",
    "OB3122": "it takes hundreds of policies",
    "OB4207": "it takes hundreds of policies that overlap",
    "OB5101": "it takes some 100,000 policies",
    "OB5107": "it never comes alone: the kustomization and the lock of its folder are out of date as well",
    "OB5109": "it takes a build that was killed while it wrote",
}
"""Why a code has no example."""

CATEGORIES = (
    ("OB0", "Reading files"),
    ("OB1", "Shape of documents"),
    ("OB2", "Names and references"),
    ("OB31", "Platforms and versions"),
    ("OB35", "Inventory of nodes"),
    ("OB4", "What policies mean"),
    ("OB51", "The rendered tree"),
    ("OB54", "Webhook configurations"),
    ("OB56", "What a change means"),
    ("OB57", "Import of hand-written objects"),
    ("OB6", "Policy tests"),
    ("OB7", "Federation"),
    ("OB8", "Manifests in Git"),
    ("OB9", "Plans"),
)
"""The beginnings of codes, and what they are about."""

_FOUND_BY = (
    ("OB35", "`overbank inventory`"),
    ("OB51", "`overbank build`"),
    ("OB54", "`overbank lint`"),
    ("OB56", "`overbank diff`"),
    ("OB57", "`overbank import`"),
    ("OB6", "`overbank test`"),
    ("OB9108", "`overbank plan` and `overbank test`"),
    ("OB9109", "`overbank plan` and `overbank test`"),
    ("OB9110", "`overbank plan` and `overbank test`"),
    ("OB", "`overbank check`, and every command that compiles policies"),
)
_SEVERITIES = {
    Severity.ERROR: "error: nothing is built until it is mended",
    Severity.WARNING: "warning: very likely a mistake; the build goes on",
    Severity.INFO: "info: may be meant; shown by `overbank check --level info`",
}
_FENCES = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069]")


def page(code: Code) -> str:
    """Return the page of a code.

    Raises:
        FileNotFoundError: it has no example, and no reason for that.
    """
    folder = EXAMPLES / code.id
    if code.id not in NO_EXAMPLE and not folder.is_dir():
        raise FileNotFoundError(
            f"{code.id} has no example: add docs/codes/examples/{code.id}/wrong and right, laid over docs/codes/examples/base"
        )
    found_by = next(commands for beginning, commands in _FOUND_BY if code.id.startswith(beginning))
    parts = [
        f"# {code.id}: {code.title}",
        "\n".join([f"- severity: {_SEVERITIES[code.severity]}", f"- found by: {found_by}", *_fixes(code)]),
        code.explanation,
        *(["## Sources", "\n".join(f"- {each}" for each in code.sources)] if code.sources else []),
        *(_example(folder, code) if folder.is_dir() else ["## Example", f"There is none here: {NO_EXAMPLE[code.id]}."]),
        *_suppression(code),
        "[All codes](index.md)",
    ]
    return "\n\n".join(parts) + "\n"


def _example(folder: Path, code: Code) -> list[str]:
    wrong, right = Example(folder=folder, side="wrong"), Example(folder=folder, side="right")
    *before, last = wrong.commands
    outcome = wrong.run()
    base = "[examples/base](examples/base)"
    earlier = [f"In `../before`, laid over {base}:", *_shown(wrong.earlier)] if wrong.earlier else []
    parts = ["## Wrong", *earlier, f"Laid over the repository in {base}:", *_shown(wrong.files)]
    if before:
        steps = ", ".join(f"`{_typed(line)}`" for line in before)
        parts += [
            f"After {steps}, and with this instead of what was there:" if wrong.later else f"After {steps}:",
            *_shown(wrong.later),
        ]
    shown = f"{last} --level info" if last == "check" and code.severity is Severity.INFO else last
    parts += [_fenced("console", f"$ {_typed(shown)}\n{outcome.printed.rstrip()}\n")]
    if right.files == {}:
        return [*parts, "## Right", "The repository as it is without these files, or as the build left it."]
    changed = {
        name: path for name, path in right.files.items() if name not in wrong.files or text_of(path) != _unmarked(wrong, name)
    }
    same = sorted(right.files.keys() - changed.keys())
    parts += ["## Right", *_shown(changed)]
    if same:
        parts += [f"{', '.join(f'`{name}`' for name in same)} {'stays' if len(same) == 1 else 'stay'} as above."]
    return parts


def _typed(line: str) -> str:
    return line if line.startswith("rm ") else f"overbank {line}"


def _unmarked(example: Example, name: str) -> str:
    return re.sub(r" *# <- OB\d{4}$", "", text_of(example.files[name]), flags=re.MULTILINE)


def _shown(files: dict[str, Path]) -> list[str]:
    parts = []
    for name, path in files.items():
        if path.is_symlink():
            parts += [f"`{name}` is a symbolic link to `{path.readlink()}`."]
        else:
            parts += [f"`{name}`:", _fenced(_FENCES.get(path.suffix, "text"), text_of(path))]
    return parts


def _fenced(language: str, text: str) -> str:
    visible = _INVISIBLE.sub(lambda found: f"<U+{ord(found[0]):04X}>", text.rstrip())
    return f"```{language}\n{visible}\n```"


def _fixes(code: Code) -> list[str]:
    ways = [f"`{'--fix' if each.safe else '--unsafe-fixes'}`: {each.what}" for each in OFFERS if each.code == code.id]
    return [f"- {way}" for way in ways]


def _suppression(code: Code) -> list[str]:
    if code.severity is Severity.ERROR:
        return []
    comment = f"```yaml\n# overbank: ignore[{code.id}] the reason\n```"
    said = "Where it is meant, say why, at the end of the line or alone on the line above it:"
    return ["## Where it is meant", said, comment]


def index() -> str:
    """Return the list of all codes by category."""
    parts = [
        "# Diagnostic codes",
        "What `overbank` finds, each with its reason, an example, and what to do. `overbank explain CODE` says it offline.",
        "A code never changes its meaning, and none is used again.",
    ]
    for beginning, title in CATEGORIES:
        rows = [f"| [{each.id}]({each.id}.md) | {each.severity} | {each.title} |" for each in ALL if each.id.startswith(beginning)]
        if rows:
            parts += [f"## {title}", "\n".join(["| code | severity | what is wrong |", "|---|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Rewrite or check the pages beside this file; pages of codes that do not exist are deleted."""
    wanted = {each.upper() for each in arguments if not each.startswith("-")}
    pages = {f"{code.id}.md": page(code) for code in ALL if not wanted or code.id in wanted}
    if not wanted:
        pages["index.md"] = index()
    stale = [] if wanted else sorted({path.name for path in HERE.glob("*.md")} - pages.keys())
    changed = [name for name, text in pages.items() if _before(HERE / name) != text]
    for name in changed + stale:
        if "--check" not in arguments:
            (HERE / name).write_text(pages[name], encoding="utf-8") if name in pages else (HERE / name).unlink()
        verb = "out of date" if "--check" in arguments else "wrote" if name in pages else "deleted"
        sys.stdout.write(f"{verb} docs/codes/{name}\n")
    return 1 if (changed or stale) and "--check" in arguments else 0


def _before(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
