"""Bytes to text: UTF-8 that shows what it says."""

import re
from typing import Final

from compiler.codes import reading
from compiler.diagnostics import Diagnostic, diagnose
from compiler.load.limits import MAX_BYTES
from compiler.source import Location, SourceFile

# https://yaml.org/spec/1.2.2/#51-character-set, without the line breaks that only some readers know: libyaml ends a comment at U+0085,
# U+2028, U+2029 and a lone carriage return, and what follows would be read as YAML though nobody sees a new line. Nor is there a place for
# byte order marks but the beginning, which ``decode`` takes off: nobody sees one in a key.
_UNPRINTABLE: Final = "\r(?!\n)|[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_UNPRINTABLE_IN_ASCII: Final = re.compile("\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PLAIN: Final = bytes(range(0x20, 0x7F)) + b"\t\n"


def decode(path: str, raw: bytes) -> tuple[SourceFile | None, list[Diagnostic]]:
    """Turn the bytes of a file into text. The file is None where that is impossible."""
    if len(raw) > MAX_BYTES:
        return None, [diagnose(reading.TOO_LARGE, Location(path), f"the file has more than {MAX_BYTES // 1024**2} MiB")]
    if not raw.translate(None, _PLAIN):  # some twenty times as fast as a search
        return SourceFile(path, raw.decode("ascii")), []
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        file = SourceFile(path, raw.decode("utf-8", errors="replace"))
        where = Location(path, file.span_at(len(raw[: error.start].decode("utf-8"))), file)
        return None, [diagnose(reading.ENCODING, where, f"byte 0x{raw[error.start]:02x} is not UTF-8")]
    file = SourceFile(path, text)
    # The large set takes a while to compile, and is hardly ever needed.
    bad = _UNPRINTABLE_IN_ASCII.search(text) if text.isascii() else re.search(_UNPRINTABLE, text)
    if bad:
        where = Location(path, file.span_at(bad.start()), file)
        return None, [diagnose(reading.ENCODING, where, f"control character or ambiguous line break U+{ord(bad.group()):04X}")]
    return file, []
