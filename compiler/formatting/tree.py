"""What a document is made of, as it was written: scalars in their own words, and comments with what they are about."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment.

    Attributes:
        text: from ``#`` to the end of its line, without blanks there.
        start: its offset. line, column: where it stands on a screen, from 0.
        alone: whether nothing stands before it on its line; only_dashes: nothing, or dashes. space: how many blanks do.
        below_blank: whether the line above is blank.
    """

    text: str
    start: int
    line: int
    column: int
    alone: bool
    only_dashes: bool
    space: int
    below_blank: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A scalar or an alias in its own words: with quotes, anchor and tag. ``indent`` is that of a block scalar's lines."""

    text: str
    is_block: bool = False
    indent: int = 0


@dataclass(slots=True, kw_only=True)
class Entry:
    """A key and its value, or an item of a list.

    Attributes:
        key: in its own words; None for an item.
        above: comments on the lines above. beside: the comment on its line. below: comments that go on with that one.
        below_blank: whether the line above it is blank.
    """

    key: str | None
    name: str = ""
    value: "Scalar | Collection" = field(default_factory=lambda: Scalar(text=""))
    above: list[Comment] = field(default_factory=list)
    beside: Comment | None = None
    below: list[Comment] = field(default_factory=list)
    below_blank: bool = False


@dataclass(slots=True, kw_only=True)
class Collection:
    """A mapping or a list. ``anchor`` is written before it; ``foot`` are the comments behind its last entry, which are about it."""

    is_map: bool
    is_flow: bool
    anchor: str = ""
    entries: list[Entry] = field(default_factory=list)
    foot: list[Comment] = field(default_factory=list)

    def has_comments(self) -> bool:
        """Say whether there is a comment anywhere in it."""
        return bool(self.foot) or any(
            each.above or each.beside or (isinstance(each.value, Collection) and each.value.has_comments()) for each in self.entries
        )


@dataclass(slots=True, kw_only=True)
class Root:
    """A document: what stands above its first entry stays there, whichever entry will be the first."""

    start: int
    value: "Scalar | Collection | None" = None
    head: list[Comment] = field(default_factory=list)
    foot: list[Comment] = field(default_factory=list)
    gap: bool = False
    is_shared: bool = False

    def comments(self) -> Iterator[Comment]:
        """Yield the comments around what it holds."""
        yield from self.head
        yield from self.foot
