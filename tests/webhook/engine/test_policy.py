"""Which namespaces a policy holds for."""

from typing import Any

import pytest

from webhook.engine.policy import NamespaceMatch
from webhook.engine.selector import Selector


def test_namespaces_match_by_name_by_selector_or_all() -> None:
    """Names are exact, selectors need known labels, and all means all."""
    names, everything = NamespaceMatch(names=("a", "b")), NamespaceMatch(all=True)
    selected = NamespaceMatch(selector=Selector.of({"env": "prod"}))
    assert [names.matches(name, {"env": "prod"}) for name in ("a", "b", "ab", "")] == [True, True, False, False]
    assert [selected.matches("a", labels) for labels in ({"env": "prod"}, {"env": "dev"}, {}, None)] == [True, False, False, False]
    assert everything.matches("a", None)


@pytest.mark.parametrize("choices", [{}, {"names": ("a",), "all": True}, {"selector": Selector(), "all": True}])
def test_a_namespace_match_chooses_exactly_once(choices: dict[str, Any]) -> None:
    """A match that chooses nothing or twice cannot be made."""
    with pytest.raises(ValueError, match="exactly one of"):
        NamespaceMatch(**choices)
