"""A row of a table of things that a virtual pool cannot do.

That a feature is missing is the vendor's word where a row's basis is documented; how severe that is for a pod is ours throughout. A row
denies where the pod could not run, and warns where the vendor's pages contradict themselves or the pod runs with less than it
asks for.
"""

from enum import StrEnum

from msgspec import Struct

from webhook.engine.policy import Runtime, Verdict
from webhook.engine.runtimes.features import Finder


class Basis(StrEnum):
    """Whose word a row is."""

    DOCUMENTED = "documented"
    INFERRED = "inferred"


class Row(Struct, frozen=True):
    """One row of a table.

    Attributes:
        id: the runtime and the feature: ``ai.hostpath``.
        verdict: ``DENY`` or ``WARN``.
        sentence: what is wrong and what to do, to be read after the field's name.
        source: the vendor's page by its name.
        field: where to look, for people.
        find: looks there; None where no pod can show it, but an object of another ``kind`` beside it.
    """

    id: str
    runtime: Runtime
    verdict: Verdict
    field: str
    sentence: str
    source: str
    find: Finder | None = None
    kind: str = "Pod"
    basis: Basis = Basis.DOCUMENTED
