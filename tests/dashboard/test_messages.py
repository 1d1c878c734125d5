"""Is what a component says it was picked a place of what was shown, whatever was sent over the socket?"""

import pytest

from cnnviz.dashboard.components import message


@pytest.mark.parametrize("found", [0, 4, 4.0])
def test_a_place_is_read(found):
    place = message.position(found, 5)
    assert place == found and type(place) is int


@pytest.mark.parametrize(
    "found", [None, 5, -1, 1.5, True, "1", "abc", [1], {}, float("nan"), float("inf"), 10**400, b"1"], ids=str
)
def test_anything_else_is_none(found):
    assert message.position(found, 5) is None
