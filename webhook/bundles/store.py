"""The bundle that decisions are made from: read, verify, swap.

A snapshot is immutable and complete. Readers take ``store.current`` once per request and keep what they took, so replacing it is
one attribute assignment, and a request never sees half of two bundles.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from webhook.engine.bundle import Bundle, BundleError, decode
from webhook.engine.mutate import Engine
from webhook.readiness import Readiness

MAX_BUNDLE_BYTES: Final = 64 * 1024 * 1024
"""What is larger is no bundle: ten thousand policies take some 10 MiB."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One loaded bundle with all that is prepared from it.

    Attributes:
        bundle: as it was read.
        engine: decides from the bundle.
        namespaces: the labels of each namespace that is known, by its name; the compiler declares them.
    """

    bundle: Bundle
    engine: Engine
    namespaces: dict[str, dict[str, str]]


class Store:
    """Holds the current snapshot, None until a bundle has been loaded; until then the process is not ready.

    Attributes:
        current: replaced as a whole, never changed.
    """

    def __init__(self, readiness: Readiness) -> None:
        self.current: Snapshot | None = None
        self._readiness = readiness
        readiness.hold("bundle", "no bundle")

    def load(self, path: Path) -> Snapshot:
        """Read, verify and take over a bundle; what was current stays so if anything is wrong with it.

        Raises:
            BundleError: the file cannot be read, is too large or holds no bundle that can be trusted. The text starts with the path.
        """
        snapshot = _snapshot(path)
        self.current = snapshot
        self._readiness.release("bundle")
        return snapshot


def _snapshot(path: Path) -> Snapshot:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BUNDLE_BYTES + 1)
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}") from error
    if len(raw) > MAX_BUNDLE_BYTES:
        raise BundleError(f"{path}: larger than {MAX_BUNDLE_BYTES // 1024**2} MiB, which no bundle is")
    try:
        bundle = decode(raw)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error
    return Snapshot(bundle=bundle, engine=Engine(bundle), namespaces=bundle.namespaces)
