"""Receptive field of one unit as a box in the image, and the units that a part of the image reaches.

`LayerInfo.receptive_field` says how large the field of a unit is; here it is where it lies, padding and borders
counted, by walking back from a layer to the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.capture import walk, without_call_number
from cnnviz.convnets import Convnet
from cnnviz.convolution.sizes import SizeFormula, size_formula
from cnnviz.errors import LayerError
from cnnviz.layers import find_layer, layers
from cnnviz.probes import INPUT
from cnnviz.receptive_fields import keras_kind, window_of
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

_LEAVES_POSITIONS = (
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Dense", "Rescaling", "Normalization"),
    *("BatchNormalization", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Identity"),
    *("Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "ActivityRegularization"),
)


def unit_box(convnet: Convnet, *, layer: str, row: int = 0, column: int = 0) -> tuple[int, int, int, int]:
    """Find the part of the image that one unit of a layer can depend on.

    Every window is followed back to what it reads:

        first = row * stride - padding_before
        last  = first + dilation * (kernel - 1)

    and what is padding ends there. Of several paths the box holds all; rows and columns are followed apart, so that a
    branch which reads padding only may still widen it. A dense or global layer, and one whose reach is not known, reads
    all there is, which is the whole image but for what was cropped away.

    Args:
        convnet: Model; it is only read.
        layer: Address.
        row: Row of the unit in the layer's maps; 0 in a dense layer.
        column: Its column.

    Returns:
        Left, top, right, bottom in pixels of the image as the model receives it, so that
        `photo[top:bottom, left:right]` is the field. Without area: the unit sees padding only.

    Raises:
        LayerError: If there is no such layer or unit.

    Note:
        The unit can depend on all of the box, unless dilation or strides left gaps, but hangs mostly on its middle.

    Example:
        >>> unit_box(convnet, layer="stem_conv", row=0, column=111)
        (222, 0, 224, 3)
    """
    rows, columns = _reach(convnet, layer)
    for what, index, reach in ((Sentence("row"), row, rows), (Sentence("column"), column, columns)):
        if not 0 <= index < len(reach):
            raise LayerError(
                "Layer {layer!r} has no {what} {index}. Choose one from 0 to {last}.",
                layer=layer,
                what=what,
                index=index,
                last=len(reach) - 1,
            )
    (top, bottom), (left, right) = _ends(rows[row]), _ends(columns[column])
    return left, top, right, bottom


def reached_units(convnet: Convnet, *, layer: str, box: Sequence[int]) -> np.ndarray:
    """Find the units of a layer that can depend on a part of the image.

    Args:
        convnet: Model; it is only read.
        layer: Address.
        box: Left, top, right, bottom in pixels of the image as the model receives it; one pixel is
            `(x, y, x + 1, y + 1)`.

    Returns:
        `(rows, columns)` bool; `(1, 1)` for a dense layer.

    Raises:
        LayerError: If there is no such layer.

    Note:
        What a unit can depend on it need not answer to: most of those that are reached will hardly change.
    """
    left, top, right, bottom = box
    rows, columns = _reach(convnet, layer)
    return np.logical_and.outer(rows[:, top:bottom].any(axis=1), columns[:, left:right].any(axis=1))


def _ends(pixels: np.ndarray) -> tuple[int, int]:
    """First of some pixels, and one behind the last; twice zero if there are none."""
    where = np.flatnonzero(pixels)
    return (int(where[0]), int(where[-1]) + 1) if where.size else (0, 0)


def _reach(convnet: Convnet, address: str) -> tuple[np.ndarray, np.ndarray]:
    """What each row, and each column, of a layer sees: `(rows, height)` and `(columns, width)`, bool."""
    find_layer(convnet, address)
    kept: tuple[np.ndarray, np.ndarray] = convnet.keep(
        ("reach", address), lambda: (_along(convnet, address, 0), _along(convnet, address, 1))
    )
    return kept


def _along(convnet: Convnet, address: str, axis: int) -> np.ndarray:
    """Walk back from a layer to the image, along rows or columns, all its units at once."""
    by_address = walk(convnet.model)
    shapes = {info.address: info.output_shape for info in layers(convnet)} | {INPUT: convnet.preparation.input_shape}
    seen = {address: np.eye(_side(shapes[address], axis), dtype=np.float32)}
    for info in reversed(layers(convnet)):  # what reads a layer runs after it
        if info.address not in seen:
            continue
        so_far, layer = seen.pop(info.address), by_address[without_call_number(info.address)]
        for source in info.inputs or (INPUT,):
            through = so_far @ _reads(layer, shapes[source], info.output_shape, axis)
            seen[source] = np.minimum(1, through + seen.get(source, 0))
    everything = np.ones((_side(shapes[address], axis), convnet.preparation.size[axis]))
    return seen.get(INPUT, everything) > 0


def _side(shape: tuple[int, ...], axis: int) -> int:
    return shape[axis] if len(shape) == 3 else 1


def _reads(layer: keras.layers.Layer, before: tuple[int, ...], after: tuple[int, ...], axis: int) -> np.ndarray:
    """Which positions of its input, of shape `before`, a layer reads for each of its output: `(outputs, inputs)`."""
    inputs, outputs, kind = _side(before, axis), _side(after, axis), keras_kind(layer)
    everything = np.ones((outputs, inputs), np.float32)
    if len(before) != 3 or len(after) != 3:
        return everything
    if kind == "ZeroPadding2D":
        return np.eye(outputs, inputs, -layer.padding[axis][0], np.float32)
    if kind == "Cropping2D":
        return np.eye(outputs, inputs, layer.cropping[axis][0], np.float32)
    if kind == "UpSampling2D" and layer.interpolation == "nearest":
        return np.repeat(np.eye(inputs, dtype=np.float32), tuple(layer.size)[axis], axis=0)
    window = window_of(layer)
    if window and not window.enlarges:
        sides = {"kernel": window.size[axis], "stride": window.stride[axis], "dilation": window.dilation[axis]}
        formula = size_formula(inputs, padding=layer.padding, **sides)
        if formula.output == outputs:  # else something was done to the input on its way
            return _slid(formula)
    return np.eye(inputs, dtype=np.float32) if kind in _LEAVES_POSITIONS and inputs == outputs else everything


def _slid(formula: SizeFormula) -> np.ndarray:
    """What each position of a window reads; what lies in the padding is left out."""
    taps = np.array([formula.reads(index) for index in range(formula.output)])  # (outputs, kernel)
    return (taps[..., None] == np.arange(formula.input)).any(axis=1).astype(np.float32)
