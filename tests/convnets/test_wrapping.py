import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tiny_nets import Listed, flat, listed, nested, pooled, randomise, state

from cnnviz.convnets import SCALINGS, Preparation, convnet_from_model, guess_preparation
from cnnviz.errors import ModelError
from cnnviz.probes import predict


def with_scores(last, units=3):
    base = pooled(activation=None, units=units)
    return randomise(keras.Model(base.inputs[0], last(base.outputs[0])))


@pytest.mark.parametrize(
    ("model", "outputs", "classes"),
    [
        (lambda: pooled("softmax"), "softmax", 3),
        (lambda: pooled("softmax", units=2), "softmax", 2),
        (lambda: pooled("sigmoid", units=1), "sigmoid", 2),
        (lambda: pooled("sigmoid"), "independent", 3),
        (lambda: pooled("sigmoid", units=2), "independent", 2),
        (lambda: pooled(None), "logits", 3),
        (lambda: pooled(None, units=1), "logits", 2),
        (lambda: pooled("relu"), "logits", 3),
        (lambda: pooled("log_softmax"), "logits", 3),
        (lambda: with_scores(layers.Softmax()), "softmax", 3),
        (lambda: with_scores(keras.ops.sigmoid), "independent", 3),
        (lambda: with_scores(keras.ops.sigmoid, units=1), "sigmoid", 2),
        (lambda: with_scores(lambda x: layers.Average()([layers.Softmax()(x), layers.Softmax()(-x)])), "softmax", 3),
        (lambda: with_scores(lambda x: 2.0 * x), "logits", 3),
        (
            lambda: with_scores(lambda x: layers.Reshape((4,))(layers.Softmax()(layers.Reshape((2, 2))(x))), units=4),
            "independent",
            4,
        ),
        (nested, "softmax", 3),
        (lambda: keras.Sequential([keras.Input((6, 6, 3)), pooled("sigmoid", units=1)]), "sigmoid", 2),
    ],
)
def test_tells_what_the_scores_are(model, outputs, classes):
    convnet = convnet_from_model(model())
    assert (convnet.outputs, len(convnet.class_names)) == (outputs, classes)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_head_of_zeros_is_told_by_its_activation_not_by_its_sum(activation):
    """Two sigmoids of zero are a half each, and sum to one."""
    model = pooled(activation, units=2)
    model.get_layer("scores").set_weights([np.zeros((4, 2)), np.zeros(2)])
    assert convnet_from_model(model).outputs == {"softmax": "softmax", "sigmoid": "independent"}[activation]


@pytest.mark.parametrize(
    ("last", "classes", "outputs"),
    [
        (tf.nn.softmax, 3, "softmax"),
        (tf.nn.sigmoid, 1, "sigmoid"),
        (tf.identity, 3, "logits"),
        (lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(x), -1, keepdims=True), 3, "softmax"),
        (lambda x: tf.clip_by_value(x, 0, 1), 1, "sigmoid"),
        (lambda x: x**3, 3, "logits"),
        (tf.function(tf.nn.softmax), 3, "softmax"),
    ],
)
def test_tells_what_a_subclassed_call_returns(last, classes, outputs):
    model = randomise(listed(last=last, classes=classes))
    assert convnet_from_model(model, preparation=Preparation((9, 8))).outputs == outputs


def test_a_half_precision_softmax_is_one():
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    image = keras.Input((6, 6, 3))
    x = layers.Dense(200, dtype=policy)(layers.Flatten()(image))
    convnet = convnet_from_model(keras.Model(image, layers.Activation("softmax", dtype="float32")(x)))
    assert convnet.outputs == "softmax"


@pytest.mark.parametrize(
    ("steps", "scaling"),
    [
        ([layers.Rescaling(1 / 255)], "0..255"),
        ([keras.Sequential([layers.Normalization(mean=0.0, variance=1.0)])], "0..255"),
        ([], "0..1"),
    ],
)
def test_guesses_that_a_model_that_scales_wants_plain_pixels(steps, scaling):
    model = keras.Sequential([keras.Input((7, 5, 1)), *steps, layers.Flatten(), layers.Dense(2)])
    assert guess_preparation(model) == Preparation((7, 5), 1, "crop", SCALINGS[scaling])


def test_a_free_size_is_taken_as_224():
    model = keras.Sequential([keras.Input((None, 100, 3)), layers.Conv2D(2, 3)])
    assert guess_preparation(model).size == (224, 100)


def test_the_batch_a_subclassed_model_was_built_on_binds_nobody(rng):
    model = listed()
    model(np.zeros((8, 9, 8, 3), np.float32))
    convnet = convnet_from_model(model)
    assert convnet.preparation.size == (9, 8)
    assert predict(convnet, rng.uniform(size=(3, 9, 8, 3)).astype(np.float32)).shape == (3, 3)


def test_a_model_for_one_picture_at_a_time_opens(rng):
    model = randomise(keras.Sequential([keras.Input(batch_shape=(1, 6, 6, 3)), pooled()]))
    assert predict(convnet_from_model(model), rng.uniform(size=(1, 6, 6, 3)).astype(np.float32)).shape == (1, 3)


class TwoPictures(keras.Model):
    def call(self, pair):
        return pair[0] + pair[1]


def two_pictures():
    model = TwoPictures()
    model([np.zeros((1, 6, 6, 3)), np.zeros((1, 6, 6, 3))])
    return model


def of_inputs(*shapes, **options):
    inputs = [keras.Input(shape, **options) for shape in shapes]
    return keras.Model(inputs, [layers.Flatten()(x) for x in inputs])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: Listed(), "The model was never built. Call it on one picture first, then pass it on."),
        (
            lambda: keras.Sequential([layers.Conv2D(2, 3)]),
            "The model was never built. Call it on one picture first, then pass it on.",
        ),
        (
            lambda: of_inputs((6, 6, 3), (4,)),
            "The model takes 2 inputs. An image model takes height x width x channels.",
        ),
        (two_pictures, "The model takes 2 inputs. An image model takes height x width x channels."),
        (lambda: of_inputs((77,)), "The model's input is 77. An image model takes height x width x channels."),
        (
            lambda: of_inputs((8, 6, 6, 1)),
            "The model's input is 8 x 6 x 6 x 1. An image model takes height x width x channels.",
        ),
        (
            lambda: of_inputs((3, 6, 6)),
            "The model's input is 3 x 6 x 6: not 1, 3 or 4 channels. "
            "Channels come first here; save it with channels last.",
        ),
        (
            lambda: of_inputs((6, 6, 7)),
            "The model's input is 6 x 6 x 7: not 1, 3 or 4 channels. An image model takes height x width x channels.",
        ),
        (
            lambda: of_inputs((6, 6, 3), batch_size=4),
            "The model only takes 4 pictures at once. Save it with a free batch size.",
        ),
    ],
)
def test_models_that_take_no_single_picture_are_told_in_a_sentence(model, message):
    with pytest.raises(ModelError) as caught:
        convnet_from_model(model())
    assert str(caught.value) == message


def test_names_sizes_and_heads_must_fit_the_model():
    with pytest.raises(ModelError, match=r"2 class names for 3 classes. Give one name for each class."):
        convnet_from_model(pooled(), class_names=["a", "b"])
    with pytest.raises(ModelError, match=r"takes 6 x 6 x 3, but pictures would be prepared as 7 x 7 x 1"):
        convnet_from_model(pooled(), preparation=Preparation((7, 7), 1))
    for head in (1, -1):
        with pytest.raises(ModelError, match=rf"The model has no output {head}. It has 1, counted from 0."):
            convnet_from_model(pooled(), head=head)


def test_classes_are_numbered_and_the_name_is_the_models_own():
    convnet = convnet_from_model(pooled())
    assert (convnet.name, convnet.class_names) == ("pooled", ("class 0", "class 1", "class 2"))


@pytest.mark.parametrize("build", [flat, nested, listed])
def test_the_model_is_only_looked_at(build):
    model = build()
    before = state(model)
    convnet_from_model(model, preparation=Preparation((9, 8)))
    assert state(model) == before
