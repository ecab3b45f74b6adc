"""A small bundle, keys that sign it, and a keeper that can be watched."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from webhook.bundles.content import Content, mark_of
from webhook.bundles.gauges import Gauges
from webhook.bundles.keeper import Keeper
from webhook.bundles.store import Store
from webhook.bundles.trust import Trust
from webhook.engine import bundle as bundles
from webhook.engine import signature as signatures
from webhook.engine.bundle import Bundle, Cluster
from webhook.engine.fields import Fields
from webhook.engine.policy import Foreign, NamespaceMatch, Placement, Policy, Verdict
from webhook.engine.selector import Selector
from webhook.readiness import Readiness
from webhook.telemetry.metrics import Metrics

UID = "6f1b3f0e-8c7d-4d0a-9a53-0c2b8e5f1a77"


def _placing(name: str, priority: int) -> Policy:
    foreign = Foreign(Verdict.DENY, labels={"alibabacloud.com/eci": ("true",)})
    placement = Placement("resourcePolicy", marker=True, fields=Fields(scheduler_name=f"{name}-scheduler"), foreign=foreign)
    return Policy(name, priority, NamespaceMatch(names=("shop",)), Selector.of({"app": "web"}), placement=placement)


@pytest.fixture(scope="session")
def make_bundle() -> Callable[..., Bundle]:
    """Return a maker of bundles with two placing policies and one that only injects; the value of its annotation tells them apart."""

    def make(value: str = "one", *, uid: str = "", name: str = "ack-poc") -> Bundle:
        inject = Policy(
            "notes",
            10,
            NamespaceMatch(names=("shop",)),
            Selector.of({"app": "web"}),
            inject=Fields(annotations={"team/note": value}),
        )
        return bundles.seal(
            Bundle(
                version=bundles.VERSION,
                cluster=Cluster(name, "ack-pro", uid),
                excluded_namespaces=("kube-system",),
                namespaces={"shop": {}},
                policies=(_placing("web", 100), _placing("fallback", 50), inject),
            )
        )

    return make


@pytest.fixture(scope="session")
def bundle(make_bundle: Callable[..., Bundle]) -> Bundle:
    """Return one bundle."""
    return make_bundle()


@pytest.fixture(scope="session")
def content() -> Callable[..., Content]:
    """Return a maker of what a source finds."""

    def make(value: Bundle | bytes, signature: bytes | None = None, place: str = "here") -> Content:
        raw = bundles.encode(value) if isinstance(value, Bundle) else value
        return Content(place=place, raw=raw, signature=signature, mark=mark_of(raw, signature))

    return make


@dataclass(frozen=True)
class Signer:
    """A key pair."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def id(self) -> str:
        """The name of the key."""
        return signatures.key_id(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @property
    def pem(self) -> bytes:
        """The public key."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def keys(self) -> dict[str, Any]:
        """What trusts this key alone."""
        return {self.id: self.key.public_key()}

    def sign(self, raw: bytes) -> bytes:
        """Return the signature file for a bundle."""
        digest, message = signatures.signed(raw)
        one = signatures.Signature(self.id, self.key.sign(message))
        return signatures.Signatures(signatures.VERSION, digest, (one,)).encode()


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Return a key pair."""
    return Signer()


@pytest.fixture(scope="session")
def stranger() -> Signer:
    """Return another key pair."""
    return Signer()


@dataclass
class Watch:
    """A keeper with all that it stands between, and what it told."""

    keeper: Keeper
    metrics: Metrics
    readiness: Readiness
    told: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """Where the current snapshot is."""
        return self.keeper.store

    @property
    def digest(self) -> str | None:
        """The digest of the bundle that decides."""
        return self.store.current.bundle.digest if self.store.current else None

    def metric(self, name: str, **labels: str) -> float | None:
        """Return the value of a metric."""
        return self.metrics.registry.get_sample_value(f"overbank_webhook_{name}", labels)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once something holds; whoever waits for ever fails."""
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 (what is waited for tells nobody)
                await asyncio.sleep(0.005)


@pytest.fixture
def watch() -> Callable[..., Watch]:
    """Return a maker of keepers; keyword arguments are what they ask of bundles."""

    def make(**trust: Any) -> Watch:
        readiness, metrics = Readiness(), Metrics()
        keeper = Keeper(
            store=Store(readiness),
            trust=Trust(**trust),
            readiness=readiness,
            metrics=metrics,
            gauges=Gauges(metrics.registry),
        )
        made = Watch(keeper, metrics, readiness)
        keeper.tell = lambda kind, place, text: made.told.append((kind, place, text))
        return made

    return make


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Return a function that gives the fields of everything that was logged under one name."""
    with caplog.at_level(logging.DEBUG, logger="overbank.webhook"):

        def find(event: str) -> list[dict[str, Any]]:
            found = [record for record in caplog.records if record.getMessage() == event]
            return [{"level": record.levelname, **getattr(record, "fields", {})} for record in found]

        yield find


@pytest.fixture(scope="session")
def decided() -> Callable[..., Any]:
    """Return a function that gives an engine's decision about a pod of the namespace ``shop`` with these labels."""
    from webhook.engine.pod import Pod  # noqa: PLC0415 (msgspec builds its types when it is imported)

    def decide(engine: Any, **labels: str) -> Any:
        pod = {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [{"name": "a"}]}}
        return engine.admit(msgspec.json.decode(json.dumps(pod), type=Pod), "shop", {})

    return decide
