"""``--client-ca`` before a real API server: it shows its certificate where its AdmissionConfiguration says so, and nobody else gets in."""

import http.client
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.controlplane.authority import Authority, Pair
from tests.e2e.controlplane.callers import NAME as API_SERVER
from tests.e2e.controlplane.client import ApiError, Object
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.front import Webhook, calls_us
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

Guarded = Callable[[Path], Webhook]


@pytest.fixture
def guarded(installation: Any, plane: Plane) -> Guarded:
    """Return a function that starts an installed replica on the port for which the API server has a certificate, and has it called.

    Its argument: the file with the authorities of those who may connect; the API server's name is asked for as well.
    """

    def start(authorities: Path) -> Webhook:
        port = plane.callers.port
        more = ("--client-ca", authorities, "--client-name", API_SERVER, "--port", str(port))
        (replica,) = installation.launch(1, *more)
        replica.port = port
        installation.apply(EVERYWHERE, port)
        replica.process.await_ready()
        return replica  # type: ignore[no-any-return]

    return start


def _pod(namespace: str, name: str) -> Object:
    spec = {"containers": [{"name": "main", "image": "none"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _connection(replica: Webhook, pair: Pair | None) -> http.client.HTTPSConnection:
    context = ssl._create_unverified_context()
    if pair:
        context.load_cert_chain(pair.certificate, pair.key)
    return http.client.HTTPSConnection("127.0.0.1", replica.port, context=context, timeout=10)


def _status(connection: http.client.HTTPSConnection) -> int:
    connection.request("POST", "/mutate", b"{}", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _refused(replica: Webhook, pair: Pair | None) -> bool:
    connection = _connection(replica, pair)
    try:
        _status(connection)
    except (OSError, http.client.HTTPException):
        return True
    finally:
        connection.close()
    return False


def _metric(replica: Webhook, series: str) -> float:
    lines = replica.get("/metrics")[1].splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"overbank_webhook_{series} "))


def test_the_api_server_gets_in_and_others_do_not(cluster: Cluster, guarded: Guarded, plane: Plane, tmp_path: Path) -> None:
    """Pods get their mutation; callers without a certificate, with a stranger's, or with another name, get no answer."""
    replica = guarded(plane.callers.authority.certificate)
    namespace = cluster.namespace()
    until(lambda: calls_us(cluster.api, namespace), "the API server calls the webhook, and shows its certificate")
    assert cluster.create(_pod(namespace, "mutated"))["metadata"]["labels"] == {"cost-centre": "4711"}
    assert not _refused(replica, plane.callers.pair)
    impostor = Authority(tmp_path / "impostor", "overbank-e2e-callers").client(API_SERVER)
    for pair in (None, impostor, plane.callers.authority.client("somebody-else")):
        assert _refused(replica, pair)
    assert _metric(replica, 'connections_refused_total{reason="client_certificate"}') == 2
    assert _metric(replica, 'connections_refused_total{reason="client_name"}') == 1


def test_an_api_server_without_a_certificate_is_refused(cluster: Cluster, installation: Any, plane: Plane) -> None:
    """On a port that the API server's kubeconfig does not name it shows nothing, and the pod's author is told why."""
    more = ("--client-ca", plane.callers.authority.certificate)
    (replica,) = installation.launch(1, *more)
    namespace = cluster.namespace()
    installation.apply(EVERYWHERE, replica.port)
    replica.process.await_ready()

    def refusal() -> str | None:
        try:
            cluster.api.create(_pod(namespace, "refused"), dry_run=True)
        except ApiError as error:
            return str(error)
        return None

    # Until the API server has read caBundle, it is the one who refuses.
    until(lambda: "certificate required" in (refusal() or ""), "the API server is asked for its certificate")


def test_authorities_of_clients_are_replaced_while_it_runs(
    cluster: Cluster, guarded: Guarded, plane: Plane, tmp_path: Path
) -> None:
    """A file of authorities is heeded as soon as it changes: who was refused gets in, who was let in is not again; connections stay."""
    ours, other = plane.callers.authority.certificate.read_bytes(), Authority(tmp_path / "other", "other")
    file = tmp_path / "authorities.pem"
    file.write_bytes(other.certificate.read_bytes())
    replica = guarded(file)
    namespace = cluster.namespace()
    until(lambda: _refusals(cluster, replica, namespace), "the API server is refused")
    file.write_bytes(other.certificate.read_bytes() + ours)
    until(lambda: calls_us(cluster.api, namespace), "the API server gets in as soon as its authority is in the file")
    assert not _refused(replica, other.client(API_SERVER))
    open_since = _connection(replica, plane.callers.pair)
    assert _status(open_since) == http.HTTPStatus.BAD_REQUEST
    file.write_bytes(other.certificate.read_bytes())
    until(lambda: _refused(replica, plane.callers.pair), "its authority is not trusted any more")
    assert _status(open_since) == http.HTTPStatus.BAD_REQUEST
    open_since.close()
    assert not _refused(replica, other.client(API_SERVER))
    assert _metric(replica, 'certificate_reloads_total{source="client_ca"}') == 3


def _refusals(cluster: Cluster, replica: Webhook, namespace: str) -> float:
    """Have the API server call the webhook once, and return how many clients were refused for their certificate."""
    assert not calls_us(cluster.api, namespace)
    return _metric(replica, 'connections_refused_total{reason="client_certificate"}')
