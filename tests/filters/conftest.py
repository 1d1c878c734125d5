"""Tiny models whose patterns are known, or whose filters are dead on purpose."""

import numpy as np
import pytest
from filter_nets import SIZE, small_model, wrap

from cnnviz.convnets import Convnet


@pytest.fixture(scope="session")
def small() -> Convnet:
    """Three classes, `early` with 4 and `late` with 20 filters."""
    return wrap(small_model(np.random.default_rng(1)))


@pytest.fixture(scope="session")
def color_weights() -> np.ndarray:
    """One weight for each color and filter, of both signs."""
    return np.array([[0.5, -1.0], [-0.25, 0.125], [2.0, 0.75]], np.float32)  # (colors, filters)


@pytest.fixture(scope="session")
def linear(color_weights) -> Convnet:
    """One 1 x 1 convolution without bias: each pixel's colors, weighted."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), layers.Conv2D(2, 1, use_bias=False, name="mix")])
    model.layers[0].set_weights([color_weights[None, None]])
    return wrap(model)


@pytest.fixture(scope="session")
def troubled() -> Convnet:
    """Filters of `conv`: 0 maximizes at once, 1 is switched off by its bias at first, 2 has no weights."""
    import keras
    from keras import layers

    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(3, 1, activation="relu", name="conv")(image)
    apart = layers.ReLU(name="apart")(layers.Conv2D(3, 1, name="linear")(image))
    model = keras.Model(image, [x, apart])
    weights = [np.array([[[[1, 1, 0]] * 3]], np.float32).reshape(1, 1, 3, 3), np.array([0, -1.7, -1], np.float32)]
    for name in ("conv", "linear"):
        model.get_layer(name).set_weights(weights)
    return wrap(model)


@pytest.fixture
def state_of():
    """Everything about a model that looking at it must not change."""

    def state(model):
        attributes = [{name: id(value) for name, value in vars(layer).items()} for layer in model._flatten_layers()]
        return [weight.copy() for weight in model.get_weights()], attributes

    return state
