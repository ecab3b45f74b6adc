"""Everything in its place: a namespace for each variant, what changes its pods, and a check that all change them alike."""

import base64
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.apiserver.contenders import LOCAL, calling, native, operations, pod, the_bundle
from tests.e2e.controlplane.client import ApiError, Client, path_of
from tests.e2e.controlplane.front import webhook
from tests.e2e.controlplane.plane import Plane
from tests.e2e.controlplane.processes import Process, free_port, until

VARIANTS = ("none", "constant", "native", "webhook")
SUSTAINED = ("none", "native", "one", "two")

_PROGRAM = Path(__file__).resolve().parent


@contextlib.contextmanager
def standing(plane: Plane, folder: Path) -> Iterator[dict[str, list[int]]]:
    """Put every variant in its place, check that they agree, and give the process ids of their webhooks."""
    client: Client = plane.client
    for name in {*VARIANTS, *SUSTAINED}:
        client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"bench-{name}"}})
        until(lambda: _account(client, f"bench-{name}"), "the namespace is ready")  # noqa: B023
    plane.scheduler.stop()
    plane.controllers.stop()
    issued = plane.authority.server("bench-webhook", [LOCAL])
    (folder / "bundle.json").write_bytes(the_bundle())
    with contextlib.ExitStack() as ends:

        def started(process: Process) -> Process:
            process.start()
            ends.callback(process.stop)
            return process

        fronts = []
        for number in range(3):
            front = webhook(
                folder / "bundle.json", folder / f"webhook-{number}", ("--cert", issued.certificate, "--key", issued.key)
            )
            started(front.process)
            fronts.append(front)
        ports = {"webhook": fronts[0].port, "constant": free_port(), "one": free_port(), "two": free_port()}
        client.create(calling("webhook", ports["webhook"], plane.authority.certificate))
        ours = until(lambda: _changed(client, "webhook"), "the webhook is called")
        applied = ours["metadata"]["annotations"]["overbank.dev/applied"]
        patch = base64.b64encode(json.dumps(operations(applied)).encode()).decode()
        response = {"uid": "UID", "allowed": True, "patchType": "JSONPatch", "patch": patch}
        answer = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response}
        (folder / "answer.json").write_text(json.dumps(answer))

        def role(name: str, *arguments: str | Path) -> Process:
            command = [sys.executable, _PROGRAM, f"--{name}", *arguments]
            return Process(name=name, command=command, ready=lambda: True, log=folder / f"{name}.log")

        constant = started(role("constant", str(ports["constant"]), issued.certificate, issued.key, folder / "answer.json"))
        started(role("forward", str(ports["one"]), str(fronts[1].port)))
        started(role("forward", str(ports["two"]), str(fronts[1].port), str(fronts[2].port)))
        for name in ("constant", "one", "two"):
            client.create(calling(name, ports[name], plane.authority.certificate))
        for each in native("bench-native", applied):
            client.create(each)
        for name in ("constant", "native", "one", "two"):
            theirs = until(lambda: _changed(client, name), f"{name} changes pods", 60)  # noqa: B023
            if _facts(theirs) != _facts(ours):
                raise SystemExit(f"{name} makes another pod: {_facts(theirs)} instead of {_facts(ours)}")
        ids = [front.process.pid or 0 for front in fronts]
        yield {
            "none": [],
            "native": [],
            "constant": [constant.pid or 0],
            "webhook": ids[:1],
            "one": ids[1:2],
            "two": ids[1:],
        }


def _account(client: Client, namespace: str) -> bool:
    try:
        client.read("ServiceAccount", "default", namespace)
    except ApiError:
        return False
    return True


def _changed(client: Client, name: str) -> dict[str, Any] | None:
    made = client.request("POST", path_of(pod(f"bench-{name}"), named=False), pod(f"bench-{name}"), query={"dryRun": "All"})
    return made if "cost-centre" in made["metadata"]["labels"] else None


def _facts(made: dict[str, Any]) -> Any:
    kept = ("schedulerName", "tolerations", "nodeSelector", "affinity")
    return [made["metadata"]["labels"], made["metadata"]["annotations"], {key: made["spec"].get(key) for key in kept}]
