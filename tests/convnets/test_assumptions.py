"""What is assumed of a model is a record that says why, and whatever a person says goes before it."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers
from tiny_nets import pooled, randomize

from cnnviz.convnets import Answers, convnet_from_model, load_convnet, remember
from cnnviz.errors import ModelError
from cnnviz.probes import predict


def linear(units, loss=None):
    model = randomize(pooled(None, units=units))
    if loss:
        model.compile(loss=loss)
    return model


def saved(model, path):
    model.save(path)
    return path


def test_the_record_is_frozen_and_says_why():
    assumed = convnet_from_model(pooled()).assumptions
    with pytest.raises(dataclasses.FrozenInstanceError):
        assumed.scaling = None
    assert dict(assumed).keys() == {"scaling", "fit", "class_names", "class_order", "outputs"}
    assert all(one.value and one.why for _, one in assumed)
    assert set(assumed.guesses) == {"scaling", "fit", "class_names", "class_order"}
    assert assumed.record["outputs"] == {"value": "softmax", "why": str(assumed.outputs.why), "is_confirmed": True}
    assert assumed.lines[1] == "fit stretch (guess: as Keras's image loaders do)"


def test_nothing_is_a_guess_of_a_model_of_the_catalog(lite0):
    assert not lite0.assumptions.guesses
    assert lite0.assumptions.scaling.why == "from the catalog"


def test_what_is_said_goes_before_what_was_remembered_and_that_before_a_guess(tmp_path):
    path = saved(pooled(), tmp_path / "a.keras")
    remember(path, Answers(scaling="-1..1", fit="pad"))
    remembered = load_convnet(path)
    assert (remembered.preparation.scaling.name, remembered.preparation.fit) == ("-1..1", "pad")
    assert remembered.assumptions.scaling.why == "saved next to the model"
    said = load_convnet(path, scaling="0..255")
    assert (said.preparation.scaling.name, said.preparation.fit) == ("0..255", "pad")
    assert said.assumptions.scaling.why == "set by you"
    assert said.fingerprint != remembered.fingerprint


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize(
    ("units", "loss", "outputs"),
    [
        (1, "mse", "numbers"),
        (4, "mae", "numbers"),
        (4, keras.losses.Huber(), "numbers"),
        (1, keras.losses.BinaryCrossentropy(from_logits=True), "logits"),
        (3, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "logits"),
    ],
)
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_the_loss_in_the_file_tells_numbers_from_logits(tmp_path, units, loss, outputs, suffix):
    convnet = load_convnet(saved(linear(units, loss), tmp_path / f"a.{suffix}"))
    assert (convnet.outputs, convnet.assumptions.outputs.is_confirmed) == (outputs, True)
    assert convnet_from_model(linear(units, loss)).outputs == outputs


@pytest.mark.parametrize(
    ("said", "classes", "expected"),
    [
        ("logits", 3, lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True)),
        ("scores", 3, lambda z: z),
        ("numbers", 3, lambda z: z),
    ],
)
def test_a_person_may_say_what_the_outputs_are(rng, said, classes, expected):
    model = linear(3)
    convnet = convnet_from_model(model, outputs=said)
    inputs = rng.uniform(size=(2, 6, 6, 3)).astype(np.float32)
    assert (convnet.outputs, len(convnet.class_names)) == (said, classes)
    np.testing.assert_allclose(predict(convnet, inputs), expected(model(inputs).numpy()), rtol=1e-5)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"outputs": "softmax"},
            "A single output cannot be a softmax over classes. Set the outputs to sigmoid, logits or numbers.",
        ),
        ({"outputs": "odds"}, "There is no kind of output 'odds'. Kinds: "),
        ({"scaling": "0..2"}, "There is no scaling '0..2'. Scalings: "),
        ({"head": "tail"}, "The model has no output tail. It has 1, counted from 0."),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(said, message):
    with pytest.raises(ModelError) as caught:
        convnet_from_model(linear(1), **said)
    assert str(caught.value).startswith(message)


def test_a_scaling_of_three_channels_is_none_for_one():
    with pytest.raises(ModelError, match="The scaling imagenet-torch is for three channels, but the model takes 1"):
        convnet_from_model(pooled(channels=1), scaling="imagenet-torch")


def test_the_main_output_is_found_by_name_then_depth_then_width():
    image = keras.Input((6, 6, 3))
    early = layers.Flatten()(layers.Conv2D(2, 3)(image))
    late = layers.Flatten()(layers.Conv2D(2, 3)(layers.Conv2D(2, 3)(image)))

    def chosen(**heads):
        model = keras.Model(image, [layers.Dense(units, name=name)(x) for name, (x, units) in heads.items()])
        return convnet_from_model(model).assumptions.head.value

    assert chosen(aux_1=(late, 9), other=(early, 2)) == "other"
    assert chosen(first=(late, 9), predictions=(early, 2)) == "predictions"
    assert chosen(first=(early, 9), second=(late, 2)) == "second"
    assert chosen(first=(late, 2), second=(late, 9)) == "second"


def test_a_class_goes_by_its_name_before_its_index():
    convnet = convnet_from_model(pooled(), class_names=["2", "0", "cat"])
    assert [convnet.class_index(name) for name in ("2", "0", "cat", 2, "1")] == [0, 1, 2, 2, 1]
    numbered = convnet_from_model(pooled())
    assert not numbered.has_class_names and numbered.class_index("1") == 1
