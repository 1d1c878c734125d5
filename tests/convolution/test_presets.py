import numpy as np
import pytest
from scipy import ndimage

from cnnviz.convolution.arithmetic import cross_correlate, depthwise
from cnnviz.convolution.presets import PRESETS, combine_edges, for_each_channel


def answer(name, image):
    return cross_correlate(image[..., None], PRESETS[name][..., None, None])[..., 0]


@pytest.fixture
def ramp():
    """Brighter by 1 with each column, by 10 with each row."""
    return np.arange(8.0)[None] + 10 * np.arange(9.0)[:, None]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_small_matrices_that_nobody_can_change(name):
    kernel = PRESETS[name]
    assert (kernel.ndim, kernel.dtype) == (2, np.float32)
    assert kernel.any()
    with pytest.raises(ValueError, match="read-only"):
        kernel[0, 0] = 1


@pytest.mark.parametrize("name", PRESETS)
def test_a_plain_area_stays_or_vanishes(name):
    keeps = {"identity", "box-blur", "gaussian-blur", "sharpen", "emboss"}
    np.testing.assert_allclose(answer(name, np.full((6, 6), 7.0)), 7.0 if name in keeps else 0.0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "slope"),
    [
        ("sobel-x", (3, 3), 8),  # 8 times the change from column to column
        ("sobel-y", (3, 3), 80),
        ("edges-4-rows", (4, 2), 80),
        ("edges-5-columns", (2, 5), 12),
        ("edges", (3, 3), 0),
        ("laplacian", (3, 3), 0),
    ],
)
def test_edge_kernels_answer_to_what_gets_brighter_along_their_axis(name, shape, slope, ramp):
    assert PRESETS[name].shape == shape
    np.testing.assert_allclose(answer(name, ramp), slope, atol=1e-4)


def test_sobel_and_laplace_are_those_of_scipy(rng):
    image = rng.normal(size=(9, 10))
    inner = (slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(answer("sobel-x", image), ndimage.sobel(image, 1)[inner], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(answer("sobel-y", image), ndimage.sobel(image, 0)[inner], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(answer("laplacian", image), ndimage.laplace(image)[inner], rtol=1e-4, atol=1e-5)


def test_embossing_adds_what_gets_brighter_downwards_and_to_the_right(ramp):
    """Six times the change along rows and along columns: 6 * 10 + 6 * 1."""
    np.testing.assert_allclose(answer("emboss", ramp), ramp[1:-1, 1:-1] + 66, rtol=1e-5)


def test_the_gaussian_has_a_variance_of_one():
    weights = PRESETS["gaussian-blur"].sum(axis=0)
    assert (weights * np.arange(-2, 3) ** 2).sum() == pytest.approx(1)
    np.testing.assert_array_equal(PRESETS["gaussian-blur"], PRESETS["gaussian-blur"].T)


def test_sharpening_is_the_image_minus_its_laplacian():
    np.testing.assert_array_equal(PRESETS["sharpen"], PRESETS["identity"] - PRESETS["laplacian"])


def test_one_kernel_for_each_channel_keeps_the_channels_apart(rng):
    maps = rng.normal(size=(6, 7, 3)).astype(np.float32)
    found = depthwise(maps, for_each_channel(PRESETS["sobel-y"], 3))
    for channel in range(3):
        np.testing.assert_array_equal(found[..., channel], answer("sobel-y", maps[..., channel]))


def test_combined_edges_are_as_strong_whichever_way_they_run():
    maps = np.array([[3.0, -4.0, 0.0]]), np.array([[-4.0, 3.0, 0.0]])
    np.testing.assert_allclose(combine_edges(*maps), [[5, 5, 0]])
    with pytest.raises(ValueError, match="Expected maps of one shape"):
        combine_edges(np.zeros((2, 3)), np.zeros((3, 2)))
