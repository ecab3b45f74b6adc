"""Until when an answer is worth anything: the API server says how long it waits."""

import re
from typing import Final

SHARE: Final = 0.8
"""We answer within this part of the time that the API server waits. What is left is for the way there and back, and for its rounding:
it sends whole seconds, rounded up (apiserver ``pkg/admission/plugin/webhook/mutating/dispatcher.go``, ``callAttrMutatingHook``)."""

DEFAULT_SECONDS: Final = 10.0
"""Where the query names no time: the default of ``timeoutSeconds`` (``admissionregistration.k8s.io/v1``)."""

_MAX_QUERIES: Final = 64
_TIMEOUT: Final = re.compile(rb"(?:^|&)timeout=((?:[0-9]{1,6}(?:\.[0-9]{1,9})?(?:h|ms|m|s|us|ns))+)(?:&|$)")
_PART: Final = re.compile(rb"([0-9.]+)(h|ms|m|s|us|ns)")
_UNITS: Final = {b"h": 3600.0, b"m": 60.0, b"s": 1.0, b"ms": 1e-3, b"us": 1e-6, b"ns": 1e-9}


class Deadlines:
    """Reads the time from queries. There are as many queries as there are values of ``timeoutSeconds``, so they are remembered."""

    def __init__(self) -> None:
        self._known: dict[bytes, float] = {}

    def seconds(self, query: bytes) -> float:
        """Return the time after its arrival within which a request with this query is answered."""
        known = self._known.get(query)
        if known is None:
            if len(self._known) >= _MAX_QUERIES:
                self._known.clear()
            known = self._known[query] = SHARE * timeout(query)
        return known


def timeout(query: bytes) -> float:
    """Return the seconds of ``timeout`` in a query: a duration as Go writes it, such as ``2s`` or ``1m0s``."""
    found = _TIMEOUT.search(query)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(found[1])) if found else 0.0
    return seconds or DEFAULT_SECONDS
