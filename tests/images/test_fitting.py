import numpy as np
import pytest

from cnnviz import images


@pytest.fixture
def bands() -> np.ndarray:
    "20 x 40, a third of it red, a half green, the rest blue, Horizontal range."
    photo = np.zeros((20, 40, 3), np.uint8)
    photo[:, :10, 0] = photo[:, 10:30, 1] = photo[:, 30:, 2] = 255
    return photo


def test_crop_keeps_the_center(bands):
    fitted = images.fit(bands, (20, 20))
    np.testing.assert_array_equal(fitted, bands[:, 10:30])


def test_pad_keeps_all_on_black(bands):
    fitted = images.fit(bands, (40, 40), how="pad")
    assert not fitted[:10].any()
    assert not fitted[30:].any()
    np.testing.assert_array_equal(fitted[10:30], bands)


def test_stretch_keeps_all_and_bends_the_shape(bands):
    fitted = images.fit(bands, (20, 20), how="stretch")
    assert fitted[10, 1].tolist() == [255, 0, 0]
    assert fitted[10, 10].tolist() == [0, 255, 0]
    assert fitted[10, 18].tolist() == [0, 0, 255]


@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 7)])
def test_any_photo_fits_any_size(how, shape):
    photo = np.full((*shape, 3), 200, np.uint8)
    for size in [(1, 1), (28, 28), (96, 64)]:
        fitted = images.fit(photo, size, how=how)
        assert fitted.shape == (*size, 3)
        assert how == "pad" or (fitted == 200).all()


def test_gray_is_luma_three_times():
    photo = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    np.testing.assert_allclose(images.gray(photo)[0, :, 0], [0.299 * 255, 0.587 * 255, 0.114 * 255], atol=1)
    assert (images.gray(photo) == images.gray(photo)[..., :1]).all()


def test_scale_up_makes_squares_of_pixels():
    image = np.array([[1, 2], [3, 4]], np.uint8)
    np.testing.assert_array_equal(images.scale_up(image, 2), [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]])
    colors = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    np.testing.assert_array_equal(images.scale_up(colors, 3)[::3, ::3], colors)
    with pytest.raises(ValueError, match=r"factor of at least 1\. Received: 0"):
        images.scale_up(image, 0)


def test_enlarge_is_bilinear_between_the_centers_of_cells():
    """Two cells 0 and 1 over eight pixels: the centers lie at 1.5 and 5.5, a slope of 1/4 between them."""
    heat = np.array([[0.0, 1.0]])
    expected = np.clip((np.arange(8) + 0.5 - 2) / 4, 0, 1)
    np.testing.assert_allclose(images.enlarge(heat, (3, 8)), np.tile(expected, (3, 1)), atol=1e-6)
    assert 0 < expected[3] < 1


def test_enlarge_never_leaves_the_range_and_keeps_the_units(rng):
    heat = rng.normal(scale=1000, size=(2, 7, 5)).astype(np.float32)
    large = images.enlarge(heat, (64, 40))
    assert (large.shape, large.dtype) == ((2, 64, 40), np.float32)
    assert heat.min() <= large.min() < -100
    assert 100 < large.max() <= heat.max()
    np.testing.assert_array_equal(large[1], images.enlarge(heat[1], (64, 40)))


def test_enlarge_spreads_what_is_not_finite_no_further_than_its_neighbors():
    heat = np.zeros((1, 5))
    heat[0, 0] = np.nan
    large = images.enlarge(heat, (1, 50))
    assert np.isnan(large[0, :10]).all()
    assert np.isfinite(large[0, 20:]).all()


def test_gray_gets_three_equal_channels_and_color_stays(rng):
    gray_photo = rng.integers(0, 256, (4, 5, 1), np.uint8)
    color_photo = rng.integers(0, 256, (4, 5, 3), np.uint8)
    np.testing.assert_array_equal(images.rgb(gray_photo), np.concatenate([gray_photo] * 3, axis=2))
    assert images.rgb(gray_photo[None]).shape == (1, 4, 5, 3)
    assert images.rgb(color_photo) is color_photo


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 7), (300, 451), (28, 28)])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (96, 64), (224, 224)])
def test_stretch_is_tensorflows_bilinear_resize(rng, shape, size):
    import tensorflow as tf

    photo = rng.integers(0, 256, (*shape, 3), np.uint8)
    expected = tf.image.resize(photo, size).numpy()
    stretched = images.stretch(photo, size)
    assert stretched.dtype == np.float32
    np.testing.assert_allclose(stretched, expected, atol=1e-4, rtol=0)
    np.testing.assert_array_equal(images.fit(photo, size, how="stretch"), np.rint(stretched).astype(np.uint8))
