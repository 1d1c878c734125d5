"""Do the images of a time lapse share their scale over the epochs, so that what grows is seen to grow?"""

import numpy as np

from cnnviz.dashboard.training.time_lapse import kernel_images, map_images
from cnnviz.images import color


def test_each_map_runs_from_nothing_to_its_highest_value_of_all_epochs():
    maps = np.zeros((2, 1, 3, 2), np.float32)
    maps[:, 0, :, 0] = [[0, 1, 2], [0, 2, 4]]  # doubles
    maps[:, 0, :, 1] = [[-3, 0, 0], [0, 0, 1]]
    images = map_images(maps)
    assert (images.shape, images.dtype) == ((2, 2, 1, 3), np.uint8)
    np.testing.assert_array_equal(images[:, 0, 0], [[0, 64, 128], [0, 128, 255]])
    np.testing.assert_array_equal(images[:, 1, 0], [[0, 191, 191], [191, 191, 255]])


def test_a_map_that_is_always_silent_is_black():
    assert not map_images(np.zeros((2, 3, 3, 1), np.float32)).any()


def test_kernels_of_gray_share_one_scale_around_zero():
    kernels = np.array([0.0, 1.0, -2.0], np.float32).reshape(3, 1, 1, 1, 1)
    images = kernel_images(kernels)
    assert images.shape == (3, 1, 1, 1, 3)
    np.testing.assert_array_equal(images[:, 0, 0, 0], color(np.array([0.5, 0.75, 0.0]), "PuOr"))


def test_kernels_of_photos_are_shown_in_their_colors_and_zero_is_gray():
    kernels = np.zeros((1, 2, 1, 3, 1), np.float32)
    kernels[0, 0, 0, :, 0] = [4, 0, -4]
    np.testing.assert_array_equal(kernel_images(kernels)[0, 0, :, 0], [[255, 128, 0], [128, 128, 128]])


def test_kernels_that_are_all_zero_are_no_error():
    assert kernel_images(np.zeros((1, 3, 3, 1, 2), np.float32)).shape == (1, 2, 3, 3, 3)
