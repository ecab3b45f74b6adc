"""The certificate that the API server shows to a webhook, and the file by which it is told to.

Kubernetes, "Dynamic Admission Control", section "Authenticate API servers": a user of the kubeconfig is chosen by the name of the called
Service, with its port where that is not 443. Webhooks that are called by another name or port are called without a certificate.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tests.e2e.controlplane.authority import Authority, Pair
from tests.e2e.controlplane.processes import free_port

NAME: Final = "kube-apiserver-calls-webhooks"
_SERVICE: Final = "overbank-webhook.overbank-system.svc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """How the API server presents itself.

    Attributes:
        authority: has signed the certificate, and nothing else of the control plane.
        pair: what the API server shows, with ``NAME`` as its name.
        port: of the one Service that it is shown to; nobody listens there yet.
        configuration: for ``--admission-control-config-file``.
    """

    authority: Authority
    pair: Pair
    port: int
    configuration: Path


def callers(folder: Path) -> Callers:
    """Issue the certificate, and write the files that the API server reads when it starts."""
    authority = Authority(folder, "overbank-e2e-callers")
    pair, port = authority.client(NAME), free_port()
    kubeconfig, configuration = folder / "kubeconfig.yaml", folder / "configuration.yaml"
    shown = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    users = {"apiVersion": "v1", "kind": "Config", "users": [{"name": f"{_SERVICE}:{port}", "user": shown}]}
    kubeconfig.write_text(yaml.safe_dump(users))
    version = "apiserver.config.k8s.io/v1"
    plugin = {"apiVersion": version, "kind": "WebhookAdmissionConfiguration", "kubeConfigFile": str(kubeconfig)}
    plugins = [{"name": "MutatingAdmissionWebhook", "configuration": plugin}]
    configuration.write_text(yaml.safe_dump({"apiVersion": version, "kind": "AdmissionConfiguration", "plugins": plugins}))
    return Callers(authority=authority, pair=pair, port=port, configuration=configuration)
