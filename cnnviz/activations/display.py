"""Feature maps as 8-bit grayscale tiles for display, for one layer or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Literal, get_args

import numpy as np

from cnnviz.activations.statistics import ChannelStatistics
from cnnviz.capture import call_model, capture
from cnnviz.compiling import compile_once
from cnnviz.convnets import Convnet
from cnnviz.grids import to_grid
from cnnviz.layers import find_layer, map_layers, require_maps

Normalize = Literal["channel", "layer"]
"""Each channel on its own scale; or one scale for all channels of the layer."""

_LEVELS = 255.999  # times 0..1, rounded down: 256 steps of equal width, and 1 still is the last one
_NOISE = 1e-3  # of a constant below zero: what differs less is mostly rounding, and is drawn as a constant
_NEVER_NEGATIVE = (
    "Relu",
    "Relu6",
    "Sigmoid",
    "Softmax",
)  # TensorFlow's operations whose minimum need not be looked for


def tiles(maps: np.ndarray, *, normalize: Normalize = "channel", side: int = 64) -> np.ndarray:
    """Turn a layer's maps into small gray images.

    A channel, or a layer, that is never negative runs from 0 (black) to its maximum (white); one that
    goes below zero from its minimum to its maximum, so that black is its lowest value and not "nothing".
    A map larger than `side` is reduced by a whole factor; a pixel then is the mean of its square.

    Args:
        maps: `(rows, columns, channels)`, float, of one image.
        normalize: Whether each channel has its own scale or all share the layer's. See `shown_range`.
        side: Longest side of a tile, in pixels; smaller maps stay as they are.

    Returns:
        `(channels, tile_rows, tile_columns)` uint8, to be colored by `images.lookup_table`. All zero: the
        channel is silent, or some of its values are not finite (see `ChannelStatistics`).

    Note:
        On its own scale a channel that hardly answers looks as bright as a strong one.

    Example:
        >>> tiles(np.zeros((112, 112, 96), np.float32)).shape
        (96, 56, 56)
    """
    _check_normalize(normalize)
    maps = np.asarray(maps, np.float32)
    low, high = _shown_range(maps.min(axis=(0, 1)), maps.max(axis=(0, 1)), normalize)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(high > low, np.float32(_LEVELS) / (high - low), 0)  # (channels,)
        # The mean of a square may round beyond the ends, and a byte would wrap round.
        shown = np.where(scale > 0, (np.clip(_reduce(maps, side), low, high) - low) * scale, 0)
    return np.ascontiguousarray(shown.astype(np.uint8).transpose(2, 0, 1))


def shown_range(statistics: ChannelStatistics, *, normalize: Normalize = "channel") -> tuple[np.ndarray, np.ndarray]:
    """Tell which values `tiles` shows as black and as white.

    Returns:
        Two arrays `(channels,)` float32, in the layer's own units; equal to each other where nothing can be
        told apart, NaN for a channel with values that are not finite.
    """
    _check_normalize(normalize)
    return _shown_range(statistics.minimum, statistics.maximum, normalize)


def _shown_range(minimum: np.ndarray, maximum: np.ndarray, normalize: Normalize) -> tuple[np.ndarray, np.ndarray]:
    is_finite = np.isfinite(maximum - np.minimum(minimum, 0))
    low, high = np.minimum(minimum, 0)[is_finite], maximum[is_finite]
    if normalize == "layer" and is_finite.any():
        low, high = low.min(keepdims=True), high.max(keepdims=True)
    high = np.where(high - low > -_NOISE * low, high, low)
    lows, highs = np.full_like(minimum, np.nan), np.full_like(maximum, np.nan)
    lows[is_finite], highs[is_finite] = low, high
    return lows, highs


def _reduce(maps: np.ndarray, side: int) -> np.ndarray:
    """Average squares of values, as TensorFlow's pooling does: what is over is shared between the borders."""
    factor = ceil(max(maps.shape[:2]) / side)
    if factor == 1:
        return maps
    sums, counts = maps, np.ones((*maps.shape[:2], 1), np.float32)
    for axis in (0, 1):
        sums, counts = _sum_runs(sums, factor, axis), _sum_runs(counts, factor, axis)
    return sums / counts


def _sum_runs(values: np.ndarray, length: int, axis: int) -> np.ndarray:
    length = min(length, values.shape[axis])
    missing = -values.shape[axis] % length
    padding = [(0, 0)] * values.ndim
    padding[axis] = (missing // 2, missing - missing // 2)
    padded = np.pad(values, padding) if missing else values
    shape = [*padded.shape[:axis], padded.shape[axis] // length, length, *padded.shape[axis + 1 :]]
    return padded.reshape(shape).sum(axis=axis + 1)


def display_tiles(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    layers: Sequence[str] | None = None,
    normalize: Normalize = "channel",
    side: int = 64,
) -> dict[str, np.ndarray]:
    """Run a model on one image and return the tiles of many layers at once.

    Gives what `tiles` gives for each layer's maps, within one gray level, in one compiled function: only
    bytes leave it. The first call for a set of layers compiles; later ones take about twice the time of a
    plain run of the model.

    Args:
        convnet: Model; it is only read.
        inputs: `(1, height, width, channels)` float32, from `convnet.prepare`.
        layers: Addresses of layers with feature maps; all of them if not given.
        normalize: As in `tiles`.
        side: As in `tiles`.

    Returns:
        Address to `(channels, tile_rows, tile_columns)` uint8, in the order of `layers`. They lie in memory
        as the model left them, channels last: turning all of them round would take as long as a third
        of the run, and only those that are drawn need it.

    Raises:
        LayerError: If a layer does not exist or has no feature maps.

    Example:
        >>> display_tiles(convnet, inputs, layers=["stem_relu"])["stem_relu"].shape
        (32, 56, 56)
    """
    _check_normalize(normalize)
    if inputs.shape != (1, *convnet.preparation.input_shape):
        raise ValueError(f"Expected one image {(1, *convnet.preparation.input_shape)}. Received: {inputs.shape}.")
    asked = [info.address for info in map_layers(convnet)] if layers is None else layers
    addresses = tuple(require_maps(convnet, address) for address in asked)
    if not addresses:
        return {}
    key = ("tiles", addresses, normalize, side)
    run = convnet.keep(key, lambda: _compile(convnet, addresses, normalize, side))
    pixels, is_finite = run(np.ascontiguousarray(inputs, np.float32))
    shown = {address: tensor.numpy()[0] for address, tensor in zip(addresses, pixels, strict=True)}
    if not np.all(is_finite):
        ends = np.cumsum([maps.shape[-1] for maps in shown.values()])[:-1]
        for maps, is_ok in zip(shown.values(), np.split(is_finite.numpy(), ends), strict=True):
            maps[..., ~is_ok] = 0  # what a byte makes of NaN is the processor's choice
    return {address: maps.transpose(2, 0, 1) for address, maps in shown.items()}


def _compile(convnet: Convnet, addresses: tuple[str, ...], normalize: Normalize, side: int) -> Any:
    import tensorflow as tf

    grids = {address: find_layer(convnet, address).grid for address in addresses}
    image = tf.TensorSpec((1, *convnet.preparation.input_shape), tf.float32)

    def run(inputs: Any) -> tuple[list[Any], Any]:
        with capture(convnet.model, addresses) as calls:
            call_model(convnet.model, inputs)
        outputs = {
            call.address: to_grid(grids[call.address], call.outputs[0]) for call in calls if call.address in grids
        }
        pixels, is_finite = zip(*(_bytes(outputs[address], normalize, side) for address in addresses), strict=True)
        return list(pixels), tf.concat(is_finite, axis=0)

    return compile_once(run, [image])


def _bytes(maps: Any, normalize: Normalize, side: int) -> tuple[Any, Any]:
    """Scale maps `(1, rows, columns, channels)` as `tiles` does, in few passes; say which channels are finite."""
    import tensorflow as tf

    can_be_negative = maps.op.type not in _NEVER_NEGATIVE
    maps = tf.cast(maps, tf.float32)
    high = tf.reduce_max(maps, (0, 1, 2))  # (channels,)
    low = tf.minimum(tf.reduce_min(maps, (0, 1, 2)), 0) if can_be_negative else tf.zeros_like(high)
    is_finite = tf.math.is_finite(high - low)
    if normalize == "layer":
        high = tf.reduce_max(tf.where(is_finite, high, tf.float32.min))
        low = tf.reduce_min(tf.where(is_finite, low, tf.float32.max))
    span = high - low
    scale = tf.where(span > -_NOISE * low, _LEVELS / span, 0)
    reduced = _pool(maps, side)
    if can_be_negative:
        # The mean of a square may round beyond the ends, and a byte would wrap round.
        reduced = (reduced if reduced is maps else tf.clip_by_value(reduced, low, high)) - low
    return tf.cast(reduced * scale, tf.uint8), is_finite


def _pool(maps: Any, side: int) -> Any:
    import tensorflow as tf

    factor = ceil(max(maps.shape[1:3]) / side)
    window = [min(factor, length) for length in maps.shape[1:3]]
    return maps if factor == 1 else tf.nn.avg_pool2d(maps, window, window, "SAME")


def _check_normalize(normalize: str) -> None:
    if normalize not in get_args(Normalize):
        raise ValueError(f"Expected a scale of {', '.join(get_args(Normalize))}. Received: {normalize!r}.")
