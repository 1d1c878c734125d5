import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tiny_nets import Listed, flat, listed, nested, pooled, randomize, state

from cnnviz.convnets import SCALINGS, Preparation, convnet_from_model, guess_preparation
from cnnviz.convnets.scaling import trial_photos
from cnnviz.errors import ModelError
from cnnviz.probes import predict

COARSE = np.array([[1, 0], [1, 0], [0, 1]], "float32")  # three fine classes in two coarse ones


def with_scores(last, units=3):
    base = pooled(activation=None, units=units)
    return randomize(keras.Model(base.inputs[0], last(base.outputs[0])))


@pytest.mark.parametrize(
    ("model", "outputs", "classes"),
    [
        (lambda: pooled("softmax"), "softmax", 3),
        (lambda: pooled("softmax", units=2), "softmax", 2),
        (lambda: pooled("sigmoid", units=1), "sigmoid", 2),
        (lambda: pooled("sigmoid"), "independent", 3),
        (lambda: pooled("sigmoid", units=2), "independent", 2),
        (lambda: pooled(None), "logits", 3),
        (lambda: pooled(None, units=1), "numbers", 1),
        (lambda: pooled("relu"), "scores", 3),
        (lambda: pooled("tanh", units=1), "scores", 1),
        (lambda: pooled("softplus"), "scores", 3),
        (lambda: pooled("hard_sigmoid"), "independent", 3),
        (lambda: pooled("log_softmax"), "logits", 3),
        (lambda: with_scores(layers.Softmax()), "softmax", 3),
        (lambda: with_scores(keras.ops.sigmoid), "independent", 3),
        (lambda: with_scores(keras.ops.sigmoid, units=1), "sigmoid", 2),
        (lambda: with_scores(lambda x: layers.Average()([layers.Softmax()(x), layers.Softmax()(-x)])), "softmax", 3),
        (lambda: with_scores(lambda x: 0.7 * layers.Softmax()(x) + 0.3 * layers.Softmax()(-x)), "softmax", 3),
        (lambda: with_scores(lambda x: 0.9 * layers.Softmax()(x) + 0.1 / 3), "softmax", 3),
        (lambda: with_scores(lambda x: layers.Softmax()(x) @ COARSE), "softmax", 2),
        (lambda: with_scores(lambda x: keras.ops.einsum("bf,fc->bc", layers.Softmax()(x), COARSE)), "softmax", 2),
        (lambda: with_scores(lambda x: layers.Softmax()(x)[:, 1:2]), "sigmoid", 2),
        (lambda: with_scores(lambda x: keras.ops.concatenate([p := keras.ops.sigmoid(x), 1 - p], -1), 1), "softmax", 2),
        (lambda: with_scores(lambda x: 100 * layers.Softmax()(x)), "scores", 3),
        (lambda: with_scores(lambda x: keras.ops.maximum(0, 1 - x)), "scores", 3),
        (lambda: with_scores(lambda x: (keras.ops.tanh(x) + 1) / 2, units=1), "sigmoid", 2),
        (lambda: with_scores(lambda x: (keras.ops.sigmoid(x) + keras.ops.sigmoid(-x)) / 2), "independent", 3),
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
    model = randomize(listed(last=last, classes=classes))
    assert convnet_from_model(model, preparation=Preparation((9, 8))).outputs == outputs


def test_a_half_precision_softmax_is_one():
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    image = keras.Input((6, 6, 3))
    x = layers.Dense(200, dtype=policy)(layers.Flatten()(image))
    convnet = convnet_from_model(keras.Model(image, layers.Activation("softmax", dtype="float32")(x)))
    assert convnet.outputs == "softmax"


MEAN, VARIANCE = [0.485, 0.456, 0.406], [0.229**2, 0.224**2, 0.225**2]  # of ImageNet, 0..1


@pytest.mark.parametrize(
    ("steps", "scaling", "is_certain"),
    [
        ([layers.Rescaling(1 / 255)], "0..255", True),
        ([layers.RandomFlip(), layers.Rescaling(1 / 127.5, offset=-1)], "0..255", True),
        ([keras.Sequential([layers.Normalization(mean=MEAN, variance=VARIANCE)])], "0..1", True),
        ([layers.Rescaling(1 / 255), layers.Normalization(mean=MEAN, variance=VARIANCE)], "0..255", True),
        ([layers.Normalization(mean=120.0, variance=65.0**2)], "0..255", True),
        ([layers.Rescaling(2, offset=-1)], "0..1", True),
        ([layers.Rescaling(127.5, offset=127.5)], "-1..1", True),
        ([layers.ZeroPadding2D(2), layers.Resizing(20, 20), layers.Rescaling(1 / 255)], "0..255", True),
        ([layers.Conv2D(3, 1), layers.Rescaling(1 / 255)], "0..1", False),  # behind weights it is none of the pixels'
        ([], "0..1", False),
    ],
)
def test_the_models_own_arithmetic_tells_which_pixels_it_wants(steps, scaling, is_certain):
    model = keras.Sequential([keras.Input((12, 10, 3)), *steps, layers.Flatten(), layers.Dense(2)])
    assumed = convnet_from_model(model).assumptions
    assert (assumed.scaling.value, assumed.scaling.is_confirmed) == (scaling, is_certain)
    assert guess_preparation(model) == Preparation((12, 10), 3, "stretch", SCALINGS[scaling])


@pytest.mark.parametrize(
    ("arithmetic", "scaling"),
    [
        (lambda x: x / 255.0, "0..255"),
        (lambda x: (x - 127.5) / 127.5, "0..255"),
        (lambda x: keras.applications.vgg16.preprocess_input(x), "0..255"),
        (lambda x: keras.applications.mobilenet_v2.preprocess_input(x), "0..255"),
        (lambda x: keras.applications.densenet.preprocess_input(x), "0..255"),
        (lambda x: keras.applications.vgg16.preprocess_input(x * 255.0), "0..1"),
        (lambda x: keras.ops.subtract(1.0, keras.ops.divide(x, 255.0)), "0..255"),
        (lambda x: 2 * x - 1, "0..1"),
    ],
)
def test_arithmetic_without_layers_tells_as_much(arithmetic, scaling):
    image = keras.Input((12, 10, 3))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(arithmetic(image))))
    assumed = convnet_from_model(model).assumptions.scaling
    assert (assumed.value, assumed.is_confirmed) == (scaling, True)


def test_whole_numbers_are_pixels():
    image = keras.Input((6, 6, 3), dtype="uint8")
    assert convnet_from_model(keras.Model(image, layers.Flatten()(image))).preparation.scaling.name == "0..255"


@pytest.mark.parametrize("scaling", ["0..255", "0..1", "-1..1"])
def test_where_nothing_scales_the_first_batch_normalization_tells(scaling):
    """Its moving statistics are set to those of photographs under the right scaling, as training would."""
    model = randomize(flat())
    preparation = Preparation((9, 8), 3, "stretch", SCALINGS[scaling])
    normalization = model.get_layer("bn")
    given = keras.Model(model.inputs[0], normalization.input)(preparation.prepare(trial_photos()[:2])).numpy()
    normalization.moving_mean.assign(given.mean(axis=(0, 1, 2)))
    normalization.moving_variance.assign(given.var(axis=(0, 1, 2)) + 1e-3)
    assumed = convnet_from_model(model).assumptions.scaling
    assert (assumed.value, assumed.is_confirmed) == (scaling, False)


def test_a_base_of_keras_tells_by_its_name():
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.Flatten(), layers.Dense(2, activation="softmax")])
    assumed = convnet_from_model(model).assumptions.scaling
    assert (assumed.value, assumed.is_confirmed) == ("imagenet-caffe", False)


def test_a_free_size_is_taken_as_224():
    model = keras.Sequential([keras.Input((None, 100, 3)), layers.Conv2D(2, 3)])
    assert guess_preparation(model).size == (224, 100)


def test_the_batch_a_subclassed_model_was_built_on_binds_nobody(rng):
    model = listed()
    model(np.zeros((8, 9, 8, 3), np.float32))
    convnet = convnet_from_model(model)
    assert convnet.preparation.size == (9, 8)
    assert predict(convnet, rng.uniform(size=(3, 9, 8, 3)).astype(np.float32)).shape == (3, 3)


def test_a_model_for_one_image_at_a_time_opens(rng):
    model = randomize(keras.Sequential([keras.Input(batch_shape=(1, 6, 6, 3)), pooled()]))
    assert predict(convnet_from_model(model), rng.uniform(size=(1, 6, 6, 3)).astype(np.float32)).shape == (1, 3)


class TwoImages(keras.Model):
    def call(self, pair):
        return pair[0] + pair[1]


def two_images():
    model = TwoImages()
    model([np.zeros((1, 6, 6, 3)), np.zeros((1, 6, 6, 3))])
    return model


def of_inputs(*shapes, **options):
    inputs = [keras.Input(shape, **options) for shape in shapes]
    return keras.Model(inputs, [layers.Flatten()(x) for x in inputs])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: Listed(), "The model was never built. Call it on one image first, then pass it on."),
        (
            lambda: keras.Sequential([layers.Conv2D(2, 3)]),
            "The model was never built. Call it on one image first, then pass it on.",
        ),
        (
            lambda: of_inputs((6, 6, 3), (4,)),
            "The model takes 2 inputs. The input must be height x width x channels.",
        ),
        (two_images, "The model takes 2 inputs. The input must be height x width x channels."),
        (lambda: of_inputs((77,)), "The model's input is 77. The input must be height x width x channels."),
        (
            lambda: of_inputs((8, 6, 6, 1)),
            "The model's input is 8 x 6 x 6 x 1. The input must be height x width x channels.",
        ),
        (
            lambda: of_inputs((3, 6, 6)),
            "The model's input is 3 x 6 x 6: not 1, 3 or 4 channels. "
            "Channels come first here; save it with channels last.",
        ),
        (
            lambda: of_inputs((6, 6, 7)),
            "The model's input is 6 x 6 x 7: not 1, 3 or 4 channels. The input must be height x width x channels.",
        ),
        (
            lambda: of_inputs((6, 6, 3), batch_size=4),
            "The model has a fixed batch size of 4. Save it with a batch size of None.",
        ),
    ],
)
def test_models_that_take_no_single_image_are_told_in_a_sentence(model, message):
    with pytest.raises(ModelError) as caught:
        convnet_from_model(model())
    assert str(caught.value) == message


def test_names_sizes_and_heads_must_fit_the_model():
    with pytest.raises(ModelError, match=r"2 class names for 3 classes. Give one name for each class."):
        convnet_from_model(pooled(), class_names=["a", "b"])
    with pytest.raises(ModelError, match=r"takes 6 x 6 x 3, but images would be prepared as 7 x 7 x 1"):
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
