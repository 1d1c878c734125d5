"""Max, average and global average pooling in plain NumPy, by the rules of Keras."""

from __future__ import annotations

import numpy as np

from cnnviz.convolution.sizes import Padding
from cnnviz.convolution.windows import Pair, patches


def max_pool(maps: np.ndarray, *, size: Pair, stride: Pair | None = None, padding: Padding = "valid") -> np.ndarray:
    """Keep the largest value under each window.

    Cells that `same` adds can never win. A number adds zeros, as a ZeroPadding2D layer before would, and they can:
    they beat what is negative.

    Args:
        maps: `(rows, columns, channels)`.
        size: Rows and columns of the window.
        stride: Steps between neighboring windows; the window's size if not given.
        padding: `valid`, `same` or a number of zeros on each side.

    Returns:
        `(rows, columns, channels)` float32.

    Raises:
        LayerError: If the window does not fit.
    """
    windows = patches(maps, size=size, stride=stride or size, padding=padding, fill=_pooling_fill(padding, -np.inf))
    return windows.max(axis=(2, 3)).astype(np.float32)


def average_pool(maps: np.ndarray, *, size: Pair, stride: Pair | None = None, padding: Padding = "valid") -> np.ndarray:
    """Average the values under each window.

    Cells that `same` adds are not counted, as in TensorFlow. A number adds zeros, which are: the border darkens.

    Args:
        maps: `(rows, columns, channels)`.
        size: Rows and columns of the window.
        stride: Steps between neighboring windows; the window's size if not given.
        padding: `valid`, `same` or a number of zeros on each side.

    Returns:
        `(rows, columns, channels)` float32.

    Raises:
        LayerError: If the window does not fit.
    """
    windows = patches(maps, size=size, stride=stride or size, padding=padding, fill=_pooling_fill(padding, np.nan))
    is_counted = ~np.isnan(windows)
    sums = np.where(is_counted, windows, 0).sum(axis=(2, 3), dtype=np.float64)
    return (sums / is_counted.sum(axis=(2, 3))).astype(np.float32)


def global_average_pool(maps: np.ndarray) -> np.ndarray:
    """Average each channel of `(rows, columns, channels)` over all positions: `(channels,)` float32."""
    return maps.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)


def _pooling_fill(padding: Padding, outside: float) -> float:
    """What pooling finds outside the maps: zeros that were asked for, else what does not count."""
    return outside if padding == "same" else 0.0
