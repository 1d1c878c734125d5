"""Natural style of feature visualization: Fourier parameterization, decorrelated colors, jitter, Adam.

Ascent on raw pixels gives noise that only the model sees. On frequencies, each divided by its own size as in
photographs, and on colors that vary independently in photographs, the same ascent forms shapes. Jitter favors
patterns that do not depend on single pixels.

Reference:
    Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017, "Preconditioning and Parameterization".
    Kingma and Ba, "Adam", ICLR 2015, algorithm 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnviz.filters.style import Shape, State, Style

START_NOISE = 0.01
"""Standard deviation of the starting frequencies."""

RATE = 0.05
"""Adam's step."""

DECAYS = (0.9, 0.999)
"""Adam's memory of the gradient and of its square, per step."""

EPSILON = 1e-3
"""Keeps frequencies that hardly matter from running wild; in units of the first step's largest gradient."""

LEAK = 0.3
"""What negative values of the map count for: else the first layer's edges would cancel to flat color."""

SHAKE = 12
"""Most pixels an image is moved to each side; never more than a tenth of its side."""

FRAME = 127.0
"""Gray that is seen beyond the image's edge."""

DAMPING = 4.0
"""Divides all frequencies, so that a start is close to gray."""

# Square root of the covariance of colors in ImageNet's photographs: brightness, then two color contrasts.
_COVARIANCE_ROOT = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLORS = _COVARIANCE_ROOT / np.linalg.norm(_COVARIANCE_ROOT, axis=0).max()


def start(shape: Shape, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Begin with small random frequencies, Adam's two memories empty, and no unit of the gradient."""
    rows, columns, channels = shape
    spectrum = rng.normal(0, START_NOISE, (2, channels, rows, columns // 2 + 1)).astype(np.float32)
    unit = np.ones((1, 1, 1, 1), np.float32)
    return spectrum, np.zeros_like(spectrum), np.zeros_like(spectrum), unit


def draw(spectrum: Any, shape: Shape) -> Any:
    """Turn frequencies `(batch, 2, channels, rows, columns // 2 + 1)` into pixels 0..255."""
    import tensorflow as tf

    rows, columns, channels = shape
    scaled = spectrum * _amplitudes(rows, columns)
    waves = tf.signal.irfft2d(tf.complex(scaled[:, 0], scaled[:, 1]), [rows, columns])
    mix = COLORS if channels == 3 else COLORS[:, :1].mean(axis=0, keepdims=True)
    colors = tf.einsum("bihw,oi->bhwo", waves, tf.constant(mix))
    return 255 * tf.sigmoid(colors)


def _amplitudes(rows: int, columns: int) -> np.ndarray:
    """How strong each frequency is in photographs: one over its size, in cycles per pixel."""
    size = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    side = np.sqrt(rows * columns)
    return (side / np.maximum(size, 1 / max(rows, columns)) / DAMPING).astype(np.float32)


def move(pixels: Any, offset: Any) -> Any:
    """Move images by up to `SHAKE` pixels over a gray ground."""
    import tensorflow as tf

    rows, columns = pixels.shape[1:3]
    down, right = min(SHAKE, rows // 10), min(SHAKE, columns // 10)
    framed = tf.pad(pixels, [[0, 0], [down, down], [right, right], [0, 0]], constant_values=FRAME)
    top, left = (tf.cast(tf.round(offset[axis] * 2 * reach), tf.int32) for axis, reach in enumerate((down, right)))
    moved = framed[:, top : top + rows, left : left + columns]
    return tf.ensure_shape(moved, (None, rows, columns, pixels.shape[3]))


def step(state: State, gradient: Any, number: Any) -> State:
    """Take one step of Adam upwards, the gradient measured in units of its first largest value."""
    import tensorflow as tf

    spectrum, mean, square, unit = state
    largest = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3, 4), keepdims=True)
    first = tf.where(largest > 0, largest, tf.ones_like(largest))
    unit = tf.where(number == 1, first, unit)
    gradient = gradient / unit
    mean = DECAYS[0] * mean + (1 - DECAYS[0]) * gradient
    square = DECAYS[1] * square + (1 - DECAYS[1]) * gradient**2
    count = tf.cast(number, tf.float32)
    direction = (mean / (1 - DECAYS[0] ** count)) / (tf.sqrt(square / (1 - DECAYS[1] ** count)) + EPSILON)
    return spectrum + RATE * direction, mean, square, unit


def show(pixels: np.ndarray) -> np.ndarray:
    """Show the pixels as they are."""
    return np.rint(pixels).astype(np.uint8)


NATURAL = Style("natural", 128, False, 0, LEAK, start, draw, move, step, show)
