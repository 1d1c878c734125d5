import numpy as np
import pytest

from cnnviz.heatmaps import box
from cnnviz.images import enlarge


def test_enlarging_interpolates_between_the_centers_of_cells():
    heat = np.array([[[0, 4], [8, 12]]], np.float32)
    expected = np.array([[0, 1, 3, 4], [2, 3, 5, 6], [6, 7, 9, 10], [8, 9, 11, 12]])
    np.testing.assert_allclose(enlarge(heat, (4, 4))[0], expected)


def test_enlarging_takes_height_before_width_and_keeps_negative_values():
    heat = np.array([[[-3, -3]], [[5, 5]]])
    enlarged = enlarge(heat, (3, 8))
    assert enlarged.shape == (2, 3, 8) and enlarged.dtype == np.float32
    assert np.all(enlarged[0] == -3) and np.all(enlarged[1] == 5)


def test_enlarging_agrees_with_tensorflow(rng):
    import tensorflow as tf

    heat = rng.normal(size=(2, 7, 5)).astype(np.float32)
    expected = tf.image.resize(heat[..., None], (50, 64), "bilinear")[..., 0]
    np.testing.assert_allclose(enlarge(heat, (50, 64)), expected, atol=1e-4)


def test_a_box_frames_the_region_of_the_maximum_and_no_other():
    heat = np.zeros((5, 10))
    heat[1:3, 2:5] = 1, 2, 3
    heat[1, 2] = 10
    heat[2, 3] = 2.5
    heat[4, 8] = 9  # high, but apart
    # Above 2: (1, 2), (1, 4), (2, 3), (2, 4); the maximum (1, 2) touches no other by a side.
    assert box(heat) == (0.2, 0.2, 0.3, 0.4)
    heat[1, 3] = 2.1
    assert box(heat) == (0.2, 0.2, 0.5, 0.6)


def test_a_cell_at_exactly_a_fifth_of_the_maximum_stays_outside():
    assert box(np.array([[10.0, 2.0, 0.0, 0.0]])) == (0, 0, 0.25, 1)
    assert box(np.array([[10.0, 2.1, 0.0, 0.0]])) == (0, 0, 0.5, 1)


def test_a_flat_map_boxes_the_whole_image():
    assert box(np.full((3, 3), 0.5)) == (0, 0, 1, 1)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_there_is_no_box_around_nothing(value):
    heat = np.zeros((4, 4))
    heat[1, 1] = value
    assert box(heat) is None


def test_a_box_of_a_signed_map_ignores_what_is_negative():
    assert box(np.array([[-50.0, 1.0], [-50.0, -50.0]])) == (0.5, 0, 1, 0.5)


def test_a_box_is_of_one_map():
    with pytest.raises(ValueError, match=r"\(rows, columns\)"):
        box(np.zeros((1, 4, 4)))
