"""How many pods each policy has had a part in changing, as a metric.

Counted by sets of policies, as they stand in the applied annotation, and taken apart only when somebody looks: a counter of
``prometheus_client`` for each policy of each pod would cost as much as the decision.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

NAME: Final = "overbank_webhook_policy_mutations"

MAX_SERIES: Final = 1000
"""Policies with a series of their own; those of a larger bundle share one more."""

OTHERS: Final = "_other"
"""No policy can be called so."""

_MAX_SETS: Final = 4096


class Mutations(Collector):
    """Counts patched pods by policy, for policies of the current bundle only."""

    LABELS = ("policy",)

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sets: dict[str, int] = {}
        self._totals: dict[str, int] = {}
        registry.register(self)

    def count(self, applied: str) -> None:
        """Count a patched pod; ``applied`` is the value of its applied annotation."""
        sets = self._sets
        sets[applied] = sets.get(applied, 0) + 1
        if len(sets) > _MAX_SETS:
            self._fold()

    def name(self, policies: Sequence[str]) -> None:
        """Count for these policies from now on; those that stay keep their counts, so that a reload is no reset."""
        self._fold()
        kept = policies[:MAX_SERIES]
        shared = [OTHERS] if len(policies) > len(kept) else []
        self._totals = {name: self._totals.get(name, 0) for name in [*kept, *shared]}

    def collect(self) -> Iterable[CounterMetricFamily]:
        """Return the counts so far."""
        self._fold()
        text = (
            f"Pods that were patched, by each policy that has a value in the pod; beyond {MAX_SERIES} policies they share "
            f"the label {OTHERS}."
        )
        family = CounterMetricFamily(NAME, text, labels=self.LABELS)
        for policy, count in self._totals.items():
            family.add_metric((policy,), count)
        yield family

    def describe(self) -> Iterable[CounterMetricFamily]:
        """Return what there is to collect, for the registry."""
        return self.collect()

    def _fold(self) -> None:
        sets, self._sets = self._sets, {}
        for applied, count in sets.items():
            for mark in applied.split(",") if applied else ():
                name = mark.partition("@")[0]
                # A request that took the last bundle may end after the next one has been loaded.
                found = name if name in self._totals else OTHERS
                if found in self._totals:
                    self._totals[found] += count
