"""Does a network hold numbers that are none?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.convnets.convnet import Convnet

if TYPE_CHECKING:
    import keras


def count_not_finite(convnet: Convnet) -> int:
    """Count the weights that are NaN or infinite.

    Returns:
        How many; 0 for a sound network. What such a network computes is NaN behind the first layer that holds one,
        and must be shown as such, never as data.
    """
    return count_not_finite_weights(convnet.model)


def count_not_finite_weights(model: keras.Model) -> int:
    """Count the weights of a Keras model that are NaN or infinite."""
    arrays = (np.asarray(weight.numpy(), np.float32) for weight in model.weights if "float" in str(weight.dtype))
    return sum(int(array.size - np.isfinite(array).sum()) for array in arrays)
