"""The emergency switch: what it reads, and what becomes of pods whose policies are switched off."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.bundles.switch import NOTHING, Switch, decoded, parse
from webhook.engine.bundle import Bundle
from webhook.engine.keys import PLACEMENT_LABEL


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web", {"web"}),
        ("web\nnotes\n", {"web", "notes"}),
        ("# it is burning\r\n  - web # this one\r\n\r\n- 'notes',\"other\"", {"web", "notes", "other"}),
        ("web notes;other", {"web", "notes", "other"}),
        ("\ufeffweb\r\nnotes\x00other\u200b", {"web", "notes", "other"}),
        ('[web, "notes"]', {"web", "notes"}),
        ("disable:web", {"disable", "web"}),
        ("-web\n- notes\n--", {"web", "notes"}),
        ("", set()),
        ("# web", set()),
    ],
)
def test_reads_names_however_they_are_separated(text: str, names: set[str]) -> None:
    """Lines, spaces, commas, list marks and quotes separate names; comments are left out."""
    assert parse(text) == Switch(names=frozenset(names))


def test_applies_what_it_can_read() -> None:
    """Words that cannot be names are remembered, and the names beside them count all the same."""
    assert parse("web\nWeb_2\n%%") == Switch(names=frozenset({"web"}), unreadable=("%%", "Web_2"))
    assert parse("web\n*") == Switch(everything=True, names=frozenset({"web"}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_reads_a_list_of_any_editor(encoding: str) -> None:
    """A byte order mark keeps nothing from being switched off, and least of all everything."""
    assert parse(decoded("*".encode(encoding))).everything
    assert parse(decoded("\ufeffweb\r\nnotes".encode(encoding))).names == {"web", "notes"}


@given(st.text())
def test_never_fails(text: str) -> None:
    """Any text is read, and nothing is switched off that was not named."""
    found = parse(text)
    assert all(name in text for name in found.names)
    assert not found.everything or "*" in text


def test_a_disabled_policy_decides_nothing(bundle: Bundle, decided: Any) -> None:
    """What a policy would have written is not written, and the next one that places owns the pod's placement."""
    engine = Switch(names=frozenset({"web"})).engine(bundle)
    decision = decided(engine)
    assert decision.owner == "fallback"
    assert decision.policies == ("fallback", "notes")
    assert "web@" not in decision.applied


def test_disabling_all_that_place_leaves_the_rest(bundle: Bundle, decided: Any) -> None:
    """Without any policy that places, injecting ones go on, and the pod keeps its scheduler."""
    decision = decided(parse("web fallback").engine(bundle))
    assert decision.owner is None
    assert decision.policies == ("notes",)
    assert "scheduler" not in str(decision.operations)


def test_everything_disabled_is_a_bundle_without_policies(bundle: Bundle, decided: Any) -> None:
    """With all policies off a pod is left as it is."""
    decision = decided(parse("*").engine(bundle))
    assert (decision.operations, decision.policies, decision.denied) == ([], (), ())


@pytest.mark.parametrize("switch", ["web fallback", "*"])
def test_a_marker_goes_with_its_policy(bundle: Bundle, decided: Any, switch: str) -> None:
    """The marker of a disabled policy is removed like any other that is not due: nothing gets past the switch onto its pools."""
    decision = decided(parse(switch).engine(bundle), **{PLACEMENT_LABEL: "web"})
    assert any(effect.field.endswith(f"[{PLACEMENT_LABEL}]") and effect.action == "removed" for effect in decision.effects)
    assert decision.owner is None


def test_what_is_foreign_to_a_disabled_policy_is_not_refused(bundle: Bundle, decided: Any) -> None:
    """A disabled policy denies nothing; one that owns the placement in its place judges by its own rules."""
    label = {"alibabacloud.com/eci": "true"}
    assert decided(NOTHING.engine(bundle), **label).denied
    assert decided(parse("web").engine(bundle), **label).denied[0].startswith("overbank policy fallback:")
    assert decided(parse("web fallback").engine(bundle), **label).denied == ()


def test_only_ever_disables(bundle: Bundle, decided: Any) -> None:
    """Names of no policy change nothing, down to the object that decides."""
    switch = parse("nobody no-one")
    assert switch.engine(bundle).bundle is bundle
    assert (switch.disabled(bundle), switch.unknown(bundle)) == (0, ["no-one", "nobody"])
    assert decided(switch.engine(bundle)).applied == decided(NOTHING.engine(bundle)).applied
