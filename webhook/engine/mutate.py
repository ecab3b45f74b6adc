"""From a pod to a decision: the house rules of admission.

1. Idempotent: a pod that carries the outcome of a decision gets no operation from the same bundle.
2. Fields that no policy names stay byte-identical; lists are appended to; parents are created where they are missing.
3. A value that the author wrote wins, unless the deciding policy says ``merge: override``; labels always stay, since a label
   that changes under a ReplicaSet's selector would make it create pods for ever. What a policy calls foreign may be stripped.
4. The marker label is ours: a wrong value is replaced or removed, on opted-out pods too.
5. Mirror pods, DaemonSet pods, excluded namespaces and pods with ``spec.nodeName`` are never patched; the last are checked.
6. A pod that is denied is not patched, and is told all reasons at once. Policies in audit mode decide nothing.
"""

from typing import Final

import msgspec

from webhook.engine.audit import differs
from webhook.engine.bundle import Bundle
from webhook.engine.checks import NO_CLAIMS
from webhook.engine.decision import Decision, Exemption
from webhook.engine.keys import INJECT_LABEL, MIRROR_ANNOTATION
from webhook.engine.match import Candidate, Index
from webhook.engine.plan import Plan
from webhook.engine.pod import Metadata, Pod
from webhook.engine.settle import check, decide

MAX_PLANS: Final = 10_000
"""How many sets of policies are remembered before the memory is cleared."""

_NO_METADATA: Final = Metadata()
_NOTHING: Final[dict[str, str]] = {}
_NOBODY: Final = Plan(())


class Engine:
    """Decides about pods from one bundle. What it remembers between pods saves time and decides nothing."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._index = Index(bundle.policies)
        self._excluded = frozenset(bundle.excluded_namespaces)
        self._plans: dict[tuple[int, ...], tuple[Plan, Plan | None]] = {(): (_NOBODY, None)}

    def admit(self, pod: Pod, namespace: str, namespace_labels: dict[str, str] | None) -> Decision:
        """Decide about a pod that is being created.

        Args:
            pod: the pod as the API server sends it, after API defaulting.
            namespace: the request's namespace; the pod's own may be empty.
            namespace_labels: the namespace's labels, or None where they are unknown: then no label selector matches them.

        Raises:
            msgspec.MsgspecError: a part of the pod that is decoded on demand is not of the types of core/v1.
            UnicodeDecodeError: likewise, text in it is no UTF-8.
        """
        metadata = pod.metadata or _NO_METADATA
        exemption = self._exemption(metadata, namespace)
        if exemption is not None:
            return Decision([], exemption, (), None, "", [], [])
        labels = metadata.labels or _NOTHING
        bound = bool(pod.spec.node_name)
        if labels.get(INJECT_LABEL) == "false" or (namespace_labels is not None and namespace_labels.get(INJECT_LABEL) == "false"):
            if bound:
                return Decision([], Exemption.NODE_NAME, (), None, "", [], [])
            return decide(_NOBODY, pod, metadata, NO_CLAIMS, Exemption.OPTED_OUT)
        table = self._index.table(namespace, namespace_labels)
        matched = table.matching(labels)
        if table.particular:
            matched = [candidate for candidate in matched if candidate.holds(pod, metadata, namespace)]
        plan, hypothetical = self._plan(matched)
        decision = self._decide(plan, pod, metadata, namespace, bound=bound)
        if hypothetical is None:
            return decision
        try:
            other = self._decide(hypothetical, pod, metadata, namespace, bound=bound)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return decision  # what only policies in audit mode look at is no reason to refuse the pod
        return msgspec.structs.replace(decision, audit=other) if differs(decision, other) else decision

    def _decide(self, plan: Plan, pod: Pod, metadata: Metadata, namespace: str, *, bound: bool) -> Decision:
        claims = self.bundle.claims.get(namespace, NO_CLAIMS)
        return check(plan, pod, metadata, claims) if bound else decide(plan, pod, metadata, claims, None)

    def _exemption(self, metadata: Metadata, namespace: str) -> Exemption | None:
        """Return why a pod is not even looked at."""
        if namespace in self._excluded:
            return Exemption.EXCLUDED_NAMESPACE
        if metadata.annotations and MIRROR_ANNOTATION in metadata.annotations:
            return Exemption.MIRROR_POD
        for owner in metadata.owner_references or ():
            if owner.controller and owner.kind == "DaemonSet":
                return Exemption.DAEMON_SET
        return None

    def _plan(self, matched: list[Candidate]) -> tuple[Plan, Plan | None]:
        """Return the plan of the policies that are in force and, if others are in audit mode, the one with those as well."""
        key = tuple([candidate.rank for candidate in matched])
        plans = self._plans.get(key)
        if plans is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            enforced = [candidate for candidate in matched if not candidate.audit]
            plans = self._plans[key] = (Plan(enforced), Plan(matched) if len(enforced) < len(matched) else None)
        return plans
