"""A real control plane for all tests below, nodes without machines, webhooks in front of it, and namespaces of a test's own."""

import contextlib
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.controlplane.assets import Assets, find
from tests.e2e.controlplane.client import Client
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.crds import install
from tests.e2e.controlplane.front import Front, Registration, Webhook, registered, registration, webhook
from tests.e2e.controlplane.installation import NAME, NAMESPACE, SECRET, Account, account, overlay, replica, routed
from tests.e2e.controlplane.nodes import Kubelets, fleet
from tests.e2e.controlplane.parameters import keep
from tests.e2e.controlplane.plane import Plane, running
from tests.e2e.controlplane.processes import until

SITE = """\
apiVersion: overbank.dev/v1alpha1
kind: Repository
spec: {}
---
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: site}
spec:
  platform: kubernetes
  kubernetesVersion: "1.36"
  pools:
  - {name: idc, type: idc, nodeSelector: {zone: b}}
  - {name: cloud, type: ecs, nodeSelector: {alibabacloud.com/nodepool-id: np7b30xxx}}
  - {name: vnodes, type: vnode}
"""
"""A cluster without a vendor's scheduler; its pools are nodes of ``nodes.FLEET``."""

REQUIRED = "OVERBANK_REQUIRE_E2E"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a control plane where its programs are missing, or fail where OVERBANK_REQUIRE_E2E is set.

    It happens here and not in a fixture, so that pytest folds all these skips into one line of its summary.
    """
    if "plane" not in getattr(item, "fixturenames", ()):
        return
    programs = find()
    if isinstance(programs, str):
        text = f"NOTHING was shown against a real Kubernetes: {programs}"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{text} ({REQUIRED} is set)", pytrace=False)
        pytest.skip(text)


@pytest.fixture(scope="session")
def assets() -> Assets:
    """Return the programs of a control plane."""
    programs = find()
    assert isinstance(programs, Assets), programs
    return programs


@pytest.fixture(scope="session")
def plane(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Return a control plane that has the vendors' kinds; it is for all tests, so none of them may stop its processes."""
    with running(assets, tmp_path_factory.mktemp("control-plane")) as started:
        install(started.client)
        keep(started.client)
        yield started


@pytest.fixture(scope="session")
def kubelets(plane: Plane) -> Iterator[Kubelets]:
    """Return the kubelets of ``nodes.FLEET``, which is in the cluster."""
    with fleet(plane.client) as started:
        yield started


@pytest.fixture(scope="session")
def api(plane: Plane) -> Client:
    """Return an administrator's client."""
    return plane.client


@pytest.fixture(scope="session")
def kubectl(plane: Plane) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs kubectl as an administrator; it may fail."""

    def run(*arguments: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [plane.assets.kubectl, "--kubeconfig", plane.kubeconfig, "--cache-dir", plane.folder / "kubectl", *arguments]
        # kubectl would ask the terminal's user about colours and editors.
        environment = {"PATH": os.environ["PATH"], "HOME": str(plane.folder)}
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False, env=environment)

    return run


@pytest.fixture(scope="module")
def installed(kubectl: Callable[..., subprocess.CompletedProcess[str]]) -> Iterator[Path]:
    """Install the kustomize base, and return its folder; only the namespace stays, since a namespace takes long to go."""
    base = Path(__file__).parent.parent.parent / "deploy" / "kustomize" / "base"
    ran = kubectl("apply", "--server-side", "--force-conflicts", "--validate=strict", "-k", base)
    assert ran.returncode == 0, ran.stderr
    until(lambda: kubectl("-n", NAMESPACE, "get", "serviceaccount", "default").returncode == 0, "the namespace is ready for pods")
    yield base
    for path in sorted(base.glob("*-overbank-webhook*.yaml")):
        kubectl("delete", "--ignore-not-found", "-f", path)


@pytest.fixture
def cluster(plane: Plane, kubelets: Kubelets) -> Iterator[Cluster]:
    """Return a cluster with nodes; what is created through it goes with the test."""
    assert kubelets
    made = Cluster(plane)
    yield made
    made.clean()


@pytest.fixture
def built(overbank: Callable[..., Any], tmp_path: Path) -> Callable[[Path], Path]:
    """Return a function that runs the real ``overbank build`` on a repository and returns the folder of its output."""
    numbers = itertools.count(1)

    def build(repository: Path) -> Path:
        folder = tmp_path / f"rendered-{next(numbers)}"
        ran = overbank("build", repository, "--output", folder)
        assert ran.returncode == 0, ran.stderr.decode()
        return folder

    return build


@pytest.fixture
def front(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., Front]]:
    """Return a function that starts a webhook for a rendered cluster and registers its derived configuration, until the test ends.

    Its arguments: the folder ``clusters/<name>`` of the output, what else differs in the configuration, and a namespace that is neither
    excluded nor opted out, by which it is seen when the API server calls.
    """
    numbers = itertools.count(1)
    with contextlib.ExitStack() as ends:

        def serve(rendered: Path, how: Registration | None = None, canary: str = "e2e-canary") -> Front:
            process = webhook(rendered / "webhook" / "bundle.json", tmp_path / f"webhook-{next(numbers)}")
            process.process.start()
            ends.callback(process.process.stop)
            (derived,) = (rendered / "_cluster").glob("mutatingwebhookconfiguration.*.yaml")
            manifest = registered(derived, process, how)
            return Front(
                webhook=process, configuration=ends.enter_context(registration(cluster.api, manifest, cluster.standing(canary)))
            )

        yield serve


@pytest.fixture
def site(built: Callable[[Path], Path], front: Callable[..., Front], write: Callable[..., Path]) -> Callable[..., Front]:
    """Return a function that compiles policies for the cluster of ``SITE``, and puts a webhook with them in front of the API server.

    Its arguments: the policies, as one text of YAML in which the cluster is called ``site``, and what ``front`` takes.
    """
    numbers = itertools.count(1)

    def serve(policies: str, **options: Any) -> Front:
        repository = write({"overbank.yaml": SITE, "policies.yaml": policies}, f"site-{next(numbers)}")
        return front(built(repository) / "clusters" / "site", **options)

    return serve


@dataclass(slots=True, kw_only=True)
class Installed:
    """The webhook as installed, with a cluster's rendered folder beside it.

    Attributes:
        account: the ServiceAccount that replicas run as.
        start: starts so many replicas at once, with further arguments, and waits until they are ready.
        apply: applies the build of policies (YAML in which the cluster is called ``site``) as docs/operations.md says; the port is that of the
            replica to be called. Returns the overlay that was applied.
    """

    account: Account
    start: Callable[..., list[Webhook]]
    launch: Callable[..., list[Webhook]]
    apply: Callable[..., Path]


@pytest.fixture
def installation(
    *,
    installed: Path,
    plane: Plane,
    kubelets: Kubelets,
    kubectl: Callable[..., subprocess.CompletedProcess[str]],
    built: Callable[[Path], Path],
    write: Callable[..., Path],
    tmp_path: Path,
) -> Iterator[Installed]:
    """Return the installed webhook before anything runs; afterwards all that was applied or made is gone but the installation."""
    numbers = itertools.count(1)
    applied: list[Path] = []
    assert kubelets
    who = account(plane)
    routed(plane.client)
    with contextlib.ExitStack() as ends:

        def launch(count: int, *more: str | Path, base: Path = installed) -> list[Webhook]:
            made = [replica(base, who.kubeconfig, tmp_path / f"replica-{next(numbers)}", more) for _ in range(count)]
            for each in made:
                each.process.launch()
                ends.callback(each.process.kill)
            return made

        def start(count: int, *more: str | Path) -> list[Webhook]:
            made = launch(count, *more)
            for each in made:
                each.process.await_ready()
            return made

        def apply(policies: str, port: int = 443, site: str = SITE, **changes: Any) -> Path:
            number = next(numbers)
            repository = write({"overbank.yaml": site, "policies.yaml": policies}, f"installed-{number}")
            rendered = built(repository) / "clusters" / "site"
            folder = overlay(rendered, tmp_path / f"overlay-{number}", port, **changes)
            ran = kubectl("apply", "--server-side", "--validate=strict", "-k", folder)
            assert ran.returncode == 0, ran.stderr
            applied.append(folder)
            return folder

        try:
            yield Installed(account=who, start=start, launch=launch, apply=apply)
        finally:
            for folder in applied:
                kubectl("delete", "--ignore-not-found", "-k", folder)
            # A replica that runs would put the Secret back.
            ends.close()
            for kind, name in (("Secret", SECRET), ("Service", NAME), ("ConfigMap", "overbank-emergency")):
                plane.client.delete({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}})
            who.client.close()
    kubectl("apply", "--server-side", "--force-conflicts", "-k", installed)
