"""Textbook style of gradient ascent: pixels from gray noise, with normalized gradient steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnviz.filters.style import Shape, State, Style

GRAY = 128.0
START_NOISE = 10.0
"""Largest distance of a starting pixel from gray."""

STEP = 2.0
"""Root mean square of one step, in pixel values 0..255."""

BORDER = 2
"""Map values left out at every side: they see padding, and would draw a frame."""

CONTRAST = 64.0
"""Standard deviation of the shown image, in pixel values: a quarter of the range, as in the book."""


def start(shape: Shape, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Begin with gray and a little noise."""
    return (rng.uniform(GRAY - START_NOISE, GRAY + START_NOISE, shape).astype(np.float32),)


def draw(pixels: Any, shape: Shape) -> Any:
    """Draw the pixels, which are the state; they are not held within 0..255."""
    return pixels


def move(pixels: Any, offset: Any) -> Any:
    """Stay."""
    return pixels


def step(state: State, gradient: Any, number: Any) -> State:
    """Go along the gradient, so far that the image changes by `STEP` in the root mean square.

    For each image separately, over all of it:

        pixels += STEP * gradient / sqrt(mean(gradient ** 2))
    """
    import tensorflow as tf

    largest = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True)
    direction = tf.math.divide_no_nan(gradient, largest)  # else squares of small gradients vanish in float32
    size = tf.sqrt(tf.reduce_mean(direction**2, axis=(1, 2, 3), keepdims=True))
    return (state[0] + STEP * tf.math.divide_no_nan(direction, size),)


def show(pixels: np.ndarray) -> np.ndarray:
    """Bring each image to mean `GRAY` and standard deviation `CONTRAST`, then cut to 0..255."""
    mean = pixels.mean(axis=(1, 2, 3), keepdims=True)
    spread = pixels.std(axis=(1, 2, 3), keepdims=True)
    normal = (pixels - mean) / np.maximum(spread, np.finfo(np.float32).eps)
    return np.clip(np.rint(normal * CONTRAST + GRAY), 0, 255).astype(np.uint8)


TEXTBOOK = Style("textbook", 30, True, BORDER, 1.0, start, draw, move, step, show)
