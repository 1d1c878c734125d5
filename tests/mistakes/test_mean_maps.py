"""Does the mean map show a shortcut that is planted in one corner?"""

import keras
import numpy as np
import pytest
from keras import layers
from mistake_nets import files_part

from cnnviz.convnets import SCALINGS, Preparation, convnet_from_model
from cnnviz.datasets.dataset import array_part
from cnnviz.errors import CancelledError, DataError
from cnnviz.heatmaps import grad_cam
from cnnviz.mistakes import mean_map

SIZE = (12, 12)
GAIN = 50.0


@pytest.fixture(scope="module")
def white_net():
    """Class 1 is as likely as white is frequent: its evidence is the brightness beyond 2.5 of 3."""
    image = keras.Input((*SIZE, 3))
    white = layers.Conv2D(1, 1, activation="relu", name="white")(image)
    model = keras.Model(image, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(white)))
    model.get_layer("white").set_weights([np.ones((1, 1, 3, 1), np.float32), np.array([-2.5], np.float32)])
    model.layers[-1].set_weights([np.array([[0, GAIN]], np.float32), np.zeros(2, np.float32)])
    return convnet_from_model(model, preparation=Preparation(SIZE, 3, "crop", SCALINGS["0..1"]))


@pytest.fixture(scope="module")
def watermarked():
    """Each image holds something white somewhere, and a small white mark at the bottom right."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 150, (40, *SIZE, 3), np.uint8)
    for photo in pixels:
        row, column = rng.integers(0, 9, 2)
        photo[row : row + 3, column : column + 3] = 255
        photo[10:, 10:] = 255
    return array_part(pixels, np.zeros(40), 2)


def test_a_planted_shortcut_is_the_top_of_the_mean_map(white_net, watermarked):
    indices = np.arange(5, 40)
    heat = mean_map(white_net, watermarked, indices, class_index=1, batch_size=8)
    pixels = np.stack([watermarked.photo(index) for index in indices]) / 255
    expected = GAIN / 144 * np.maximum(pixels.sum(axis=-1) - 2.5, 0).mean(axis=0)
    np.testing.assert_allclose(heat, expected, rtol=1e-4, atol=1e-6)
    hottest = np.argsort(-heat, axis=None)[:4]
    assert {divmod(int(place), 12) for place in hottest} == {(10, 10), (10, 11), (11, 10), (11, 11)}
    alone = grad_cam(white_net, white_net.prepare([watermarked.photo(5)]), class_index=1)[0]
    assert np.sum(alone == alone.max()) == 13  # of one image, the mark is no hotter than the thing


def test_the_batch_size_changes_nothing_and_steps_are_told(white_net, watermarked):
    steps = []
    indices = np.arange(7)
    one = mean_map(white_net, watermarked, indices, batch_size=3, on_step=lambda *step: steps.append(step))
    assert steps == [(3, 7), (6, 7), (7, 7)]
    np.testing.assert_allclose(one, mean_map(white_net, watermarked, indices), rtol=1e-5)


def test_it_stops_when_asked(white_net, watermarked):
    def stop(done, total):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        mean_map(white_net, watermarked, np.arange(7), on_step=stop)


def test_unreadable_images_do_not_count(net, tmp_path):
    part = files_part(tmp_path, 3)
    together = mean_map(net, part, np.array([0, 1, 2]), class_index=1)
    assert together.max() > 0.001
    np.testing.assert_allclose(together, mean_map(net, part, np.array([0, 2]), class_index=1), rtol=1e-5)
    with pytest.raises(DataError, match=r"^None of the 1 images can be read\. Choose"):
        mean_map(net, part, np.array([1]))
