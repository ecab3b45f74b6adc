"""Documents that nothing refers to.

Names decide alone, so callers say what is unused: see ``unreferenced``. Where a name leads nowhere, what looks unused may be what was
meant, and only the name is reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from compiler.codes import names as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import AcceleratorClass, Named

T = TypeVar("T")


def unreferenced(documents: Mapping[str, T], referred: Iterable[str]) -> list[T]:
    """Return the documents whose name nobody uses, or none of them if some name is nobody's."""
    used = {*referred} - {""}
    return [document for name, document in documents.items() if name not in used] if used <= documents.keys() else []


def accelerators(unused: Iterable[AcceleratorClass]) -> Iterator[Diagnostic]:
    """Yield accelerator classes that no policy names."""
    for accelerator in unused:
        message = f"no policy names accelerator class `{accelerator.name}`"
        advice = [f"write `accelerator: {accelerator.name}` in a policy, or delete the document"]
        yield diagnose(codes.UNUSED_ACCELERATOR, accelerator.at_name(), message, help=advice)


def hosts(unused: Iterable[Named]) -> Iterator[Diagnostic]:
    """Yield federation hosts with neither members nor policies."""
    for host in unused:
        message = f"federation host `{host.name}` has no members, and no placement policy is for it"
        advice = [f"declare its members, `federation: {{host: {host.name}}}` in their Cluster documents, or delete the document"]
        yield diagnose(codes.UNUSED_HOST, host.at_name(), message, help=advice)
