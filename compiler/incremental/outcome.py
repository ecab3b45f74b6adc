"""What came of a repository, without the objects that it came of."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from compiler.diagnostics import Diagnostic, has_errors
from compiler.incremental.facts import Head
from compiler.source import Document
from compiler.suppression.ignore import Suppressed


class Files(Mapping[str, bytes]):
    """Files by their paths below the output folder, whose content is looked for when somebody asks for it.

    Asking raises ``ChangedError`` where content has to be made anew, of a file that has changed since.

    Args:
        digests: of all files, by path.
        content: returns the files of a folder.
        others: files that are known, whatever ``content`` says.
    """

    def __init__(
        self,
        digests: Mapping[str, str],
        content: Callable[[str], Mapping[str, bytes]],
        others: Mapping[str, bytes] | None = None,
    ) -> None:
        self.digests = digests
        self._content = content
        self._others = others or {}
        self._known: dict[str, Mapping[str, bytes]] = {}

    def changed(self, files: Mapping[str, bytes], digest_of: Callable[[bytes], str]) -> "Files":
        """Return the files with others added, or in the place of their own."""
        digests = {**self.digests, **{path: digest_of(content) for path, content in files.items()}}
        return Files(dict(sorted(digests.items())), self._content, {**self._others, **files})

    def __getitem__(self, path: str) -> bytes:
        if path in self._others:
            return self._others[path]
        if path not in self.digests:
            raise KeyError(path)
        folder = "/".join(path.split("/", 2)[:2])
        if folder not in self._known:
            self._known[folder] = self._content(folder)
        return self._known[folder][path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)


class Outcome(Struct, frozen=True, kw_only=True):
    """What commands tell people and write to disk. After an error, or if only a check was asked for, there are no files.

    Attributes:
        suppressed: findings that comments suppress, and that are not among ``diagnostics``.
        documents: how many documents are Overbank's. ignored: how many are not.
        output: the output folder below the repository, None where the settings could not be read.
        clusters, hosts: names, sorted.
        files: with their digests.
        inputs: the digests of what each folder follows from, by the folder's path.
        read: the paths of all files that decided it, sorted.
        heads: what is known of the documents, in the order of their files. manifests: the paths of files under ``workloads``.
        document: reads a document of ours; raises ``ChangedError`` if its file was written since.
    """

    diagnostics: list[Diagnostic]
    suppressed: list[Suppressed] = field(default_factory=list)
    documents: int = 0
    ignored: int = 0
    output: str | None = None
    clusters: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    files: Files = field(default_factory=lambda: Files({}, lambda _: {}))
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    read: tuple[str, ...] = ()
    heads: tuple[Head, ...] = ()
    manifests: tuple[str, ...] = ()
    document: Callable[[Head], Document] | None = None

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return has_errors(self.diagnostics)
