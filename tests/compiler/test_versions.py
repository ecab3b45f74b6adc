"""Version numbers as vendors write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from compiler.platforms.gates import Gate
from compiler.versions import Version

NUMBERS = {
    "1.30": (1, 30, 0),
    "v1.20.9": (1, 20, 9),
    "v1.26.3-aliyun.1": (1, 26, 3),
    "1.28.3-vke.7": (1, 28, 3),
    "1.22+build-5": (1, 22, 0),
    "6.4": (6, 4, 0),
    "6.4.3": (6, 4, 3),
    "0.0": (0, 0, 0),
    "01.020": (1, 20, 0),
}


@pytest.mark.parametrize("text", NUMBERS)
def test_vendor_forms_are_read(text: str) -> None:
    """Prefixes, suffixes and missing patch levels are read past, and the text stays as it was written."""
    version = Version.parse(text)
    assert version.numbers == NUMBERS[text]
    assert str(version) == text


@pytest.mark.parametrize("text", ["", "1", "v", "1.", ".1", "1.x", "1.2.3.4", "1.2-\n", "latest", " 1.2", "1.2 ", "1,2"])
def test_other_texts_are_refused(text: str) -> None:
    """What has no major.minor at its start, or more behind it than a suffix, is no version."""
    with pytest.raises(ValueError, match="not a version"):
        Version.parse(text)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("1.9", "1.10"), ("1.20.9", "1.20.11"), ("1.20", "1.20.1"), ("1.30", "2.0"), ("v1.26.3-aliyun.9", "1.26.4-aliyun.1")],
)
def test_order_is_by_number(lower: str, higher: str) -> None:
    """Versions are ordered by their numbers, not as texts, and by nothing else."""
    first, second = Version.parse(lower), Version.parse(higher)
    assert first < second
    assert second > first
    assert first <= second
    assert first != second


def test_suffixes_do_not_count() -> None:
    """Two versions with the same numbers are equal and hash alike, whatever else is written."""
    first, second = Version.parse("v1.26.3-aliyun.1"), Version.parse("1.26.3")
    assert first == second
    assert hash(first) == hash(second)
    assert first >= second
    assert first != "1.26.3"


_TEXTS = st.from_regex(re.compile(r"v?[0-9]{1,9}(\.[0-9]{1,9}){1,2}([-+][-+0-9A-Za-z.]{0,9})?", re.ASCII), fullmatch=True)


@given(_TEXTS)
def test_every_version_that_the_schema_accepts_is_read(text: str) -> None:
    """The schema's pattern and the parser agree, so no accepted document fails later."""
    pattern = schemas.schema("Cluster")["properties"]["spec"]["properties"]["kubernetesVersion"]["pattern"]
    assert re.search(pattern, text)
    Version.parse(text)


@pytest.mark.parametrize(
    ("kubernetes", "scheduler", "reason"),
    [
        ("1.22", "5.0", None),
        ("1.30", "6.4", None),
        ("1.21", "5.0", "it needs Kubernetes 1.22, and the cluster has 1.21"),
        ("1.22", "4.9", "it needs scheduler 5.0, and the cluster has 4.9"),
        ("1.22", None, "it needs scheduler 5.0, and the cluster does not declare `scheduler.version`"),
        ("1.21", None, "it needs Kubernetes 1.22, and the cluster has 1.21"),
    ],
)
def test_gate_says_what_closes_it(kubernetes: str, scheduler: str | None, reason: str | None) -> None:
    """A gate is closed by a version below it, and by one that is not known."""
    gate = Gate(Version.parse("1.22"), Version.parse("5.0"), "a page")
    assert gate.closed_by(Version.parse(kubernetes), Version.parse(scheduler) if scheduler else None) == reason


def test_gate_without_conditions_is_open() -> None:
    """Where nothing is asked for, an unknown scheduler is no obstacle."""
    assert Gate(None, None, "a page").closed_by(Version.parse("1.0"), None) is None
