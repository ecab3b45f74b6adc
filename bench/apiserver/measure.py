"""What a pod's creation costs more with the webhook, on a real API server: ``python bench/apiserver.py`` (needs ``make control-plane``).

Four namespaces on one API server, each with something else in its way: nothing; a webhook that answers with a constant; a native
MutatingAdmissionPolicy (CEL, JSON Patch); and ours. The last three make the same seven changes, which is checked. So going from one to the other is
only a matter of the namespace, and rounds alternate between them: noise hits all alike. Controllers and scheduler are stopped.

Printed are added latency (of dry-run creations, over no admission in the same round) at one and at eight clients, sustained real creations
with one and with two replicas behind a forwarder that stands for the Service, CPU per request, lost mutations, and memory with 10,000
policies. Trust the ratios.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # runs from a checkout that is not installed

from bench.workload import bundle as many_policies
from bench.workload import review
from tests.e2e.controlplane.assets import Assets, find
from tests.e2e.controlplane.client import ApiError, Client, path_of
from tests.e2e.controlplane.front import webhook
from tests.e2e.controlplane.plane import Plane, running
from tests.e2e.controlplane.processes import Process, free_port, until
from tests.faults.load import Caller
from webhook.certificates.context import server_context
from webhook.certificates.files import from_files
from webhook.engine.bundle import VERSION, Bundle, Cluster, encode
from webhook.engine.fields import Fields, Toleration
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector
from webhook.serving import Loop, Server, admission_config, listen

HERE = Path(__file__).resolve()
VARIANTS = ("none", "constant", "native", "webhook")
SUSTAINED = ("none", "native", "one", "two")
LOCAL = "127.0.0.1"
TICKS = os.sysconf("SC_CLK_TCK")
ADMISSION = "admissionregistration.k8s.io/v1"
MARK = b'"cost-centre":"4711"'
TOLERATIONS = (
    {"key": "virtual-kubelet.io/provider", "operator": "Equal", "value": "alibabacloud", "effect": "NoSchedule"},
    {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
)
ANNOTATIONS = {"k8s.aliyun.com/eci-vswitch": "vsw-a,vsw-b", "k8s.aliyun.com/eci-use-specs": "ecs.gn6i-c4g1.xlarge"}


def the_bundle() -> bytes:
    """Return a bundle with one policy, for every namespace."""
    wanted = Fields(
        labels={"cost-centre": "4711"},
        annotations=ANNOTATIONS,
        scheduler_name="volcano",
        tolerations=tuple(Toleration(**each) for each in TOLERATIONS),
    )
    policy = Policy("bench", 10, NamespaceMatch(all=True), Selector.of({"app": "bench"}), inject=wanted)
    return encode(
        Bundle(version=VERSION, cluster=Cluster("bench", "kubernetes"), excluded_namespaces=(), namespaces={}, policies=(policy,))
    )


def pod(namespace: str) -> dict[str, Any]:
    """Return a pod of about 3 KB."""
    variables = [{"name": f"SETTING_{number:02}", "value": f"value-of-setting-{number:02}"} for number in range(30)]
    container = {"name": "main", "image": "registry.example.com/team/main:1", "env": variables}
    container["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}
    metadata = {"generateName": "bench-", "namespace": namespace, "labels": {"app": "bench"}, "annotations": {"a": "b"}}
    spec = {"containers": [container, {**container, "name": "side"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def operations(applied: str) -> list[dict[str, Any]]:
    """Return what our webhook does to ``pod``, as the API server has defaulted it by then."""
    notes = {**ANNOTATIONS, "overbank.dev/applied": applied}
    found: list[dict[str, Any]] = [{"op": "add", "path": "/metadata/labels/cost-centre", "value": "4711"}]
    found += [
        {"op": "add", "path": f"/metadata/annotations/{key.replace('/', '~1')}", "value": value} for key, value in notes.items()
    ]
    found += [{"op": "replace", "path": "/spec/schedulerName", "value": "volcano"}]
    return [*found, *({"op": "add", "path": "/spec/tolerations/-", "value": each} for each in TOLERATIONS)]


def native(namespace: str, applied: str) -> list[dict[str, Any]]:
    """Return a MutatingAdmissionPolicy and its binding."""

    def expression(operation: dict[str, Any]) -> str:
        value = operation["value"]
        text = json.dumps(value)
        if isinstance(value, dict):
            text = f"Object.spec.tolerations{{{', '.join(f'{key}: {json.dumps(each)}' for key, each in value.items())}}}"
        return f'JSONPatch{{op: "{operation["op"]}", path: "{operation["path"]}", value: {text}}}'

    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    patch = {"expression": f"[{', '.join(expression(each) for each in operations(applied))}]"}
    spec = {
        "reinvocationPolicy": "Never",  # these expressions would append the tolerations again; ours knows what is there
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        },
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": patch}],
    }
    binding = {"policyName": "bench"}
    return [
        {"apiVersion": ADMISSION, "kind": "MutatingAdmissionPolicy", "metadata": {"name": "bench"}, "spec": spec},
        {"apiVersion": ADMISSION, "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": "bench"}, "spec": binding},
    ]


def calling(name: str, port: int, authority: Path) -> dict[str, Any]:
    """Return the configuration of a webhook for the namespace of that name."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    made = {
        "name": f"{name}.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "reinvocationPolicy": "Never" if name == "constant" else "IfNeeded",
        "failurePolicy": "Ignore",  # as derived; what is lost is counted
        "timeoutSeconds": 2,
        "clientConfig": {"url": f"https://{LOCAL}:{port}/mutate", "caBundle": base64.b64encode(authority.read_bytes()).decode()},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"bench-{name}"}},
        "rules": [rule],
    }
    return {"apiVersion": ADMISSION, "kind": "MutatingWebhookConfiguration", "metadata": {"name": name}, "webhooks": [made]}


def serve_constant(port: int, certificate: Path, key: Path, answer: bytes) -> None:
    """Serve an application that answers all reviews alike, but for the uid, without looking at them."""
    head, tail = answer.split(b"UID")

    async def constant(_scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        at = body.find(b'"uid":"') + 7
        payload = head + body[at : at + 36] + tail
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(payload))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    with listen(LOCAL, port) as listener, asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(Server(admission_config(constant, server_context(from_files(certificate, key)))).serve([listener]))


class Pipe(asyncio.Protocol):
    """One direction of a forwarded connection."""

    def __init__(self, other: "Pipe | None" = None, targets: Iterator[int] | None = None) -> None:
        self.other = other
        self.targets = targets
        self.transport: asyncio.Transport | None = None
        self.early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the other side, if this one was accepted."""
        self.transport = cast("asyncio.Transport", transport)
        if self.targets is not None:
            self.opening = asyncio.ensure_future(self._open(next(self.targets)))
        elif self.other and self.other.early:
            self.transport.write(self.other.early)

    async def _open(self, port: int) -> None:
        _, self.other = await asyncio.get_running_loop().create_connection(lambda: Pipe(self), LOCAL, port)

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        if self.other and self.other.transport:
            self.other.transport.write(data)
        else:
            self.early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other side."""
        del exc
        if self.other and self.other.transport:
            self.other.transport.close()


def serve_forward(port: int, targets: list[int]) -> None:
    """Forward connections to several ports in turn."""
    import itertools  # noqa: PLC0415 - of this role only

    async def forward() -> None:
        turn = itertools.cycle(targets)
        server = await asyncio.get_running_loop().create_server(lambda: Pipe(targets=turn), LOCAL, port)
        await server.serve_forever()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(forward())


class Creator(asyncio.Protocol):
    """One kept-alive connection to the API server that creates the next pod as soon as the last one is answered."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._request = b""
        self._until = self._sent_at = 0.0
        self._mark = MARK
        self._idle: asyncio.Future[None] | None = None
        self.latencies: list[float] = []
        self.failed = self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the round with an error."""
        if self._idle and not self._idle.done():
            self._idle.set_exception(exc or ConnectionError("the API server closed a connection"))

    def run(self, request: bytes, mark: bytes, until_: float) -> asyncio.Future[None]:
        """Create until that time (``perf_counter``)."""
        self._request, self._mark, self._until = request, mark, until_
        self._idle = asyncio.get_running_loop().create_future()
        self.latencies, self.failed, self.lost = [], 0, 0
        self._send()
        return self._idle

    def _send(self) -> None:
        assert self._transport
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer."""
        received = self._received
        received += data
        head, separator, body = bytes(received).partition(b"\r\n\r\n")
        if not separator:
            return
        lower = head.lower()
        if b"content-length: " in lower:
            if len(body) < int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0]):
                return
        elif not body.endswith(b"0\r\n\r\n"):
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent_at)
        self.failed += not head.startswith(b"HTTP/1.1 201")
        self.lost += head.startswith(b"HTTP/1.1 201") and self._mark not in body
        received.clear()
        if now < self._until:
            self._send()
        elif self._idle and not self._idle.done():
            self._idle.set_result(None)


@dataclass
class Measured:
    """What was measured of one variant with one number of clients, over all rounds; medians and rates have one entry per round."""

    latencies: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu: float = 0.0
    server_cpu: float = 0.0
    sent: int = 0
    failed: int = 0
    lost: int = 0

    def cut(self, percent: int) -> float:
        """Return a percentile of all requests, in milliseconds."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1] * 1e3


def seconds_of(pids: list[int]) -> float:
    """Return the CPU time that processes have used."""
    total = 0.0
    for pid in pids:
        values = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        total += (int(values[11]) + int(values[12])) / TICKS
    return total


async def one_round(
    found: Measured, creators: list[Creator], request: bytes, *, mark: bytes, seconds: float, pids: tuple[list[int], list[int]]
) -> None:
    """Measure one variant once."""
    before = [seconds_of(each) for each in pids]
    begun = time.perf_counter()
    await asyncio.gather(*(each.run(request, mark, begun + seconds) for each in creators))
    took = time.perf_counter() - begun
    after = [seconds_of(each) for each in pids]
    latencies = [value for each in creators for value in each.latencies]
    found.latencies += latencies
    found.medians.append(statistics.median(latencies) * 1e3)
    found.rates.append(len(latencies) / took)
    found.cpu += after[0] - before[0]
    found.server_cpu += after[1] - before[1]
    found.sent += len(latencies)
    found.failed += sum(each.failed for each in creators)
    found.lost += sum(each.lost for each in creators)


def http_request(address: str, namespace: str, *, dry_run: bool) -> bytes:
    """Return the bytes of a creation."""
    body = json.dumps(pod(namespace), separators=(",", ":")).encode()
    query = "?dryRun=All" if dry_run else ""
    head = f"POST /api/v1/namespaces/{namespace}/pods{query} HTTP/1.1\r\nHost: {address.removeprefix('https://')}\r\nAccept: application/json\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def spread(values: list[float], form: str = ".2f") -> str:
    """Write the median and the range."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


async def measure(plane: Plane, pids: dict[str, list[int]], options: argparse.Namespace) -> None:
    """Measure everything and print it."""
    host, port = plane.address.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=str(plane.authority.certificate))
    pair = plane.authority.client("bench", ["system:masters"])
    context.load_cert_chain(pair.certificate, pair.key)
    loop = asyncio.get_running_loop()
    creators = [(await loop.create_connection(Creator, host, int(port), ssl=context))[1] for _ in range(8)]
    servers = [plane.api_server.pid or 0]
    total = Measured()
    for clients in (1, 8):
        found = {name: Measured() for name in VARIANTS}
        for number in range(options.rounds + 1):
            for name in VARIANTS:
                request = http_request(plane.address, f"bench-{name}", dry_run=True)
                mark = b"" if name == "none" else MARK
                target = Measured() if number == 0 else found[name]  # the first round warms up
                await one_round(target, creators[:clients], request, mark=mark, seconds=options.seconds, pids=(pids[name], servers))
        print(
            f"\n{clients} client{'s' if clients > 1 else ''}, {options.rounds} rounds: milliseconds over all rounds (range of the rounds)"
        )
        for name in VARIANTS:
            each = found[name]
            added = [a - b for a, b in zip(each.medians, found["none"].medians, strict=True)]
            print(
                f"{name:9} p50 {each.cut(50):.2f} ({min(each.medians):.2f} to {max(each.medians):.2f}), "
                f"added {each.cut(50) - found['none'].cut(50):+.2f}, in half of the rounds {_middle(added)}; "
                f"p99 {each.cut(99):.2f}, added {each.cut(99) - found['none'].cut(99):+.2f}; "
                f"CPU us/request: webhook {each.cpu / each.sent * 1e6:.0f}, API server {each.server_cpu / each.sent * 1e6:.0f}; "
                f"sent {each.sent:,}, failed {each.failed}, lost {each.lost}"
            )
            total.lost += each.lost
        native_added = [a - b for a, b in zip(found["native"].medians, found["none"].medians, strict=True)]
        for name in ("webhook", "constant"):
            added = [a - b for a, b in zip(found[name].medians, found["none"].medians, strict=True)]
            pooled = (found[name].cut(50) - found["none"].cut(50)) / (found["native"].cut(50) - found["none"].cut(50))
            rounds = statistics.median(added) / statistics.median(native_added)
            print(f"added by {name} / added by native: {pooled:.2f} of all requests, {rounds:.2f} of the medians of rounds")
    found = {name: Measured() for name in SUSTAINED}
    for number in range(options.rounds // 4 + 1):
        for name in SUSTAINED:
            request = http_request(plane.address, f"bench-{name}", dry_run=False)
            target = Measured() if number == 0 else found[name]
            await one_round(
                target,
                creators,
                request,
                mark=b"" if name == "none" else MARK,
                seconds=options.seconds * 4,
                pids=(pids[name], servers),
            )
    print("\nsustained creations, 8 clients")
    for name in SUSTAINED:
        each = found[name]
        print(f"{name:9} {spread(each.rates, '.0f')}/s  sent {each.sent:,} failed {each.failed} lost {each.lost}")
        total.lost += each.lost
    print(f"lost mutations: {total.lost}")


def _middle(values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=4)
    return f"{cuts[0]:+.2f} to {cuts[2]:+.2f}"


def memory(folder: Path) -> None:
    """Print the memory of a webhook with 10,000 policies, after requests."""
    (folder / "many.json").write_bytes(many_policies(10_000))
    front = webhook(folder / "many.json", folder / "many")
    front.process.start()
    try:
        caller = Caller(front.port, front.authority)
        for _ in range(2000):
            assert caller.call(review())[0] == 200
        caller.close()
        lines = Path(f"/proc/{front.process.pid}/status").read_text(encoding="ascii").splitlines()
        values = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        print(f"\n10,000 policies: {values['VmRSS']:.0f} MB resident, {values['VmHWM']:.0f} MB at most")
    finally:
        front.process.stop()


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
            command = [sys.executable, HERE, f"--{name}", *arguments]
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


def main() -> None:
    """Run the benchmark, or one of its servers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=80, help="rounds over all variants (80)")
    parser.add_argument("--seconds", type=float, default=0.25, help="length of a round of one variant (0.25)")
    parser.add_argument("--constant", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--forward", nargs="+", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.constant:
        port, certificate, key, answer = options.constant
        serve_constant(int(port), Path(certificate), Path(key), Path(answer).read_bytes())
        return
    if options.forward:
        serve_forward(options.forward[0], options.forward[1:])
        return
    assets = find()
    if not isinstance(assets, Assets):
        raise SystemExit(assets)
    print(f"python {sys.version.split()[0]}, {len(os.sched_getaffinity(0))} CPUs, load {os.getloadavg()[0]:.1f} at the begin")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        memory(folder)
        with (
            running(assets, folder / "control-plane") as plane,
            standing(plane, folder) as pids,
            asyncio.Runner(loop_factory=Loop) as runner,
        ):
            runner.run(measure(plane, pids, options))
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
