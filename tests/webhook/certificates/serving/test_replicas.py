"""Certificates in a Secret that replicas share: one authority, renewed and restored under load, and nobody else's Secret touched."""

import base64
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.webhook.certificates.serving.clients import Load, ask, shown
from tests.webhook.certificates.serving.processes import Process
from webhook.certificates.issuing import self_signed

SECRET = "/api/v1/namespaces/overbank-system/secrets/overbank-certificate"
COLLECTION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
CONFIGURATION = f"{COLLECTION}/00-overbank"


def configuration(ca: bytes = b"") -> dict[str, Any]:
    """Return our webhook configuration as GitOps applies it."""
    service = {"service": {"namespace": "overbank-system", "name": "overbank-webhook"}}
    client_config = service | ({"caBundle": base64.b64encode(ca).decode()} if ca else {})
    return {
        "metadata": {"name": "00-overbank"},
        "webhooks": [{"name": name, "clientConfig": client_config} for name in ("marks.overbank.dev", "pods.overbank.dev")],
    }


def carried(stored: dict[str, Any]) -> set[bytes]:
    """Return what the webhooks of a configuration have for caBundle."""
    return {base64.b64decode(each["clientConfig"].get("caBundle", "")) for each in stored["webhooks"]}


def in_cluster(cluster: Any, folder: Path) -> list[str]:
    """Return the flags of a webhook that shares its certificate."""
    return ["--tls-secret", "overbank-certificate", "--kubeconfig", str(cluster.kubeconfig(folder))]


def test_two_replicas_share_one_authority(start: Callable[..., Process], cluster: Any, tmp_path: Path) -> None:
    """Replicas that start at once serve one certificate, trusted by the caBundle that they wrote; an emptied one is written again."""
    cluster.put(CONFIGURATION, configuration())
    servers = [start(*in_cluster(cluster, tmp_path)) for _ in range(2)]
    stored = cluster.await_object(CONFIGURATION, lambda each: all(carried(each)))
    (ca,) = carried(stored)
    assert ca.count(b"BEGIN CERTIFICATE") == 1
    secret = cluster.get(SECRET)
    assert base64.b64decode(secret["data"]["ca.crt"]) == ca
    assert (secret["type"], secret["metadata"]["labels"]) == ("kubernetes.io/tls", {"overbank.dev/certificates": "self-managed"})
    context = ssl.create_default_context(cadata=ca.decode())
    assert [ask(server.port, context) for server in servers] == [400, 400]
    assert shown(servers[0].port) == shown(servers[1].port)
    while any(server.manage("/readyz")[0] != 200 for server in servers):
        assert all(server.process.poll() is None for server in servers)
    for path, content in ((CONFIGURATION, configuration()), (CONFIGURATION, configuration(self_signed("h", "a").authority or b""))):
        cluster.put(path, content)
        cluster.await_object(CONFIGURATION, lambda each: carried(each) == {ca})
    assert sum(each[:2] == ("POST", SECRET.rpartition("/")[0]) for each in cluster.asked) <= 2
    for server in servers:
        text = json.dumps(server.lines)
        assert "PRIVATE" not in text
        assert secret["data"]["tls.key"] not in text


def test_renewal_and_deletion_under_load(start: Callable[..., Process], cluster: Any, tmp_path: Path) -> None:
    """A renewed certificate, a cut watch, a forgotten history and a deleted Secret: who trusts the caBundle of the moment gets answers."""
    cluster.put(CONFIGURATION, configuration())
    servers = [start(*in_cluster(cluster, tmp_path)) for _ in range(2)]
    cluster.await_object(CONFIGURATION, lambda each: all(carried(each)))
    loads = [Load(lambda server=server: server.port, lambda: carried(cluster.get(CONFIGURATION)).pop()) for server in servers]
    try:
        for server in servers:
            server.await_line("certificate in use")
        secret = cluster.get(SECRET)
        first = secret["data"]["tls.crt"]
        secret["metadata"]["annotations"] = {"overbank.dev/rotate": "server"}
        cluster.put(SECRET, secret)
        cluster.await_object(SECRET, lambda each: each["data"]["tls.crt"] != first)
        for server in servers:
            server.await_line("certificate in use", 2)
        assert "overbank.dev/rotate" not in cluster.get(SECRET)["metadata"]["annotations"]
        cluster.cut()
        cluster.expire()
        before = cluster.get(SECRET)["data"]
        cluster.delete(SECRET)
        again = cluster.await_object(SECRET)["data"]
        assert again["tls.crt"] == before["tls.crt"]
        assert "ca-next.key" in again
        bundle = base64.b64decode(again["ca.crt"])
        assert bundle.count(b"BEGIN CERTIFICATE") == 2
        cluster.await_object(CONFIGURATION, lambda each: carried(each) == {bundle})
        for load in loads:
            load.await_sent(20)
    finally:
        for load in loads:
            load.stop()
    assert not [failure for load in loads for failure in load.failures]


def test_a_foreign_secret_is_left_alone(start: Callable[..., Process], cluster: Any, tmp_path: Path) -> None:
    """What somebody else keeps in the Secret stays; the server says whose label is missing, is not ready, and comes up once it is gone."""
    foreign = {"metadata": {"name": "x"}, "type": "kubernetes.io/tls", "data": {"tls.crt": "YQ==", "tls.key": "Yg=="}}
    kept = cluster.put(SECRET, foreign)
    server = start(*in_cluster(cluster, tmp_path))
    line = server.await_line("certificate not taken", source="secret")
    assert "belongs to somebody else" in line["reason"]
    assert cluster.get(SECRET) == kept
    cluster.delete(SECRET)
    assert server.port
    assert server.metric('overbank_webhook_certificate_reload_failures_total{source="secret"}') == 1
    assert server.metric('overbank_webhook_certificate_stale{source="secret"}') == 0
