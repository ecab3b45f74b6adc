"""Values as YAML the way people write policy files: what is short stands on one line, what is a number to somebody stands in quotes."""

import re
from typing import Any, Final

import yaml

_LINE: Final = 100
_ROOMY: Final = {"spec", "match", "pools"}
"""Keys whose values always have lines of their own."""
_NUMBERLIKE: Final = re.compile(r"[-+.]?[0-9][-+._:0-9A-Za-z]*")


def written(value: dict[str, Any]) -> str:
    """Return a document as YAML, the same text for the same value."""
    node = _Representer(default_flow_style=False, sort_keys=False).represent_data(value)
    for key, inner in node.value:
        _arrange(inner, flowing=key.value not in _ROOMY)
    text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=10_000)
    return text


class _Representer(yaml.representer.SafeRepresenter):
    """Makes nodes without aliases, and quotes whatever any version of YAML might take for a number."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        plain = yaml.SafeDumper.yaml_implicit_resolvers.get(data[:1], [])
        ambiguous = _NUMBERLIKE.fullmatch(data) or any(form.match(data) for _, form in plain)
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"' if ambiguous else None)


_Representer.add_representer(str, _Representer.represent_str)


def _arrange(node: Any, *, flowing: bool) -> int:
    """Put a node on one line if it fits and may, and return its length there.

    A list of several maps has a line for each of them, as have the values below ``spec``, ``match`` and ``pools``.
    """
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 2
    if isinstance(node, yaml.MappingNode):
        length = sum(len(key.value) + 4 + _arrange(inner, flowing=key.value not in _ROOMY) for key, inner in node.value)
        several = any(isinstance(inner, yaml.CollectionNode) and not inner.flow_style for _, inner in node.value)
    else:
        length = sum(2 + _arrange(each, flowing=True) for each in node.value)
        several = sum(isinstance(each, yaml.MappingNode) for each in node.value) > 1
    node.flow_style = (flowing and not several and length < _LINE) or not node.value
    return length + 2
