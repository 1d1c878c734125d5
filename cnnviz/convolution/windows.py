"""Patches under all positions of a sliding window, and the output size along rows and columns."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnviz.convolution.sizes import Padding, SizeFormula, size_formula

Pair = int | tuple[int, int]
"""One number for rows and columns, or one for each."""

Paddings = Padding | tuple[Padding, Padding]
"""One padding for rows and columns, or one for each."""


def patches(
    maps: np.ndarray,
    *,
    size: Pair,
    stride: Pair = 1,
    padding: Paddings = "valid",
    dilation: Pair = 1,
    fill: float = 0.0,
) -> np.ndarray:
    """Show what lies under each position of a window.

    Args:
        maps: `(rows, columns, channels)`.
        size: Rows and columns that the window takes.
        stride: Steps between neighboring windows.
        padding: `valid`, `same` or a number of cells on each side.
        dilation: Steps between neighboring values of a window.
        fill: Value of the padding.

    Returns:
        `(output_rows, output_columns, rows, columns, channels)`, read-only: a view of the padded maps.

    Raises:
        LayerError: If the window does not fit.
    """
    rows, columns = size_formulas(maps.shape[:2], size=size, stride=stride, padding=padding, dilation=dilation)
    padded = np.pad(maps, (rows.padding, columns.padding, (0, 0)), constant_values=fill)
    windows = sliding_window_view(padded, (rows.span, columns.span), axis=(0, 1))  # (y, x, channels, i, j)
    thinned = windows[:: rows.stride, :: columns.stride, :, :: rows.dilation, :: columns.dilation]
    return np.moveaxis(thinned, 2, -1)


def size_formulas(
    shape: tuple[int, ...],
    *,
    size: Pair,
    stride: Pair = 1,
    padding: Paddings = "valid",
    dilation: Pair = 1,
) -> tuple[SizeFormula, SizeFormula]:
    """Fill in the formula of the output's size along rows and along columns.

    Raises:
        LayerError: If the window does not fit.
    """
    sides = zip(shape[:2], _pair(size), _pair(stride), _both(padding), _pair(dilation), strict=True)
    rows, columns = (
        size_formula(length, kernel=kernel, stride=step, padding=pad, dilation=gap)
        for length, kernel, step, pad, gap in sides
    )
    return rows, columns


def _pair(value: Pair) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _both(padding: Paddings) -> tuple[Padding, Padding]:
    return padding if isinstance(padding, tuple) else (padding, padding)
