"""Do the small models that ship know what their records say, and nothing that they were tested on?"""

import importlib

import numpy as np
import pytest

from cnnviz.convnets import catalog, load_convnet
from cnnviz.convnets.catalog import SHIPPED
from cnnviz.datasets import load_dataset, photos
from cnnviz.probes import predict

NAMES = [shipped.name for shipped in SHIPPED]


@pytest.fixture(params=SHIPPED, ids=NAMES)
def shipped(request):
    return request.param


def test_each_is_small_offline_and_trained(shipped):
    module = importlib.import_module("cnnviz.convnets.catalog")

    entry = catalog()[shipped.name]
    assert entry.is_offline and entry.is_trained
    assert (module._FOLDER / f"{shipped.name}.keras").stat().st_size < 2 * 2**20


def test_each_is_what_its_record_says(shipped):
    """All of Fashion-MNIST is not on every machine: its sample has 1,000 of the test images."""
    record, convnet = shipped.record, load_convnet(shipped.name)
    assert record["recipe"]["data"] == shipped.data
    assert record["status"]["state"] == "finished"
    assert record["environment"]["parameters"] == convnet.model.count_params()
    dataset = load_dataset("fashion-sample" if shipped.data == "fashion-mnist" else shipped.data)
    assert convnet.class_names == dataset.class_names
    pixels = photos(dataset.test, size=(28, 28), channels=1)
    answers = predict(convnet, np.asarray(pixels, np.float32)).argmax(axis=1)
    accuracy = (answers == dataset.test.labels).mean()
    recorded = record["status"]["test"]
    if len(dataset.test) == recorded["pictures"]:
        assert accuracy == pytest.approx(recorded["accuracy"], abs=0.002)
    assert accuracy == pytest.approx(recorded["accuracy"], abs=0.03)
    assert accuracy > {"lenet5-mnist": 0.95, "fashion-cnn": 0.88}[shipped.name]


def test_an_ordinary_photo_of_a_digit_is_prepared_as_its_images_were(shipped):
    dataset = load_dataset("fashion-sample" if shipped.data == "fashion-mnist" else shipped.data)
    convnet, photo = load_convnet(shipped.name), dataset.test.photo(0)
    inputs = convnet.prepare([np.repeat(photo, 3, axis=-1)])
    np.testing.assert_allclose(inputs[0], photo, atol=1)


def test_untrained_it_is_the_same_model_with_other_weights(shipped):
    trained, fresh = shipped.open(), shipped.build_untrained()
    assert [weight.shape for weight in fresh.weights] == [weight.shape for weight in trained.weights]
    kernel = next(index for index, weight in enumerate(trained.weights) if len(weight.shape) == 4)
    assert np.abs(fresh.get_weights()[kernel] - trained.get_weights()[kernel]).max() > 0.01
