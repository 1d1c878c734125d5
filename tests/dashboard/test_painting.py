"""Does the mask hold what the brush painted, and is what a browser sends bounded?"""

import math

import numpy as np
import pytest

from cnnviz.dashboard.components import Stroke, painted
from cnnviz.dashboard.components.paint import _packed, _strokes


def dot(x, y, width, *, is_erasing=False):
    return Stroke(width, is_erasing, ((x, y),))


def test_nothing_painted_is_an_empty_mask():
    mask = painted((), 4, 6)
    assert mask.shape == (4, 6) and mask.dtype == np.float32
    assert not mask.any()


@pytest.mark.parametrize("width", [2.3, 7.0, 12.5])
def test_a_dot_covers_the_area_of_its_disc(width):
    mask = painted([dot(14.2, 13.7, width)], 28, 28)
    assert mask.sum() == pytest.approx(math.pi * width**2 / 4, rel=0.07)
    rows, columns = np.indices(mask.shape) + 0.5
    center = (rows * mask).sum() / mask.sum(), (columns * mask).sum() / mask.sum()
    assert center == pytest.approx((13.7, 14.2), abs=1 / 16)


def test_a_line_covers_its_length_and_a_disc():
    mask = painted([Stroke(3, False, ((5, 10), (12, 10), (22, 10)))], 20, 28)
    assert mask.sum() == pytest.approx(17 * 3 + math.pi * 9 / 4, rel=0.04)
    assert mask[9:11, 5:22].min() == 1
    assert not mask[:8].any() and not mask[12:].any()


def test_edges_are_soft_only_when_asked_for():
    strokes = [Stroke(2.3, False, ((4, 4), (20, 17)))]
    soft, hard = painted(strokes, 28, 28), painted(strokes, 28, 28, is_soft=False)
    between = (soft > 0) & (soft < 1)
    assert between.sum() > 10
    np.testing.assert_array_equal(hard, soft >= 0.5)
    assert set(np.unique(hard)) == {0, 1}


def test_the_eraser_takes_away_what_was_painted_before_and_nothing_after():
    before = painted([dot(14, 14, 10)], 28, 28)
    erased = painted([dot(14, 14, 10), dot(14, 14, 4, is_erasing=True)], 28, 28)
    assert before[14, 14] == 1 and erased[14, 14] == 0
    assert before.sum() - erased.sum() == pytest.approx(math.pi * 4, rel=0.06)
    again = painted([dot(14, 14, 10), dot(14, 14, 4, is_erasing=True), dot(14, 14, 6)], 28, 28)
    np.testing.assert_array_equal(again, before)


def test_a_large_image_has_a_mask_of_its_own_size():
    mask = painted([dot(1500, 200, 90)], 900, 3000)
    assert mask.shape == (900, 3000)
    assert mask.sum() == pytest.approx(math.pi * 45**2, rel=0.04)


def test_strokes_go_to_the_browser_and_come_back_as_they_were():
    strokes = (Stroke(2.3, False, ((1.5, 2.25), (3.0, 4.0))), dot(5, 6, 4, is_erasing=True))
    sent = {"strokes": [_packed(stroke) for stroke in strokes]}
    assert _strokes(sent, 28) == strokes


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        {"strokes": 3},
        {"strokes": [[2, False]]},
        {"strokes": [[2, False, []]]},
        {"strokes": [[2, False, [1, 2, 3]]]},
        {"strokes": [[2, False, [1, float("nan")]]]},
        {"strokes": [[2, False, [1, 1e9]]]},
        {"strokes": [["x", False, [1, 1]]]},
        {"strokes": [[2, False, [1, 1]]] * 501},
        {"strokes": [[2, False, [1, 1] * 20_001]]},
    ],
)
def test_what_is_no_painting_is_not_taken_for_one(sent):
    assert _strokes(sent, 28) is None
