import keras
import numpy as np
import pytest

from cnnviz.convnets import architectures, convnet_from_model, load_convnet
from cnnviz.convnets.catalog import catalog
from cnnviz.layers import layers
from cnnviz.probes import predict


@pytest.mark.parametrize(
    ("name", "parameters", "input_shape", "units"),
    [
        ("lenet5", 61_706, (28, 28, 1), 10),
        ("lenet5_subclassed", 61_706, (28, 28, 1), 10),
        ("mnist_convnet", 104_202, (28, 28, 1), 10),
        ("fashion_cnn", 320 + 18_496 + (7 * 7 * 64 + 1) * 100 + 1_010, (28, 28, 1), 10),
        ("cifar10_cnn", 122_570, (32, 32, 3), 10),
        ("small_data_convnet", 991_041, (180, 180, 3), 1),
        ("mnist_dense", 101_770, (28, 28, 1), 10),
    ],
)
def test_has_the_parameters_of_its_source(name, parameters, input_shape, units):
    model = getattr(architectures, name)()
    assert model.count_params() == parameters
    assert model(np.zeros((2, *input_shape), np.float32)).shape == (2, units)
    assert catalog()[name].preparation.input_shape == input_shape


def test_every_architecture_is_in_the_catalog_and_opens_by_name(cat):
    untrained = [entry for entry in catalog().values() if not entry.is_trained]
    assert len(untrained) == 7
    for entry in untrained:
        convnet = load_convnet(entry.name)
        probabilities = predict(convnet, convnet.prepare([cat]))
        assert probabilities.shape == (1, len(entry.class_names()))
        np.testing.assert_allclose(probabilities.sum(), 1, rtol=1e-5)


def test_lenet5_sees_the_same_as_a_class_and_as_a_graph(rng):
    functional, subclassed = architectures.lenet5(), architectures.lenet5_subclassed()
    subclassed.set_weights(functional.get_weights())
    digits = rng.uniform(size=(3, 28, 28, 1)).astype(np.float32)
    expected = predict(convnet_from_model(functional), digits)
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(predict(convnet_from_model(subclassed), digits), expected, rtol=1e-5)
    names = [[info.address for info in layers(convnet_from_model(model))] for model in (functional, subclassed)]
    assert names[0] == names[1]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras saving any model
def test_the_subclassed_lenet5_survives_saving(tmp_path, rng):
    model = architectures.lenet5_subclassed()
    model.save(tmp_path / "lenet5.keras")
    again = keras.saving.load_model(tmp_path / "lenet5.keras")
    assert type(again) is architectures.lenet5_class()
    digits = rng.uniform(size=(2, 28, 28, 1)).astype(np.float32)
    np.testing.assert_array_equal(again(digits), model(digits))


def test_lenet5_layers_see_what_the_paper_says():
    """C1 5 x 5, S2 6 x 6, C3 14 x 14, S4 16 x 16 pixels of the image."""
    infos = layers(convnet_from_model(architectures.lenet5()))
    assert [info.receptive_field[0] for info in infos[:4]] == [5, 6, 14, 16]
    assert [info.stride[0] for info in infos[:4]] == [1, 2, 2, 4]
    assert [info.output_shape for info in infos[:4]] == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16)]
