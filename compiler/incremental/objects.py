"""What slices are given, as objects: each is made once in a run, and only if some slice has to be done."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from compiler.incremental.contents import Contents
from compiler.incremental.facts import Head

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compiler.federation.model import FederationHost, PlacementPolicy
    from compiler.incremental.findings import Given
    from compiler.model import AcceleratorClass, BurstPolicy, Cluster, Model, PolicyTest, Repository
    from compiler.resolve import Binding


_READERS: Final = {
    "Repository": ("compiler.parse", "repository"),
    "Cluster": ("compiler.parse", "cluster"),
    "AcceleratorClass": ("compiler.parse", "accelerator"),
    "BurstPolicy": ("compiler.parse", "policy"),
    "PolicyTest": ("compiler.parse", "policy_test"),
    "FederationHost": ("compiler.federation.parse", "host"),
    "PlacementPolicy": ("compiler.federation.parse", "policy"),
}
"""By kind, what reads a document into the model."""


class Objects:
    """Documents in the model. What is imported where it is used is not needed by a run that knows everything."""

    def __init__(self, contents: Contents, settings: Head) -> None:
        self.contents = contents
        self._settings = settings
        self._made: dict[tuple[str, int], Any] = {}
        self.bindings: dict[tuple[str, str], Binding] = {}
        """Bindings that were made for a slice, by policy and cluster: another slice may need them."""
        self.known: dict[str, Any] = {}
        """What was found out for a slice, and holds for others (``compiler.resolve.Resolved``)."""

    def repository(self) -> "Repository":
        """Return the settings."""
        found: Repository = self._made.get((self._settings.path, self._settings.index)) or self._make(self._settings)
        return found

    def cluster(self, head: Head) -> "Cluster":
        """Return a cluster."""
        found: Cluster = self._made.get((head.path, head.index)) or self._make(head)
        return found

    def accelerator(self, head: Head) -> "AcceleratorClass":
        """Return an accelerator class."""
        found: AcceleratorClass = self._made.get((head.path, head.index)) or self._make(head)
        return found

    def policy(self, head: Head) -> "BurstPolicy":
        """Return a burst policy."""
        found: BurstPolicy = self._made.get((head.path, head.index)) or self._make(head)
        return found

    def test(self, head: Head) -> "PolicyTest":
        """Return a test."""
        found: PolicyTest = self._made.get((head.path, head.index)) or self._make(head)
        return found

    def host(self, head: Head) -> "FederationHost":
        """Return a federation host."""
        found: FederationHost = self._made.get((head.path, head.index)) or self._make(head)
        return found

    def placement(self, head: Head) -> "PlacementPolicy":
        """Return a placement policy."""
        found: PlacementPolicy = self._made.get((head.path, head.index)) or self._make(head)
        return found

    def model(
        self,
        clusters: "Iterable[Head]" = (),
        accelerators: "Iterable[Head]" = (),
        policies: "Iterable[Head]" = (),
        tests: "Iterable[Head]" = (),
    ) -> "Model":
        """Return the model of a part of the repository; each kind is sorted by name already."""
        from compiler.model import Model  # noqa: PLC0415

        return Model(
            repository=self.repository(),
            clusters=tuple(map(self.cluster, clusters)),
            accelerators=tuple(map(self.accelerator, accelerators)),
            policies=tuple(map(self.policy, policies)),
            tests=tuple(map(self.test, tests)),
        )

    def given(self, heads: "Sequence[Head]") -> "Given":
        """Return the documents of heads beside them."""
        return [(self.contents.document(head), head) for head in heads]

    def _make(self, head: Head) -> Any:
        """Read a document into the model."""
        module, reader = _READERS[head.kind]
        made = self._made[head.path, head.index] = getattr(import_module(module), reader)(self.contents.document(head))
        return made
