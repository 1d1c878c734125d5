import importlib
import urllib.error

import keras
import numpy as np
import pytest

from cnnviz.convnets import DEFAULT
from cnnviz.convnets.catalog import build_untrained, catalog, imagenet_classes
from cnnviz.errors import ModelError, OfflineError

DOWNLOADED = [entry for entry in catalog().values() if entry.group == "ImageNet, downloaded"]


def test_has_the_offline_default_first_and_at_least_twenty_of_keras():
    assert next(iter(catalog())) == DEFAULT
    assert len(DOWNLOADED) >= 20
    wanted = "vgg16 vgg19 resnet50 mobilenet_v2 inception_v3 xception densenet121 efficientnet_b0 convnext_tiny"
    assert set(wanted.split()) <= set(catalog())


def test_only_what_is_downloaded_has_a_size_to_download():
    for entry in catalog().values():
        assert entry.is_offline == (entry.download_megabytes == 0) == (entry.group != "ImageNet, downloaded")


@pytest.mark.parametrize("entry", DOWNLOADED, ids=lambda entry: entry.name)
def test_scales_pixels_as_its_own_preprocess_input_does(entry, rng):
    module = importlib.import_module(getattr(keras.applications, entry.title).__module__)
    pixels = rng.integers(0, 256, (2, 3, 4, 3)).astype(np.float32)
    expected = module.preprocess_input(pixels.copy())
    np.testing.assert_allclose(entry.preparation.scaling(pixels), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("mobilenet_v3_small", 2_554_968), ("xception", 22_910_480)],
)
def test_untrained_models_of_keras_have_their_size_and_classes(name, parameters):
    model, entry = build_untrained(name), catalog()[name]
    assert model.count_params() == parameters
    assert model.inputs[0].shape[1:] in (entry.preparation.input_shape, (None, None, 3))
    assert model.outputs[0].shape[1] == len(entry.class_names()) == 1000


@pytest.mark.parametrize(
    "failure",
    [
        urllib.error.URLError("no route to host"),
        urllib.error.HTTPError("https://example.org", 503, "down", None, None),
        ConnectionResetError("reset"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_without_a_model_one_sentence_says_what_works_instead(failure, monkeypatch, tmp_path):
    def fail(*_):
        raise failure

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    with pytest.raises(OfflineError) as caught:
        catalog()["mobilenet"].build()
    assert str(caught.value) == (
        "The weights of mobilenet (16 MB) could not be downloaded. Connect to the internet once, or use "
        "efficientnet-lite0, which is installed with its weights."
    )


def test_other_failures_are_not_taken_for_a_missing_model(monkeypatch, tmp_path):
    def fail(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    with pytest.raises(RuntimeError, match="a bug"):
        catalog()["mobilenet"].build()


def test_an_unknown_architecture_is_told_in_a_sentence():
    with pytest.raises(
        ModelError, match=r"There is no architecture 'alexnet'. Architectures: efficientnet-lite0, lenet5-mnist"
    ):
        build_untrained("alexnet")


def test_class_names_of_imagenet_are_a_thousand_and_differ():
    names = imagenet_classes()
    assert len(set(names)) == len(names) == 1000
    assert (names[281], names[285], names[967]) == ("tabby", "Egyptian cat", "espresso")


def test_classes_that_share_a_first_name_have_all_their_names():
    names = imagenet_classes()
    assert [names[134], names[517]] == ["crane (134)", "crane (517)"]
    assert names[638] != names[639]  # two kinds of maillot
    assert all(name and name == name.strip() for name in names)
