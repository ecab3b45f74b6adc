"""Documents of ours as carelessly written as YAML allows: any order, any indentation, braces or none, comments wherever one may stand."""

from random import Random
from typing import Final

_KEYS: Final = ("name", "max", "min", "pools", "match", "'q'", '"dq"', "labels", "😀", "z", "inject", "priority", "a.b/c")
_SCALARS: Final = (
    *(
        "a",
        "b c",
        "12",
        "1.50",
        "true",
        "null",
        "~",
        "'it''s'",
        '"x # y"',
        '"q\\" \\u00e9"',
        "😀",
        "a#b",
        "x:y",
        "http://x/y",
        "0x1f",
    ),
    *('"-"', "1e3", "'#'", '""'),
)
_COMMENTS: Final = ("# c%d", "#c%d", "# - c%d", "#- name: c%d: {", "# é😀 c%d")
_KINDS: Final = ("BurstPolicy", "Cluster", "PlacementPolicy", "PolicyTest", "Nope")


def scrawl(seed: int) -> str:
    """Return a text of one document."""
    return _Scrawl(Random(seed)).document()


class _Scrawl:
    """Writes line by line."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.comments = 0

    def document(self) -> str:
        top = ["apiVersion: overbank.dev/v1alpha1", f"kind: {self.random.choice(_KINDS)}", "metadata", "spec"]
        self.random.shuffle(top)
        if self._happens(0.3):
            self.lines.append(self._comment())
        if self._happens(0.3):
            self.lines.append("---" + self._beside())
        for each in top:
            self._above(0)
            if ":" in each:
                self.lines.append(each + self._beside())
            else:
                self.lines.append(f"{each}:{self._beside()}")
                self._mapping(self.random.randint(1, 4), 0, "")
        self._above(self.random.choice([0, 0, 1, 2, 4]))
        return "\n".join(self.lines) + "\n"

    def _happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def _comment(self) -> str:
        self.comments += 1
        return self.random.choice(_COMMENTS) % self.comments

    def _above(self, column: int) -> None:
        while self._happens(0.15):
            if self._happens(0.3):
                self.lines.append(self.random.choice(["", "  "]))
            self.lines.append(" " * max(0, column + self.random.choice([0, 0, 0, 0, 1, 2, -1])) + self._comment())
        if self._happens(0.1):
            self.lines.append("")

    def _beside(self) -> str:
        return self.random.choice([" ", "   "]) + self._comment() if self._happens(0.15) else ""

    def _mapping(self, column: int, depth: int, first: str) -> None:
        for position, key in enumerate(self.random.sample(_KEYS, self.random.randint(1, 7))):
            self._value(f"{self._lead(column, first, position)}{key}:", column, depth, in_list=False)

    def _list(self, column: int, depth: int, first: str) -> None:
        for position in range(self.random.randint(1, 3)):
            self._value(f"{self._lead(column, first, position)}-", column, depth, in_list=True)

    def _lead(self, column: int, first: str, position: int) -> str:
        """Return what stands before an entry on its line: for the first one that may be the dash that its collection is the item of."""
        if first and not position:
            return first
        self._above(column)
        return " " * column

    def _value(self, head: str, column: int, depth: int, *, in_list: bool) -> None:
        kind = self.random.random()
        if kind < 0.25 or depth > 4:
            self._scalar(head, column)
        elif kind < 0.42:
            self._block_scalar(head, column)
        elif kind < 0.46:
            self.lines.append(head + self._beside())
        elif kind < 0.5:
            indents = [" " * (column + self.random.randint(1, 5)) for _ in range(2)]
            self.lines += [f'{head} "multi', f"{indents[0]}line  ", "", f'{indents[1]}end"{self._beside()}']
        elif kind < 0.7:
            self.lines.append(f"{head} {self._flow(0)}{self._beside()}")
        else:
            self._collection(head, column, depth, in_list=in_list)

    def _collection(self, head: str, column: int, depth: int, *, in_list: bool) -> None:
        write = self._mapping if self._happens(0.6) else self._list
        if in_list and self._happens(0.5):
            space = self.random.randint(1, 3)
            write(column + 1 + space, depth + 1, head + " " * space)
            return
        self.lines.append(head + self._beside())
        least = 1 if in_list or write == self._mapping else 0
        write(column + self.random.randint(least, 4), depth + 1, "")

    def _scalar(self, head: str, column: int) -> None:
        if self._happens(0.1):
            self.lines.append(head + self._beside())
            head = " " * (column + 1 + self.random.randint(0, 3))
        self.lines.append(head + self.random.choice([" ", "   "]) + self.random.choice(_SCALARS) + self._beside())

    def _block_scalar(self, head: str, column: int) -> None:
        indent = " " * (column + self.random.randint(1, 4))
        self.lines.append(f"{head} {self.random.choice(['|', '>', '|-', '>-', '|+'])}{self._beside()}")
        self.lines.append(f"{indent}first")
        for _ in range(self.random.randint(0, 2)):
            self.lines.append(indent + self.random.choice(["text", "# no comment", "  more", "key: v"]))
            if self._happens(0.2):
                self.lines.append("")
        if self._happens(0.3):
            self.lines += [""] * self.random.randint(1, 2)

    def _flow(self, depth: int) -> str:
        kind = self.random.choice("ssml") if depth < 3 else "s"
        if kind == "s":
            return self.random.choice(_SCALARS)
        keys = self.random.sample(_KEYS, self.random.randint(0, 4))
        parts = [self._flow(depth + 1) if kind == "l" else f"{key}: {self._flow(depth + 1)}" for key in keys]
        inside = "".join((self._comma() if position else "") + part for position, part in enumerate(parts))
        begin, end = "[]" if kind == "l" else "{}"
        return begin + self.random.choice(["", " "]) + inside + self.random.choice(["", " ", ","] if keys else ["", " "]) + end

    def _comma(self) -> str:
        if self._happens(0.1):
            return f", {self._comment()}\n{' ' * 22}"
        return self.random.choice([", ", ",", " , ", ",\n" + " " * self.random.randint(20, 24)])
