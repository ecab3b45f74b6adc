"""What a pod's creation costs more with the webhook, on a real API server: ``python bench/apiserver`` (needs ``make control-plane``).

Four namespaces on one API server, each with something else in its way: nothing; a webhook that answers with a constant; a native
MutatingAdmissionPolicy (CEL, JSON Patch); and ours. The last three make the same seven changes, which is checked. So going from one to the other is
only a matter of the namespace, and rounds alternate between them: noise hits all alike. Controllers and scheduler are stopped.

Printed are added latency (of dry-run creations, over no admission in the same round) at one and at eight clients, sustained real creations
with one and with two replicas behind a forwarder that stands for the Service, CPU per request, lost mutations, and memory with 10,000
policies. Trust the ratios.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs from a checkout that is not installed

from bench.apiserver.measure import measure, memory
from bench.apiserver.roles import serve_constant, serve_forward
from bench.apiserver.standing import standing
from tests.e2e.controlplane.assets import Assets, find
from tests.e2e.controlplane.plane import running
from webhook.serving import Loop


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
