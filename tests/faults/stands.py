"""A webhook in front of a real API server, as a Service of one or two replicas, and what belongs to it in the cluster."""

import base64
import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.e2e.controlplane.client import ApiError, Client, Object
from tests.e2e.controlplane.front import Webhook
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import until
from tests.faults.bundles import NAMESPACE, carried, generation, pod
from tests.faults.ground import Ground
from tests.faults.service import Forwarder, service

NAME: Final = "00-overbank"
HOME: Final = "overbank-system"
BUNDLE: Final = "overbank-bundle"
SECRET: Final = "overbank-webhook-tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What a fault happens to.

    Attributes:
        webhooks: the replicas.
        forwarder: stands for the Service.
    """

    plane: Plane
    webhooks: Sequence[Webhook]
    forwarder: Forwarder

    @property
    def client(self) -> Client:
        """An administrator's."""
        return self.plane.client


@contextlib.contextmanager
def stand(
    ground: Ground, plane: Plane, replicas: int, *, policy: str = "Ignore", live: Path | None = None, drain: int = 1
) -> Iterator[Stand]:
    """Put replicas in front of an API server until the end of the block, with the defaults of a derived configuration but for ``policy``.

    The short form, which is a test, also waits longer for answers: what a busy machine takes its time for is not lost.

    Args:
        ground: of the fault.
        plane: the control plane.
        replicas: how many.
        policy: of failure; by default an unreachable webhook lets pods through, which is what loses mutations.
        live: a kubeconfig, to have bundle, namespaces and certificate from the cluster.
        drain: for so many seconds a replica that ends takes requests still.
    """
    client = plane.client
    for name in (NAMESPACE, HOME):
        _ready(client, name)
    configuration = _configuration(policy)
    client.delete(configuration)
    until(lambda: _numbers(client) == {"none"}, "no webhook is called")
    if live:
        publish(client, 0)
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET, "namespace": HOME}}
        client.delete(secret)
        arguments: list[str | Path] = [
            "--kubeconfig",
            live,
            "--bundle-config-map",
            BUNDLE,
            "--watch-namespaces",
            "--namespace",
            HOME,
        ]
        arguments += ["--tls-secret", SECRET, "--webhook-configuration", NAME, "--drain-delay", str(drain)]
        webhooks = [ground.prepared(arguments) for _ in range(replicas)]
        for each in webhooks:
            # The bundle comes from the cluster, and so must not be named as a file.
            command = list(each.process.command)
            at = command.index("--bundle")
            each.process.command = command[:at] + command[at + 2 :]
    else:
        issued = plane.authority.server("faults-webhook", ["127.0.0.1"])
        webhooks = [
            ground.prepared(("--cert", issued.certificate, "--key", issued.key, "--drain-delay", str(drain)))
            for _ in range(replicas)
        ]
    with service(webhooks) as forwarder:
        trusted = "" if live else base64.b64encode(plane.authority.certificate.read_bytes()).decode()
        configuration = _configuration(policy, forwarder.port, trusted, seconds=2 if ground.long else 10)
        client.create(configuration)
        for each in webhooks:
            each.process.start()
        try:
            until(lambda: _numbers(client) == {"g0"}, "the webhook is called")
            yield Stand(plane=plane, webhooks=webhooks, forwarder=forwarder)
        finally:
            client.delete(configuration)


def publish(client: Client, number: int) -> None:
    """Put a bundle into its ConfigMap."""
    data = {"bundle.json": generation(number).decode()}
    client.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": BUNDLE, "namespace": HOME}, "data": data}, force=True
    )


def _numbers(client: Client) -> set[str]:
    try:
        return carried(client.create(pod(), dry_run=True))
    except (ApiError, json.JSONDecodeError):
        return set()


def _ready(client: Client, name: str) -> None:
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def account() -> bool:
        try:
            client.read("ServiceAccount", "default", name)
        except ApiError:
            return False
        return True

    until(account, f"namespace {name} has its service account")


def _configuration(policy: str, port: int = 1, trusted: str = "", seconds: int = 2) -> Object:
    reach: dict[str, Any] = {"url": f"https://127.0.0.1:{port}/mutate"} | ({"caBundle": trusted} if trusted else {})
    webhook = {
        "name": "placement.overbank.dev",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "reinvocationPolicy": "IfNeeded",
        "failurePolicy": policy,
        "timeoutSeconds": seconds,
        "clientConfig": reach,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    }
    api_version = "admissionregistration.k8s.io/v1"
    return {"apiVersion": api_version, "kind": "MutatingWebhookConfiguration", "metadata": {"name": NAME}, "webhooks": [webhook]}
