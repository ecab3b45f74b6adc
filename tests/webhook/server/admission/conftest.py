"""Admission over a loaded bundle, with metrics of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from webhook.admission import Admission
from webhook.bundles.store import Snapshot, Store
from webhook.engine.bundle import Bundle
from webhook.readiness import Readiness
from webhook.telemetry.metrics import Metrics


@pytest.fixture
def store(bundle: Bundle) -> Store:
    """Return a store with the bundle loaded."""
    store = Store(Readiness())
    store.swap(Snapshot.of(bundle))
    return store


@pytest.fixture
def metrics() -> Metrics:
    """Return metrics of their own."""
    return Metrics()


@pytest.fixture
def admit(store: Store, metrics: Metrics, caller: Any) -> Any:
    """Return a caller of admission."""
    return caller(Admission(store, metrics, body_timeout=10))


@pytest.fixture
def strict(bundle: Bundle, metrics: Metrics, caller: Any) -> Callable[..., Any]:
    """Return a maker of callers of admission whose placing policy has other fields."""

    def strict(*, audit: bool = False, **placement: Any) -> Any:
        first, *others = bundle.policies
        assert first.placement is not None
        changed = replace(first, audit=audit, placement=replace(first.placement, **placement))
        store = Store(Readiness())
        store.swap(Snapshot.of(replace(bundle, policies=(changed, *others))))
        return caller(Admission(store, metrics, body_timeout=10))

    return strict
