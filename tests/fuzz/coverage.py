"""``python -m tests.fuzz.coverage load|compile [LIBFUZZER OPTIONS]``: coverage-guided bytes, by atheris.

``load`` reads the bytes as one YAML file; ``compile`` as the one file of a repository. The corpus is made of all files of the golden cases and
the sample, and grows in ``build/fuzz``. Atheris is for developers and installed by ``make fuzz`` alone.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["compiler", "webhook.engine"], enable_loader_override=False):
    from tests.fuzz.properties import examine, examine_bytes
from tests.fuzz.repositories import corpus

LONGEST = 20
"""Seconds after which an input counts as a hang."""


def load(raw: bytes) -> None:
    """Take the bytes as a file."""
    examine_bytes(raw)


def compile_(raw: bytes) -> None:
    """Take the bytes as a repository."""
    examine({"overbank.yaml": raw}, twice=False)


def main() -> None:
    """Seed the corpus, and fuzz."""
    target, *options = sys.argv[1:]
    folder = Path("build/fuzz") / target
    folder.mkdir(parents=True, exist_ok=True)
    for index, files in enumerate(corpus()):
        if target == "load":
            for number, raw in enumerate(files.values()):
                (folder / f"seed-{index}-{number}").write_bytes(raw)
        else:
            (folder / f"seed-{index}").write_bytes(b"\n---\n".join(files.values()))
    entry = {"load": load, "compile": compile_}[target]
    atheris.Setup([sys.argv[0], str(folder), f"-timeout={LONGEST}", f"-artifact_prefix={folder.parent}/{target}-", *options], entry)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
