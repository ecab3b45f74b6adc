"""Where every field of the output was written: worked out afterwards, from the values of the passes and the emitted files.

Nothing is threaded through lowering and emission for it, so that a build that does not ask for it pays nothing. The price is that this
package repeats in its own words which field comes from where; a test holds it to every leaf of every golden case, and another
changes what stands at an origin and looks for the change in the output.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from compiler.load import decode, load
from compiler.pipeline import Result
from compiler.sourcemap.clusters import ClusterFolder
from compiler.sourcemap.hosts import HostFolder
from compiler.sourcemap.origin import Fixed, Origin, Trace, leaves, pointer

__all__ = ["FORMAT", "source_map"]

FORMAT: Final = "overbank.dev/source-map/v1"


def source_map(result: Result, paths: Iterable[str], root: str = ".") -> dict[str, Any]:
    """Return the source map of a compiled repository, in the shape that docs/source-map.md describes.

    Args:
        result: of a compilation without errors.
        paths: the files to describe, below the output folder, as they are in ``result.files``.
        root: the repository's folder as seen from where places are read; paths of policies begin with it.

    Raises:
        UntracedError: a field has no origin, which is our own mistake.
    """
    wanted = set(paths)
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in result.files.items():
        folder, name = _split(path)
        folders.setdefault(folder, {})[name] = content
    files: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for folder, contents in folders.items():
        asked = [name for name in contents if f"{folder}/{name}" in wanted]
        if asked:
            # The files of a folder are read together: an entry of a component says which workload a patch is for.
            values = {name: _value(name, content) for name, content in contents.items()}
            trace = _tracer(result, folder, values)
            files |= {f"{folder}/{name}": dict(sorted(_fields(values[name], trace(name), root))) for name in asked}
    return {"format": FORMAT, "files": dict(sorted(files.items()))}


def _split(path: str) -> tuple[str, str]:
    kind, owner, name = path.split("/", 2)
    return f"{kind}/{owner}", name


def _tracer(result: Result, folder: str, values: Mapping[str, Any]) -> Callable[[str], Trace]:
    kind, name = folder.split("/")
    if kind == "federation":
        assert result.federated is not None  # noqa: S101 - a host's files come from nothing else
        return HostFolder(result.federated, name, values).trace
    assert result.resolved is not None  # noqa: S101 - files come from nothing else
    ir = next(each for each in result.clusters if each.name == name)
    return ClusterFolder(result.resolved, ir, result.inventory, values).trace


def _value(name: str, content: bytes) -> Any:
    if name.endswith(".json"):
        return json.loads(content)
    file, _ = decode(name, content)
    assert file is not None  # noqa: S101 - we wrote it
    return load(file)[0][0].value


def _fields(value: Any, trace: Trace, root: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for route, _ in leaves(value):
        # Origins may coincide, where two fields fall back to the same one.
        shown = [_shown(origin, root) for origin in trace(route)]
        yield pointer(route), [each for index, each in enumerate(shown) if each not in shown[:index]]


def _shown(origin: Origin, root: str) -> dict[str, Any]:
    if isinstance(origin, Fixed):
        return {"generated": origin.reason}
    location = origin.locate()
    path = location.shown(root).removesuffix(f":{location.span.line}:{location.span.column}" if location.span else "")
    return {"file": path} | ({"line": location.span.line, "column": location.span.column} if location.span else {})
