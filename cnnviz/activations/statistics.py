"""Feature maps of layers, statistics of their channels, and the order of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.probes import forward
from cnnviz.sentences import one_line

Order = Literal["strength", "sparsity", "index"]
"""Strongest maximum first; most zeros first; lowest number first."""


def feature_maps(convnet: Convnet, inputs: np.ndarray, *, layers: Sequence[str]) -> dict[str, np.ndarray]:
    """Run a model and return what some of its layers give.

    Args:
        convnet: Model; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layers: Addresses.

    Returns:
        Address to `(batch, rows, columns, channels)` float32, in the layer's own units, in the order of
        `layers`; `(batch, units)` for a dense layer. Where a transformer's tokens are an image's patches they are
        put on the grid of the patches, and a class token is left out.

    Raises:
        LayerError: If a layer does not exist.

    Example:
        >>> feature_maps(convnet, inputs, layers=["head_conv"])["head_conv"].shape
        (1, 7, 7, 1280)
    """
    if isinstance(layers, str):
        raise TypeError(f"Expected a sequence of addresses. Received the text {layers!r}.")
    return forward(convnet, inputs, layers=layers).maps


@dataclass(frozen=True, eq=False)
class ChannelStatistics:
    """What each channel of a layer holds for one image; every array is `(channels,)`.

    Attributes:
        mean: Mean over the positions, in the layer's own units.
        minimum: Smallest value.
        maximum: Largest value.
        zero_share: Share of the positions that are exactly zero, 0..1.
        is_silent: Whether the channel is zero everywhere on this image. Another image may wake it: a
            silent channel is not a dead filter.
        is_finite: Whether all its values are finite; if not, its other numbers are not to be relied on.
    """

    mean: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    zero_share: np.ndarray
    is_inactive: np.ndarray
    is_finite: np.ndarray

    __repr__ = one_line


def channel_statistics(maps: np.ndarray) -> ChannelStatistics:
    """Sum up each channel of a layer for one image.

    Args:
        maps: `(rows, columns, channels)`, or `(units,)`, which count as channels of one position.

    Returns:
        Arrays of shape `(channels,)`, float32 and bool.

    Note:
        Exact zeros come from ReLU. A layer without it has channels that hardly answer and yet are not silent.

    Example:
        >>> channel_statistics(np.zeros((7, 7, 1280))).is_silent.sum()
        1280
    """
    values = maps.reshape(-1, maps.shape[-1])  # (positions, channels)
    zero_share = np.asarray((values == 0).mean(axis=0, dtype=np.float32))
    is_finite = np.isfinite(values).all(axis=0)
    with np.errstate(invalid="ignore"):  # the mean of +inf and -inf
        mean = np.asarray(values.mean(axis=0, dtype=np.float32))
    return ChannelStatistics(mean, values.min(axis=0), values.max(axis=0), zero_share, zero_share == 1, is_finite)


def order_channels(statistics: ChannelStatistics, *, by: Order = "strength") -> np.ndarray:
    """Rank the channels of a layer; those that are silent on this image come last.

    Args:
        statistics: From `channel_statistics`.
        by: `strength` by the largest value, strongest first; `sparsity` by the share of zeros, most
            selective first; `index` by number. Equals stay in the order of their numbers.

    Returns:
        `(channels,)` int, every channel once: those that answer, those with values that are not finite,
        the silent ones.

    Raises:
        ValueError: If there is no such order.
    """
    count = len(statistics.mean)
    keys = {
        "strength": -np.nan_to_num(statistics.maximum),
        "sparsity": -statistics.zero_share,
        "index": np.arange(count),
    }
    if by not in keys:
        raise ValueError(f"Expected an order of {', '.join(get_args(Order))}. Received: {by!r}.")
    group = np.where(statistics.is_inactive, 2, np.where(statistics.is_finite, 0, 1))
    return np.lexsort((np.arange(count), keys[by], group))
