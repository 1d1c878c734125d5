"""Baselines for translation: a dense network without convolution, and a classifier on globally pooled feature maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnviz import probes
from cnnviz.convnets import Convnet
from cnnviz.convolution.arithmetic import relu, softmax
from cnnviz.sentences import one_line

UNITS = 64  # with 28 x 28 pixels and ten classes about as many parameters as LeNet-5
EPOCHS = 8
_BATCH, _RATE = 200, 3e-3


@dataclass(frozen=True, eq=False)
class DenseBaseline:
    """Pixels, a hidden layer with ReLU, class scores.

    Attributes:
        weights: `(pixels, units)` and `(units, classes)`, float; pixels count from 0 to 1.
        biases: `(units,)` and `(classes,)`, float.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    __repr__ = one_line

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(array.size for array in (*self.weights, *self.biases))

    def predict(self, photos: np.ndarray) -> np.ndarray:
        """Return the probability of every class: `(n, classes)` float32.

        Args:
            photos: `(n, rows, columns, channels)`, 0..255.
        """
        hidden = relu(_flat(photos) @ self.weights[0] + self.biases[0])
        return softmax(hidden @ self.weights[1] + self.biases[1])


def fit_dense_baseline(
    photos: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> DenseBaseline:
    """Train a dense network with one hidden layer of 64 units, by Adam on the cross-entropy.

    Args:
        photos: `(n, rows, columns, channels)` uint8.
        labels: `(n,)` int, three classes or more.
        epochs: How often all images are seen.
        seed: Of the first weights and of the order.
        on_step: Called with the epochs done and their number.

    Example:
        >>> fit_dense(photos, labels).predict(photos).shape
        (4000, 10)
    """
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier((UNITS,), batch_size=min(_BATCH, len(photos)), learning_rate_init=_RATE, random_state=seed)
    classes = np.unique(labels)
    for epoch in range(epochs):
        if on_step:
            on_step(epoch, epochs)
        model.partial_fit(_flat(photos), labels, classes=classes)
    return DenseBaseline(tuple(model.coefs_), tuple(model.intercepts_))


@dataclass(frozen=True, eq=False)
class PooledHead:
    """One dense layer on a layer's maps, of which only the largest value and the mean of each channel are left.

    Attributes:
        layer: Address of the layer.
        weights: `(2 * channels, classes)`, float: for the largest values, then for the means.
        biases: `(classes,)`, float.
    """

    layer: str
    weights: np.ndarray
    biases: np.ndarray

    __repr__ = one_line

    def predict(self, convnet: Convnet, inputs: np.ndarray) -> np.ndarray:
        """Return the probability of every class: `(batch, classes)` float32.

        Args:
            convnet: The model whose maps it learned from.
            inputs: `(batch, height, width, channels)`, from `convnet.prepare`.

        Raises:
            LayerError: If the model has no such layer with maps.
        """
        return softmax(_pooled(convnet, inputs, self.layer) @ self.weights + self.biases)


def fit_pooled(convnet: Convnet, inputs: np.ndarray, labels: np.ndarray, *, layer: str) -> PooledHead:
    """Fit one dense layer on globally pooled maps, by linear discriminant analysis: in closed form, without a seed.

    Where each class is a normal distribution and all have one covariance, the logarithms of their probabilities are
    linear in what was measured: they are the scores of a dense layer with softmax.

    Args:
        convnet: Its layers below stay as they are.
        inputs: `(batch, height, width, channels)`, from `convnet.prepare`.
        labels: `(batch,)` int, three classes or more.
        layer: Address of a layer with maps.

    Raises:
        LayerError: If there is no such layer.

    Reference:
        Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", 2nd ed. 2009, section 4.3.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    model = LinearDiscriminantAnalysis().fit(_pooled(convnet, inputs, layer), labels)
    return PooledHead(layer, model.coef_.T, model.intercept_)


def _pooled(convnet: Convnet, inputs: np.ndarray, layer: str) -> np.ndarray:
    maps = probes.forward(convnet, inputs, layers=[layer]).maps[layer]
    return np.concatenate([maps.max(axis=(1, 2)), maps.mean(axis=(1, 2))], axis=1)


def _flat(photos: np.ndarray) -> np.ndarray:
    return photos.reshape(len(photos), -1) / 255
