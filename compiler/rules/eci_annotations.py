"""ECI annotations that a policy, its pools and its accelerator class write together."""

from collections.abc import Iterator
from typing import Final

from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Platform
from compiler.placing import Kind, Wanted, wanted
from compiler.platforms.eci_annotations import problems
from compiler.platforms.keys import ECI_USE_SPECS
from compiler.platforms.pages import ECI_ANNOTATIONS, ECI_SPECS
from compiler.resolve import Binding, Resolved

_PREFIX: Final = "k8s.aliyun.com/eci-"


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield values that ECI does not take; other platforms do not look at them."""
    for binding in resolved.bindings:
        if binding.cluster.platform is Platform.VKE or not _annotates(binding):
            continue
        written: dict[str, Wanted] = {}
        for each in wanted(binding):
            if each.kind is Kind.ANNOTATION:
                written.setdefault(each.key, each)
        for problem in problems({key: each.value for key, each in written.items()}):
            source = ECI_SPECS if problem.key == ECI_USE_SPECS else ECI_ANNOTATIONS
            message = f"{problem.text}, in pods of policy `{binding.policy.name}`"
            related = [(binding.policy.at_name(), "this policy")]
            where = written[problem.key].where
            yield diagnose(problem.code, where, message, related=related, notes=[f"{source} (documented)"], help=[problem.help])


def _annotates(binding: Binding) -> bool:
    """Say whether anybody writes such annotations there; of most policies nobody does, and there are many."""
    maps = [binding.policy.inject.annotations, *(pool.pod_annotations for _, pool in binding.pools)]
    return any(key.startswith(_PREFIX) for each in maps for key in each) or bool(
        binding.accelerator and binding.accelerator.eci_specs
    )
