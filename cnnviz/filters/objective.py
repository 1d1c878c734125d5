"""Objective of gradient ascent: mean activation of each filter, and the activations behind it."""

from __future__ import annotations

from typing import Any

from cnnviz.capture import Call, call_model, capture, floating_inputs
from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError
from cnnviz.grids import Grid, to_grid
from cnnviz.layers import find_layer


def inputs_of(convnet: Convnet, pixels: Any) -> Any:
    """Scale pixels `(batch, rows, columns, 1 or 3)`, 0..255, as the model wants them; alpha is opaque."""
    import tensorflow as tf

    if convnet.preparation.channels == 4:
        pixels = tf.concat([pixels, tf.fill(tf.shape(pixels[..., :1]), 255.0)], axis=-1)
    inputs = tf.cast(convnet.preparation.scaling(pixels), tf.float32)
    if tuple(inputs.shape[1:3]) == convnet.preparation.size:
        return inputs
    # Keras compares only sides that are known while tracing with those the model was built for.
    return tf.compat.v1.placeholder_with_default(inputs, (None, None, None, inputs.shape[-1]))


def answers(convnet: Convnet, layer: str, inputs: Any) -> tuple[Any, Any]:
    """Run a model as far as a layer: its output, and what its activation was given.

    Both are `(batch, rows, columns, channels)`. Of the layer that gives the class scores both are the
    logits, for a single sigmoid z the two logits -z and z.

    Raises:
        LayerError: If the layer does not run, or returns something else than maps or numbers.
    """
    call, is_head = _call(convnet, layer, inputs)
    output, before = call.outputs[0], _before_activation(call)
    if is_head:
        before = _both_classes(before) if convnet.outputs == "sigmoid" else before
        output = before
    grid = find_layer(convnet, layer).grid
    found = _as_maps(output, layer, grid)
    return (found, found if output is before else _as_maps(before, layer, grid))


def _call(convnet: Convnet, layer: str, inputs: Any) -> tuple[Call, bool]:
    """Note the layer's call, and whether it gives the class scores."""
    import tensorflow as tf

    scores, refusal = None, None
    with floating_inputs(convnet.model), capture(convnet.model, [layer.split("@")[0]]) as calls:
        try:
            scores = call_model(convnet.model, inputs)[convnet.head]
        except (ValueError, TypeError, RuntimeError, tf.errors.OpError) as error:
            refusal = error  # the layers behind may refuse images of this size; nothing hangs on them
    call = next((call for call in calls if call.address == layer), None)
    if call is not None:
        return call, call.outputs[0] is scores and convnet.outputs != "none"
    if refusal is not None:
        raise refusal
    raise LayerError("Layer {layer!r} is not part of the forward pass. Choose another one.", layer=layer)


def _before_activation(call: Call) -> Any:
    """What the activation was given; layers that are nothing but an activation were given it as their input."""
    from keras import layers

    is_activation = isinstance(call.layer, (layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, layers.Softmax))
    return call.inputs[0] if is_activation else call.before_activation


def _both_classes(logit: Any) -> Any:
    import tensorflow as tf

    return tf.concat([-logit, logit], axis=-1)


def _as_maps(tensor: Any, layer: str, grid: Grid | None) -> Any:
    import tensorflow as tf

    tensor = tf.cast(tensor, tf.float32)
    if grid and grid.is_tokens and tensor.shape[1] == grid.before + grid.cells + grid.after:
        return to_grid(grid, tensor)
    if len(tensor.shape) == 4:
        return tensor
    if len(tensor.shape) == 3:
        return tensor[:, :, None, :]
    if len(tensor.shape) == 2:
        return tensor[:, None, None, :]
    raise LayerError(
        "Layer {layer!r} outputs a tensor with {count} axes. Choose a layer that outputs feature maps or a vector.",
        layer=layer,
        count=len(tensor.shape),
    )


def heights(maps: Any, filters: Any, *, border: int, leak: float) -> Any:
    """Mean over the map of image i's channel `filters[i]`, without a border where the map is large enough.

    Of a map that is linear in the image, as the first layer's, the plain mean would see the mean color
    only: where an edge excites the filter here, its other side inhibits it there. So negative values may
    count less.

    Args:
        maps: `(batch, rows, columns, channels)`.
        filters: `(batch,)` int.
        border: Rows and columns left out at every side of maps larger than twice that.
        leak: What negative values count for, 0..1; in maps of one value, as of dense layers, all count.

    Returns:
        `(batch,)` in the layer's own units.
    """
    import tensorflow as tf

    rows, columns = tf.shape(maps)[1], tf.shape(maps)[2]
    top, left = (tf.where(side > 2 * border, border, 0) for side in (rows, columns))
    inner = maps[:, top : rows - top, left : columns - left]
    if leak < 1:
        inner = tf.where(tf.logical_or(inner > 0, rows * columns == 1), inner, leak * inner)
    means = tf.reduce_mean(inner, axis=(1, 2))  # (batch, channels)
    return tf.gather(means, filters, batch_dims=1)
