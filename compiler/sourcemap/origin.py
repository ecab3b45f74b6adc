"""What a field of the output can come from: places in policies, or Overbank itself with a reason."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from compiler.model import Named, Repository
from compiler.source import Document, Route, Where


@dataclass(frozen=True, slots=True)
class Fixed:
    """No policy says it."""

    reason: str


Origin = Where | Fixed

Origins = Sequence[Origin]
"""Never empty. The place where the value itself stands comes first, then places that chose it."""

Trace = Callable[[Route], Origins]
"""Gives the origins of a leaf of one file."""

FORM: Final = Fixed("the form of the object")
OWNED: Final = Fixed("marks what Overbank manages")
GITOPS: Final = Fixed("tells GitOps tools the order of objects, and what they may never delete")
DEFAULT: Final = Fixed("the default, which nothing overrides")
LISTED: Final = Fixed("lists the files that Overbank writes")
DIGEST: Final = Fixed("computed from the rest of the file")
ENGINE: Final = Fixed("pods that the webhook leaves alone whatever policies say")
NARROWED: Final = Fixed("the narrowest namespaces that the cluster's version and its policies allow")


class UntracedError(Exception):
    """Overbank's own mistake: a field of the output whose origin nobody told."""

    def __init__(self, route: Route) -> None:
        super().__init__(f"nothing says where {pointer(route)} comes from")


def pointer(route: Route) -> str:
    """Write a route as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in route)


def leaves(value: Any, route: Route = ()) -> Iterator[tuple[Route, Any]]:
    """Yield the scalars and the empty collections of a value, with the routes to them."""
    if value and isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*route, key))
    elif value and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*route, index))
    else:
        yield route, value


def at(value: Any, route: Route) -> Any:
    """Return what stands at a route."""
    for step in route:
        value = value[step]
    return value


def written(holder: Named | Repository | Document, *route: str | int) -> Origins:
    """Return the place of a field, or that it is a default where the author did not write it."""
    document = holder if isinstance(holder, Document) else holder.document
    return [document.at(*route)] if document.get(*route) is not None else [DEFAULT]
