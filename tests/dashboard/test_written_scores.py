"""Are values that differ written differently, and values that do not with as few digits as ever?"""

from types import SimpleNamespace

import pytest

from cnnviz.dashboard.components import scores

SHARES, NUMBERS = SimpleNamespace(has_probabilities=True), SimpleNamespace(has_probabilities=False)


@pytest.mark.parametrize(
    ("kind", "values", "written"),
    [
        (SHARES, [0.87, 0.12], ["87 %", "12 %"]),
        (SHARES, [0.578, 0.575, 0.5783], ["57.80 %", "57.50 %", "57.83 %"]),
        (SHARES, [0.5, 0.5], ["50 %"] * 2),
        (SHARES, [0.5, float("nan")], ["50 %", "–"]),
        (NUMBERS, [37.00566, 37.00557], ["37.0057", "37.0056"]),
        (NUMBERS, [1.5, 2.25], ["1.5", "2.25"]),
    ],
)
def test_digits_tell_apart_what_differs(kind, values, written):
    assert scores(kind, values) == written
