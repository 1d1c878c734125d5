"""Does covering the place of a planted watermark change the answers, and covering another one not?"""

import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.convnets import SCALINGS, Preparation, convnet_from_model
from cnnviz.datasets.dataset import array_part
from cnnviz.errors import CancelledError
from cnnviz.mistakes import Occluded, occlude_in_all

SIZE = (12, 12)


@pytest.fixture(scope="module")
def corner_net():
    """Class 1 where the bottom right corner is white, class 0 else: the mean of its nine pixels against a half."""
    model = keras.Sequential(
        [keras.Input((*SIZE, 3)), layers.Cropping2D(((9, 0), (9, 0))), layers.Flatten(), layers.Dense(2)]
    )
    kernel = np.zeros((27, 2), np.float32)
    kernel[:, 1] = 1 / 27
    model.layers[-1].set_weights([kernel, np.array([0.5, 0], np.float32)])
    return convnet_from_model(model, preparation=Preparation(SIZE, 3, "crop", SCALINGS["0..1"]))


@pytest.fixture(scope="module")
def part():
    """Dark images; the first 40 of 50 have a white corner."""
    pixels = np.random.default_rng(0).integers(0, 60, (50, *SIZE, 3), np.uint8)
    pixels[:40, 9:, 9:] = 255
    return array_part(pixels, np.zeros(50), 2)


def corner_heat():
    heat = np.zeros((4, 4), np.float32)
    heat[3, 3] = 1
    return heat


def test_covering_the_mark_changes_every_answer_that_hangs_on_it_and_no_other(corner_net, part):
    steps = []
    found = occlude_in_all(corner_net, part, np.arange(50), corner_heat(), on_step=lambda *step: steps.append(step))
    assert found == Occluded(changed=40, elsewhere=0, total=50)
    assert steps == [(32, 50), (50, 50)]


def test_covering_a_place_that_does_not_count_changes_nothing(corner_net, part):
    found = occlude_in_all(corner_net, part, np.arange(10), corner_heat()[::-1, ::-1])
    assert found.changed == 0 and found.total == 10


def test_the_other_place_is_the_same_mask_half_a_image_away(corner_net, part):
    heat = np.zeros((4, 4), np.float32)
    heat[1, 1] = 1  # half an image from the corner
    assert occlude_in_all(corner_net, part, np.arange(10), heat) == Occluded(changed=0, elsewhere=10, total=10)


def test_it_can_be_stopped(corner_net, part):
    def stop(_, __):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        occlude_in_all(corner_net, part, np.arange(50), corner_heat(), on_step=stop)
