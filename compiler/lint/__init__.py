"""Webhook configurations held against the good practice of admission webhooks: those of Overbank, and those of anybody else.

Manifests are looked at as they are written, without a cluster: what the configuration says, and what is given with it. PURE.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.lint import access, calls, naming, running
from compiler.lint.objects import Object, Webhook, objects, webhooks
from compiler.source import Document

__all__ = ["examine"]

_OF_WEBHOOKS: Final = (calls.check, naming.check)
_OF_OBJECTS: Final = (running.check, access.check)


def examine(documents: Sequence[Document]) -> tuple[int, list[Diagnostic]]:
    """Return how many webhooks there are in MutatingWebhookConfigurations, and what is to be said about them."""
    manifests = [each for document in documents for each in objects(document)]
    found = [each for manifest in manifests for each in webhooks(manifest)]
    return len(found), list(_findings(manifests, found))


def _findings(manifests: Sequence[Object], found: Sequence[Webhook]) -> Iterator[Diagnostic]:
    for webhook in found:
        for check in _OF_WEBHOOKS:
            yield from check(webhook)
    for examine_all in _OF_OBJECTS:
        yield from examine_all(manifests, found)
