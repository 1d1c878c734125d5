"""Small classifiers that can be worked out by hand; read-only."""

import numpy as np
import pytest
from activation_nets import SIZE, build, wrap

from cnnviz.convnets import Convnet


@pytest.fixture(scope="session")
def by_hand() -> Convnet:
    return wrap(build())


@pytest.fixture(scope="session")
def nested() -> Convnet:
    """The same model behind a layer that is called twice, inside a backbone."""
    import keras
    from keras import layers

    image = keras.Input((*SIZE, 3))
    twice = layers.Conv2D(3, 1, use_bias=False, name="twice", kernel_initializer=keras.initializers.Constant(0.5))
    backbone = keras.Model(image, twice(layers.ReLU(name="middle")(twice(image))), name="backbone")
    outer = keras.Input((*SIZE, 3))
    return wrap(keras.Model(outer, build()(backbone(outer))))


@pytest.fixture
def inputs(rng) -> np.ndarray:
    """Numbers of both signs, so that each of the first two channels is cut somewhere."""
    return rng.normal(size=(2, *SIZE, 3)).astype(np.float32)
