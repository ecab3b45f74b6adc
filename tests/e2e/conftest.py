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

from tests.e2e.controlplane import assets as found
from tests.e2e.controlplane.assets import Assets
from tests.e2e.controlplane.client import ApiError, Client, Object, path_of
from tests.e2e.controlplane.crds import install
from tests.e2e.controlplane.front import Registration, Webhook, registered, registration, webhook
from tests.e2e.controlplane.nodes import Kubelets, fleet
from tests.e2e.controlplane.plane import Plane, running
from tests.e2e.controlplane.processes import until

REQUIRED = "OVERBANK_REQUIRE_E2E"
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let all tests of this folder run in one process, one after the other: they share one control plane."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("control-plane"))


@pytest.fixture(scope="session")
def assets() -> Assets:
    """Return the programs of a control plane; without them tests are skipped, or fail where OVERBANK_REQUIRE_E2E is set."""
    programs = found.find()
    if isinstance(programs, Assets):
        return programs
    text = f"NOTHING was shown against a real Kubernetes: {programs}"
    if os.environ.get(REQUIRED):
        pytest.fail(f"{text} ({REQUIRED} is set)")
    pytest.skip(text)


@pytest.fixture(scope="session")
def plane(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Return a control plane that has the vendors' kinds; it is for all tests, so none of them may stop its processes."""
    with running(assets, tmp_path_factory.mktemp("control-plane")) as started:
        install(started.client)
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


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def standing(api: Client) -> Callable[..., str]:
    """Return a function that makes a namespace of a given name ready for pods; it stays for the tests that follow."""

    def make(name: str, labels: dict[str, str] | None = None) -> str:
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}
        api.apply(manifest)
        until(lambda: _has_account(api, name), f"namespace {name} has its service account")
        return name

    return make


@pytest.fixture
def namespace(api: Client, standing: Callable[..., str]) -> Iterator[Callable[..., str]]:
    """Return a function that makes a new namespace with a unique name and labels; it goes with the test."""
    made: list[str] = []

    def make(labels: dict[str, str] | None = None) -> str:
        made.append(standing(f"e2e-{next(_numbers)}", labels))
        return made[-1]

    yield make
    for name in made:
        api.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


@pytest.fixture
def created(api: Client) -> Iterator[Callable[[Object], Object]]:
    """Return a function that creates an object and returns what was stored; it is deleted after the test."""
    made: list[Object] = []

    def make(manifest: Object) -> Object:
        stored = api.create(manifest)
        made.append(stored)
        return stored

    yield make
    for each in reversed(made):
        api.delete(each, seconds=0)
    for each in made:
        until(lambda: _gone(api, each), f"{each['kind']} {each['metadata']['name']} is gone")  # noqa: B023


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A webhook that the API server calls.

    Attributes:
        webhook: the process.
        configuration: as stored.
    """

    webhook: Webhook
    configuration: Object


@pytest.fixture
def front(plane: Plane, standing: Callable[..., str], tmp_path: Path) -> Iterator[Callable[..., Front]]:
    """Return a function that starts a webhook for a rendered cluster and registers its derived configuration, until the test ends.

    Its arguments: the folder ``clusters/<name>`` of the output, what else differs in the configuration, and a namespace that is neither
    excluded nor opted out, to see by when the API server calls.
    """
    numbers = itertools.count(1)
    with contextlib.ExitStack() as ends:

        def serve(cluster: Path, how: Registration | None = None, canary: str = "e2e-canary") -> Front:
            process = webhook(cluster / "webhook" / "bundle.json", tmp_path / f"webhook-{next(numbers)}")
            process.process.start()
            ends.callback(process.process.stop)
            (derived,) = (cluster / "_cluster").glob("mutatingwebhookconfiguration.*.yaml")
            manifest = registered(derived, process, how)
            return Front(webhook=process, configuration=ends.enter_context(registration(plane.client, manifest, standing(canary))))

        yield serve


def _has_account(api: Client, namespace: str) -> bool:
    try:
        api.read("ServiceAccount", "default", namespace)
    except ApiError:
        return False
    return True


def _gone(api: Client, stored: Object) -> bool:
    try:
        current = api.request("GET", path_of(stored))
    except ApiError as error:
        return error.status == 404
    return bool(current["metadata"]["uid"] != stored["metadata"]["uid"])
