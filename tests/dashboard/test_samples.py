"""Is every model offered images that it can know, and is each found again by its name?"""

import numpy as np
import pytest

from cnnviz.convnets import load_convnet
from cnnviz.dashboard import samples
from cnnviz.datasets import load_dataset
from cnnviz.errors import ImageError
from cnnviz.images import sample_photos
from cnnviz.probes import predict


@pytest.mark.parametrize(
    ("model", "data"), [("lenet5-mnist", "mnist-5k"), ("lenet5", "mnist-5k"), ("fashion-cnn", "fashion-sample")]
)
def test_a_small_model_is_offered_one_test_image_a_class(model, data):
    offered = samples.offered(model)
    own = [name for name in offered if name.startswith(f"{data}:")]
    labels = load_dataset(data).test.labels[[int(name.split(":")[1]) for name in own]]
    assert list(labels) == list(range(10))
    assert offered[:10] == own and offered[10:] == list(sample_photos())


@pytest.mark.parametrize("model", ["efficientnet-lite0", "vgg16", "cifar10_cnn", "no such model"])
def test_others_are_offered_photographs(model):
    assert samples.offered(model) == list(sample_photos())


def test_a_test_image_is_read_as_it_is_and_known_to_its_model():
    name = samples.offered("lenet5-mnist")[7]
    photo = samples.read(name)
    index = int(name.split(":")[1])
    np.testing.assert_array_equal(photo.pixels[..., :1], load_dataset("mnist-5k").test.photo(index))
    convnet = load_convnet("lenet5-mnist")
    assert predict(convnet, convnet.prepare([photo.pixels])).argmax() == 7
    assert samples.title(name) == f"7 · test image {index}"
    assert eval(samples.code(name), {"cnnviz": __import__("cnnviz")}).shape == (28, 28, 3)


@pytest.mark.parametrize(
    "name", ["mnist-5k:1000", "mnist-5k:-1", "mnist:3", "../etc:1", "fashion-sample:", "fashion-sample:99999", "x" * 64]
)
def test_a_image_that_is_not_there_is_said_so(name, monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path))
    assert not samples.exists(name)
    with pytest.raises(ImageError, match="no longer on this server"):
        samples.read(name)
