"""Count of NaN and infinite weights in a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.convnets.convnet import Convnet

if TYPE_CHECKING:
    import keras


def count_not_finite(convnet: Convnet) -> int:
    """Count the weights that are NaN or infinite.

    Returns:
        How many; 0 for a sound model. What the layers with such weights return, and all behind them, must not be
        shown as data, not even where it is a number: `cnnviz.finite_check.first_not_finite` says where that begins.
    """
    return count_not_finite_weights(convnet.model)


def count_not_finite_weights(model: keras.Model) -> int:
    """Count the weights of a Keras model that are NaN or infinite."""
    return sum(count_in_weight(weight) for weight in model.weights)


def count_in_weight(weight: keras.Variable) -> int:
    """Count the values of one array of weights that are NaN or infinite."""
    if "float" not in str(weight.dtype):
        return 0
    values = np.asarray(weight.numpy(), np.float32)
    return int(values.size - np.isfinite(values).sum())
