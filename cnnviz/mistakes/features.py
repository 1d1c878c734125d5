"""Features of an image: the pooled input of the model's last layer with weights."""

from __future__ import annotations

from math import prod

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.layers import find_layer, layers, map_layers, score_layer
from cnnviz.probes import INPUT

MOST_FEATURES = 2048
"""Values kept of an image; 10,000 images then take 80 MB."""


def feature_layer(convnet: Convnet) -> str:
    """Address of the layer whose output the last layer with weights reads.

    Where the scores are made by an operation that is no layer, it is the last layer with maps, or else the last
    one of all.
    """
    address = score_layer(convnet)
    if address is None:
        spatial = map_layers(convnet) or layers(convnet)
        return spatial[-1].address
    info = find_layer(convnet, address)
    while not info.parameters and info.inputs:  # a softmax, or the pooling of class maps
        info = find_layer(convnet, info.inputs[0])
    return info.inputs[0] if info.inputs else INPUT


def feature_width(convnet: Convnet, layer: str) -> int:
    """Number of values that `pooled` makes of this layer's output."""
    shape = convnet.preparation.input_shape if layer == INPUT else find_layer(convnet, layer).output_shape
    return shape[-1] if len(shape) == 3 else prod(shape)


def pooled(maps: np.ndarray) -> np.ndarray:
    """One row of values an image: the mean over rows and columns, where there are any."""
    if maps.ndim == 4:
        return maps.mean(axis=(1, 2))
    return maps.reshape(len(maps), -1)


def projection(width: int) -> np.ndarray | None:
    """Turn long rows into short ones, `(width, MOST_FEATURES)`; None where they are short enough.

    Random directions keep angles and distances within a few percent (Johnson and Lindenstrauss, 1984); they are
    always the same.
    """
    if width <= MOST_FEATURES:
        return None
    directions = np.random.default_rng(0).standard_normal((width, MOST_FEATURES), np.float32)
    return directions / np.float32(np.sqrt(MOST_FEATURES))
