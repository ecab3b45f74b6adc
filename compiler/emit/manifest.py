"""Kubernetes objects as YAML that every reader reads the same way.

A plain scalar is written only if YAML 1.1, YAML 1.2 and kubectl's own reader all take it for a string; stock dumpers leave
``y``, ``1e3`` and ``0o14`` bare, which kubectl reads as a boolean and numbers.
"""

import re
from typing import Any, Final

import yaml

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_BLOCK: Final = re.compile("[\x20-\x7e\xa0-\u2027\u202f-\ud7ff\ue000-\ufefe\uff00-\ufffd\n]*[\x21-\x7e]\n")
_NO_FOLDING: Final = 1_000_000


class _Dumper(yaml.CSafeDumper):
    """Quotes what could be misread, and never uses aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return True


def _string(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        style = None
    elif "\n" in value and _BLOCK.fullmatch(value) and not value.startswith((" ", "\n")):
        style = "|"
    else:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _string)

MANAGED_BY: Final = {"app.kubernetes.io/managed-by": "overbank"}


def render(value: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    """Return the YAML of an object or a list of them; keys keep the order of the mapping, which emitters choose."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_NO_FOLDING)
    return text.encode()


def file_name(api_version: str, kind: str, name: str) -> str:
    """Return ``<kind>.<group>-<name>.yaml``; it hangs on the object alone, never on its siblings."""
    group = api_version.rpartition("/")[0]
    return f"{kind.lower()}{'.' + group if group else ''}-{name}.yaml"


def canonical(value: Any) -> Any:
    """Return what an author wrote with the keys of all its maps sorted, since their order means nothing."""
    if isinstance(value, dict):
        return {key: canonical(each) for key, each in sorted(value.items())}
    return [canonical(each) for each in value] if isinstance(value, list) else value
