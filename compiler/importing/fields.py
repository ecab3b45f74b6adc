"""Mappings of manifests that are read field by field, so that nothing is passed over in silence."""

from collections.abc import Iterator, Sequence
from typing import Any

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.manifest import Manifest
from compiler.source import Route, Where


class Fields:
    """A mapping in a manifest. Whatever has not been taken when ``end`` is called is a finding.

    Attributes:
        findings: what is wrong so far, shared with the mappings below.
    """

    def __init__(self, manifest: Manifest, route: Route, findings: list[Diagnostic], value: Any = None) -> None:
        self.manifest = manifest
        self.route = route
        self.findings = findings
        self._value: dict[str, Any] = {}
        if isinstance(value, dict):
            self._value = dict(value)
        elif value is not None:
            self._misshapen(self.at(), "a map")

    def at(self, *route: str | int) -> Where:
        """Return the place of a value in it."""
        return self.manifest.at(*self.route, *route)

    def take(self, key: str) -> Any:
        """Return a value of any type, None where there is none."""
        return self._value.pop(key, None)

    def text(self, key: str, among: Sequence[str] = ()) -> str | None:
        """Return a string, one of ``among`` if there are any."""
        value = self.take(key)
        if value is None or (isinstance(value, str) and (not among or value in among)):
            return value
        self._misshapen(self.at(key), f"one of {', '.join(among)}" if among else "a string")
        return None

    def whole(self, key: str) -> int | None:
        """Return an integer."""
        value = self.take(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self._misshapen(self.at(key), "an integer")
        return None

    def flag(self, key: str) -> bool | None:
        """Return a boolean."""
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return value
        self._misshapen(self.at(key), "true or false")
        return None

    def texts(self, key: str) -> list[str]:
        """Return a list of strings."""
        value = self.take(key)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return list(value)
        self._misshapen(self.at(key), "a list of strings")
        return []

    def labels(self, key: str) -> dict[str, str]:
        """Return a map of strings, sorted."""
        value = self.take(key)
        if value is not None and not isinstance(value, dict):
            self._misshapen(self.at(key), "a map of strings")
        given = value if isinstance(value, dict) else {}
        for name, each in given.items():
            if not isinstance(each, str):
                shown = str(each).lower() if isinstance(each, bool) else str(each)
                advice = [f'quote it: {name}: "{shown}"'] if isinstance(each, bool | int | float) else []
                self._misshapen(self.at(key, name), "a string, and no API server takes it for one", *advice)
        return {name: each for name, each in sorted(given.items()) if isinstance(each, str)}

    def quantities(self, key: str) -> dict[str, str]:
        """Return a map of quantities, sorted; whole numbers may stand without quotes, as in Kubernetes' own."""
        value = self._value.get(key)
        if isinstance(value, dict):
            self._value[key] = {
                name: str(each) if isinstance(each, int) and not isinstance(each, bool) else each for name, each in value.items()
            }
        return self.labels(key)

    def inner(self, key: str) -> "Fields | None":
        """Return a mapping, None where there is none."""
        value = self.take(key)
        return None if value is None else Fields(self.manifest, (*self.route, key), self.findings, value)

    def each(self, key: str) -> Iterator["Fields"]:
        """Yield the mappings of a list."""
        value = self.take(key)
        if value is None:
            return
        if not isinstance(value, list):
            self._misshapen(self.at(key), "a list")
            return
        for index, each in enumerate(value):
            yield Fields(self.manifest, (*self.route, key, index), self.findings, {} if each is None else each)

    def end(self) -> None:
        """Find what has not been taken."""
        for key in self._value:
            where = self.manifest.at_key(*self.route, key)
            self.unsaid(
                where, f"`{'.'.join(map(str, (*self.route, key)))}` of {self.manifest.title} has no counterpart in policy files"
            )
        self._value.clear()

    def unsaid(self, where: Where, message: str, *help_lines: str) -> None:
        """Add a finding about what cannot be said."""
        self.findings.append(diagnose(codes.UNSAID, where, message, help=help_lines))

    def _misshapen(self, where: Where, expected: str, *help_lines: str) -> None:
        self.unsaid(where, f"{self.manifest.title}: this is not {expected}", *help_lines)
