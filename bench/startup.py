"""How long the command line takes to start: whole processes, in turn with ``python -c pass``, ratios of medians.

The targets: ``--help`` at most 3 times, ``check`` of the smallest repository, which is one document, at most 9 times. The one-file
``overbank`` is measured where ``make build`` made one. Byte code is kept in a folder of the benchmark's own, so that it is there as after an
installation, whatever the environment says about writing it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OVERBANK = Path(sys.executable).parent / "overbank"
ONEFILE = Path(__file__).parent.parent / "dist/overbank"
SMALLEST = "apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n"


def seconds(command: list[str]) -> float:
    """Return the wall time of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "overbank.yaml").write_text(SMALLEST)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, ".bytecode"))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "overbank --help": [str(OVERBANK), "--help"],
            "overbank explain OB4101": [str(OVERBANK), "explain", "OB4101"],
            "overbank check (one document)": [str(OVERBANK), "check", folder, "--no-cache"],
            "overbank check (known)": [str(OVERBANK), "check", folder, "--cache-dir", str(Path(folder, ".cache"))],
        }
        if ONEFILE.is_file():
            # The first round unpacks it, and is not counted.
            os.environ["OVERBANK_UNPACK_DIR"] = str(Path(folder, ".unpacked"))
            commands["one-file overbank --help"] = [sys.executable, "-I", "-S", str(ONEFILE), "--help"]
            commands["one-file overbank check"] = [sys.executable, "-I", "-S", str(ONEFILE), "check", folder, "--no-cache"]
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds + 1):
            for name, command in commands.items():
                times[name].append(seconds(command))
    reference = times["python -c pass"][1:]
    print(f"start-up, {rounds} rounds, whole processes: median ms (min-max), ratio to python -c pass (median of pairs)")
    for name, taken in times.items():
        counted = taken[1:]  # the first round compiles, and warms the page cache
        ratio = statistics.median(mine / bare for mine, bare in zip(counted, reference, strict=True))
        low, middle, high = min(counted) * 1e3, statistics.median(counted) * 1e3, max(counted) * 1e3
        print(f"  {name:<32}{middle:7.1f} ({low:.1f}-{high:.1f})  {ratio:5.2f}")


if __name__ == "__main__":
    main()
