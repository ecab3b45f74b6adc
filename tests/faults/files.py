"""Faults of what a webhook reads and writes: bundles, certificates, logs."""

import http.client
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Final

from compiler.signing.keys import generate, read_private
from compiler.signing.tree import sign
from tests.e2e.controlplane.authority import Authority, Pair
from tests.e2e.controlplane.processes import until
from tests.faults.bundles import CLUSTER, generation, pod, review
from tests.faults.ground import PYTHON, Ground, complaints, metric
from tests.faults.load import calls, only
from tests.faults.service import rest
from tests.faults.tally import Row, Tally
from webhook.engine.bundle import MAX_BUNDLE_BYTES

HERE: Final = Path(__file__).parent
_REVIEW: Final = review(pod())


def replaced(ground: Ground) -> Row:
    """Replace a mounted bundle again and again, as a kubelet does it; each is taken before the next one comes."""
    times = 100 if ground.long else 8
    mount = ground.folder / "mount"
    mount.mkdir()

    def swap(number: int) -> None:
        version = mount / f"..{number}"
        version.mkdir()
        (version / "bundle.json").write_bytes(generation(number, more=200))
        link = mount / "..new"
        link.symlink_to(version.name)
        link.replace(mount / "..data")
        if number:
            shutil.rmtree(mount / f"..{number - 1}")

    swap(0)
    (mount / "bundle.json").symlink_to("..data/bundle.json")
    front = ground.start(bundle=mount)
    with calls(front.port, front.authority, _REVIEW) as tally:
        for number in range(1, times + 1):
            swap(number)
            until(lambda: metric(front, "overbank_webhook_bundle_loads_total") > number, "the bundle is taken")  # noqa: B023
    refused = metric(front, "overbank_webhook_bundle_refusals_total")
    assert refused == 0, front.process.tail()
    return Row.of(f"bundle replaced {times} times", tally, "every answer is explained by exactly one bundle")


def refused(ground: Ground) -> Row:
    """Offer bundles that cannot be trusted; the last good one goes on deciding."""
    private, public, _ = generate()
    stranger, _, _ = generate()
    key = ground.file("key.pub", public)

    def signed(raw: bytes, by: bytes = private) -> bytes:
        return sign(raw, read_private(by)).encode()

    good, other = generation(0), generation(1)
    ground.file("bundle.sig", signed(good))
    front = ground.start(("--self-signed", "--public-key", key, "--cluster", CLUSTER))
    foreign = generation(1, cluster="other")
    offers: list[tuple[bytes, bytes | None]] = [
        (b"", b""),
        (os.urandom(1000), signed(other)),
        (other[: len(other) // 2], signed(other)),
        (other.replace(b"g1", b"g2"), signed(other)),
        (b'{"digest":"' + b"0" * MAX_BUNDLE_BYTES, signed(other)),
        (other, None),
        (other, signed(good)),
        (other, signed(other, stranger)),
        (other, b"{}"),
        (foreign, signed(foreign)),
    ]
    with calls(front.port, front.authority, _REVIEW, judge=only("g0")) as tally:
        for raw, seal in offers:
            known = metric(front, "overbank_webhook_bundle_refusals_total")
            if seal is None:
                (ground.folder / "bundle.sig").unlink()
            else:
                ground.file("bundle.sig", seal)
            ground.file("bundle.json", raw)
            until(lambda: metric(front, "overbank_webhook_bundle_refusals_total") > known, "the bundle is refused")  # noqa: B023
            assert metric(front, "overbank_webhook_bundle_stale") == 1
        ground.file("bundle.sig", signed(good))
        ground.file("bundle.json", good)
        until(lambda: metric(front, "overbank_webhook_bundle_stale") == 0, "the good bundle is back")
    assert metric(front, "overbank_webhook_bundle_loads_total") == 1
    kinds = "empty, random, truncated, changed, over 64 MiB, unsigned, wrongly signed, by a stranger, of another cluster"
    return Row.of("bundles that cannot be trusted", tally, f"{len(offers)} refused ({kinds}); the last good one decides")


def certificate_mounted(ground: Ground) -> Row:
    """Replace a mounted certificate and its key again and again, every second time by another authority."""
    times = 10 if ground.long else 2
    authorities = [Authority(ground.folder / f"pki-{number}", f"authority-{number}") for number in range(2)]
    first = authorities[0].server("webhook", ["127.0.0.1"])
    cert, key = _put(ground, first)
    front = ground.prepared(("--cert", cert, "--key", key))
    # As in caBundle while authorities change: both.
    front.authority.write_bytes(b"".join(each.certificate.read_bytes() for each in authorities))
    front.process.start()
    reloads = "overbank_webhook_certificate_reloads_total"
    tally = Tally()
    with (
        calls(front.port, front.authority, _REVIEW, tally=tally),
        calls(front.port, front.authority, _REVIEW, tally=tally, fresh=True),
    ):
        for number in range(times):
            known = metric(front, reloads)
            _put(ground, authorities[(number + 1) % 2].server(f"webhook-{number}", ["127.0.0.1"]))
            until(lambda: metric(front, reloads) > known, "the certificate is taken")  # noqa: B023
            rest(ground.seconds / times / 2)
    return Row.of(f"mounted certificate replaced {times} times", tally, "kept connections and new ones, two authorities in turn")


def _put(ground: Ground, pair: Pair) -> tuple[Path, Path]:
    return ground.file("tls.crt", pair.certificate.read_bytes()), ground.file("tls.key", pair.key.read_bytes())


def disk_full(ground: Ground) -> Row:
    """Let every write fail: the log goes to a device that is always full, and no file may have a byte."""
    front = ground.prepared(("--self-signed", "--log-decisions", "all"))
    limited = "import os, resource, sys; os.dup2(os.open('/dev/full', os.O_WRONLY), 2); "
    # The authority of a self-signed certificate, which is for the test, still has room.
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); os.execv(sys.argv[1], sys.argv[1:])"
    command = list(front.process.command)
    front.process.command = [*PYTHON, "-c", limited, *command]
    front.process.start()
    with calls(front.port, front.authority, _REVIEW) as tally:
        rest(ground.seconds)
        ground.file("bundle.json", generation(1))
        until(lambda: metric(front, "overbank_webhook_bundle_loads_total") > 1, "a bundle is taken all the same")
    return Row.of("disk full", tally, "every write of the log fails (/dev/full); bundles are still taken")


_JUMPS: Final = (timedelta(hours=2), timedelta(hours=-2), timedelta(days=400), timedelta(days=-400), timedelta(0))


def clock_jump(ground: Ground) -> Row:
    """Let the wall clock of the process jump forth and back, by a library that stands before the system's."""
    library = ground.folder / "clock.so"
    compiler = shutil.which("cc") or "cc"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock.c", "-ldl"], check=True, capture_output=True)
    offset = ground.file("offset", b"0")
    front = ground.prepared()
    command = list(front.process.command)
    front.process.command = ["/usr/bin/env", f"LD_PRELOAD={library}", f"FAULTS_CLOCK={offset}", *command]
    front.process.start()
    with calls(front.port, front.authority, _REVIEW) as tally:
        for jump in _JUMPS:
            offset.write_text(str(int(jump.total_seconds())))
            rest(max(ground.seconds / len(_JUMPS), 0.5))
        if ground.long:  # the certificate is looked at each 10 s
            offset.write_text(str(int(timedelta(days=400).total_seconds())))
            until(lambda: front.get("/readyz")[0] == http.client.SERVICE_UNAVAILABLE, "it is not ready")
            offset.write_text("0")
        until(lambda: front.get("/readyz")[0] == http.client.OK, "it is ready again")
    assert not complaints(front), complaints(front)
    return Row.of(
        "clock jumps by 2 h and 400 days, both ways",
        tally,
        "answers go on; not ready while the certificate is out of its time, ready again once the clock is right",
    )
