"""Rules of how each kind of Keras layer computes one value of its output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from cnnviz.convolution.layer_runs import LayerRun, Position, as_maps
from cnnviz.convolution.outputs import OutputValue, pooling_kernel, weighted
from cnnviz.convolution.patch import Patch, channels_of_group, cut, one_position
from cnnviz.convolution.sizes import SizeFormula
from cnnviz.convolution.windows import size_formulas
from cnnviz.receptive_fields import keras_kind


def copied(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    """Hand the layer the numbers of its inputs' values to see which one it puts where; zero is padding."""
    sizes = [values.size for values in run.inputs]
    ends = np.cumsum(sizes)
    numbers = [
        np.arange(end - size + 1, end + 1, dtype=np.int32).reshape(1, *values.shape)
        for end, size, values in zip(ends, sizes, run.inputs, strict=True)
    ]
    moved = np.asarray(run.layer.call(numbers if len(numbers) > 1 else numbers[0]))[0]
    number = int(as_maps(moved)[position]) - 1
    one = np.ones((1, 1, 1))
    if number < 0:
        outside = Patch(np.zeros((1, 1, 1), np.float32), np.array([[True]]), *_outside(run, position))
        return (weighted(outside, one, operation="copy"),)
    source = int(np.searchsorted(ends, number, side="right"))
    values = as_maps(run.inputs[source])
    at = np.unravel_index(number - (ends[source] - sizes[source]), values.shape)
    row, column, channel = (int(index) for index in at)
    patch = one_position(row, column, (channel,), values[row, column, [channel]], source=source)
    return (weighted(patch, one, operation="copy"),)


def _outside(run: LayerRun, position: Position) -> tuple[tuple[int], tuple[int], tuple[int]]:
    """Where a cell that padding added would lie in the input."""
    (top, _), (left, _) = run.layer.padding
    row, column, channel = position
    return (row - top,), (column - left,), (channel,)


Rule = Callable[[LayerRun, Position], tuple[OutputValue, ...]]

_READS_ALL_CHANNELS = ("softmax", "log_softmax", "sparsemax")
_ACTIVATION_LAYERS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}


def _convolution(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    maps, kernels = run.inputs[0], _array(run.layer.kernel)
    return _window_sum(run, position, maps, kernels)


def _depthwise(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    kernels = _array(run.layer.kernel)
    return _window_sum(run, position, run.inputs[0], kernels.reshape(*kernels.shape[:2], 1, -1))


def _separable(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    """One value of each channel in between, without bias or activation; then their mixture."""
    row, column, channel = position
    maps, kernels = run.inputs[0], _array(run.layer.depthwise_kernel)
    kernels = kernels.reshape(*kernels.shape[:2], 1, -1)
    between = []
    for middle in range(kernels.shape[-1]):
        patch = cut(maps, _formulas(run), row=row, column=column, channels=channels_of_group(maps, kernels, middle))
        between.append(weighted(patch, kernels[..., middle]))
    values = np.array([value.value for value in between], np.float32)
    mixing = _array(run.layer.pointwise_kernel)[..., channel]
    patch = one_position(row, column, tuple(range(len(values))), values)
    return (*between, *_activated(run, position, patch, mixing))


def _window_sum(run: LayerRun, position: Position, maps: np.ndarray, kernels: np.ndarray) -> tuple[OutputValue, ...]:
    row, column, channel = position
    channels = channels_of_group(maps, kernels, channel)
    patch = cut(maps, _formulas(run), row=row, column=column, channels=channels)
    return _activated(run, position, patch, kernels[..., channel])


def _dense(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    row, column, channel = position
    values = as_maps(run.inputs[0])[row, column]
    patch = one_position(row, column, tuple(range(len(values))), values)
    return _activated(run, position, patch, _array(run.layer.kernel)[:, channel].reshape(1, 1, -1))


def _activated(run: LayerRun, position: Position, patch: Patch, kernel: np.ndarray) -> tuple[OutputValue, ...]:
    """Sum, bias and activation; the latter is a value of its own where it reads all channels."""
    layer, channel = run.layer, position[2]
    bias = float(_array(layer.bias)[channel]) if layer.bias is not None else 0.0
    name = _name(layer.activation)
    if name not in _READS_ALL_CHANNELS:
        return (weighted(patch, kernel, bias=bias, activation=name, activate=_elementwise(layer.activation)),)
    score = weighted(patch, kernel, bias=bias)
    return score, _activation_of(run.before_activation, position, name, layer.activation)


def _pooling(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    row, column, channel = position
    patch = cut(run.inputs[0], _formulas(run), row=row, column=column, channels=(channel,))
    return _pooled(run, patch)


def _global_pooling(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    maps, channel = run.inputs[0], position[2]
    whole = size_formulas(maps.shape, size=(maps.shape[0], maps.shape[1]))
    return _pooled(run, cut(maps, whole, row=0, column=0, channels=(channel,)))


def _pooled(run: LayerRun, patch: Patch) -> tuple[OutputValue, ...]:
    operation: Literal["maximum", "mean"] = "maximum" if "Max" in keras_kind(run.layer) else "mean"
    kernel = pooling_kernel(patch, ~patch.is_padding[..., None], operation)
    return (weighted(patch, kernel, operation=operation),)


def _batch_normalization(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    """In use, unlike in training, it is a scale and a shift for each channel."""
    layer, channel = run.layer, position[2]
    _require_last_axis(run)
    scale = 1 / np.sqrt(float(_array(layer.moving_variance)[channel]) + layer.epsilon)
    if layer.gamma is not None:
        scale *= float(_array(layer.gamma)[channel])
    shift = float(_array(layer.beta)[channel]) if layer.beta is not None else 0.0
    return _scaled(run, position, scale, shift - float(_array(layer.moving_mean)[channel]) * scale)


def _rescaling(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    shape = as_maps(run.inputs[0]).shape
    scale, offset = (np.broadcast_to(np.asarray(part), shape)[position] for part in (run.layer.scale, run.layer.offset))
    return _scaled(run, position, float(scale), float(offset))


def _normalization(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    """Scale by what the images were measured to be when the model was made."""
    layer, shape = run.layer, as_maps(run.inputs[0]).shape
    mean, variance = (float(np.broadcast_to(part, (1, *shape))[0][position]) for part in (layer.mean, layer.variance))
    deviation = max(np.sqrt(variance), 1e-7)  # Keras's own epsilon
    if layer.invert:
        return _scaled(run, position, deviation, mean)
    return _scaled(run, position, 1 / deviation, -mean / deviation)


def _scaled(run: LayerRun, position: Position, scale: float, shift: float) -> tuple[OutputValue, ...]:
    return (weighted(_one(run, position), np.full((1, 1, 1), scale), operation="scale", bias=shift),)


def _activation(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    layer, kind = run.layer, keras_kind(run.layer)
    name = _ACTIVATION_LAYERS[kind] if kind in _ACTIVATION_LAYERS else _name(layer.activation)
    if kind == "ReLU" and layer.max_value == 6:
        name = "relu6"
    function = layer.call  # not the layer itself: a call would be noted in its graph
    if name in _READS_ALL_CHANNELS:
        _require_last_axis(run)
        return (_activation_of(run.inputs[0], position, name, function),)
    patch, one = _one(run, position), np.ones((1, 1, 1))
    return (weighted(patch, one, operation="activation", activation=name, activate=_elementwise(function)),)


def _activation_of(values: np.ndarray, position: Position, name: str, function: Callable[..., Any]) -> OutputValue:
    """Apply an activation that reads all channels of a position; the kernel points at the channel itself."""
    row, column, channel = position
    scores = as_maps(values)[row, column]
    patch = one_position(row, column, tuple(range(len(scores))), scores)
    kernel = np.zeros((1, 1, len(scores)))
    kernel[..., channel] = 1

    def own(_: np.ndarray) -> np.ndarray:
        return np.asarray(function(scores[None]))[0, channel]

    return weighted(patch, kernel, operation="activation", activation=name, activate=own)


def _addition(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    row, column, channel = position
    given = [np.broadcast_to(as_maps(values), as_maps(run.output).shape)[position] for values in run.inputs]
    patch = one_position(row, column, (channel,) * len(given), np.array(given), source=None)
    return (weighted(patch, np.ones(patch.values.shape), operation="addition"),)


def _multiplication(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    """Weigh the largest input, the first of equals, by the others: what a gate lets through."""
    shape = as_maps(run.output).shape
    given = [float(np.broadcast_to(as_maps(values), shape)[position]) for values in run.inputs]
    weighed = int(np.argmax([values.size for values in run.inputs]))
    row, column, channel = position
    patch = one_position(row, column, (channel,), np.array(given[weighed]), source=weighed)
    gate = np.prod([value for number, value in enumerate(given) if number != weighed])
    return (weighted(patch, np.full((1, 1, 1), gate), operation="scale"),)


def _require_last_axis(run: LayerRun) -> None:
    """Refuse what works along rows or columns; an activation that is no layer always works along the channels."""
    axis = getattr(run.layer, "axis", -1)
    if axis not in (-1, run.output.ndim):  # the batch axis is counted
        raise ValueError(f"Expected the last axis. Received: {axis}.")


def _one(run: LayerRun, position: Position) -> Patch:
    row, column, channel = position
    return one_position(row, column, (channel,), as_maps(run.inputs[0])[row, column, [channel]])


def _formulas(run: LayerRun) -> tuple[SizeFormula, SizeFormula]:
    layer = run.layer
    return size_formulas(
        run.inputs[0].shape,
        size=tuple(getattr(layer, "kernel_size", None) or layer.pool_size),
        stride=tuple(layer.strides),
        padding=layer.padding,
        dilation=tuple(getattr(layer, "dilation_rate", (1, 1))),
    )


def _elementwise(function: Callable[..., Any]) -> Callable[[np.ndarray], np.ndarray]:
    def activate(value: np.ndarray) -> np.ndarray:
        return np.asarray(function(value.astype(np.float32).reshape(1, 1))).reshape(())

    return activate


def _name(function: Callable[..., Any]) -> str:
    name: str = getattr(function, "__name__", type(function).__name__)
    return _ACTIVATION_LAYERS.get(name, name)


def _array(weight: Any) -> np.ndarray:
    return np.asarray(weight.numpy(), np.float32)


RULES: dict[str, Rule] = {
    "Conv2D": _convolution,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Dense": _dense,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "GlobalMaxPooling2D": _global_pooling,
    "GlobalAveragePooling2D": _global_pooling,
    "BatchNormalization": _batch_normalization,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    "Add": _addition,
    "Multiply": _multiplication,
    **dict.fromkeys(("Activation", *_ACTIVATION_LAYERS), _activation),
    **dict.fromkeys(("Flatten", "Reshape", "Permute", "Concatenate", "ZeroPadding2D", "Cropping2D"), copied),
    **dict.fromkeys(("Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "Identity"), copied),
}
"""Keras class to its rule."""
