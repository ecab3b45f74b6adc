"""Faults in a cluster: replicas that die or leave, a control plane that goes away, watches that break, certificates that are renewed."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import yaml

from tests.e2e.controlplane.client import Client
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import until
from tests.faults.bundles import carried, pod
from tests.faults.ground import Ground, complaints, metric
from tests.faults.load import creations
from tests.faults.service import Forwarder, rest
from tests.faults.stands import HOME, SECRET, Stand, publish, stand
from tests.faults.tally import Row, Tally

_ROTATE: Final = "overbank.dev/rotate"
_OPEN: Final = "overbank_webhook_open_connections"


def _beaten(ground: Ground, plane: Plane, replicas: int, policy: str, *, gently: bool = False) -> Row:
    """Take one replica after the other out, and bring it back, under load."""
    times = 6 if ground.long else 2
    # Readiness is looked at each 0.2 s, and later on a busy machine; an upgrade's replicas stay for long after they are not ready.
    with stand(ground, plane, replicas, policy=policy, drain=4 if gently else 1) as made, creations(plane.client) as tally:
        for number in range(times):
            rest(ground.seconds / times)
            victim = made.webhooks[number % replicas].process
            if gently:
                victim.stop()
            else:
                victim.kill()
            victim.start()
            until(lambda: _answers(made), "pods are changed again")
    how = "SIGTERM" if gently else "SIGKILL"
    number = "1 replica" if replicas == 1 else f"{replicas} replicas"
    return Row.of(f"{how} {times} times, {number}, failurePolicy {policy}", tally, _says(policy, replicas, gently=gently))


def _says(policy: str, replicas: int, *, gently: bool) -> str:
    if gently:
        return "as in an upgrade: not ready, then gone"
    away = (
        "while it is away and starts"
        if replicas == 1
        else "only those that were under way to the dead one, or came before it was missed"
    )
    if policy == "Ignore":
        return f"lost: {away}; the backstop policy reports such pods, and `overbank sweep` finds them"
    return f"failed: {away}; their controllers try again, and nothing goes through unchanged"


def killed_one_ignore(ground: Ground, plane: Plane) -> Row:
    """Kill the only replica; pods go through meanwhile."""
    return _beaten(ground, plane, 1, "Ignore")


def killed_one_fail(ground: Ground, plane: Plane) -> Row:
    """Kill the only replica; pods are refused meanwhile."""
    return _beaten(ground, plane, 1, "Fail")


def killed_two_ignore(ground: Ground, plane: Plane) -> Row:
    """Kill one of two replicas."""
    return _beaten(ground, plane, 2, "Ignore")


def killed_two_fail(ground: Ground, plane: Plane) -> Row:
    """Kill one of two replicas, where pods are refused rather than let through."""
    return _beaten(ground, plane, 2, "Fail")


def ended_two(ground: Ground, plane: Plane) -> Row:
    """End one of two replicas as an upgrade does."""
    return _beaten(ground, plane, 2, "Ignore", gently=True)


def renewed(ground: Ground, plane: Plane) -> Row:
    """Ask for new server certificates of the self-managed authority, under load."""
    times = 4 if ground.long else 1
    client = plane.client
    tally = Tally()
    with stand(ground, plane, 2, live=plane.kubeconfig) as made:
        for _ in range(times):
            with creations(client, tally=tally):
                before = client.read("Secret", SECRET, HOME)
                client.patch(before, {"metadata": {"annotations": {_ROTATE: "server"}}})
                until(lambda: _certificate(client) != before["data"]["tls.crt"], "it is renewed", 60)  # noqa: B023
                rest(ground.seconds / times)
            # Kept connections never see a certificate again, so the load goes on over new ones; cutting them under way is another fault.
            made.forwarder.cut()
            until(lambda: not any(metric(each, _OPEN) for each in made.webhooks), "all connections are closed")
            with creations(client, tally=tally):
                rest(ground.seconds / times)
    return Row.of(
        f"self-managed certificate renewed {times} times, 2 replicas", tally, "under load, which then goes on over new connections"
    )


def _certificate(client: Client) -> str:
    return str(client.read("Secret", SECRET, HOME)["data"]["tls.crt"])


def _restarted(ground: Ground, plane: Plane, what: str, process: Callable[[], None], says: str) -> Row:
    with stand(ground, plane, 2, live=plane.kubeconfig) as made:
        with creations(plane.client) as before:
            rest(ground.seconds / 2)
        # Requests fail while what stores pods is away; that is not ours. What goes through all the same must be changed.
        with creations(plane.client) as during:
            process()
            until(lambda: _answers(made), "pods are changed again", 60)
        publish(plane.client, 1)
        until(lambda: _answers(made, "g1"), "a bundle published after it is taken", 60)
        with creations(plane.client) as after:
            rest(ground.seconds / 2)
        assert all(each.process.alive for each in made.webhooks)
        assert not [line for each in made.webhooks for line in complaints(each) if "Traceback" in line]
    assert (before.failed, before.lost, after.failed, after.lost) == (0, 0, 0, 0), (before, after)
    during.sent += before.sent + after.sent
    return Row.of(what, during, f"{says}; a bundle that is published afterwards is taken")


def api_server(ground: Ground, plane: Plane) -> Row:
    """Restart the API server, which also ends every watch."""

    def restart() -> None:
        plane.api_server.stop()
        plane.api_server.start()

    return _restarted(ground, plane, "API server restarted", restart, "failed: only while it was away (refused connections)")


def etcd(ground: Ground, plane: Plane) -> Row:
    """Stop etcd for a while."""

    def restart() -> None:
        plane.etcd.stop()
        rest(max(1.0, ground.seconds / 4))
        plane.etcd.start()

    return _restarted(ground, plane, "etcd stopped and started", restart, "requests wait for it")


def watch_dropped(ground: Ground, plane: Plane) -> Row:
    """Cut the webhook's connections to the API server again and again, while bundles are published."""
    times = 6 if ground.long else 3
    with Forwarder([int(plane.address.rpartition(":")[2])]) as between:
        kubeconfig = _through(ground.folder, plane.kubeconfig, between.port)
        with stand(ground, plane, 1, live=kubeconfig) as made, creations(plane.client) as tally:
            for number in range(1, times + 1):
                between.cut()
                publish(plane.client, number)
                between.cut()
                until(lambda: _answers(made, f"g{number}"), "the bundle is taken", 60)  # noqa: B023
    return Row.of(f"watch dropped {times * 2} times", tally, f"each of {times} bundles published meanwhile is taken")


def _through(folder: Path, kubeconfig: Path, port: int) -> Path:
    content = yaml.safe_load(kubeconfig.read_text("utf-8"))
    for each in content["clusters"]:
        each["cluster"]["server"] = f"https://127.0.0.1:{port}"
    path = folder / "through.kubeconfig"
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path


def _answers(made: Stand, number: str = "g0") -> bool:
    try:
        return carried(made.client.create(pod(), dry_run=True)) == {number}
    except Exception:  # noqa: BLE001 (whatever it is, it is no answer yet)
        return False
