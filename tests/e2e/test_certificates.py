"""The certificate that replicas share, on a real API server: made once, trusted, repaired, replaced, with the rights of the chart alone."""

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.controlplane.client import ApiError, Client, Object
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.front import Webhook, calls_us
from tests.e2e.controlplane.installation import CONFIGURATION, NAME, NAMESPACE, SECRET, account, authority_of
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import until

EVERYWHERE = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: everywhere}
spec:
  match: {clusters: {all: true}, namespaces: {all: true}, pods: {all: true}}
  inject: {labels: {cost-centre: "4711"}}
"""
VERSION = "admissionregistration.k8s.io/v1"
HOST = f"{NAME}.{NAMESPACE}.svc"
ROTATE = "overbank.dev/rotate"


def _configuration(api: Client) -> Object:
    return api.read("MutatingWebhookConfiguration", CONFIGURATION, version=VERSION)


def _secret(api: Client) -> Object:
    return api.read("Secret", SECRET, NAMESPACE)


def _trusted(api: Client) -> bytes:
    return base64.b64decode(_secret(api)["data"]["ca.crt"])


def _served(replica: Webhook, trusted: bytes) -> bytes:
    """Return the certificate that a replica serves, as whoever trusts these authorities and calls the Service accepts it."""
    context = ssl.create_default_context(cadata=trusted.decode())
    with (
        socket.create_connection(("127.0.0.1", replica.port), 10) as raw,
        context.wrap_socket(raw, server_hostname=HOST) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def _pod(namespace: str, name: str) -> Object:
    spec = {"containers": [{"name": "main", "image": "none"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _ready(api: Client, canary: str) -> None:
    until(lambda: calls_us(api, canary), "the API server calls the webhook by its Service, and trusts it")


def _mutated(api: Client, pod: Object) -> bool:
    """Say whether a pod would be created and get its mutation."""
    try:
        return "cost-centre" in api.create(pod, dry_run=True)["metadata"].get("labels", {})
    except ApiError as error:
        if "webhook" in str(error):
            return False
        raise


def _steps(replicas: Sequence[Webhook]) -> list[str]:
    """End replicas, and return the steps that they took, sorted."""
    return sorted(each["step"] for replica in replicas for each in replica.told("certificates changed"))


def _wish(kubectl: Callable[..., Any], wish: str) -> None:
    """Ask for a rotation as the documentation says."""
    ran = kubectl("-n", NAMESPACE, "annotate", "secret", SECRET, f"{ROTATE}={wish}")
    assert ran.returncode == 0, ran.stderr


def _wished(api: Client) -> bool:
    """Say whether a wish is waiting."""
    return ROTATE in (_secret(api)["metadata"].get("annotations") or {})


@dataclass
class _Trickle:
    """Pods that are created one after another, as a dry run, until one is not or misses its mutation."""

    created: int = 0
    problems: list[str] = field(default_factory=list)

    def goes_on(self) -> None:
        """Return once more pods have been created."""
        before = self.created
        until(lambda: self.created > before + 20 or self.problems, "pods are created with the new certificate")


@contextlib.contextmanager
def _trickle(cluster: Cluster, namespace: str) -> Iterator[_Trickle]:
    done, trickle = threading.Event(), _Trickle()

    def create() -> None:
        while not done.is_set():
            try:
                pod = cluster.api.create(_pod(namespace, f"pod-{trickle.created}"), dry_run=True)
            except (ApiError, OSError, http.client.HTTPException) as error:
                trickle.problems.append(repr(error))
                return
            if "cost-centre" not in pod["metadata"].get("labels", {}):
                trickle.problems.append(f"pod {trickle.created} missed its mutation")
            trickle.created += 1

    thread = threading.Thread(target=create)
    thread.start()
    try:
        yield trickle
    finally:
        done.set()
        thread.join()


def test_replicas_that_start_at_once_share_one_authority(cluster: Cluster, installation: Any) -> None:
    """Two replicas and no Secret: one of them makes it, both serve the same certificate, and the API server trusts it by what they wrote."""
    installation.apply(EVERYWHERE)
    first, second = installation.start(2)
    trusted = _trusted(cluster.api)
    assert trusted.count(b"BEGIN CERTIFICATE") == 1
    assert _served(first, trusted) == _served(second, trusted)
    until(lambda: authority_of(_configuration(cluster.api)) == {base64.b64encode(trusted).decode()}, "caBundle is written")
    assert _steps((first, second)) == ["create"]


def test_an_emptied_bundle_of_authorities_is_written_again(
    cluster: Cluster, installation: Any, kubectl: Callable[..., Any]
) -> None:
    """A second apply leaves ``caBundle`` alone; whoever takes it away sees it come back at once, and pods get their mutation again."""
    (replica,) = installation.launch(1)
    folder = installation.apply(EVERYWHERE, replica.port)
    replica.process.await_ready()
    canary = cluster.namespace()
    _ready(cluster.api, canary)
    before = authority_of(_configuration(cluster.api))
    assert kubectl("apply", "--server-side", "-k", folder).returncode == 0
    assert authority_of(_configuration(cluster.api)) == before
    # What a tool does that replaces instead of applying.
    rendered = kubectl("kustomize", folder).stdout
    (derived,) = [each for each in yaml.safe_load_all(rendered) if each["kind"] == "MutatingWebhookConfiguration"]
    derived["metadata"]["resourceVersion"] = _configuration(cluster.api)["metadata"]["resourceVersion"]
    ran = kubectl("replace", "-f", "-", text=yaml.safe_dump(derived))
    assert ran.returncode == 0, ran.stderr
    until(lambda: authority_of(_configuration(cluster.api)) == before, "caBundle is back")
    # The API server may be about to hear of the configuration without it.
    until(lambda: _mutated(cluster.api, _pod(canary, "after")), "pods get their mutation again")


def test_a_new_authority_costs_no_pod(cluster: Cluster, installation: Any, kubectl: Callable[..., Any]) -> None:
    """While the annotation has the authority replaced, with failurePolicy Fail every pod is created, and every pod is mutated."""
    replicas = installation.launch(2)
    installation.apply(EVERYWHERE, replicas[0].port)
    for each in replicas:
        each.process.await_ready()
    namespace = cluster.namespace()
    _ready(cluster.api, namespace)
    old = _served(replicas[0], _trusted(cluster.api))
    with _trickle(cluster, namespace) as trickle:
        _wish(kubectl, "authority")
        until(
            lambda: all(_served(each, _trusted(cluster.api)) != old for each in replicas),
            "both replicas serve what the new authority signed",
            60,
        )
        served = {_served(each, _trusted(cluster.api)) for each in replicas}
        trickle.goes_on()
    assert trickle.problems == []
    assert len(served) == 1
    assert _trusted(cluster.api).count(b"BEGIN CERTIFICATE") == 2
    assert not _wished(cluster.api)
    assert _steps(replicas) == ["create", "introduce", "promote"]


def test_an_authority_that_may_be_known_is_gone_in_the_end(
    cluster: Cluster, installation: Any, kubectl: Callable[..., Any]
) -> None:
    """The emergency rotation, ``authority`` and then ``retire``: ``caBundle`` ends without the old authority, and no pod notices."""
    replicas = installation.launch(2)
    installation.apply(EVERYWHERE, replicas[0].port)
    for each in replicas:
        each.process.await_ready()
    namespace = cluster.namespace()
    _ready(cluster.api, namespace)
    old, old_served = _trusted(cluster.api), _served(replicas[0], _trusted(cluster.api))
    with _trickle(cluster, namespace) as trickle:
        _wish(kubectl, "authority")
        until(lambda: not _wished(cluster.api), "the new one is introduced")
        # Nobody is leaving yet: the wish waits for the new one to sign, and is not lost.
        _wish(kubectl, "retire")
        until(lambda: old not in _trusted(cluster.api), "the Secret is without the old authority", 60)
        trusted = _trusted(cluster.api)
        wanted = {base64.b64encode(trusted).decode()}
        until(lambda: authority_of(_configuration(cluster.api)) == wanted, "so is caBundle")
        until(lambda: not _wished(cluster.api), "the wish is fulfilled")
        trickle.goes_on()
    assert trickle.problems == []
    assert trusted.count(b"BEGIN CERTIFICATE") == 1
    (served,) = {_served(each, trusted) for each in replicas}
    assert served != old_served
    with pytest.raises(ssl.SSLCertVerificationError):
        _served(replicas[1], old)
    assert _steps(replicas) == ["create", "introduce", "promote", "retire"]


def test_the_rights_of_the_chart_are_enough(cluster: Cluster, installation: Any, kubectl: Callable[..., Any]) -> None:
    """As the ServiceAccount, with the Deployment's arguments, nothing that the webhook asks for is refused, in all that it does."""
    replicas = installation.launch(2)
    folder = installation.apply(EVERYWHERE, replicas[0].port)
    for each in replicas:
        each.process.await_ready()
    namespace = cluster.namespace()
    _ready(cluster.api, namespace)
    # A wish, which is an update; a bundle that is refused, which is an Event; the switch; a namespace.
    assert kubectl("-n", NAMESPACE, "annotate", "secret", SECRET, f"{ROTATE}=server").returncode == 0
    until(lambda: not _wished(cluster.api), "the wish is fulfilled")
    patch = '{"data": {"bundle.json": "{}"}}'
    assert kubectl("-n", NAMESPACE, "patch", "configmap", "overbank-bundle", "--type=merge", "-p", patch).returncode == 0
    until(lambda: replicas[0].events("bundle refused"), "the bundle is refused")
    events = until(lambda: _events(cluster.api, "BundleRefused"), "there is an Event about it")
    assert {each["involvedObject"]["name"] for each in events} == {"overbank-bundle"}
    assert kubectl("apply", "--server-side", "--force-conflicts", "-k", folder).returncode == 0
    assert not [each for replica in replicas for each in replica.told("watch interrupted")]
    assert "forbidden" not in "".join(each.process.log.read_text("utf-8") for each in replicas)


def _events(api: Client, reason: str) -> list[Object] | None:
    return [each for each in api.listed("Event", NAMESPACE) if each["reason"] == reason] or None


@pytest.fixture(scope="module")
def stolen(installed: Path, plane: Plane) -> Iterator[Client]:
    """Return a client with a token of the webhook's ServiceAccount."""
    assert installed
    client = account(plane).client
    yield client
    client.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/pods", None),
        ("GET", "/api/v1/nodes", None),
        ("GET", "/api/v1/secrets", None),
        ("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets", None),
        ("GET", "/api/v1/namespaces/default/configmaps/kube-root-ca.crt", None),
        ("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps", None),
        ("DELETE", f"/api/v1/namespaces/{NAMESPACE}/secrets/{SECRET}", {}),
        ("DELETE", f"/apis/{VERSION}/mutatingwebhookconfigurations/{CONFIGURATION}", {}),
        ("PATCH", f"/apis/{VERSION}/mutatingwebhookconfigurations/other", []),
        ("PATCH", f"/api/v1/namespaces/{NAMESPACE}/configmaps/overbank-emergency", []),
        ("PATCH", "/api/v1/namespaces/default", []),
        ("POST", "/api/v1/namespaces/default/pods", {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}),
        ("POST", "/api/v1/namespaces/default/secrets", {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a"}}),
    ],
)
def test_what_is_not_needed_is_refused(stolen: Client, method: str, path: str, body: object) -> None:
    """A token that is stolen from a replica reads no workload and no other Secret, and changes nothing but what is the webhook's own."""
    content = "application/json-patch+json" if method == "PATCH" else "application/json"
    with pytest.raises(ApiError) as refused:
        stolen.request(method, path, body, content=content)
    assert refused.value.status == http.HTTPStatus.FORBIDDEN
