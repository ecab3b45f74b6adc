"""What the engine's tests share: fixtures for strategies, oracles and builders."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import jsonpatch
import msgspec
import pytest
from hypothesis.strategies import SearchStrategy

from compiler.ir import ClusterIR
from compiler.model import Platform, WebhookSettings
from compiler.versions import Version
from tests.webhook.engine import builders, oracles
from tests.webhook.engine.strategies.policies import NAMES, drawn_added_policies, drawn_bundles, sealed_bundle
from tests.webhook.engine.strategies.requests import Request, drawn_exempt_requests, drawn_opted_out_requests, drawn_requests
from webhook.engine import patch
from webhook.engine.bundle import Bundle
from webhook.engine.decision import Decision
from webhook.engine.mutate import Engine
from webhook.engine.pod import Pod
from webhook.engine.policy import Policy
from webhook.engine.selector import Selector


class Outcome(NamedTuple):
    """A decision, its patch as the API server reads it, and the pods before and after."""

    sent: dict[str, Any]
    decision: Decision
    operations: list[dict[str, Any]]
    after: dict[str, Any]


@pytest.fixture(scope="session")
def bundles() -> SearchStrategy[Bundle]:
    """Bundles with one to five policies that pass the compiler's rules about single fields."""
    return drawn_bundles()


@pytest.fixture(scope="session")
def added_policies() -> SearchStrategy[Policy]:
    """Policies that come after those of any bundle of ``bundles``."""
    return drawn_added_policies()


@pytest.fixture(scope="session")
def requests() -> SearchStrategy[Request]:
    """Creations of pods that are neither exempt nor opted out."""
    return drawn_requests()


@pytest.fixture(scope="session")
def exempt_requests() -> SearchStrategy[tuple[Request, str]]:
    """Creations of pods that are never patched, and the reason."""
    return drawn_exempt_requests()


@pytest.fixture(scope="session")
def opted_out_requests() -> SearchStrategy[Request]:
    """Creations of pods that carry the opt-out label, or whose namespace does."""
    return drawn_opted_out_requests()


@pytest.fixture(scope="session")
def admit() -> Callable[..., Outcome]:
    """Admit a pod from its JSON, as the server does, and apply the encoded patch with an independent implementation."""

    def admit(
        decider: Bundle | Engine, pod: dict[str, Any], namespace: str = "default", labels: dict[str, str] | None = None
    ) -> Outcome:
        engine = decider if isinstance(decider, Engine) else Engine(decider)
        raw = json.dumps(pod)
        decision = engine.admit(msgspec.json.decode(raw, type=Pod), namespace, labels)
        encoded = patch.encode(decision.operations)
        after = jsonpatch.JsonPatch.from_string(encoded.decode()).apply(json.loads(raw))
        return Outcome(json.loads(raw), decision, json.loads(encoded), after)

    return admit


@pytest.fixture(scope="session")
def selects() -> Callable[[Selector, dict[str, str]], bool]:
    """Evaluate a label selector as its documentation says."""
    return oracles.selects


@pytest.fixture(scope="session")
def scan() -> oracles.Scan:
    """Find the matching policies by looking at each of them."""
    return oracles.scan


@pytest.fixture(scope="session")
def tolerated() -> oracles.Tolerated:
    """Enumerate what a toleration tolerates, in a small universe of taints."""
    return oracles.tolerated


@pytest.fixture(scope="session")
def policy_of() -> Callable[..., Policy]:
    """Make a policy that holds for every pod, but for what is given."""
    return builders.policy_of


@pytest.fixture(scope="session")
def bundle_of() -> Callable[..., Bundle]:
    """Make a bundle of policies, in their order."""
    return builders.bundle_of


@pytest.fixture(scope="session")
def cluster_ir() -> Callable[..., ClusterIR]:
    """Make the normal form of a cluster around a bundle."""

    def cluster_ir(bundle: Bundle | None = None, kubernetes: str = "1.30") -> ClusterIR:
        bundle = bundle or sealed_bundle([], NAMES)
        return ClusterIR(
            name=bundle.cluster.name,
            platform=Platform.ACK_PRO,
            kubernetes=Version.parse(kubernetes),
            webhook=WebhookSettings(
                namespace="overbank-system",
                failure_policy="Ignore",
                timeout_seconds=2,
                excluded_namespaces=bundle.excluded_namespaces,
            ),
            resource_policies=(),
            bundle=bundle,
            origins={},
        )

    return cluster_ir
