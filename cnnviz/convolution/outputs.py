"""One value of a convolution or pooling output: its window, its weights, each product and the sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnviz.convolution import arithmetic
from cnnviz.convolution.patch import Patch, channels_of_group, check, cut
from cnnviz.convolution.sizes import Padding
from cnnviz.convolution.windows import Paddings, Pair, size_formulas
from cnnviz.sentences import Sentence

Operation = Literal["sum", "maximum", "mean", "scale", "addition", "activation", "copy"]
"""What makes one value of many, for the words that go with it; in numbers each is a weighted sum."""

Activation = Literal["linear", "relu", "sigmoid"]
_ACTIVATIONS: dict[Activation, Callable[[np.ndarray], np.ndarray]] = {
    "linear": np.asarray,
    "relu": arithmetic.relu,
    "sigmoid": arithmetic.sigmoid,
}


@dataclass(frozen=True, eq=False)
class OutputValue:
    """One value of an output, taken apart.

        products = patch * kernel
        total    = sum of products
        value    = activation(total + bias)

    A maximum is written with a kernel of zeros and a one at the winner, a mean with equal shares.

    Attributes:
        operation: What is done with the patch.
        patch: `(rows, columns, channels)` float32, the values that are read; 0 in the padding.
        is_padding: `(rows, columns)` bool, where the patch lies outside the input.
        kernel: Weight of each value of the patch, same shape; 0 where padding does not count.
        products: The two multiplied, same shape.
        total: Their sum.
        bias: What is added to it; 0 if nothing is.
        activation: Name of what is applied to the sum; `linear` if nothing is.
        value: The output.
        rows: Row of the input that each row of the patch is; below 0 or beyond its end in the padding.
        columns: Column of the input that each column of the patch is, likewise.
        channels: Channel of the input that each channel of the patch is.
        source: Which of a layer's inputs the patch is cut from; None if it holds one value of each.
    """

    operation: Operation
    patch: np.ndarray
    is_padding: np.ndarray
    kernel: np.ndarray
    products: np.ndarray
    total: float
    bias: float
    activation: str
    value: float
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    channels: tuple[int, ...]
    source: int | None = 0

    @property
    def before_activation(self) -> float:
        """The sum and the bias."""
        return self.total + self.bias


def explain_output(
    maps: np.ndarray,
    kernels: np.ndarray,
    *,
    row: int,
    column: int,
    filter: int = 0,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Paddings = "valid",
    dilation: Pair = 1,
    activation: Activation = "linear",
) -> OutputValue:
    """Take one value of `cross_correlate` apart; the arguments that both have mean the same.

    Args:
        maps: `(rows, columns, channels)`.
        kernels: `(rows, columns, in_channels, filters)`; fewer channels than the maps have make groups.
        row: Row of the output.
        column: Column of the output.
        filter: Channel of the output.
        bias: `(filters,)`; none if not given.
        stride: Steps between neighboring windows.
        padding: `valid`, `same` or a number of zeros on each side.
        dilation: Steps between neighboring values of a window.
        activation: What is applied to the sum.

    Raises:
        LayerError: If there is no such output, or the window does not fit.

    Example:
        >>> explain_output(maps, kernels, row=0, column=0, padding="same").is_padding
        array([[ True,  True,  True],
               [ True, False, False],
               [ True, False, False]])
    """
    formulas = size_formulas(maps.shape, size=kernels.shape[:2], stride=stride, padding=padding, dilation=dilation)
    channels = channels_of_group(maps, kernels, filter)
    patch = cut(maps, formulas, row=row, column=column, channels=channels)
    return weighted(
        patch,
        kernels[..., filter],
        bias=0.0 if bias is None else bias[filter],
        activation=activation,
        activate=_ACTIVATIONS[activation],
    )


def explain_pooling(
    maps: np.ndarray,
    *,
    row: int,
    column: int,
    channel: int = 0,
    operation: Literal["maximum", "mean"] = "maximum",
    size: Pair = 2,
    stride: Pair | None = None,
    padding: Padding = "valid",
) -> OutputValue:
    """Take one value of `max_pool` or `average_pool` apart; padding counts as it does there.

    Args:
        maps: `(rows, columns, channels)`.
        row: Row of the output.
        column: Column of the output.
        channel: Channel, of input and output alike.
        operation: `maximum` or `mean`.
        size: Rows and columns of the window.
        stride: Steps between neighboring windows; the window's size if not given.
        padding: `valid`, `same` or a number of zeros on each side.

    Returns:
        The kernel has a one at the winner, the first of equals in reading order, or equal shares.

    Raises:
        LayerError: If there is no such output, or the window does not fit.
    """
    formulas = size_formulas(maps.shape, size=size, stride=stride or size, padding=padding)
    check(Sentence("channel"), channel, maps.shape[2])
    patch = cut(maps, formulas, row=row, column=column, channels=(channel,))
    is_counted = ~patch.is_padding[..., None] | (padding != "same")
    return weighted(patch, pooling_kernel(patch, is_counted, operation), operation=operation)


def pooling_kernel(patch: Patch, is_counted: np.ndarray, operation: Literal["maximum", "mean"]) -> np.ndarray:
    """Write pooling as weights: a one at the winner, or equal shares, of what counts."""
    if operation == "mean":
        return is_counted / is_counted.sum()
    kernel = np.zeros(patch.values.shape)
    kernel.flat[np.where(is_counted, patch.values, -np.inf).argmax()] = 1
    return kernel


def weighted(
    patch: Patch,
    kernel: np.ndarray,
    *,
    operation: Operation = "sum",
    bias: float = 0.0,
    activation: str = "linear",
    activate: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> OutputValue:
    """Multiply, sum, add the bias, apply the activation; in double precision."""
    products = patch.values.astype(np.float64) * kernel
    total = float(products.sum())
    return OutputValue(
        operation=operation,
        patch=patch.values,
        is_padding=patch.is_padding,
        kernel=np.asarray(kernel, np.float32),
        products=products.astype(np.float32),
        total=total,
        bias=float(bias),
        activation=activation,
        value=float(activate(np.array(total + float(bias)))),
        rows=patch.rows,
        columns=patch.columns,
        channels=patch.channels,
        source=patch.source,
    )
