"""Do models that take gray images without an axis for the channel, or a row of values, work as their twins do?"""

import keras
import numpy as np
import pytest
from keras import layers

import cnnviz
from cnnviz import Preparation, convnet_from_model, load_convnet
from cnnviz.cli import main
from cnnviz.convnets.files import open_model_file
from cnnviz.errors import ModelError
from cnnviz.layers import map_layers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SHAPES = {"no channel": (28, 28), "flat": (784,), "flat colors": (3072,), "whole numbers": (784,)}


def convolutions():
    return [
        layers.Conv2D(4, 3, activation="relu", name="conv"),
        layers.MaxPooling2D(name="pool"),
        layers.Flatten(name="flatten"),
        layers.Dense(10, activation="softmax", name="scores"),
    ]


def with_twin(kind):
    """A textbook model, and one with the same weights that takes images with a channel axis."""
    keras.utils.set_random_seed(3)
    image = (32, 32, 3) if kind == "flat colors" else (28, 28, 1)
    dtype = "uint8" if kind == "whole numbers" else "float32"
    scaling = [layers.Rescaling(1 / 255)] if kind == "whole numbers" else []
    model = keras.Sequential(
        [keras.Input(SHAPES[kind], dtype=dtype), *scaling, layers.Reshape(image, name="grid"), *convolutions()]
    )
    twin = keras.Sequential([keras.Input(image, dtype=dtype), *scaling, *convolutions()])
    twin.set_weights(model.get_weights())
    return model, twin


def images(convnet, count=3):
    rng = np.random.default_rng(5)
    return convnet.prepare([rng.integers(0, 256, (40, 30, 3), dtype=np.uint8) for _ in range(count)])


@pytest.mark.parametrize("kind", SHAPES)
def test_everything_is_as_for_the_twin(kind):
    model, twin = with_twin(kind)
    convnet, other = convnet_from_model(model), convnet_from_model(twin)
    inputs = images(convnet)
    np.testing.assert_array_equal(inputs, images(other))
    raw = np.asarray(model(inputs.reshape(len(inputs), *SHAPES[kind]), training=False))
    assert np.ptp(raw) > 1e-3
    np.testing.assert_allclose(cnnviz.predict(convnet, inputs), raw, rtol=1e-6)
    for method in (cnnviz.grad_cam, cnnviz.score_cam):
        np.testing.assert_allclose(
            method(convnet, inputs, layer="pool"), method(other, inputs, layer="pool"), rtol=1e-4, atol=1e-9
        )
    for method in (cnnviz.saliency, cnnviz.integrated_gradients, cnnviz.occlusion):
        right = method(other, inputs[:1])
        assert np.ptp(right) > 0
        np.testing.assert_allclose(method(convnet, inputs[:1]), right, rtol=1e-4, atol=1e-7)
    here, there = ({info.address: info for info in cnnviz.layers(one)} for one in (convnet, other))
    assert [info.address for info in map_layers(convnet)] == ["grid", "conv", "pool"]
    for address in ("conv", "pool"):
        assert here[address].receptive_field == there[address].receptive_field
        assert here[address].grid == there[address].grid
    np.testing.assert_array_equal(
        cnnviz.filter_patterns(convnet, layer="conv", filters=[0], size=len(inputs[0]), steps=2),
        cnnviz.filter_patterns(other, layer="conv", filters=[0], size=len(inputs[0]), steps=2),
    )


@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_a_dense_model_has_saliency_and_no_maps(tmp_path, shape, capsys):
    flatten = [layers.Flatten()] if len(shape) == 2 else []
    model = keras.Sequential([keras.Input(shape), *flatten, layers.Dense(16, activation="relu"), layers.Dense(10)])
    model.save(tmp_path / "dense.keras")
    convnet = load_convnet(tmp_path / "dense.keras", is_trusted=False)
    inputs = images(convnet)
    assert inputs.shape == (3, 28, 28, 1)
    scores = np.asarray(keras.ops.softmax(model(inputs.reshape(3, *shape))))
    np.testing.assert_allclose(cnnviz.predict(convnet, inputs), scores, rtol=1e-5)
    assert cnnviz.saliency(convnet, inputs).shape == (3, 28, 28)
    assert not map_layers(convnet)
    image = str(next(iter(cnnviz.sample_photos().values())))
    assert main(["predict", image, "--model", str(tmp_path / "dense.keras")]) == 0
    assert "class " in capsys.readouterr().out


def test_evaluates_images_in_memory_as_keras_does():
    model = keras.Sequential([keras.Input((784,)), layers.Dense(3, activation="softmax")])
    rng = np.random.default_rng(1)
    pixels, labels = rng.integers(0, 256, (40, 28, 28), dtype=np.uint8), rng.integers(0, 3, 40)
    convnet = convnet_from_model(model, class_names=["a", "b", "c"])
    right = np.asarray(model(pixels.reshape(40, 784) / np.float32(255)))
    found = cnnviz.evaluate(convnet, (pixels, labels), class_names=["a", "b", "c"])
    np.testing.assert_allclose(found.true_probability, right[np.arange(40), labels], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found.is_right, right.argmax(axis=1) == labels)


def test_only_the_image_in_a_row_of_values_is_a_guess_and_can_be_said():
    def row(count):
        return keras.Sequential([keras.Input((count,)), layers.Dense(3)])

    assert convnet_from_model(row(784)).assumptions.layout.value == "28 x 28 x 1"
    assert "layout" in convnet_from_model(row(3072)).assumptions.guesses
    plain = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(3)])
    assert "layout" not in dict(convnet_from_model(plain).assumptions)
    said = convnet_from_model(row(600), preparation=Preparation((30, 20), 1))
    assert said.preparation.input_shape == (30, 20, 1)
    assert "layout" not in said.assumptions.guesses
    with pytest.raises(ModelError, match="takes 28 x 28 x 1, but images would be prepared as 20 x 20 x 1"):
        convnet_from_model(row(784), preparation=Preparation((20, 20), 1))


@pytest.mark.parametrize(
    "build",
    [
        lambda: keras.Sequential([keras.Input((100,)), layers.Embedding(9, 4), layers.Flatten(), layers.Dense(2)]),
        lambda: keras.Sequential([keras.Input((16,)), layers.Dense(2)]),
        lambda: keras.Sequential([keras.Input((None, 28)), layers.Conv1D(2, 3), layers.GlobalMaxPooling1D()]),
        lambda: keras.Sequential([keras.Input((600,)), layers.Dense(2)]),
    ],
    ids=["words", "measurements", "a series", "no square"],
)
def test_what_is_no_image_is_refused(build):
    with pytest.raises(ModelError, match="The input must be height x width x channels"):
        convnet_from_model(build())


def test_opening_leaves_the_model_as_it_is(tmp_path):
    model, _ = with_twin("flat")
    model.save(tmp_path / "a.keras")
    assert open_model_file(tmp_path / "a.keras").input_shape == (None, 784)
