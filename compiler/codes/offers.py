"""Which findings come with fixes: what ``overbank rules`` and the pages of codes say, and what tests hold every finding to."""

from typing import Final, NamedTuple

from compiler.diagnostics import Code


class Offer(NamedTuple):
    """What a fix does to findings of a code.

    Attributes:
        code: the identifier.
        what: the case and what is done about it, for people.
        safe: whether it is done unasked. One that would take a comment with it is not, whatever this says.
    """

    code: str
    what: str
    safe: bool


OFFERS: Final = (
    Offer("OB0114", "a suppression without a finding: its code goes, and the comment with the last one", safe=True),
    Offer("OB1101", "a misspelt field, if one alone is near: the right one", safe=False),
    Offer("OB1103", "a number or a boolean where text is wanted: quotes", safe=True),
    Offer("OB1104", "a misspelt value, if one alone is near: the right one", safe=False),
    Offer("OB1104", "a list that has something twice: the second goes", safe=True),
    Offer("OB1104", "a number that is not the same to everybody: quotes", safe=False),
    Offer("OB1105", "a misspelt kind, if one alone is near: the right one", safe=False),
    Offer("OB2104", "a reference that leads nowhere, if one name alone is near: that", safe=False),
    Offer("OB2104", "the limit of a pool for a cluster that does not exist: it goes", safe=False),
    Offer("OB2106", "a misspelt pool, if one alone is near and all clusters of the policy have it: that", safe=False),
    Offer("OB3105", "a nodeSelector without effect: it goes, though it may tell people which nodes the pool has", safe=False),
    Offer("OB3109", "an accelerator class without effect: `accelerator` goes", safe=True),
    Offer("OB3111", "a field that has no effect on any cluster of the policy: it goes", safe=True),
    Offer("OB3118", "fields about nodes on a pool that has none: they go", safe=True),
    Offer("OB4107", "`merge: override` where there are only labels: it goes", safe=True),
)


def offers_of(code: Code) -> tuple[str, ...]:
    """Return ``safe`` and ``unsafe``, as far as findings of a code may have such fixes."""
    offered = {each.safe for each in OFFERS if each.code == code.id}
    return tuple(word for word, safe in (("safe", True), ("unsafe", False)) if safe in offered)
