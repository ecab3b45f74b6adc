"""Candidates for ECI must have the accelerator of their class.

Alibaba Cloud, Elastic GPU Service, instance naming conventions: the names of the families with NVIDIA GPUs (documented).
"""

import re
from collections.abc import Iterator
from typing import Final

from compiler.codes import limits as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import AcceleratorClass
from compiler.resolve import Resolved

_NVIDIA: Final = "nvidia.com/"
_WITH_NVIDIA: Final = re.compile(r"ecs\.(v|s|ebm|scc)?gn[0-9].*")


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield candidates without a GPU in the classes that policies use. Where others have one, ``eci_annotations`` says that they are mixed."""
    used = {each.accelerator.name: each.accelerator for each in resolved.bindings if each.accelerator}
    for accelerator in used.values():
        if not any(map(_WITH_NVIDIA.fullmatch, accelerator.eci_specs)):
            yield from unfit(accelerator)


def unfit(accelerator: AcceleratorClass) -> Iterator[Diagnostic]:
    """Yield the candidates of one class that have no NVIDIA GPU, where the class is for one."""
    if not accelerator.resource.startswith(_NVIDIA):
        return
    for index, spec in enumerate(accelerator.eci_specs):
        if not _WITH_NVIDIA.fullmatch(spec):
            where = accelerator.at("spec", "eci", "useSpecs", index)
            message = f"`{spec}` has no NVIDIA GPU, and class `{accelerator.name}` is for {accelerator.resource}"
            related = [(accelerator.at("spec", "resource"), "what the class is for")]
            advice = ["name an instance type of a family with GPUs, such as `ecs.gn6i-c4g1.xlarge`"]
            yield diagnose(codes.NO_GPU, where, message, related=related, help=advice)
