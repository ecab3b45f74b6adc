"""Objects that are given more than once, and such as no API server would take."""

from dataclasses import dataclass, field

from msgspec import json

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.manifest import Manifest


@dataclass(slots=True)
class Twins:
    """Objects by cluster and identity, as they come in."""

    _first: dict[tuple[str, str, str, str, str], Manifest] = field(default_factory=dict)

    def seen(self, cluster: str, manifest: Manifest) -> list[Diagnostic] | None:
        """Return None for an object that is to be read, and otherwise what is wrong: nothing, if it was given before just like this."""
        if not manifest.name or manifest.nowhere:
            key, what = ("namespace", "namespace") if manifest.name else ("name", "name")
            message = f"a {manifest.kind} has no {what} that an API server takes"
            advice = "render the manifests first, if something fills it in" if manifest.name else "give it a name"
            return [diagnose(codes.UNSAID, manifest.at("metadata", key), message, help=[advice])]
        identity = (cluster, manifest.group, manifest.kind, manifest.effective_namespace, manifest.name)
        first = self._first.setdefault(identity, manifest)
        if first is manifest:
            return None
        if _content(first) == _content(manifest):
            return []
        message = f"{manifest.title} is given twice, with different content"
        advice = "give the one that is in force"
        return [diagnose(codes.UNSAID, manifest.at_name(), message, related=[(first.at_name(), "first here")], help=[advice])]


def _content(manifest: Manifest) -> bytes:
    return json.encode((manifest.version, manifest.value.get("spec")), order="deterministic")
