"""What slices are given, as objects: each is made once in a run, and only if some slice has to be done."""

from typing import TYPE_CHECKING, Any, TypeVar

from compiler.incremental.contents import Contents
from compiler.incremental.facts import Head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from compiler.federation.model import FederationHost, PlacementPolicy
    from compiler.incremental.findings import Given
    from compiler.model import AcceleratorClass, BurstPolicy, Cluster, Model, PolicyTest, Repository
    from compiler.resolve import Binding
    from compiler.source import Document

_T = TypeVar("_T")


class Objects:
    """Documents in the model. What is imported where it is used is not needed by a run that knows everything."""

    def __init__(self, contents: Contents, settings: Head) -> None:
        self.contents = contents
        self._settings = settings
        self._made: dict[tuple[str, int], Any] = {}
        self.bindings: dict[tuple[str, str], Binding] = {}
        """Bindings that were made for a slice, by policy and cluster: another slice may need them."""

    def repository(self) -> "Repository":
        """Return the settings."""
        from compiler import parse  # noqa: PLC0415

        return self._once(self._settings, parse.repository)

    def cluster(self, head: Head) -> "Cluster":
        """Return a cluster."""
        from compiler import parse  # noqa: PLC0415

        return self._once(head, parse.cluster)

    def accelerator(self, head: Head) -> "AcceleratorClass":
        """Return an accelerator class."""
        from compiler import parse  # noqa: PLC0415

        return self._once(head, parse.accelerator)

    def policy(self, head: Head) -> "BurstPolicy":
        """Return a burst policy."""
        from compiler import parse  # noqa: PLC0415

        return self._once(head, parse.policy)

    def test(self, head: Head) -> "PolicyTest":
        """Return a test."""
        from compiler import parse  # noqa: PLC0415

        return self._once(head, parse.policy_test)

    def host(self, head: Head) -> "FederationHost":
        """Return a federation host."""
        from compiler.federation import parse  # noqa: PLC0415

        return self._once(head, parse.host)

    def placement(self, head: Head) -> "PlacementPolicy":
        """Return a placement policy."""
        from compiler.federation import parse  # noqa: PLC0415

        return self._once(head, parse.policy)

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

    def _once(self, head: Head, make: "Callable[[Document], _T]") -> "_T":
        key = (head.path, head.index)
        if key not in self._made:
            self._made[key] = make(self.contents.document(head))
        found: _T = self._made[key]
        return found
