import numpy as np
import pytest
import tensorflow as tf

from cnnviz.filters import natural, textbook
from cnnviz.filters.style import Style

SHAPE = (20, 21, 3)  # an even and an odd side


def test_a_textbook_step_has_the_stated_size_whatever_the_gradients(rng):
    gradient = rng.normal(size=(2, 4, 5, 3)).astype(np.float32)
    tiny = gradient * np.float32(1e-25)  # its squares are zero in float32
    pixels = np.zeros_like(gradient)
    expected = textbook.STEP * gradient / np.sqrt((gradient**2).mean(axis=(1, 2, 3), keepdims=True))
    assert np.abs(expected[0] / gradient[0]).mean() != pytest.approx(np.abs(expected[1] / gradient[1]).mean())
    np.testing.assert_allclose(textbook.step((pixels,), gradient, 1)[0], expected, rtol=1e-5)
    np.testing.assert_allclose(textbook.step((pixels,), tiny, 1)[0], expected, rtol=1e-5)


def test_a_textbook_step_without_gradient_stays(rng):
    pixels = rng.normal(size=(1, 4, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(textbook.step((pixels,), np.zeros_like(pixels), 1)[0], pixels)


def test_textbook_photos_have_one_mean_and_contrast_each_for_itself(rng):
    pixels = rng.normal([[[[5]]], [[[300]]]], [[[[0.1]]], [[[20]]]], (2, 64, 64, 3)).astype(np.float32)
    photos = textbook.show(pixels)
    assert photos.dtype == np.uint8
    for photo in photos:
        assert photo.mean() == pytest.approx(128, abs=1)
        assert photo.std() == pytest.approx(64, rel=0.05)
    normal = (pixels[0] - pixels[0].mean()) / pixels[0].std()
    np.testing.assert_allclose(photos[0], np.clip(normal * 64 + 128, 0, 255), atol=0.6)


def test_a_natural_step_is_adam_upwards_in_units_of_the_first_gradient(rng):
    """Kingma and Ba, algorithm 1, written out for every step."""
    gradients = rng.normal(0, 7, (3, 1, 2, 3, 4, 3))
    state = tuple(part[None] for part in natural.start((4, 4, 3), rng))
    expected, mean, square = state[0].astype(float), 0.0, 0.0
    for number, gradient in enumerate(gradients, 1):
        state = natural.step(state, gradient.astype(np.float32), np.int32(number))
        g = gradient / np.abs(gradients[0]).max()
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
        expected = expected + 0.05 * (mean / (1 - 0.9**number)) / (np.sqrt(square / (1 - 0.999**number)) + 1e-3)
    assert np.ptp(expected) > 0.2
    np.testing.assert_allclose(state[0], expected, rtol=1e-3, atol=1e-5)


def test_a_natural_step_does_not_hang_on_the_layers_units(rng):
    gradient = rng.normal(size=(1, 2, 3, 4, 3)).astype(np.float32)
    state = tuple(part[None] for part in natural.start((4, 4, 3), rng))
    loud = natural.step(state, gradient * np.float32(1e6), np.int32(1))[0]
    faint = natural.step(state, gradient * np.float32(1e-12), np.int32(1))[0]
    assert np.abs(loud - state[0]).max() == pytest.approx(natural.RATE, rel=1e-2)
    np.testing.assert_allclose(loud, faint, rtol=1e-5)


def test_natural_pixels_are_the_waves_of_their_frequencies(rng):
    rows, columns, channels = SHAPE
    spectrum = rng.normal(0, 0.1, (1, 2, channels, rows, columns // 2 + 1)).astype(np.float32)
    down, right = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None]
    size = np.maximum(np.sqrt(down**2 + right**2), 1 / columns)
    waves = np.fft.irfft2((spectrum[0, 0] + 1j * spectrum[0, 1]) / size * np.sqrt(rows * columns) / 4, (rows, columns))
    expected = 255 / (1 + np.exp(-np.einsum("iyx,oi->yxo", waves, natural.COLORS)))
    pixels = natural.draw(spectrum, SHAPE)[0]
    assert expected.std() > 3
    np.testing.assert_allclose(pixels, expected, rtol=1e-3)


def test_shaking_moves_the_image_over_gray_and_rest_leaves_it(rng):
    pixels = tf.constant(rng.uniform(0, 255, (1, *SHAPE)), tf.float32)
    np.testing.assert_array_equal(natural.move(pixels, np.float32([0.5, 0.5])), pixels)
    moved = natural.move(pixels, np.float32([0, 1])).numpy()  # 2 pixels, a tenth of the side
    np.testing.assert_array_equal(moved[:, 2:, :-2], pixels[:, :-2, 2:])
    assert np.all(moved[:, :2] == natural.FRAME)
    assert np.all(moved[:, :, -2:] == natural.FRAME)


@pytest.mark.parametrize("style", [textbook.TEXTBOOK, natural.NATURAL], ids=lambda style: style.name)
def test_a_start_is_close_to_gray_but_not_gray(style: Style):
    state = style.start(SHAPE, np.random.default_rng(0))
    pixels = np.asarray(style.draw(state[0][None], SHAPE))
    assert pixels.shape == (1, *SHAPE)
    assert 0.1 < pixels.std() < 30
    assert pixels.mean() == pytest.approx(128, abs=10)
