"""Is what a recipe trains the model that it names, with what it adds, and no more?"""

from dataclasses import replace

import keras
import numpy as np
import pytest

from cnnviz.convnets import SCALINGS, Scaling
from cnnviz.errors import RunError
from cnnviz.training import OPTIMIZERS, RECIPES, Recipe, networks

LENET = Recipe("lenet5", "mnist-5k", "lenet5", 1)


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        ("mnist-dense", 10, 101_770),
        ("lenet5", 10, 61_706),
        ("mnist-convnet", 10, 104_202),
        ("cifar10-cnn", 10, 122_570),
        ("scratch", 2, 991_041),
        ("scratch-augmented", 2, 991_041),
    ],
)
def test_a_recipe_has_the_parameters_of_its_textbook(name, classes, parameters):
    model = networks.build(RECIPES[name].recipe, classes=classes)
    assert model.count_params() == parameters
    assert all(layer.trainable for layer in model.layers)


def test_the_fashion_convnet_is_the_textbooks():
    model = networks.build(RECIPES["fashion-cnn"].recipe, classes=10)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.filters, layer.padding) for layer in convolutions] == [(32, "same"), (64, "same")]
    assert model.get_layer("dense").units == 100 and model.get_layer("dropout").rate == 0.4


@pytest.mark.parametrize("classes", [2, 3, 17])
@pytest.mark.parametrize("network", ["lenet5", "lenet5_subclassed", "small_data_convnet", "mnist_dense"])
def test_any_number_of_classes_is_learned(network, classes):
    """Two are one sigmoid where the textbook has one."""
    model = networks.build(replace(LENET, network=network, size=96), classes=classes)
    is_sigmoid = network == "small_data_convnet" and classes == 2
    assert model.output_shape == (None, 1 if is_sigmoid else classes)
    scores = np.asarray(model(np.random.default_rng(0).uniform(0, 255, (4, *model.input_shape[1:]))))
    assert isinstance(networks.loss(LENET, model), keras.losses.BinaryCrossentropy) == is_sigmoid
    assert scores.min() > 0
    assert is_sigmoid or scores.sum(axis=1) == pytest.approx(np.ones(4), rel=1e-5)


def test_another_size_changes_the_first_dense_layer_alone():
    small, large = (networks.build(replace(LENET, size=size), classes=10) for size in (28, 32))
    assert large.input_shape == (None, 32, 32, 1)
    grown = [a.shape != b.shape for a, b in zip(small.weights, large.weights, strict=True)]
    assert [weight.path for weight, has in zip(large.weights, grown, strict=True) if has] == ["dense1/kernel"]


def test_images_that_are_too_small_are_refused_in_words():
    with pytest.raises(RunError, match=r"cannot take images of 20 pixels\. Choose a larger size"):
        networks.build(replace(LENET, network="small_data_convnet", size=20), classes=2)


def test_a_model_that_is_no_architecture_is_refused_in_words():
    for name in ("lenet6", "vgg16"):
        with pytest.raises(RunError, match=f"no architecture '{name}' to train. There are: lenet5"):
            networks.build(replace(LENET, network=name), classes=2)


@pytest.mark.parametrize(
    ("name", "channels"),
    [*((name, 3) for name in SCALINGS), *((name, 1) for name in SCALINGS if not name.startswith("imagenet"))],
)
def test_the_scaling_layer_does_what_the_scaling_says(name, channels, rng):
    scaling = SCALINGS[name]
    pixels = rng.integers(0, 256, (2, 5, 4, channels)).astype(np.float32)
    image = keras.Input(pixels.shape[1:])
    model = keras.Model(image, networks.scale(scaling, image))
    expected = scaling(pixels)
    assert channels == 1 or expected.std(axis=(0, 1, 2)).min() > 0.1
    np.testing.assert_allclose(model(pixels), expected, rtol=1e-4, atol=1e-4)
    assert not model.trainable_weights


def test_a_scaling_that_turns_the_colors_and_has_one_offset_is_done_too(rng):
    scaling = Scaling("own", (0.5,), (2.0,), is_bgr=True)
    pixels = rng.uniform(0, 255, (1, 3, 3, 3)).astype(np.float32)
    image = keras.Input((3, 3, 3))
    found = np.asarray(keras.Model(image, networks.scale(scaling, image))(pixels))
    np.testing.assert_allclose(found[..., 0], pixels[..., 2] / 2 + 2, rtol=1e-5)


@pytest.mark.parametrize(("l1", "l2"), [(0.01, 0.0), (0.0, 0.02), (0.01, 0.02)])
def test_the_penalty_is_the_sum_over_all_kernels(l1, l2):
    """l1 * sum |w| + l2 * sum w^2 over the kernels; biases are free."""
    model = networks.build(replace(LENET, l1=l1, l2=l2), classes=10)
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    kernels = [weight.numpy() for weight in model.weights if weight.path.endswith("kernel")]
    expected = sum(l1 * np.abs(kernel).sum() + l2 * (kernel**2).sum() for kernel in kernels)
    assert len(kernels) == 5 and expected > 1
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-4)


def test_without_a_penalty_nothing_is_added_to_the_loss():
    assert networks.build(LENET, classes=10).losses == []


def test_the_head_of_a_transfer_bears_the_penalty_too():
    vector = keras.Input((6,))
    model = keras.Model(vector, networks.head(replace(LENET, l2=0.1), vector, classes=3, dense=4, dropout=0.5))
    kernels = [weight.numpy() for weight in model.weights if weight.path.endswith("kernel")]
    assert len(kernels) == 2
    assert float(sum(model.losses)) == pytest.approx(0.1 * sum((kernel**2).sum() for kernel in kernels), rel=1e-4)


def test_batch_normalization_stands_between_the_sum_and_its_activation():
    """As in the paper; the bias is given up, for the normalization subtracts it; the scores stay as they are."""
    plain, model = networks.build(LENET, classes=10), networks.build(replace(LENET, has_batch_norm=True), classes=10)
    assert kinds(model)[2:5] == ["Conv2D", "BatchNormalization", "Activation"]
    assert kinds(model).count("BatchNormalization") == 4 and kinds(model)[-1] == "Dense"
    first = model.get_layer("conv1")
    assert first.activation is keras.activations.linear and not first.use_bias
    assert model.get_layer("conv1_activation").activation is keras.activations.tanh
    units = 6 + 16 + 120 + 84
    assert model.count_params() == plain.count_params() - units + 4 * units


@pytest.mark.parametrize(("dropout", "expected"), [(None, [0.4]), (0.0, []), (0.25, [0.25])])
def test_dropout_takes_the_place_of_the_models_own(dropout, expected):
    model = networks.build(replace(LENET, network="fashion_cnn", dropout=dropout), classes=10)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == expected
    assert not expected or isinstance(model.layers[-2], keras.layers.Dropout)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_is_what_it_is_called(name):
    made = networks.optimizer(replace(LENET, optimizer=name, clip_norm=2.0))
    kind, momentum, nesterov = {
        "sgd": ("SGD", 0.0, False),
        "momentum": ("SGD", 0.9, False),
        "nag": ("SGD", 0.9, True),
        "adagrad": ("Adagrad", None, None),
        "adadelta": ("Adadelta", None, None),
        "rmsprop": ("RMSprop", 0.0, None),
        "adam": ("Adam", None, None),
    }[name]
    found = type(made).__name__, getattr(made, "momentum", None), getattr(made, "nesterov", None)
    assert found == (kind, momentum, nesterov)
    assert (made.clipnorm, made.clipvalue) == (2.0, None)


def test_the_rate_is_the_phases_then_the_recipes_then_the_optimizers_and_grows_with_the_replicas():
    own = replace(LENET, learning_rate=0.02)
    rates = [
        networks.optimizer(LENET),
        networks.optimizer(own),
        networks.optimizer(own, learning_rate=0.005),
        networks.optimizer(own, replicas=4),
    ]
    np.testing.assert_allclose([float(made.learning_rate) for made in rates], [0.001, 0.02, 0.005, 0.08], rtol=1e-6)


@pytest.mark.parametrize(("clip", "expected"), [({"clip_norm": 1.0}, [0.6, 0.8]), ({"clip_value": 1.0}, [1.0, 1.0])])
def test_a_long_gradient_is_clipped(clip, expected):
    """Of a gradient (3, 4) the norm is 5."""
    weights = keras.Variable([0.0, 0.0])
    made = networks.optimizer(replace(LENET, optimizer="sgd", learning_rate=1.0, **clip))
    made.apply([keras.ops.array([3.0, 4.0])], [weights])
    np.testing.assert_allclose(-weights.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("is_one_hot", [False, True])
def test_the_loss_belongs_to_the_labels(is_one_hot):
    """Of (0.7, 0.2, 0.1) with the first class right: -log 0.7."""
    recipe = replace(LENET, is_one_hot=is_one_hot)
    loss = networks.loss(recipe, networks.build(recipe, classes=3))
    label = [[1.0, 0.0, 0.0]] if is_one_hot else [0]
    assert float(loss(np.array(label), np.array([[0.7, 0.2, 0.1]]))) == pytest.approx(-np.log(0.7), rel=1e-5)


def test_one_hot_labels_of_two_classes_have_two_units():
    recipe = replace(LENET, network="small_data_convnet", size=96, is_one_hot=True)
    model = networks.build(recipe, classes=2)
    assert model.output_shape == (None, 2)
    assert isinstance(networks.loss(recipe, model), keras.losses.CategoricalCrossentropy)
