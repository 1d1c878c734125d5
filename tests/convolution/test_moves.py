"""Do maps move as their image does?"""

import numpy as np
import pytest

from cnnviz.convolution.arithmetic import cross_correlate
from cnnviz.convolution.translation import Move, move, relative_difference, stays_inside


@pytest.fixture
def maps(rng):
    return rng.normal(size=(9, 9, 2)).astype(np.float32)


def test_a_shift_by_whole_pixels_changes_no_value_and_repeats_the_border(maps):
    moved = move(maps, Move(right=2, down=-3))
    np.testing.assert_allclose(moved[:6, 2:], maps[3:, :-2], atol=1e-6)
    np.testing.assert_allclose(moved[:6, 0], maps[3:, 0], atol=1e-6)
    assert not np.allclose(moved, maps)


def test_degrees_are_counterclockwise(maps):
    np.testing.assert_allclose(move(maps, Move(degrees=90)), np.rot90(maps), atol=1e-5)


def test_first_scaled_then_turned_then_shifted(maps):
    at_once = move(maps, Move(right=2, down=1, degrees=90, factor=2))
    one_by_one = move(move(move(maps, Move(factor=2)), Move(degrees=90)), Move(right=2, down=1))
    np.testing.assert_allclose(at_once[2:, 3:], one_by_one[2:, 3:], atol=1e-5)


def test_enlarging_a_slope_makes_it_flatter_around_the_center():
    slope = np.tile(np.arange(9.0), (9, 1))[..., None]
    np.testing.assert_allclose(move(slope, Move(factor=2))[4, :, 0], 4 + (np.arange(9) - 4) / 2, atol=1e-5)


def test_maps_of_half_the_resolution_move_by_half_as_many_steps(maps):
    moved = move(maps, Move(right=4, down=2), stride=(2, 2))
    np.testing.assert_allclose(moved[1:, 2:], maps[:-1, :-2], atol=1e-6)


def test_no_move_changes_nothing(maps):
    np.testing.assert_allclose(move(maps, Move()), maps, atol=1e-6)
    assert stays_inside(maps.shape, Move()).all()


@pytest.mark.parametrize("stride", [1, 2])
def test_what_a_convolution_makes_of_a_shifted_image_is_its_shifted_map(rng, stride):
    image = rng.normal(size=(20, 20, 1)).astype(np.float32)
    kernels = rng.normal(size=(3, 3, 1, 2)).astype(np.float32)
    by, steps = Move(right=4, down=2), (stride, stride)
    own = cross_correlate(move(image, by), kernels, stride=stride)
    before = cross_correlate(image, kernels, stride=stride)
    where = stays_inside(before.shape, by, stride=steps)
    assert relative_difference(own, before, where=where) > 0.5
    assert relative_difference(own, move(before, by, stride=steps), where=where) < 1e-5


def test_a_turn_is_not_followed(rng):
    image = rng.normal(size=(20, 20, 1)).astype(np.float32)
    kernels = np.array([[1, 0, -1]], np.float32).reshape(1, 3, 1, 1)
    turn = Move(degrees=90)
    own = cross_correlate(move(image, turn), kernels, padding="same")
    assert relative_difference(own, move(cross_correlate(image, kernels, padding="same"), turn)) > 0.5


def test_what_came_into_sight_does_not_count():
    inside = stays_inside((5, 6), Move(right=2, down=-1))
    assert inside[:4, 2:].all()
    assert inside.sum() == 4 * 4
    assert stays_inside((5, 5), Move(degrees=90)).all()
    assert stays_inside((5, 5), Move(factor=0.5)).sum() == 3 * 3


def test_the_difference_is_a_share_of_the_lengths():
    one, other = np.array([[[3.0, 4.0]]]), np.array([[[3.0, 0.0]]])
    assert relative_difference(one, other) == pytest.approx(4 / np.sqrt((25 + 9) / 2))
    assert relative_difference(one, -one) == pytest.approx(2)
    assert relative_difference(one, one) == relative_difference(0 * one, 0 * one) == 0
    assert np.isnan(relative_difference(one, other, where=np.array([[False]])))
