"""Tiny classifiers with fixed weights, one of each kind; read-only."""

import numpy as np
import pytest
from heatmap_nets import SIZE, deep_layers, fill, pooled_layers, sequential, wrap

from cnnviz.convnets import Convnet


@pytest.fixture(scope="session")
def pooled() -> Convnet:
    return wrap(fill(sequential(pooled_layers())))


@pytest.fixture(scope="session")
def deep() -> Convnet:
    return wrap(fill(sequential(deep_layers())))


@pytest.fixture(scope="session")
def confident() -> Convnet:
    """As `pooled`, with a softmax that is 1.0 to the last bit."""
    return wrap(fill(sequential(pooled_layers()), sharp=1000))


@pytest.fixture(scope="session")
def sigmoid() -> Convnet:
    return wrap(fill(sequential(deep_layers(units=1, activation="sigmoid"))))


@pytest.fixture(scope="session")
def grayscale() -> Convnet:
    return wrap(fill(sequential(deep_layers(), channels=1)), channels=1)


@pytest.fixture(scope="session")
def linear() -> Convnet:
    """Logits that are linear in the pixels, from black -1 to white 1."""
    from keras import layers

    return wrap(fill(sequential([layers.Flatten(), layers.Dense(3, name="scores")])), scaling="-1..1")


@pytest.fixture(scope="session")
def broken() -> Convnet:
    """A model with one infinite and one missing weight."""
    model = fill(sequential(deep_layers()))
    kernel = model.get_layer("conv1").kernel.numpy()
    kernel[0, 0, 0, :2] = np.nan, np.inf
    model.get_layer("conv1").kernel.assign(kernel)
    return wrap(model)


@pytest.fixture
def images(rng) -> np.ndarray:
    return rng.random((3, *SIZE, 3), np.float32)
