"""A control plane on the loopback address: etcd, API server, controllers and scheduler, each of which can be stopped and started.

Ready within 5 to 15 s on two cores, and about 0.7 GB. Nothing is kept: the data folder goes with the test run.
"""

import http.client
import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.e2e.controlplane.assets import Assets
from tests.e2e.controlplane.authority import Authority, Pair
from tests.e2e.controlplane.callers import Callers, callers
from tests.e2e.controlplane.client import ApiError, Client
from tests.e2e.controlplane.processes import NotReadyError, Process, free_port, until

SCHEDULERS: Final = ("default-scheduler", "ack-co-scheduler", "volcano")
"""Names that the one scheduler answers to. It is Kubernetes' own under each of them: what a vendor's scheduler does beyond the fields of
a pod, such as the order of a ResourcePolicy, is not shown here."""

_LOCAL: Final = "127.0.0.1"
_ATTEMPTS: Final = 3
_NAMES: Final = ("localhost", _LOCAL, "10.0.0.1", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_PROBE_SECONDS: Final = 5

_AUDIT: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "RequestResponse",
            "verbs": ["create"],
            "resources": [{"group": "", "resources": ["pods"]}],
        },
        {"level": "None"},
    ],
}


@dataclass(slots=True, kw_only=True)
class Plane:
    """A running control plane.

    Attributes:
        address: of the API server.
        kubeconfig: of an administrator.
        client: the same administrator's.
        audit_log: JSON lines, one for each creation of a pod, with the annotations that admission left.
        callers: how the API server presents itself to a webhook that asks.
    """

    assets: Assets
    folder: Path
    address: str
    authority: Authority
    kubeconfig: Path
    client: Client
    audit_log: Path
    callers: Callers
    etcd: Process
    api_server: Process
    controllers: Process
    scheduler: Process
    _users: list[Client] = field(default_factory=list, init=False)

    @property
    def processes(self) -> tuple[Process, ...]:
        """All of them, in the order in which they start."""
        return (self.etcd, self.api_server, self.controllers, self.scheduler)

    def user(self, name: str, groups: Sequence[str] = ()) -> tuple[Client, Path]:
        """Return a client, and a kubeconfig, of a user who may do what RBAC grants."""
        pair = self.authority.client(name, groups)
        client = Client(self.address, self.authority.certificate, pair)
        self._users.append(client)
        return client, _kubeconfig(self.folder, self.authority, self.address, name, pair)

    def stop(self) -> None:
        """End all processes."""
        for client in (self.client, *self._users):
            client.close()
        for process in reversed(self.processes):
            process.stop()

    def audited(self, namespace: str) -> list[dict[str, Any]]:
        """Return the audit events about creations of pods in a namespace, oldest first."""
        # A line may be half written.
        events = [json.loads(line) for line in self.audit_log.read_text("utf-8").split("\n")[:-1]]
        return [event for event in events if event["objectRef"].get("namespace") == namespace]


@contextmanager
def running(assets: Assets, folder: Path) -> Iterator[Plane]:
    """Run a control plane whose data and logs are in a folder, until the end of the block.

    Raises:
        NotReadyError: it does not come up; the text has the end of the log of what is to blame.
    """
    plane = _started(assets, folder)
    try:
        yield plane
    finally:
        plane.stop()


def _started(assets: Assets, folder: Path) -> Plane:
    for attempt in range(1, _ATTEMPTS + 1):
        plane = _prepared(assets, folder / f"attempt-{attempt}")
        try:
            for process in plane.processes:
                process.start()
            until(lambda: _has_default_account(plane.client), "the default namespace has its service account", 60)  # noqa: B023
        except BaseException as error:
            for process in reversed(plane.processes):
                process.kill()
            # Between our looking for free ports and their use anybody may take one.
            if attempt < _ATTEMPTS and isinstance(error, NotReadyError) and "address already in use" in str(error):
                continue
            raise
        else:
            return plane
    raise AssertionError


def _prepared(assets: Assets, folder: Path) -> Plane:
    """Choose ports, issue certificates, write what the programs read."""
    authority = Authority(folder / "pki")
    served = authority.server("server", _NAMES)
    etcd_port, peer_port, api_port, controllers_port, scheduler_port = (free_port() for _ in range(5))
    address = f"https://{_LOCAL}:{api_port}"
    administrator = authority.client("administrator", ["system:masters"])
    kubeconfig = _kubeconfig(folder, authority, address, "administrator", administrator)
    accounts = authority.key("service-accounts")
    audit_log = folder / "audit.log"
    audit_log.touch()
    shown = callers(folder / "callers")

    def process(name: str, arguments: Sequence[str], ready: Callable[[], bool]) -> Process:
        command: list[str | Path] = [assets.program(name), *arguments]
        return Process(name=name, command=command, ready=ready, log=folder / f"{name}.log")

    def healthy(port: int, path: str) -> Callable[[], bool]:
        return lambda: _answers(port, path, authority, administrator)

    serving = [f"--bind-address={_LOCAL}", f"--tls-cert-file={served.certificate}", f"--tls-private-key-file={served.key}"]
    return Plane(
        assets=assets,
        folder=folder,
        address=address,
        authority=authority,
        kubeconfig=kubeconfig,
        client=Client(address, authority.certificate, administrator),
        audit_log=audit_log,
        callers=shown,
        etcd=process("etcd", _etcd(folder, etcd_port, peer_port, authority, served), healthy(etcd_port, "/health")),
        api_server=process(
            "kube-apiserver",
            [
                *serving,
                f"--secure-port={api_port}",
                f"--etcd-servers=https://{_LOCAL}:{etcd_port}",
                f"--etcd-cafile={authority.certificate}",
                f"--etcd-certfile={administrator.certificate}",
                f"--etcd-keyfile={administrator.key}",
                f"--client-ca-file={authority.certificate}",
                f"--service-account-key-file={accounts}",
                f"--service-account-signing-key-file={accounts}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--authorization-mode=RBAC",
                f"--advertise-address={_LOCAL}",
                "--endpoint-reconciler-type=none",  # a loopback address is refused as an endpoint
                f"--audit-policy-file={_written(folder / 'audit.yaml', _AUDIT)}",
                f"--audit-log-path={audit_log}",
                "--audit-log-mode=blocking",
                f"--admission-control-config-file={shown.configuration}",
            ],
            healthy(api_port, "/readyz"),
        ),
        controllers=process(
            "kube-controller-manager",
            [
                *serving,
                f"--secure-port={controllers_port}",
                f"--kubeconfig={_component(folder, authority, address, 'kube-controller-manager')}",
                f"--service-account-private-key-file={accounts}",
                f"--root-ca-file={authority.certificate}",
                "--use-service-account-credentials=true",
                "--leader-elect=false",
                "--kube-api-qps=200",
                "--kube-api-burst=400",
            ],
            healthy(controllers_port, "/healthz"),
        ),
        scheduler=process(
            "kube-scheduler",
            [
                *serving,
                f"--secure-port={scheduler_port}",
                f"--config={_written(folder / 'scheduler.yaml', _scheduler(_component(folder, authority, address, 'kube-scheduler')))}",
            ],
            healthy(scheduler_port, "/readyz"),
        ),
    )


def _etcd(folder: Path, port: int, peer_port: int, authority: Authority, served: Pair) -> list[str]:
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=https://{_LOCAL}:{port}",
        f"--advertise-client-urls=https://{_LOCAL}:{port}",
        f"--listen-peer-urls=http://{_LOCAL}:{peer_port}",
        f"--initial-advertise-peer-urls=http://{_LOCAL}:{peer_port}",
        f"--initial-cluster=default=http://{_LOCAL}:{peer_port}",
        f"--cert-file={served.certificate}",
        f"--key-file={served.key}",
        f"--trusted-ca-file={authority.certificate}",
        "--client-cert-auth",
        "--unsafe-no-fsync",  # a machine that crashes takes the tests with it anyway
        "--log-level=warn",
    ]


def _scheduler(kubeconfig: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig), "qps": 200, "burst": 400},
        "leaderElection": {"leaderElect": False},
        "podInitialBackoffSeconds": 1,
        "podMaxBackoffSeconds": 1,
        "profiles": [{"schedulerName": name} for name in SCHEDULERS],
    }


def _component(folder: Path, authority: Authority, address: str, name: str) -> Path:
    return _kubeconfig(folder, authority, address, name, authority.client(f"system:{name}"))


def _kubeconfig(folder: Path, authority: Authority, address: str, name: str, pair: Pair) -> Path:
    cluster = {"server": address, "certificate-authority": str(authority.certificate)}
    user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "e2e", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": name}}],
        "current-context": "e2e",
    }
    return _written(folder / f"{name.replace(':', '-')}.kubeconfig", content)


def _written(path: Path, content: object) -> Path:
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def _answers(port: int, path: str, authority: Authority, pair: Pair) -> bool:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(pair.certificate, pair.key)
    connection = http.client.HTTPSConnection(_LOCAL, port, context=context, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def _has_default_account(client: Client) -> bool:
    try:
        client.read("ServiceAccount", "default", "default")
    except ApiError:
        return False
    return True
