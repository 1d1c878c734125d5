"""Baseline colors (black, gray, white, mean) that stand for "nothing there" when part of an image is hidden."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.finite import quiet

Color = Literal["black", "gray", "white", "mean"]
"""`mean` is each image's own mean color."""

_LEVELS = {"black": 0.0, "gray": 127.5, "white": 255.0}  # pixels of a photo, before scaling


@quiet
def plain(convnet: Convnet, inputs: np.ndarray, color: Color) -> np.ndarray:
    """Return the color as the model receives it: `(batch, 1, 1, channels)` float32; alpha stays opaque.

    Raises:
        ValueError: If there is no such color.
    """
    if color == "mean":
        return inputs.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    if color not in _LEVELS:
        raise ValueError(f"Expected a color of {', '.join(get_args(Color))}. Received: {color!r}.")
    pixel = np.full(convnet.preparation.channels, _LEVELS[color], np.float32)
    if len(pixel) == 4:
        pixel[3] = _LEVELS["white"]
    scaled = np.asarray(convnet.preparation.scaling(pixel), np.float32)
    return np.broadcast_to(scaled, (len(inputs), 1, 1, len(pixel)))


def contrast(convnet: Convnet, inputs: np.ndarray) -> np.ndarray:
    """How far white lies from black as the model receives them: `(batch, 1, 1, channels)`, 0 for alpha."""
    return np.abs(plain(convnet, inputs, "white") - plain(convnet, inputs, "black"))
