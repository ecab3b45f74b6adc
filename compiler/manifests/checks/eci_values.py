"""ECI annotations of authors, whose values the vendor does not take, or that contradict each other."""

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.model import Platform
from compiler.platforms.eci_annotations import Problem, problems
from compiler.platforms.keys import ECI_USE_SPECS
from compiler.platforms.pages import ECI_ANNOTATIONS, ECI_SPECS


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:  # noqa: ARG001 - what was placed is all there is to see
    """Yield what is wrong with the annotations of pods, what policies add included, where the author wrote the key."""
    gathered = Gathered()
    for each in placed.landed:
        written = (each.written.get("metadata") or {}).get("annotations")
        if written and each.cluster.platform is not Platform.VKE:
            for problem in problems(each.annotations):
                if problem.key in written:
                    _add(gathered, each, problem)
    yield from gathered.diagnostics()


def _add(gathered: Gathered, landed: Landed, problem: Problem) -> None:
    source = ECI_SPECS if problem.key == ECI_USE_SPECS else ECI_ANNOTATIONS

    def make(on: str) -> Diagnostic:
        where = landed.at("metadata", "annotations", problem.key)
        message = f"{problem.text}, in {landed.subject} {on}"
        return diagnose(problem.code, where, message, notes=[f"{source} (documented)"], help=[problem.help])

    gathered.add(landed.manifest, (landed.template.made.route, problem.key, problem.text), landed.cluster.name, make)
