"""Version numbers as vendors write them: ``1.30``, ``v1.26.3-aliyun.1``, ``6.4.3``."""

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Self

_FORM = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?")


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version, compared by its numbers alone. An unknown patch level counts as the lowest, so gates stay closed."""

    numbers: tuple[int, int, int]
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version.

        Raises:
            ValueError: the text has no ``major.minor`` at its start.
        """
        found = _FORM.fullmatch(text)
        if not found:
            raise ValueError(f"not a version: {text!r}")
        major, minor, patch = found.groups(default="0")
        return cls((int(major), int(minor), int(patch)), text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.numbers == other.numbers

    def __lt__(self, other: "Version") -> bool:
        return self.numbers < other.numbers

    def __hash__(self) -> int:
        return hash(self.numbers)

    def __str__(self) -> str:
        return self.text
