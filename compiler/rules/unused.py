"""Documents that nothing refers to. Names alone decide, so callers say which these are: see ``compiler.unreferenced``."""

from collections.abc import Iterable, Iterator

from compiler.codes import names as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import AcceleratorClass, Named


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
