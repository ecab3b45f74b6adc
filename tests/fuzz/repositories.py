"""Repositories that nearly make sense: real ones, changed at every level from their documents down to their bytes."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml

TESTS = Path(__file__).resolve().parent.parent
API = "overbank.dev/v1alpha1"

HOSTILE_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**40, 0.5, 1e300, float("inf"), float("nan"), "", " ", "x", "X", "yes", "012", "1e3", ".inf",
    "~", "a/b", "../x", "/", "-", ".", "..", "a\nb", "\t", "\0", "\x1b[31m", "\u202e", "\ufeff", "\u0430pp", "e\u0301", "\U0001f600",
    "x" * 64, "x" * 300, "x" * 5000, "{{ x }}", "$(id)", "%s", "{0}", "idc", "web", "prod", "5m", "1.30", "v1.26.3-aliyun.1", [], {}, [[]], [{}],
    [None], {"": None}, {"x": {"y": []}}, ["a", "a"], {"names": []}, {"all": True}, {"matchLabels": {}}, {"matchExpressions": [{}]},
)  # fmt: skip
"""What a field may hold that nobody would write."""

TOKENS: tuple[bytes, ...] = tuple(
    each.encode()
    for each in (
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "  ",
        ":",
        ": ",
        "- ",
        "-",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "<<: *a",
        "!!str ",
        "!x ",
        "|\n",
        ">-\n",
        "'",
        '"',
        "#",
        "%TAG ! x:\n",
        "---\n",
        "...\n",
        "\0",
        "\x1b[2J",
        "\u0085",
        "\u2028",
        "\ufeff",
        "\u202e",
        "\u00e9",
        "~",
        "1e3",
        "012",
        ".nan",
        "apiVersion: overbank.dev/v1alpha1\n",
        "kind: Cluster\n",
        "spec:\n",
        "metadata: {name: a}\n",
        "\\ud800",
        "[" * 120,
        "{a: " * 120,
        "- " * 120,
    )
)
NO_TEXT: tuple[bytes, ...] = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xfe\xff", b"\xf4\x90\x80\x80")


def corpus() -> list[dict[str, bytes]]:
    """Return the repositories that the tests and the sample have, by path."""
    folders = sorted(path.parent for path in TESTS.glob("golden/*/input/overbank.yaml"))
    found = []
    for folder in [*folders, TESTS.parent / "policies"]:
        paths = [path for path in sorted(folder.rglob("*.y*ml")) if path.is_file() and not path.is_symlink()]
        found.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if "rendered" not in path.parts})
    return found


class Mutator:
    """Makes repositories, each from a few real ones and a source of random choices."""

    def __init__(self, bases: list[dict[str, bytes]]) -> None:
        # Few have manifests of workloads, and these are what nobody's schema has looked at.
        self.bases = bases + 3 * [base for base in bases if any(b"workloads:" in text for text in base.values())]
        # PyYAML takes the last of duplicate keys and knows tags; what it cannot read is mutated as bytes only.
        self.documents = [each for base in self.bases for text in base.values() for each in _plain(text)]

    def repository(self, random: Random) -> dict[str, bytes]:
        """Return files by path."""
        files = dict(random.choice(self.bases))
        for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
            path = random.choice(sorted(files))
            change = random.random()
            if change < 0.6:
                files[path] = self._as_values(files[path], random)
            elif change < 0.85:
                files[path] = _as_bytes(files[path], random)
            elif change < 0.9:
                files.update(
                    random.choice(self.bases) if random.random() < 0.3 else {f"extra/{random.randrange(9)}.yaml": files[path]}
                )
            elif change < 0.95 and len(files) > 1:
                files.pop(path)
            else:
                files[_renamed(path, random)] = files.pop(path)
        if "overbank.yaml" not in files and random.random() < 0.9:
            files["overbank.yaml"] = f"apiVersion: {API}\nkind: Repository\nspec: {{}}\n".encode()
        return files

    def _as_values(self, text: bytes, random: Random) -> bytes:
        documents = _plain(text)
        if not documents:
            return _as_bytes(text, random)
        for _ in range(random.choice((1, 1, 2, 4))):
            choice = random.random()
            if choice < 0.05:
                documents.append(copy.deepcopy(random.choice(self.documents)))
            elif choice < 0.1:
                documents.append(copy.deepcopy(random.choice(documents)))
            else:
                self._change(random.choice(documents), random)
        random.shuffle(documents)
        return _written(documents, random)

    def _change(self, document: Any, random: Random) -> None:
        """Change one place of a value: drop, rename, repeat, replace or exchange what is there."""
        places = [*_places(document)]
        if not places:
            return
        holder, key = random.choice(places)
        choice = random.random()
        if choice < 0.15:
            del holder[key]
        elif choice < 0.25 and isinstance(holder, dict):
            holder[random.choice((f"{key}x", f"{key}".upper(), "", "name", "\u0441luster", "x" * 300))] = holder.pop(key)
        elif choice < 0.35 and isinstance(holder, list):
            holder.extend(copy.deepcopy(holder[key]) for _ in range(random.choice((1, 2, 30))))
        elif choice < 0.55:
            other = random.choice(self.documents)
            donors = [there[each] for there, each in _places(other)]
            holder[key] = copy.deepcopy(random.choice(donors)) if donors else None
        elif choice < 0.65:
            holder[key] = random.choice(([holder[key]], {"x": holder[key]}, [holder[key], holder[key]]))
        elif choice < 0.75 and isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] += random.choice((-1, 1, 100, -1000, 0.5))
        elif choice < 0.85 and isinstance(holder[key], str):
            holder[key] = random.choice(
                (holder[key] * 2, holder[key][:-1], holder[key].upper(), f"{holder[key]} ", f"{holder[key]}-x")
            )
        else:
            holder[key] = copy.deepcopy(random.choice(HOSTILE_VALUES))


def _plain(text: bytes) -> list[Any]:
    if re.search(rb"(?<!\S)[&*]\w", text):
        return []  # aliases may be bombs, or circles
    try:
        return [each for each in yaml.load_all(text, yaml.CSafeLoader) if isinstance(each, dict | list)]
    except (yaml.YAMLError, ValueError, RecursionError):
        return []


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for key in [*value] if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _written(documents: list[Any], random: Random) -> bytes:
    if random.random() < 0.1:
        return "\n---\n".join(json.dumps(each, default=str, ensure_ascii=False) for each in documents).encode()
    flow = random.choice((None, True, False))
    text: str = yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=flow, allow_unicode=True)
    return text.encode()


def _as_bytes(text: bytes, random: Random) -> bytes:
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice((0, 1, 1, 3, 10, 100)))
        choice = random.random()
        if choice < 0.3:
            text = text[:at] + random.choice(random.choice((TOKENS, NO_TEXT)) if random.random() < 0.1 else TOKENS) + text[at:]
        elif choice < 0.5:
            text = text[:at] + text[end:]
        elif choice < 0.6:
            text = text[:at] + bytes([random.randrange(256)]) + text[at + 1 :]
        elif choice < 0.7:
            text = text[:end] + text[at:]
        elif choice < 0.8:
            text = text[:at] + random.choice(random.choice((TOKENS, NO_TEXT)) if random.random() < 0.1 else TOKENS) + text[end:]
        else:
            lines = text.splitlines(keepends=True) or [b"\n"]
            which = random.randrange(len(lines))
            lines[which : which + 1] = random.choice(
                ([], [lines[which]] * 2, [b"  " + lines[which]], [lines[which].lstrip()], [lines[-1]])
            )
            text = b"".join(lines)
    return text


def _renamed(path: str, random: Random) -> str:
    return random.choice(
        (
            path.upper().replace(".YAML", ".yaml"),
            f"deep/{path}",
            "\u00e9.yaml",
            "e\u0301.yaml",
            "a b\n.yaml",
            "-x.yaml",
            "\udcff.yaml",
        )
    )
