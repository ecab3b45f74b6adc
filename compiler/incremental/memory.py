"""What slices remember their answers in."""

# What hashlib has under this name; hashlib itself loads OpenSSL, which takes as long as all else here.
from _blake2 import blake2b
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

import msgspec

KEY_BYTES: Final = 20
_T = TypeVar("_T")


class Memory(Protocol):
    """Answers by key. It may forget anything at any time, and never answers wrongly."""

    @property
    def salt(self) -> bytes:
        """What keys are made with: another one for every version of the tool, at most 64 bytes."""
        ...

    @property
    def keeps(self) -> bool:
        """Whether it is worth while to tell it anything."""
        ...

    def get(self, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Return what is known of these keys."""
        ...

    def put(self, key: bytes, value: bytes) -> None:
        """Remember an answer."""
        ...


class Nothing:
    """The memory that knows nothing."""

    salt: Final = b""
    keeps: Final = False

    def get(self, keys: Collection[bytes]) -> Mapping[bytes, bytes]:  # noqa: ARG002 - what it has to take
        """Return nothing."""
        return {}

    def put(self, key: bytes, value: bytes) -> None:
        """Forget at once."""


class Shared:
    """A memory for several runs of one process: what one of them has worked out, the next one knows, whatever is kept beyond."""

    keeps: Final = True

    def __init__(self, beyond: Memory) -> None:
        self.salt = beyond.salt
        self._beyond = beyond
        self._known: dict[bytes, bytes] = {}

    def get(self, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Return what is known of these keys."""
        found = {key: self._known[key] for key in keys if key in self._known}
        if len(found) < len(keys):
            found.update(self._beyond.get([key for key in keys if key not in found]))
        return found

    def put(self, key: bytes, value: bytes) -> None:
        """Remember an answer."""
        self._known[key] = value
        self._beyond.put(key, value)


def key_of(memory: Memory, slice_: str, *given: bytes) -> bytes:
    """Return the key of a slice.

    Args:
        memory: what the key is for.
        slice_: which kind of slice, at most 16 bytes.
        given: all that it is given; each part is one value, however they are divided otherwise.
    """
    parts = [b"%d:" % len(part) for part in given]
    return blake2b(b"".join((*parts, *given)), digest_size=KEY_BYTES, key=memory.salt, person=slice_.encode()).digest()


def listed(digests: Iterable[bytes]) -> bytes:
    """Return digests, which are all of one length, as one part of what is given."""
    return b"".join(digests)


class Answers:
    """Asks the memory before work is done, and tells it afterwards."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def each(self, type_: type[_T], keys: Sequence[bytes], work: Callable[[int], _T]) -> list[_T]:
        """Return the answers for many keys, in their order.

        Args:
            type_: of the answers.
            keys: one for each of them.
            work: makes the answer for a key, given its position.
        """
        known = self.memory.get(keys)
        decode = msgspec.msgpack.Decoder(type_).decode
        found: list[_T] = []
        for position, key in enumerate(keys):
            kept = known.get(key)
            if kept is not None:
                try:
                    found.append(decode(kept))
                    continue
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    pass
            answer = work(position)
            found.append(answer)
            self._tell(key, answer)
        return found

    def one(self, type_: type[_T], key: bytes, work: Callable[[], _T]) -> _T:
        """Return the answer for one key."""
        return self.each(type_, [key], lambda _: work())[0]

    def anew(self, key: bytes, work: Callable[[], _T]) -> _T:
        """Do the work for a key, whatever is known."""
        answer = work()
        self._tell(key, answer)
        return answer

    def _tell(self, key: bytes, answer: Any) -> None:
        if self.memory.keeps:
            # Names of files may be any bytes, and then they cannot be written as text.
            with suppress(UnicodeEncodeError):
                self.memory.put(key, msgspec.msgpack.encode(answer))
