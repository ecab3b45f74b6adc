"""From a patch of a pod, as the webhook sees it, to a patch of the template that stands in Git.

The engine decides on the pod after API defaulting; the template is raw. So lists and maps that its operations count on may be
missing, values that they remove may be there only by default, and list items that defaulting appended shift the positions of
what the engine appends. Defaulting only ever fills gaps and appends to lists (``webhook.engine.defaults``), therefore every item of
a raw list stands at the same position in the defaulted one.

Both the defaulted pod and the raw template are walked and changed side by side, operation by operation.
"""

from itertools import pairwise
from typing import Any, Final

from compiler.workloads import copied

Operations = list[dict[str, Any]]

_APPEND: Final = "-"


def rebase(template: dict[str, Any], sent: dict[str, Any], operations: Operations) -> tuple[Operations, dict[str, Any]]:
    """Return the operations for the raw template, and the template that they give.

    Args:
        template: as it stands in the manifest.
        sent: its pod after API defaulting.
        operations: RFC 6902, for ``sent``; ``add``, ``remove`` and ``replace`` are known.
    """
    walk = _Walk(template, sent)
    for operation in operations:
        walk.step(operation)
    return walk.operations, walk.raw


def unescape(token: str) -> str:
    """Read one reference token of a JSON Pointer (RFC 6901 §4)."""
    return token.replace("~1", "/").replace("~0", "~")


def pointer(route: tuple[str | int, ...]) -> str:
    """Write a route as a JSON Pointer."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in route)


class _Walk:
    """The state between two operations.

    Attributes:
        raw: a copy of the template, with what the operations so far did to it.
        operations: those that brought it there.
    """

    def __init__(self, template: dict[str, Any], sent: dict[str, Any]) -> None:
        self.raw: dict[str, Any] = copied(template)
        self.operations: Operations = []
        self._sent: dict[str, Any] = copied(sent)
        # Containers that an operation brings along: what is put into them later goes into its value.
        self._brought: dict[int, Any] = {}
        # For a list of the defaulted pod, where each item stands in the raw list; None for those that defaulting appended.
        self._places: dict[int, tuple[list[Any], list[int | None]]] = {}

    def step(self, operation: dict[str, Any]) -> None:
        """Do one operation on both sides."""
        tokens = [unescape(token) for token in operation["path"].split("/")[1:]]
        removing = operation["op"] == "remove"
        sent: Any = self._sent
        raw: Any = self.raw
        route: tuple[str | int, ...] = ()
        for token, following in pairwise(tokens):
            sent, raw, route = self._descend(sent, raw, token, following, route, removing=removing)
        last = tokens[-1]
        value = None if removing else operation["value"]
        if isinstance(sent, list):
            self._in_list(sent, raw, last, value, route, removing=removing, replacing=operation["op"] == "replace")
        elif removing:
            sent.pop(last, None)
            if isinstance(raw, dict) and last in raw:
                del raw[last]
                self._emit(raw, {"op": "remove", "path": pointer((*route, last))})
        else:
            sent[last] = copied(value)
            if isinstance(raw, dict):
                self._put(raw, last, value, (*route, last))

    def _descend(
        self, sent: Any, raw: Any, token: str, following: str, route: tuple[str | int, ...], *, removing: bool
    ) -> tuple[Any, Any, tuple[str | int, ...]]:
        """Go one step down on both sides. The raw side is made where it is missing, unless there is only something to remove."""
        if isinstance(sent, list):
            place = self._of(sent, raw)[int(token)]
            return sent[int(token)], None if place is None else raw[place], (*route, -1 if place is None else place)
        inner = sent[token]
        if not isinstance(raw, dict):
            return inner, None, route
        if raw.get(token) is None and not removing:
            # A step into a list that goes to one of its defaulted items has nothing to do in the raw template.
            if isinstance(inner, list) and following != _APPEND:
                return inner, None, (*route, token)
            self._put(raw, token, [] if isinstance(inner, list) else {}, (*route, token))
        return inner, raw.get(token), (*route, token)

    def _in_list(
        self, sent: list[Any], raw: Any, token: str, value: Any, route: tuple[str | int, ...], *, removing: bool, replacing: bool
    ) -> None:
        places = self._of(sent, raw)
        position = len(sent) if token == _APPEND else int(token)
        place = places[position] if position < len(places) else None
        if removing:
            del sent[position], places[position]
            if place is not None:
                del raw[place]
                places[:] = [each - 1 if each is not None and each > place else each for each in places]
                self._emit(raw, {"op": "remove", "path": pointer((*route, place))})
            return
        if replacing:
            sent[position] = copied(value)
            if place is not None:
                raw[place] = copied(value)
                self._emit(raw, {"op": "replace", "path": pointer((*route, place)), "value": raw[place]})
            return
        sent.insert(position, copied(value))
        if not isinstance(raw, list):
            places.insert(position, None)
            return
        new = next((each for each in places[position:] if each is not None), len(raw))
        places[:] = [each + 1 if each is not None and each >= new else each for each in places]
        places.insert(position, new)
        raw.insert(new, copied(value))
        end = new == len(raw) - 1
        self._emit(raw, {"op": "add", "path": pointer((*route, _APPEND if end else new)), "value": raw[new]})

    def _of(self, sent: list[Any], raw: Any) -> list[int | None]:
        """Return where the items of a defaulted list stand in the raw one."""
        known = self._places.get(id(sent))
        if known is None:
            written = len(raw) if isinstance(raw, list) else 0
            known = self._places[id(sent)] = (sent, [index if index < written else None for index in range(len(sent))])
        return known[1]

    def _put(self, raw: dict[str, Any], key: str, value: Any, route: tuple[str | int, ...]) -> None:
        raw[key] = copied(value)
        self._emit(raw, {"op": "add", "path": pointer(route), "value": raw[key]})

    def _emit(self, holder: Any, operation: dict[str, Any]) -> None:
        """Write an operation, unless its place came into being with an earlier one and stands in that one's value."""
        value = operation.get("value")
        if isinstance(value, dict | list):
            self._bring(value)
        if id(holder) not in self._brought:
            self.operations.append(operation)

    def _bring(self, value: Any) -> None:
        self._brought[id(value)] = value
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, dict | list):
                self._bring(each)
