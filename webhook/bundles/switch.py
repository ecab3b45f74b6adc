"""The emergency switch: the names of policies that must not decide, whatever the bundle says. It can switch off and nothing else.

Whoever throws it is in a hurry. So names may be separated by anything, and what can be read of a list is applied even if the rest of it
cannot: a policy that was named and not switched off does more harm than a name too many, which switches off nothing.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final

import msgspec

from webhook.engine.bundle import Bundle
from webhook.engine.mutate import Engine

KEY: Final = "disable"
"""The member of the ConfigMap's data with the names."""

EVERYTHING: Final = "*"
MAX_CHARACTERS: Final = 1024 * 1024

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_BETWEEN: Final = re.compile(r"[\s,;:\"'`()\[\]{}\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2060\ufeff\ufffd]+")
"""Beside what people separate names by: the marks of YAML and JSON, and what nobody sees, such as the byte order mark of an editor."""

_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What is switched off.

    Attributes:
        everything: all policies are. names: these are.
        unreadable: words that are the name of no policy that could ever be, sorted.
    """

    everything: bool = False
    names: frozenset[str] = frozenset()
    unreadable: tuple[str, ...] = ()

    def disables(self, name: str) -> bool:
        """Say whether a policy is switched off."""
        return self.everything or name in self.names

    def disabled(self, bundle: Bundle) -> int:
        """Return how many policies of a bundle are switched off."""
        return sum(self.disables(policy.name) for policy in bundle.policies)

    def unknown(self, bundle: Bundle) -> list[str]:
        """Return the names that no policy of a bundle has, sorted."""
        return sorted(self.names - {policy.name for policy in bundle.policies})

    def engine(self, bundle: Bundle) -> Engine:
        """Return what decides from the rest of a bundle, as if the others had never been written."""
        kept = tuple(policy for policy in bundle.policies if not self.disables(policy.name))
        return Engine(bundle if len(kept) == len(bundle.policies) else msgspec.structs.replace(bundle, policies=kept))

    def told(self) -> dict[str, object]:
        """Return what is switched off, for the log."""
        return {"everything": self.everything, "names": sorted(self.names)[:_MOST_TOLD], "unreadable": self.unreadable[:_MOST_TOLD]}


NOTHING: Final = Switch()


def decoded(raw: bytes) -> str:
    """Return the text of a file: UTF-8, or UTF-16 where it begins with its mark, as shells of Windows write it."""
    return raw.decode("utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8", errors="replace")


def parse(text: str) -> Switch:
    """Read a list of names, separated by lines, spaces or commas, quoted or not; ``#`` begins a comment. ``*`` names all policies."""
    words: set[str] = set()
    for line in text[:MAX_CHARACTERS].splitlines():
        words.update(word for each in _BETWEEN.split(line.partition("#")[0]) if (word := each.strip("-")))
    names = frozenset(word for word in words if _NAME.fullmatch(word))
    unreadable = tuple(sorted(word[:100] for word in words - names - {EVERYTHING}))
    return Switch(everything=EVERYTHING in words, names=names, unreadable=unreadable)
