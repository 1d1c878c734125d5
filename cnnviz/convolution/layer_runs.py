"""Inputs and output of one layer of a real model for one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.capture import Call, call_model, capture
from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError
from cnnviz.finite_check import require_sound
from cnnviz.layers import LayerInfo, find_layer
from cnnviz.probes import INPUT
from cnnviz.sentences import one_line

if TYPE_CHECKING:
    import keras


Position = tuple[int, int, int]
"""Row, column, channel."""


@dataclass(frozen=True, eq=False)
class LayerRun:
    """One call of a layer, for one image; no array has a batch axis.

    Attributes:
        info: The layer as it is listed.
        layer: The Keras layer; only read.
        inputs: What it was given, float32.
        sources: For each input the address of the layer that made it; `INPUT` for the model's own input, None
            where something was done to it on the way.
        before_activation: What its activation was given, float32; its output if it has none.
        output: What it returned, float32.
    """

    info: LayerInfo
    layer: keras.layers.Layer
    inputs: tuple[np.ndarray, ...]
    sources: tuple[str | None, ...]
    before_activation: np.ndarray
    output: np.ndarray

    __repr__ = one_line


def run_layer(convnet: Convnet, inputs: np.ndarray, *, layer: str) -> LayerRun:
    """Run a model on one image and keep what one layer was given and returned.

    Args:
        convnet: Model; it is only read.
        inputs: `(1, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of the layer.

    Raises:
        LayerError: If the layer does not exist, is not called, or depends on weights that are NaN or infinite.
    """
    if inputs.shape != (1, *convnet.preparation.input_shape):
        raise ValueError(f"Expected one image {(1, *convnet.preparation.input_shape)}. Received: {inputs.shape}.")
    info = find_layer(convnet, layer)
    require_sound(convnet, layer)
    calls = _calls(convnet, inputs, (layer, *info.inputs))
    if layer not in calls:
        raise LayerError("Layer {layer!r} is not part of the forward pass. Choose another one.", layer=layer)
    call = calls[layer]
    given = tuple(_array(tensor) for tensor in call.inputs)
    made = {address: _array(calls[address].outputs[0]) for address in info.inputs if address in calls}
    made[INPUT] = np.asarray(inputs[0], np.float32)
    return LayerRun(
        info=info,
        layer=call.layer,
        inputs=given,
        sources=tuple(_source(values, made) for values in given),
        before_activation=_array(call.before_activation),
        output=_array(call.outputs[0]),
    )


def as_maps(values: np.ndarray) -> np.ndarray:
    """Write the units of a dense layer as channels of one position."""
    return values.reshape(1, 1, -1) if values.ndim == 1 else values


def _calls(convnet: Convnet, inputs: np.ndarray, addresses: tuple[str, ...]) -> dict[str, Call]:
    """Run the model eagerly: each layer is asked once, and tracing would take longer than the run."""
    import tensorflow as tf

    with capture(convnet.model, addresses) as calls:
        call_model(convnet.model, tf.constant(inputs, tf.float32))
    return {call.address: call for call in calls}


def _source(values: np.ndarray, made: dict[str, np.ndarray]) -> str | None:
    """Find who made a tensor by what it holds: on its way it may have been cast, which makes it another object."""
    return next((address for address, output in made.items() if np.array_equal(values, output)), None)


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(tensor.numpy()[0], np.float32)
