"""The webhook in front of an API server: a process of its own on the loopback address, and the configuration that leads to it."""

import base64
import contextlib
import copy
import http.client
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.e2e.controlplane.client import ApiError, Client, Object
from tests.e2e.controlplane.processes import Process, free_port, until

PROGRAM: Final = Path(sys.executable).with_name("overbank-webhook")
MARKER: Final = "overbank.dev/placement"

_LOCAL: Final = "127.0.0.1"


@dataclass(slots=True, kw_only=True)
class Webhook:
    """An ``overbank-webhook serve`` that can be stopped and started again, always on the same ports.

    Attributes:
        port: of admission, behind TLS.
        management_port: of health and metrics.
        authority: what it serves with was issued by this (PEM); with ``--self-signed`` it is another one after each start.
    """

    process: Process
    port: int
    management_port: int
    authority: Path

    @property
    def url(self) -> str:
        """Where reviews go to."""
        return f"https://{_LOCAL}:{self.port}/mutate"

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a page of its management port."""
        connection = http.client.HTTPConnection(_LOCAL, self.management_port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of its log that are about an event, as far as they have been written: others may follow a moment later."""
        lines = self.process.log.read_text("utf-8").splitlines() if self.process.log.exists() else []
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [each for each in found if each.get("event") == name]

    def told(self, name: str) -> list[dict[str, Any]]:
        """End it, and return all that it logged about an event: lines wait for others to share a write with, but not beyond the end."""
        self.process.stop()
        return self.events(name)


def webhook(bundle: Path, folder: Path, arguments: Sequence[str | Path] = ("--self-signed",)) -> Webhook:
    """Return a webhook that is not started yet.

    Args:
        bundle: the cluster's ``bundle.json``.
        folder: gets its log and its authority.
        arguments: how it serves; with another certificate than a self-signed one, ``authority`` is for the caller to write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, management = free_port(), free_port()
    authority = folder / "webhook-authority.pem"
    command = [PROGRAM, "serve", "--bundle", bundle, "--port", str(port), "--management-port", str(management), *arguments]
    if "--self-signed" in arguments:
        command += ["--ca-out", authority]
    made = Webhook(
        process=Process(name="overbank-webhook", command=command, ready=lambda: False, log=folder / "webhook.log"),
        port=port,
        management_port=management,
        authority=authority,
    )
    made.process.ready = lambda: made.get("/readyz")[0] == http.client.OK
    return made


@dataclass(slots=True, kw_only=True)
class Registration:
    """How a derived configuration is changed before it is registered, beyond the address.

    A lost call has to be seen: with the configuration's own ``Ignore``, a busy machine would let a pod through unchanged, and the test
    would blame the engine. None keeps what was derived.
    """

    failure_policy: str | None = "Fail"
    timeout_seconds: int | None = 10
    name: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A webhook that the API server calls.

    Attributes:
        webhook: the process.
        configuration: as stored.
    """

    webhook: Webhook
    configuration: Object


def registered(derived: Path, front: Webhook, how: Registration | None = None) -> Object:
    """Return a derived MutatingWebhookConfiguration that leads to a webhook on this machine instead of to a Service.

    Args:
        derived: the file that ``overbank build`` wrote.
        front: the running webhook.
        how: what else differs.
    """
    how = how or Registration()
    manifest: Object = copy.deepcopy(yaml.safe_load(derived.read_bytes()))
    if how.name:
        manifest["metadata"]["name"] = how.name
    trusted = base64.b64encode(front.authority.read_bytes()).decode()
    changes = {
        "clientConfig": {"url": front.url, "caBundle": trusted},
        **({"failurePolicy": how.failure_policy} if how.failure_policy else {}),
        **({"timeoutSeconds": how.timeout_seconds} if how.timeout_seconds else {}),
        **how.changes,
    }
    for each in manifest["webhooks"]:
        each.update(changes)
    return manifest


@contextlib.contextmanager
def registration(client: Client, manifest: Object, namespace: str) -> Iterator[Object]:
    """Register a configuration until the end of the block, and wait until the API server goes by it, both times.

    Args:
        client: an administrator.
        manifest: the configuration.
        namespace: one that is not excluded; pods are tried out in it, by dry run.
    """
    # What a killed run of the same control plane may have left.
    client.delete(manifest)
    until(lambda: not calls_us(client, namespace), "the API server does not call the webhook any more")
    stored = client.create(manifest)
    try:
        until(lambda: calls_us(client, namespace), "the API server calls the webhook")
        yield stored
    finally:
        client.delete(manifest)
        until(lambda: not calls_us(client, namespace), "the API server does not call the webhook any more")


def calls_us(client: Client, namespace: str) -> bool:
    """Say whether the webhook sees pods of a namespace: it takes away a marker that nobody has a right to."""
    metadata = {"name": "is-the-webhook-there", "namespace": namespace, "labels": {MARKER: "nobody"}}
    spec = {"containers": [{"name": "main", "image": "none"}]}
    try:
        admitted = client.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, dry_run=True)
    except ApiError as error:
        if "webhook" in str(error):
            return False
        raise
    return MARKER not in admitted["metadata"].get("labels", {})
