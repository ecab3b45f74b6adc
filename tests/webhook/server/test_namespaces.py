"""Namespaces of the cluster: watched labels win, declared ones hold until and unless there are others, and readiness waits, but not for ever."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from webhook.kube.access import connect
from webhook.kube.reflector import Pace
from webhook.namespaces import PART, PATH, Namespaces, follow
from webhook.readiness import Readiness

MakeReview = Callable[..., dict[str, Any]]
Launch = Callable[..., Any]
QUICK = Pace(first_wait_seconds=0.01, longest_wait_seconds=0.05)


def namespace(**labels: str) -> dict[str, Any]:
    """Return a namespace with labels, and with what else the API server says of it."""
    kept = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    return {"metadata": {"labels": kept, "managedFields": [{"manager": "kubectl"}]}, "status": {"phase": "Active"}}


def sample(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """Return a sample of the namespace metrics."""
    return registry.get_sample_value(f"overbank_webhook_namespaces{name}", labels)


class Table(Namespaces):
    """A table that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = asyncio.Event()

    def take(self, objects: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over, and say so."""
        super().take(objects)
        self.taken.set()


@dataclass(slots=True)
class Held(Readiness):
    """A readiness that can be waited for."""

    released: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hold(PART, "namespaces not synced")

    def release(self, part: str) -> None:
        """Release, and say so."""
        Readiness.release(self, part)
        self.released.set()


@contextlib.asynccontextmanager
async def following(
    cluster: Any, folder: Path, namespaces: Namespaces, readiness: Readiness, patience: float
) -> AsyncIterator[None]:
    """Watch the namespaces of the fake cluster meanwhile."""
    async with await connect(cluster.kubeconfig(folder)) as api, asyncio.timeout(30):
        task = asyncio.create_task(follow(namespaces, api, readiness, patience=patience, pace=QUICK))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_knows_labels_and_nothing_else(cluster: Any, tmp_path: Path) -> None:
    """Of a namespace its labels are kept, none at all included, and the metrics say how many there are."""
    cluster.put(f"{PATH}/a", namespace(tier="web"))
    cluster.put(f"{PATH}/b", {"metadata": {}})
    namespaces, readiness, registry = Table(), Held(), CollectorRegistry()
    namespaces.export(registry, lambda: 7, watching=True)
    assert sample(registry, "_synced") == 0

    async def main() -> None:
        async with following(cluster, tmp_path, namespaces, readiness, patience=30):
            await readiness.released.wait()

    asyncio.run(main())
    assert dict(namespaces.live) == {"a": {"tier": "web"}, "b": {}}
    assert (sample(registry, "_synced"), sample(registry, "", source="watched"), sample(registry, "", source="declared")) == (
        1,
        2,
        7,
    )
    assert (sample(registry, "_refreshed_timestamp_seconds") or 0) > 1.7e9


def test_waits_no_longer_than_it_was_told(cluster: Any, tmp_path: Path) -> None:
    """Where the list does not come readiness is given after the patience, the metric says that there is no list, and it is taken when it comes."""
    cluster.put(f"{PATH}/a", namespace())
    cluster.refuse += [("GET", PATH, 403)] * 1000
    namespaces, readiness, registry = Table(), Held(), CollectorRegistry()
    namespaces.export(registry, lambda: 0, watching=True)

    async def main() -> None:
        async with following(cluster, tmp_path, namespaces, readiness, patience=0.1):
            await readiness.released.wait()
            assert sample(registry, "_synced") == 0
            cluster.refuse.clear()
            await namespaces.taken.wait()

    asyncio.run(main())
    assert dict(namespaces.live) == {"a": {}}


def test_without_a_watch_there_is_none_to_be_broken() -> None:
    """Metrics of a watch exist only where there is one, so that no alert asks after it."""
    registry = CollectorRegistry()
    Namespaces().export(registry, lambda: 3, watching=False)
    assert sample(registry, "", source="declared") == 3
    assert sample(registry, "_synced") is None


class Watching:
    """A real server that watches the fake cluster."""

    def __init__(self, server: Any, review: MakeReview, pod: dict[str, Any]) -> None:
        self.server = server
        self._review = review
        self._pod = pod

    def policies(self, name: str) -> list[str]:
        """Return the policies that change a pod of a namespace."""
        answer = self.server.call(self._review(self._pod, namespace=name))
        marks = answer.response.get("auditAnnotations", {}).get("applied", "")
        return [mark.partition("@")[0] for mark in marks.split(",") if mark]

    def await_policies(self, name: str, *wanted: str) -> None:
        """Return once a pod of a namespace is changed by these policies."""
        while self.policies(name) != list(wanted):
            assert self.server.process.poll() is None


def test_selectors_follow_the_cluster(
    launch: Launch, cluster: Any, tmp_path: Path, make_review: MakeReview, pod: dict[str, Any]
) -> None:
    """A label that is set, changed or removed in the cluster counts for the next pod; so does opting out; a deleted namespace is as declared."""
    labelled = namespace(tier="web", kubernetes_io__metadata_name="default")["metadata"]["labels"]
    assert "kubernetes.io/metadata.name" in labelled
    cluster.put(f"{PATH}/default", {"metadata": {"labels": labelled}})
    server = launch("--watch-namespaces", "--kubeconfig", str(cluster.kubeconfig(tmp_path)))
    while server.manage("/readyz")[0] != 200:
        assert server.process.poll() is None
    watching = Watching(server, make_review, pod)
    assert watching.policies("default") == ["gpu-demo", "web-defaults"]
    cluster.put(f"{PATH}/default", namespace(tier="batch"))
    watching.await_policies("default", "gpu-demo")
    cluster.put(f"{PATH}/default", namespace(overbank_dev__inject="false"))
    watching.await_policies("default")
    cluster.put(f"{PATH}/new", {"metadata": {"labels": labelled}})
    watching.await_policies("new", "web-defaults")
    cluster.delete(f"{PATH}/new")
    watching.await_policies("new")
    cluster.delete(f"{PATH}/default")
    watching.await_policies("default", "gpu-demo", "web-defaults")
    text = server.manage("/metrics")[2]
    assert 'overbank_webhook_namespaces{source="watched"} 0.0' in text
    assert "overbank_webhook_namespaces_synced 1.0" in text
    server.process.terminate()
    assert server.end()[0] == 0


def test_is_not_ready_until_namespaces_are_known(launch: Launch, cluster: Any, tmp_path: Path) -> None:
    """Readiness names the reason while the first list is missing, and is given once the patience is over."""
    cluster.refuse += [("GET", PATH, 503)] * 1000
    kubeconfig = str(cluster.kubeconfig(tmp_path))
    server = launch("--watch-namespaces", "--kubeconfig", kubeconfig, "--namespace-patience", "9999")
    status, _, text = server.manage("/readyz")
    assert (status, json.loads(text)["reason"]) == (503, "namespaces not synced")
    impatient = launch("--watch-namespaces", "--kubeconfig", kubeconfig, "--namespace-patience", "0")
    while impatient.manage("/readyz")[0] != 200:
        assert impatient.process.poll() is None
    assert "overbank_webhook_namespaces_synced 0.0" in impatient.manage("/metrics")[2]


def test_a_cluster_that_cannot_be_reached_is_told_in_one_line(command: Any, bundle_file: Path, tmp_path: Path) -> None:
    """No kubeconfig and no pod, or a file that is none, ends the start with exit code 2; without a watch nobody looks for a cluster."""
    start = ("serve", "--bundle", str(bundle_file), "--self-signed", "--port", "0", "--management-port", "0", "--watch-namespaces")
    broken = tmp_path / "kubeconfig"
    broken.write_text("{}")
    for more, reason in (((), "no --kubeconfig is given"), (("--kubeconfig", str(broken)), str(broken))):
        result = command(*start, *more, KUBERNETES_SERVICE_HOST="")  # the tests may run in a pod themselves
        assert result.returncode == 2, result.stderr
        assert result.stderr.count("\n") == 1
        assert reason in result.stderr


@pytest.mark.parametrize("path", ["/metrics"])
def test_unknown_namespaces_are_counted(launch: Launch, make_review: MakeReview, pod: dict[str, Any], path: str) -> None:
    """A pod of a namespace that is neither watched nor declared counts as such."""
    server = launch()
    assert server.call(make_review(pod, namespace="nowhere")).operations == []
    assert "overbank_webhook_unknown_namespaces_total 1.0" in server.manage(path)[2]
