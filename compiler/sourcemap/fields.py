"""Where the pod fields that a policy wants come from, as they stand in a bundle (``webhook.engine.fields.Fields``)."""

from typing import Any, Final

from compiler.model import PoolType
from compiler.placing import Kind, Reason, Wanted, wanted
from compiler.resolve import Binding
from compiler.source import Route, Where
from compiler.sourcemap import selectors
from compiler.sourcemap.origin import FORM, Origins, UntracedError, at, written

_MAPS: Final = {"labels": Kind.LABEL, "annotations": Kind.ANNOTATION, "nodeSelector": Kind.NODE_SELECTOR}
_SINGLE: Final = {"schedulerName": Kind.SCHEDULER, "priorityClassName": Kind.PRIORITY_CLASS}
_REQUIRED: Final[Route] = ("spec", "inject", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
_PREFERRED: Final[Route] = ("spec", "inject", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution")


class WantedFields:
    """The values that a policy wants in one cluster, by reason."""

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        self._wanted = list(wanted(binding))

    def origins(self, reason: Reason, fields: Any, route: Route) -> Origins:
        """Return the origins of a leaf of ``fields``."""
        match route:
            case ():
                return [FORM]
            case ("labels" | "annotations" | "nodeSelector" as name, str(key)):
                return self._value(self._of(reason, _MAPS[name], key))
            case ("schedulerName" | "priorityClassName" as name,):
                return self._value(self._of(reason, _SINGLE[name]))
            case ("tolerations", int(index), str(part)):
                return self._toleration(reason, index, part)
            case ("required", int(index), *rest):
                return self._required(reason, index, at(fields, route[:2]), tuple(rest))
            case ("preferred", int(index), *rest):
                return self._preferred(reason, index, at(fields, route[:2]), tuple(rest))
        raise UntracedError(route)

    def _of(self, reason: Reason, kind: Kind, key: str = "") -> Wanted:
        # Of two values for one key the last is written.
        found = [each for each in self._wanted if each.reason is reason and each.kind is kind and (not key or each.key == key)]
        return found[-1] if key else found[0]

    def _value(self, value: Wanted) -> Origins:
        cluster, binding = self._binding.cluster, self._binding
        if value.kind is Kind.SCHEDULER and value.reason is not Reason.INJECT:
            named = cluster.document.get("spec", "scheduler", "name") is not None
            return [cluster.at("spec", "scheduler", "name") if named else cluster.at("spec", "platform"), value.where]
        if value.kind is Kind.NODE_SELECTOR and value.reason is Reason.PLACEMENT and value.key in binding.pools[0][1].node_selector:
            pool = binding.pools[0][1]
            return [cluster.at("spec", "pools", pool.index, "nodeSelector", value.key), value.where]
        return [value.where]

    def _toleration(self, reason: Reason, index: int, part: str) -> Origins:
        where = [each.where for each in self._wanted if each.reason is reason and each.toleration is not None][index]
        if reason is Reason.INJECT:
            return written(where.document, *where.route, part)
        return [where]

    def _required(self, reason: Reason, index: int, term: Any, route: Route) -> Origins:
        if reason is Reason.INJECT:
            return selectors.term(self._binding.policy.document, _REQUIRED, (index,), term, route)
        where = self._of(reason, Kind.REQUIRED).where
        if reason is Reason.ACCELERATOR and index == 0:
            return selectors.requirement(where.document, where.route, term[route[0]][route[1]], route[2:])
        if reason is Reason.PLACEMENT:
            return self._of_pool(index, term, route, where)
        return [where, self._binding.policy.at_key("spec", "pools")]

    def _preferred(self, reason: Reason, index: int, preferred: Any, route: Route) -> Origins:
        if reason is Reason.INJECT:
            if route == ("weight",):
                return [self._binding.policy.at(*_PREFERRED, index, "weight")]
            return selectors.term(
                self._binding.policy.document, _PREFERRED, (index, "preference"), preferred["preference"], route[1:]
            )
        where = self._of(reason, Kind.PREFERRED).where
        return [where] if route == ("weight",) else self._of_pool(index, preferred["preference"], route[1:], where)

    def _of_pool(self, index: int, term: Any, route: Route, where: Where) -> Origins:
        """Return the origins of a part of the term by which a pool's nodes are known."""
        cluster, pool = self._binding.cluster, self._binding.pools[index][1]
        requirement = term[route[0]][route[1]]
        place: Route = ("spec", "pools", pool.index, "nodeSelector", requirement["key"])
        if pool.node_selector.get(requirement["key"]) not in requirement.get("values", ()):
            return [cluster.at("spec", "pools", pool.index, "type"), where]
        return [cluster.at(*place) if route[2] == "values" else cluster.at_key(*place), where]


def pool_type(binding: Binding, types: set[PoolType]) -> Origins:
    """Return the places of the types of a policy's pools that are among ``types``, or else where the policy lists its pools."""
    found = [binding.cluster.at("spec", "pools", pool.index, "type") for _, pool in binding.pools if pool.type in types]
    return found or [binding.policy.at_key("spec", "pools")]
