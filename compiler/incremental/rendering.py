"""Folders of the output: digests first, content only where somebody writes it."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from compiler.incremental.memory import Answers


class Folder(Struct, array_like=True, frozen=True):
    """The digests of a folder's files, by path below the output folder, and of what they follow from, by name."""

    files: dict[str, str]
    inputs: dict[str, str]


Made = tuple[Mapping[str, bytes], Mapping[str, str]]
"""The files of a folder, and the digests of its inputs."""


class Rendering:
    """Makes folders, each at most once in a run.

    Args:
        answers: where folders and their content are kept, each by a key of its own.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._made: dict[bytes, Made] = {}

    def folder(self, key: bytes, content_key: bytes, make: Callable[[], Made]) -> Folder:
        """Return the digests of a folder."""

        def work() -> Folder:
            from compiler.inputs import digest_of  # noqa: PLC0415 - not needed where all is known

            files, inputs = self._files(content_key, make)
            self._answers.one(dict[str, bytes], content_key, lambda: dict(files))
            return Folder({path: digest_of(content) for path, content in files.items()}, dict(inputs))

        return self._answers.one(Folder, key, work)

    def content(self, content_key: bytes, make: Callable[[], Made]) -> Mapping[str, bytes]:
        """Return the files of a folder."""
        if content_key in self._made:
            return self._made[content_key][0]
        return self._answers.one(dict[str, bytes], content_key, lambda: dict(self._files(content_key, make)[0]))

    def _files(self, content_key: bytes, make: Callable[[], Made]) -> Made:
        if content_key not in self._made:
            self._made[content_key] = make()
        return self._made[content_key]
