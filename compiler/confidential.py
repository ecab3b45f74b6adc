"""Values that look like secrets: by what issuers begin them with, or by a telling name and letters as of chance.

A word, a name, a digest or a reference is no secret, and a false alarm costs more than a miss: other tools search whole histories.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import log2
from typing import Any, Final

from compiler.source import Route

_KNOWN: Final = (
    ("a private key", r"-----BEGIN", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("an access key of Alibaba Cloud", r"LTAI", r"\bLTAI[A-Za-z0-9]{12,26}\b"),
    ("an access key of Volcengine", r"AKLT", r"\bAKLT[A-Za-z0-9_-]{20,}"),
    ("an access key of AWS", r"AKIA|ASIA", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a token of GitHub", r"gh[pousr]_|github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    ("a token of GitLab", r"gl(?:pat|rt|dt|cbt|ptt|agent)-", r"\bgl(?:pat|rt|dt|cbt|ptt|agent)-[A-Za-z0-9_-]{20,}"),
    ("a token of Slack", r"xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("an API key of Google", r"AIza", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("a token of Hugging Face", r"hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    ("a token of npm", r"npm_", r"\bnpm_[A-Za-z0-9]{36}"),
    ("a token of PyPI", r"pypi-", r"\bpypi-AgEI[A-Za-z0-9_-]{40,}"),
    ("a JSON Web Token", r"eyJ", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    ("a password in a URL", r"://", r"[a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:(?![$<{*])[^/\s:@]{3,}@[^\s/@]+"),
)
"""Forms that their issuers document, each with a mark that is in all of its values and in hardly any other.

Values may have megabytes, and strangers write them: no form can begin at every letter of a long run and go on to its end.
"""
_MARKS: Final = re.compile("|".join(mark for _, mark, _ in _KNOWN))

_TELLING: Final = re.compile(
    r"passw(?:or)?d|passphrase|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key", re.IGNORECASE
)
_CANDIDATE: Final = re.compile(r"[A-Za-z0-9+/=_.~-]{16,512}")
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_SHORTEST: Final = 12
_LEAST_BITS: Final = 3.5
"""Of information a character. Names and words have less once they are long enough; 16 characters at random have nearly four."""


def kind_of(key: str, value: Any) -> str | None:
    """Say what a value looks like, None where it is no secret to all appearance.

    Args:
        key: the last name that leads to the value: it counts where the value itself shows no issuer.
        value: only text can be a secret.
    """
    if not isinstance(value, str) or len(value) < _SHORTEST:
        return None
    if _MARKS.search(value):
        for name, _, form in _KNOWN:
            if re.search(form, value):
                return name
    if _TELLING.search(key) and _CANDIDATE.fullmatch(value) and _is_random(value):
        return "a secret, by its key and its letters"
    return None


def within(route: Route, value: Any) -> Iterator[tuple[Route, str, str]]:
    """Yield the routes of all texts below a value that look like secrets, the names that they go by, and what they look like.

    An item of a list goes by the key of its list; a ``value`` beside a ``name`` or a ``path``, as in environment variables and JSON
    patches, goes by that.
    """
    pending = [(route, _last(route), value)]
    while pending:
        at, key, each = pending.pop()
        if isinstance(each, Mapping):
            called = each.get("name") or each.get("path")
            items = [
                ((*at, own), called if own == "value" and isinstance(called, str) else own, inner) for own, inner in each.items()
            ]
            pending += reversed(items)
        elif isinstance(each, list):
            pending += reversed([((*at, index), key, inner) for index, inner in enumerate(each)])
        else:
            kind = kind_of(key, each)
            if kind:
                yield at, key, kind


def _last(route: Route) -> str:
    return next((step for step in reversed(route) if isinstance(step, str)), "")


def _is_random(value: str) -> bool:
    if _HEXADECIMAL.fullmatch(value):
        return True
    kinds = sum(any(test(each) for each in value) for test in (str.islower, str.isupper, str.isdecimal))
    counts = Counter(value).values()
    bits = -sum(each / len(value) * log2(each / len(value)) for each in counts)
    return kinds == 3 and bits >= _LEAST_BITS  # noqa: PLR2004 - lower, upper, digits
