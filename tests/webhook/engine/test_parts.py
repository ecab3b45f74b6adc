"""Parts of a pod that are decoded on demand: an error names the part as it stands in the pod."""

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from webhook.engine.parts import decoder


@pytest.mark.parametrize(
    ("kind", "part", "said"),
    [
        (list[int], b'[1, "x"]', "Expected `int`, got `str` - at `$.spec.volumes[1]`"),
        (list[int], b"7", "Expected `array`, got `int` - at `$.spec.volumes`"),
        (dict[str, list[int]], b'{"a": [null]}', "Expected `int`, got `null` - at `$.spec.volumes[...][0]`"),
    ],
)
def test_an_error_names_the_place_from_the_top_of_the_pod(kind: Any, part: bytes, said: str) -> None:
    """The user reads where in their pod the wrong value stands, however deep, and also where the whole part is wrong."""
    with pytest.raises(msgspec.ValidationError) as raised:
        decoder(kind, "spec.volumes")(Raw(part))
    assert str(raised.value) == said


def test_what_is_right_is_decoded() -> None:
    """A part of the right type comes back as a value of it."""
    assert decoder(list[int], "spec.volumes")(Raw(b"[1, 2]")) == [1, 2]
