"""What virtual pools cannot run: all tables, and a pod against those of the runtimes that may get it."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from webhook.engine.anatomy import Subject
from webhook.engine.policy import Runtime
from webhook.engine.runtimes import ai_nodes, serverless
from webhook.engine.runtimes.rows import Row

TABLE: Final[tuple[Row, ...]] = (*serverless.ROWS, *ai_nodes.ROWS)
"""All rows."""

MANIFEST_ROWS: Final[tuple[Row, ...]] = tuple(row for row in TABLE if row.find is None)
"""Rows about objects that stand beside a pod and select it: to be looked for where manifests are at hand."""

_FINDERS: Final = {
    runtime: tuple((row, row.find) for row in TABLE if row.runtime is runtime and row.find is not None) for runtime in Runtime
}


class Problem(Struct, frozen=True, gc=False):
    """A field of a pod that a runtime cannot serve."""

    row: Row
    path: str

    @property
    def text(self) -> str:
        """The sentence for the user: ``spec.volumes[cache].hostPath: AI nodes cannot mount directories of the host; ...``."""
        return f"{self.path}: {self.row.sentence}"


def problems(runtimes: Sequence[Runtime], subject: Subject) -> list[Problem]:
    """Return what the runtimes cannot do for a pod: by runtime as given, then in the order of the table, then of the pod.

    Raises:
        msgspec.MsgspecError: a part of the pod is not of the type of core/v1.
        UnicodeDecodeError: text in a part of the pod is no UTF-8.
    """
    found = []
    for runtime in runtimes:
        for row, find in _FINDERS[runtime]:
            for path in find(subject):
                found.append(Problem(row, path))  # noqa: PERF401 - most pods have none, and a loop that does not run costs least
    return found
