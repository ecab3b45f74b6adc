"""One policy must not want two values for one field."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.placing import SINGULAR, Wanted, wanted
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield fields for which ``inject``, pools, accelerator class and platform want different values."""
    for binding in resolved.bindings:
        first: dict[str, Wanted] = {}
        for each in wanted(binding):
            if each.kind not in SINGULAR:
                continue
            earlier = first.setdefault(each.field, each)
            if earlier.value != each.value:
                message = f"policy `{binding.policy.name}` wants two values for {each.field} on cluster `{binding.cluster.name}`"
                notes = [f"`{earlier.value}` ({earlier.reason}) and `{each.value}` ({each.reason})"]
                yield diagnose(
                    codes.SELF_CONTRADICTION,
                    each.where,
                    message,
                    related=[(earlier.where, f"`{earlier.value}` follows from here")],
                    notes=notes,
                    help=["take one of the two out"],
                )
