import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.convnets import convnet_from_model
from cnnviz.errors import LayerError
from cnnviz.filters import kernels, weight_histograms


@pytest.fixture(scope="module")
def many():
    """One layer of each kind that holds kernels."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(4, (3, 2), kernel_initializer=keras.initializers.RandomUniform(-2, 2), name="conv"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise"),
            layers.SeparableConv2D(5, 3, depth_multiplier=2, use_bias=False, name="separable"),
            layers.Conv2DTranspose(6, 2, name="transposed"),
            layers.ReLU(name="relu"),
            layers.Flatten(name="flat"),
            layers.Dense(2, name="dense"),
        ]
    )
    return convnet_from_model(model)


def test_kernels_are_the_layers_weights_and_a_copy(many):
    found = kernels(many, "conv")
    assert found.shape == (3, 2, 3, 4)
    np.testing.assert_array_equal(found, many.model.get_layer("conv").get_weights()[0])
    found[:] = 0
    assert np.abs(many.model.get_layer("conv").get_weights()[0]).max() > 0


def test_a_depthwise_filter_sees_the_channel_that_keras_gives_it(many, rng):
    layer, found = many.model.get_layer("depthwise"), kernels(many, "depthwise")
    assert found.shape == (3, 3, 1, 8)
    window = rng.normal(size=(1, 3, 3, 4)).astype(np.float32)
    expected = [(window[0, ..., index // 2] * found[:, :, 0, index]).sum() for index in range(8)]
    np.testing.assert_allclose(layer(window)[0, 0, 0], expected, rtol=1e-4, atol=1e-6)


def test_a_separable_layers_kernel_does_what_the_layer_does(many, rng):
    layer, found = many.model.get_layer("separable"), kernels(many, "separable")
    window = rng.normal(size=(1, 3, 3, 8)).astype(np.float32)
    np.testing.assert_allclose(layer(window)[0, 0, 0], np.einsum("yxc,yxcf->f", window[0], found), rtol=1e-4, atol=1e-6)


def test_a_transposed_kernel_has_the_same_order_of_axes(many):
    assert kernels(many, "transposed").shape == (2, 2, 5, 6)


@pytest.mark.parametrize("layer", ["relu", "dense", "flat"])
def test_layers_without_kernels_are_named(many, layer):
    with pytest.raises(LayerError, match=rf"Layer '{layer}' .* has no kernels\. Layers that have: conv, depthwise"):
        kernels(many, layer)


def test_histograms_count_every_weight_in_shared_bins(many):
    found = weight_histograms(many, "conv", bins=7, seed=1)
    weights = many.model.get_layer("conv").get_weights()[0]
    assert found.edges.shape == (8,)
    assert found.trained.sum() == found.fresh.sum() == weights.size
    np.testing.assert_array_equal(found.trained, np.histogram(weights, found.edges)[0])


def test_fresh_weights_come_from_the_layers_own_initializer(many):
    own = weight_histograms(many, "conv", seed=1)
    assert own.initializer == "RandomUniform"
    assert own.is_own_initializer
    assert np.abs(own.edges).max() > 1.5  # the default would stay below 0.6
    np.testing.assert_array_equal(own.fresh, weight_histograms(many, "conv", seed=1).fresh)
    assert (own.fresh != weight_histograms(many, "conv", seed=2).fresh).any()
    assert (own.fresh != own.trained).any()


@pytest.mark.parametrize("layer", ["depthwise", "separable", "transposed", "dense"])
def test_every_layer_with_weights_has_histograms(many, layer):
    found = weight_histograms(many, layer)
    assert found.initializer == "GlorotUniform"
    assert found.is_own_initializer
    assert found.trained.sum() == found.fresh.sum() > 0


def test_an_unknown_initializer_falls_back_to_keras_default():
    def ones(shape, dtype=None, **_):
        return keras.ops.ones(shape, dtype)

    class Outlier(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None, **_):
            return keras.ops.full(shape, 3.0, dtype)

    for initializer in (ones, Outlier()):
        model = keras.Sequential(
            [keras.Input((8, 8, 3)), layers.Conv2D(2, 3, kernel_initializer=initializer, name="c")]
        )
        found = weight_histograms(convnet_from_model(model), "c")
        assert not found.is_own_initializer
        assert found.initializer == "GlorotUniform"


def test_weights_that_are_not_finite_are_counted_apart():
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3, use_bias=False, name="c")])
    convnet = convnet_from_model(model)
    weights = model.get_weights()
    weights[0][0, 0, 0] = [np.nan, np.inf]
    model.set_weights(weights)
    found = weight_histograms(convnet, "c")
    assert found.not_finite == 2
    assert found.trained.sum() == weights[0].size - 2


def test_layers_without_weights_have_no_histograms(many):
    with pytest.raises(LayerError, match="has no kernels"):
        weight_histograms(many, "relu")
