"""The webhook as it is installed: the arguments of the Deployment, the rights of the ServiceAccount, and the Service that is called.

There are no kubelets that run containers, so the processes are ours. What differs from a pod: ports and addresses, and a kubeconfig with the
ServiceAccount's token in place of the mounted one.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.e2e.controlplane.client import Client, Object
from tests.e2e.controlplane.front import PROGRAM, Webhook
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import Process, free_port

NAMESPACE: Final = "overbank-system"
NAME: Final = "overbank-webhook"
CONFIGURATION: Final = "00-overbank"
SECRET: Final = "overbank-webhook-tls"
BUNDLE: Final = "overbank-bundle"
SETTLE_SECONDS: Final = 8
"""What takes the place of the two minutes within which an API server hears of a new authority: a busy one may take seconds."""

_HASTENED: Final = Path(__file__).with_name("hastened.py")
_ADDRESSES: Final = ("--host=", "--management-host=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The webhook's ServiceAccount: a client, and a kubeconfig with its token."""

    client: Client
    kubeconfig: Path


def account(plane: Plane) -> Account:
    """Ask the API server for a token of the ServiceAccount, as a kubelet does for a pod."""
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{NAME}/token"
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = str(plane.client.request("POST", path, asked)["status"]["token"])
    server = {"server": plane.address, "certificate-authority": str(plane.authority.certificate)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "e2e", "cluster": server}],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": NAME}}],
        "current-context": "e2e",
    }
    kubeconfig = plane.folder / "webhook-account.yaml"
    kubeconfig.write_text(yaml.safe_dump(config))
    return Account(client=Client(plane.address, plane.authority.certificate, token=token), kubeconfig=kubeconfig)


def arguments(base: Path) -> list[str]:
    """Return the Deployment's arguments, but for the addresses that a pod listens on."""
    (path,) = base.glob("deployment.*.yaml")
    (container,) = yaml.safe_load(path.read_text())["spec"]["template"]["spec"]["containers"]
    return [each for each in container["args"] if not each.startswith(_ADDRESSES)]


def replica(base: Path, kubeconfig: Path, folder: Path, more: Sequence[str | Path] = ()) -> Webhook:
    """Return a replica that is not started yet, whose waits in a rotation are shorter."""
    folder.mkdir(parents=True, exist_ok=True)
    port, management = free_port(), free_port()
    local = ["--port", str(port), "--management-port", str(management), "--namespace", NAMESPACE, "--kubeconfig", kubeconfig]
    command = [sys.executable, _HASTENED, str(SETTLE_SECONDS), *arguments(base), *local, *more]
    assert PROGRAM.is_file()
    process = Process(name=folder.name, command=command, ready=lambda: False, log=folder / "webhook.log")
    made = Webhook(process=process, port=port, management_port=management, authority=folder / "webhook-authority.pem")
    process.ready = lambda: made.get("/readyz")[0] == 200
    return made


def routed(client: Client) -> None:
    """Let the Service lead to this machine: to a name, since a Service of addresses may not have loopback ones."""
    service = client.read("Service", NAME, NAMESPACE)
    client.delete(service)
    metadata = {"name": NAME, "namespace": NAMESPACE}
    client.create(
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"type": "ExternalName", "externalName": "127.0.0.1"}}
    )


def overlay(rendered: Path, folder: Path, port: int, **changes: Any) -> Path:
    """Return a kustomization of a cluster's rendered folder in which the webhook is called on another port.

    The port of a Service that is a name is the caller's. ``failurePolicy`` is Fail, so that a call that is lost is seen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = {"failurePolicy": "Fail", "timeoutSeconds": 10, **changes}
    operations = [
        {"op": "replace", "path": f"/webhooks/{index}/{field}", "value": value}
        for index in (0, 1)
        for field, value in (("clientConfig/service/port", port), *values.items())
    ]
    target = {"kind": "MutatingWebhookConfiguration"}
    # kustomize takes folders by relative paths alone.
    base = Path(*[".."] * len(folder.resolve().parts[1:]), *rendered.resolve().parts[1:])
    content = {"resources": [str(base)], "patches": [{"target": target, "patch": yaml.safe_dump(operations)}]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))
    return folder


def authority_of(configuration: Object) -> set[str]:
    """Return the values of ``caBundle``, an empty one where there is none."""
    return {each["clientConfig"].get("caBundle", "") for each in configuration["webhooks"]}
