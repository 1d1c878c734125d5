import numpy as np
import pytest

from cnnviz import images

ENDS = {
    "viridis": ((68, 1, 84), (253, 231, 37)),
    "gray": ((0, 0, 0), (255, 255, 255)),
    "magma": ((0, 0, 4), (252, 253, 191)),
    "cividis": ((0, 34, 78), (254, 232, 56)),
    "PuOr": ((127, 59, 8), (45, 0, 75)),
    "jet": ((0, 0, 128), (128, 0, 0)),
}


@pytest.mark.parametrize(("name", "ends"), ENDS.items())
def test_a_lookup_table_begins_and_ends_with_the_known_colors(name, ends):
    table = images.lookup_table(name)
    assert (table.shape, table.dtype) == ((256, 3), np.uint8)
    assert (tuple(table[0]), tuple(table[255])) == ends
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


def test_every_color_map_offered_is_known():
    assert set(images.COLORMAPS) == set(ENDS)
    with pytest.raises(ValueError, match=r"Expected a color map of viridis, .* Received: 'hot'"):
        images.lookup_table("hot")


@pytest.mark.parametrize("name", images.COLORMAPS)
def test_no_color_map_comes_near_the_color_of_what_is_not_a_number(name):
    distance = np.abs(images.lookup_table(name).astype(int) - images.NOT_A_NUMBER).sum(axis=1)
    assert distance.min() > 100


def test_bright_means_more_in_the_maps_for_amounts():
    for name in ("viridis", "gray", "magma", "cividis"):
        luma = images.lookup_table(name) @ np.array([0.299, 0.587, 0.114])
        assert (np.diff(luma) > -1).all()
        assert luma[255] - luma[0] > 150


def test_puor_is_nearly_white_at_zero_and_orange_below():
    table = images.lookup_table("PuOr").astype(int)
    assert table[127:129].min() > 240
    assert table[40, 0] > table[40, 2]
    assert table[215, 2] > table[215, 1]


def test_color_picks_the_nearest_of_256_and_keeps_within_the_ends():
    unit = np.array([[-1.0, 0.0, 1 / 255], [0.5, 1.0, 7.0]])
    table = images.lookup_table("magma")
    np.testing.assert_array_equal(images.color(unit, "magma"), table[[[0, 0, 1], [128, 255, 255]]])


def test_what_is_not_finite_never_passes_for_data():
    colors = images.color(np.array([np.nan, np.inf, -np.inf, 0.0]), "gray")
    assert [tuple(pixel) for pixel in colors.tolist()] == [images.NOT_A_NUMBER] * 3 + [(0, 0, 0)]


def test_to_unit_is_the_affine_map_between_the_ends():
    values = np.array([[-2.0, 0.0], [1.0, 6.0]])
    unit = images.to_unit(values)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [[0, 0.25], [0.375, 1]])
    np.testing.assert_allclose(images.to_unit(values, low=0), [[0, 0], [1 / 6, 1]])
    np.testing.assert_allclose(images.to_unit(values, high=2), [[0, 0.5], [0.75, 1]])
    np.testing.assert_allclose(images.to_unit(values, low=0, high=2), [[0, 0], [0.5, 1]])
    np.testing.assert_array_equal(values, [[-2.0, 0.0], [1.0, 6.0]])


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0])
def test_a_constant_becomes_zero(value):
    assert not images.to_unit(np.full((3, 3), value)).any()


def test_what_is_not_finite_stays_apart_and_does_not_move_the_ends():
    unit = images.to_unit(np.array([np.nan, -1.0, np.inf, 1.0, -np.inf]))
    np.testing.assert_array_equal(unit, [np.nan, 0, np.nan, 1, np.nan])
    assert np.isnan(images.to_unit(np.full(3, np.nan))).all()
    np.testing.assert_array_equal(images.to_unit(np.array([np.nan, 4.0])), [np.nan, 0])


def test_the_span_of_two_float32_numbers_does_not_overflow():
    values = np.array([-3e38, 0, 3e38], np.float32)
    np.testing.assert_allclose(images.to_unit(values), [0, 0.5, 1])
    tiny = np.array([0, 1e-45], np.float32)
    np.testing.assert_allclose(images.to_unit(tiny), [0, 1])


def test_bytes_can_be_scaled_too():
    np.testing.assert_allclose(images.to_unit(np.array([10, 20, 110], np.uint8)), [0, 0.1, 1])


def test_low_above_high_is_a_mistake():
    with pytest.raises(ValueError, match=r"Expected low <= high\. Received: 2 and 1"):
        images.to_unit(np.zeros(3), low=2, high=1)


def test_value_range_looks_at_finite_values_only():
    assert images.value_range(np.array([3.0, np.nan, -1.0, np.inf])) == (-1.0, 3.0)
    assert images.value_range(np.array([np.nan])) == (0.0, 0.0)
    assert images.value_range(np.zeros((0,))) == (0.0, 0.0)
