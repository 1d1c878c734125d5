"""Convolution, depthwise convolution, ReLU, sigmoid and softmax in plain NumPy, by the rules of Keras.

Maps are those of one image, `(rows, columns, channels)`. Sums are taken in double precision and returned as float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.convolution.sizes import Padding
from cnnviz.convolution.windows import Paddings, Pair, patches


def cross_correlate(
    maps: np.ndarray,
    kernels: np.ndarray,
    *,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Paddings = "valid",
    dilation: Pair = 1,
) -> np.ndarray:
    """Slide kernels over maps and sum the products: what every framework calls convolution.

        output[y, x, f] = bias[f] + sum over (i, j, c) of
            padded[y * stride + i * dilation, x * stride + j * dilation, c] * kernels[i, j, c, f]

    Kernels that read only a part of the channels make a grouped convolution: with `channels / in_channels`
    groups, the first filters read the first channels, and so on.

    Args:
        maps: `(rows, columns, channels)`.
        kernels: `(rows, columns, in_channels, filters)`; 1 x 1 ones mix channels without looking around.
        bias: `(filters,)`; none if not given.
        stride: Steps between neighboring windows.
        padding: `valid`, `same` or a number of zeros on each side, for both axes or for each.
        dilation: Steps between neighboring values of a window. Keras refuses it together with a stride.

    Returns:
        `(rows, columns, filters)` float32. Zero: no resemblance, or what speaks for and against it in balance.

    Raises:
        LayerError: If the window does not fit.
        ValueError: If the channels cannot be divided among the kernels.

    Note:
        The sum grows with the brightness of what lies under the window, so a bright plain area can answer more
        strongly than a faint shape that is the kernel's own.

    Example:
        >>> cross_correlate(np.ones((28, 28, 1)), np.ones((5, 5, 1, 6)), stride=2).shape
        (12, 12, 6)
    """
    groups = _groups(maps, kernels)
    windows = patches(maps, size=kernels.shape[:2], stride=stride, padding=padding, dilation=dilation)
    grouped = windows.reshape(*windows.shape[:4], groups, -1)
    weights = kernels.reshape(*kernels.shape[:3], groups, -1)
    sums = np.einsum("yxijgc,ijcgf->yxgf", grouped, weights, dtype=np.float64).reshape(*windows.shape[:2], -1)
    return (sums if bias is None else sums + bias).astype(np.float32)


def convolve(
    maps: np.ndarray,
    kernels: np.ndarray,
    *,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Paddings = "valid",
    dilation: Pair = 1,
) -> np.ndarray:
    """Convolve as mathematics has it: slide kernels that were turned by half a turn.

        convolve(maps, kernels) = cross_correlate(maps, flipped(kernels))

    A model learns its kernels, so it does not matter to it which way round they are; to the image of a kernel
    it does. Arguments and result as in `cross_correlate`.
    """
    turned = flipped(kernels)
    return cross_correlate(maps, turned, bias=bias, stride=stride, padding=padding, dilation=dilation)


def flipped(kernels: np.ndarray) -> np.ndarray:
    """Turn kernels `(rows, columns, ...)` by half a turn: the first row last, the first column last."""
    return kernels[::-1, ::-1]


def cross_correlate_1d(
    signal: np.ndarray,
    kernels: np.ndarray,
    *,
    bias: np.ndarray | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> np.ndarray:
    """Slide kernels along a signal, as `cross_correlate` does over a map of one row.

    Args:
        signal: `(steps, channels)`.
        kernels: `(steps, in_channels, filters)`; `kernels[::-1]` makes it a convolution.
        bias: `(filters,)`; none if not given.
        stride: Steps between neighboring windows.
        padding: `valid`, `same` or a number of zeros at each end.
        dilation: Steps between neighboring values of a window.

    Returns:
        `(steps, filters)` float32.

    Raises:
        LayerError: If the window does not fit.
    """
    row, turned = signal[None], kernels[None]
    sums = cross_correlate(
        row, turned, bias=bias, stride=(1, stride), padding=("valid", padding), dilation=(1, dilation)
    )
    return sums[0]


def depthwise(
    maps: np.ndarray,
    kernels: np.ndarray,
    *,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Paddings = "valid",
    dilation: Pair = 1,
) -> np.ndarray:
    """Slide over each channel kernels of its own; nothing is summed over the channels.

    Args:
        maps: `(rows, columns, channels)`.
        kernels: `(rows, columns, channels, multiplier)`.
        bias: `(channels * multiplier,)`; none if not given.
        stride: Steps between neighboring windows.
        padding: `valid`, `same` or a number of zeros on each side, for both axes or for each.
        dilation: Steps between neighboring values of a window.

    Returns:
        `(rows, columns, channels * multiplier)` float32; channel `c * multiplier + m` comes from channel c.

    Raises:
        LayerError: If the window does not fit.
    """
    turned = kernels.reshape(*kernels.shape[:2], 1, -1)
    return cross_correlate(maps, turned, bias=bias, stride=stride, padding=padding, dilation=dilation)


def relu(values: np.ndarray) -> np.ndarray:
    """Keep what is positive: `max(0, z)`, float32."""
    return np.maximum(values, 0).astype(np.float32)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Squeeze into 0..1: `1 / (1 + exp(-z))`, float32."""
    from scipy.special import expit

    return expit(np.asarray(values, np.float64)).astype(np.float32)


def softmax(values: np.ndarray) -> np.ndarray:
    """Make scores along the last axis shares that sum to one: `exp(z[k]) / sum over j of exp(z[j])`, float32."""
    import scipy.special

    return scipy.special.softmax(np.asarray(values, np.float64), axis=-1).astype(np.float32)


def _groups(maps: np.ndarray, kernels: np.ndarray) -> int:
    channels, (in_channels, filters) = maps.shape[2], kernels.shape[2:]
    groups, rest = divmod(channels, in_channels)
    if rest or not groups or filters % groups:
        raise ValueError(f"Expected kernels for {channels} channels. Received kernels of shape {kernels.shape}.")
    return groups


@dataclass(frozen=True, eq=False)
class SoftmaxFormula:
    """The formula of softmax with every number of it.

        exponentials[k] = exp(scores[k] - largest)
        shares[k]       = exponentials[k] / total

    The largest score is taken off first, which changes no share and keeps the exponentials from running over.

    Attributes:
        scores: `(classes,)` float32.
        largest: The largest of them.
        exponentials: `(classes,)` float32, 0..1.
        total: Their sum.
        shares: `(classes,)` float32; they sum to one.
    """

    scores: np.ndarray
    largest: float
    exponentials: np.ndarray
    total: float
    shares: np.ndarray


def softmax_formula(scores: np.ndarray) -> SoftmaxFormula:
    """Fill in the formula of softmax for scores `(classes,)`."""
    largest = float(scores.max())
    exponentials = np.exp(scores.astype(np.float64) - largest)
    return SoftmaxFormula(
        scores=scores.astype(np.float32),
        largest=largest,
        exponentials=exponentials.astype(np.float32),
        total=float(exponentials.sum()),
        shares=softmax(scores),
    )
