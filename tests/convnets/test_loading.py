"""Which models open, and how far? One test for each row of what was agreed."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.convnets import SCALINGS, Preparation, load_convnet
from cnnviz.convnets.architectures import lenet5_subclassed, mnist_convnet
from cnnviz.convnets.finite_weights import count_not_finite
from cnnviz.convnets.overrides import Answers, remember
from cnnviz.errors import ModelError, ModelFileError
from cnnviz.probes import predict

# TensorFlow 2.21 with NumPy 2: what Keras saves goes through a conversion that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path / "cache"))


def image(*shape):
    return keras.Input(shape or (8, 8, 3), name="image")


def functional(classes=2, activation="softmax"):
    x = given = image()
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(given, layers.Dense(classes, activation=activation, name="scores")(x), name="net")


def sequential():
    return keras.Sequential([image(), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3, activation="softmax")])


def nested():
    inner = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3)], name="backbone")
    outer = keras.Sequential([image(), inner, layers.GlobalAveragePooling2D()], name="outer")
    return keras.Sequential([image(), outer, layers.Dense(3, activation="softmax")])


def saved(model, path):
    model.save(path)
    return path


def refusal(source, kind=ModelError, **options):
    with pytest.raises(kind) as caught:
        load_convnet(source, **options)
    text = str(caught.value)
    assert 20 < len(text) <= 200
    assert "safe_mode" not in text
    return text


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("build", [functional, sequential, nested])
def test_functional_sequential_and_nested_models_open(tmp_path, build, suffix, rng):
    model = build()
    convnet = load_convnet(saved(model, tmp_path / f"my.net{suffix}"))
    assert convnet.name == "my.net"
    assert convnet.outputs == "softmax"
    inputs = rng.uniform(size=(2, 8, 8, 3)).astype(np.float32)
    expected = np.asarray(model(inputs))
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(predict(convnet, inputs), expected, rtol=1e-4)


def test_a_path_may_be_text(tmp_path, monkeypatch):
    path = saved(functional(), tmp_path / "a.keras")
    assert load_convnet(str(path)) == load_convnet(path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.keras").rename(tmp_path / "plain")
    assert load_convnet("plain") == load_convnet(Path("plain"))


def test_a_subclassed_model_of_ours_opens(tmp_path, rng):
    model = lenet5_subclassed()
    convnet = load_convnet(saved(model, tmp_path / "a.keras"))
    inputs = rng.uniform(size=(1, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(predict(convnet, inputs), np.asarray(model(inputs)), rtol=1e-4)


def test_a_subclassed_model_of_somebodys_own_is_named(tmp_path):
    class Mine(keras.Model):
        def call(self, inputs):
            return inputs

    model = Mine()
    model(np.zeros((1, 8, 8, 3), np.float32))
    text = refusal(saved(model, tmp_path / "a.keras"), ModelFileError)
    assert "'Mine'" in text
    assert "cnnviz.convnet_from_model" in text


def test_weights_open_with_a_named_architecture(tmp_path, rng):
    model = mnist_convnet()
    model.save_weights(tmp_path / "mine.weights.h5")
    convnet = load_convnet(tmp_path / "mine.weights.h5", architecture="mnist_convnet", class_names=list("0123456789"))
    assert (convnet.name, convnet.class_names[3]) == ("mine", "3")
    assert convnet.preparation.input_shape == (28, 28, 1)
    inputs = rng.uniform(size=(2, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(predict(convnet, inputs), np.asarray(model(inputs)), rtol=1e-4)
    assert "without an architecture" in refusal(tmp_path / "mine.weights.h5")
    assert "do not fit" in refusal(tmp_path / "mine.weights.h5", architecture="lenet5")
    assert "no model 'x'" in refusal(tmp_path / "mine.weights.h5", architecture="x")


def test_dense_only_models_open(tmp_path):
    model = keras.Sequential([image(8, 8, 1), layers.Flatten(), layers.Dense(3, activation="softmax")])
    assert len(load_convnet(saved(model, tmp_path / "a.keras")).class_names) == 3


def test_several_outputs_open_with_a_head_to_choose(tmp_path):
    given = image()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(given))
    heads = [layers.Dense(units, activation="softmax", name=f"head{units}")(x) for units in (2, 3)]
    path = saved(keras.Model(given, heads), tmp_path / "a.keras")
    assert len(load_convnet(path).class_names) == 3  # as deep, and wider
    assert len(load_convnet(path, head=0).class_names) == 2
    assert len(load_convnet(path, head="head2").class_names) == 2
    assert "no output 2" in refusal(path, head=2)
    assert "no output 'tail'. Its outputs: head2, head3." in refusal(path, head="tail")


def test_image_to_image_opens_without_classes(tmp_path):
    model = keras.Sequential([image(), layers.Conv2D(3, 3, padding="same")])
    convnet = load_convnet(saved(model, tmp_path / "a.keras"))
    assert (convnet.outputs, convnet.class_names) == ("none", ())


def two_inputs():
    given = [keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")]
    return keras.Model(given, layers.Dense(2)(layers.Flatten()(layers.Add()(given))))


def text():
    return keras.Sequential(
        [keras.Input((20,), dtype="int32"), layers.Embedding(50, 4), layers.Flatten(), layers.Dense(2)]
    )


def volumes():
    return keras.Sequential([keras.Input((6, 6, 6, 1)), layers.Conv3D(2, 3), layers.Flatten(), layers.Dense(2)])


def channels_first():
    convolution = layers.Conv2D(2, 3, data_format="channels_first")
    return keras.Sequential([keras.Input((3, 8, 8)), convolution, layers.Flatten(), layers.Dense(2)])


def channels_first_without_a_convolution():
    return keras.Sequential([keras.Input((3, 8, 8)), layers.Flatten(), layers.Dense(2)])


def fixed_batch():
    return keras.Sequential(
        [keras.Input(batch_shape=(8, 8, 8, 3)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)]
    )


def infrared():
    return keras.Sequential([image(8, 8, 12), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])


UNSUITED = {
    two_inputs: "2 inputs",
    text: "input is 20",
    volumes: "6 x 6 x 6 x 1",
    channels_first: "channels_first",
    channels_first_without_a_convolution: "Channels come first",
    fixed_batch: "fixed batch size of 8",
    infrared: "not 1, 3 or 4 channels",
}


@pytest.mark.parametrize("build", UNSUITED, ids=lambda build: build.__name__)
def test_models_that_do_not_take_one_image_are_told_so(tmp_path, build):
    assert UNSUITED[build] in refusal(saved(build(), tmp_path / "a.keras"))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_no_numbers_open_and_are_counted(tmp_path, bad):
    model = functional()
    assert count_not_finite(load_convnet(saved(model, tmp_path / "good.keras"))) == 0
    kernel, bias = model.get_layer("conv").get_weights()
    kernel[0, 0] = bad  # 3 x 4 of them
    model.get_layer("conv").set_weights([kernel, bias])
    assert count_not_finite(load_convnet(saved(model, tmp_path / "a.keras"))) == 12


def test_a_saved_model_is_not_opened(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "saved_model.pb").write_bytes(b"x")
    assert "SavedModel" in refusal(tmp_path / "export", ModelFileError)
    assert "SavedModel" in refusal(str(tmp_path / "export"), ModelFileError)


def test_what_is_not_there_is_told_apart(tmp_path):
    assert "no file 'gone.keras'" in refusal(tmp_path / "gone.keras", ModelFileError)
    assert "no file 'gone.h5'" in refusal("gone.h5", ModelFileError)
    assert "no model 'gone'" in refusal("gone")
    assert "no model" in refusal("x" * 150)
    assert "cannot be read" in refusal(tmp_path / ("x" * 5000), ModelFileError)
    assert "folder" in refusal(tmp_path, ModelFileError)


def test_what_is_given_is_used(tmp_path):
    path = saved(functional(), tmp_path / "a.keras")
    wanted = Preparation((8, 8), 3, "stretch", SCALINGS["-1..1"])
    convnet = load_convnet(path, preparation=wanted, class_names=["cat", "dog"])
    assert (convnet.preparation, convnet.class_names) == (wanted, ("cat", "dog"))


def test_what_was_remembered_is_used_unless_something_is_given(tmp_path):
    path = saved(functional(), tmp_path / "a.keras")
    guessed = load_convnet(path)
    assert guessed.preparation.scaling.name != "-1..1"
    remember(path, Answers("-1..1", "pad", ("cat", "dog"), 0))
    recalled = load_convnet(path)
    assert recalled.preparation == Preparation((8, 8), 3, "pad", SCALINGS["-1..1"])
    assert recalled.class_names == ("cat", "dog")
    assert load_convnet(path, class_names=["a", "b"]).class_names == ("a", "b")
    assert load_convnet(path, preparation=guessed.preparation).preparation == guessed.preparation


def test_what_was_remembered_of_an_older_file_is_forgotten(tmp_path):
    path = saved(functional(), tmp_path / "a.keras")
    remember(path, Answers(class_names=("cat", "dog"), head=5))
    assert load_convnet(path).class_names == ("class 0", "class 1")
    saved(functional(classes=3), path)
    remember(path, Answers(class_names=("cat", "dog")))
    assert len(load_convnet(path).class_names) == 3


def test_names_that_are_given_must_fit(tmp_path):
    path = saved(functional(), tmp_path / "a.keras")
    assert "3 class names for 2 classes" in refusal(path, class_names=["a", "b", "c"])
