import pytest

from cnnviz.dashboard import panels


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (5400, "90 min"), (5401, "1.5 h"), (36_000, "10 h")],
)
def test_a_duration_is_said_in_the_unit_that_fits(seconds, said):
    assert panels.duration(seconds) == said
