"""The lowest version of ACK Pro's scheduler that knows all fields of some ResourcePolicies: a cluster that has them has at least that one."""

from collections.abc import Iterable, Iterator

from compiler.importing.resource_policies import IGNORE_DEFAULTS, Ordered
from compiler.model import Platform, PoolType
from compiler.platforms.gates import GATES, Feature
from compiler.versions import Version


def least_scheduler(found: Iterable[Ordered]) -> Version | None:
    """Return the version, None where none of the fields depends on one."""
    gates = (GATES[Platform.ACK_PRO, feature] for each in found for feature in _features(each))
    return max((gate.scheduler for gate in gates if gate.scheduler is not None), default=None)


def _features(ordered: Ordered) -> Iterator[Feature]:
    # As the API server fills them in from 6.4 on: nobody writes both of them out by hand.
    defaults = IGNORE_DEFAULTS.items() <= ordered.ack.items()
    acs = sum(unit.type is PoolType.ACS for unit in ordered.units)
    has = {
        Feature.UNIT_MAX: any(unit.max is not None for unit in ordered.units),
        Feature.IGNORE_DEFAULTS: defaults,
        Feature.IGNORE_PODS: "ignorePreviousPod" in ordered.ack or "ignoreTerminatingPod" in ordered.ack,
        Feature.PREEMPT_POLICY: "preemptPolicy" in ordered.ack,
        Feature.MATCH_LABEL_KEYS: "matchLabelKeys" in ordered.ack,
        Feature.MAX_RESOURCES: any("maxResources" in unit.ack for unit in ordered.units),
        Feature.ADVANCE: bool(ordered.advance),
        Feature.ACS_UNIT: acs > 0,
        Feature.ACS_UNITS: acs > 1,
    }
    return (feature for feature, there in has.items() if there)
