"""Channel effects: the gradient estimate and the ablation of a channel, and its strongest patch."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from math import floor
from typing import Any

import numpy as np

from cnnviz.capture import capture, find, walk, without_call_number
from cnnviz.compiling import compile_once
from cnnviz.convnets import Convnet
from cnnviz.errors import ClassError, LayerError
from cnnviz.layers import LayerInfo, find_layer
from cnnviz.probes import compiled, forward
from cnnviz.sentences import Sentence


def channel_effect(
    convnet: Convnet, inputs: np.ndarray, *, layer: str, class_index: int | str | None = None
) -> np.ndarray:
    """Estimate what each channel of a layer adds to a class's score on one image.

    To first order the score would lose this much if the channel were silenced:

        effect[c] = sum over (y, x) of  maps[y, x, c] * d score / d maps[y, x, c]

    The score is the logit. The estimate is exact where the score hangs on the layer linearly, as behind
    global average pooling; `silence_channel` measures the true loss of one channel.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(1, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a layer with feature maps, or of a dense one.
        class_index: Class to explain, by index or name; the image's own top class if not given.

    Returns:
        `(channels,)` float32, in units of the logit, signed: above zero the channel speaks for the class.
        Zero: silent here, or without influence.

    Raises:
        LayerError: If the layer does not exist.
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        Channels act together. The effects of a layer do not add up to the score, and silencing two
        channels does not cost the sum of their effects.

    Example:
        >>> channel_effect(convnet, inputs, layer="head_relu", class_index=281).shape
        (1280,)

    Reference:
        Molchanov et al., "Pruning Convolutional Neural Models for Resource Efficient Inference", ICLR
        2017, eq. 8, without its absolute value and mean. https://arxiv.org/abs/1611.06440
    """
    _check_one_image(inputs)
    # A class token is part of the channel, though of no map.
    reading = forward(convnet, inputs, layers=[layer], with_gradients=True, class_index=class_index, on_grid=False)
    maps, gradients = reading.maps[layer], reading.gradient(layer)
    return (maps * gradients).reshape(-1, maps.shape[-1]).sum(axis=0)


def silence_channel(
    convnet: Convnet, inputs: np.ndarray, *, layer: str, channel: int, class_index: int | str | None = None
) -> float:
    """Measure what one channel of a layer adds to a class's score: run the model without it.

    Args:
        convnet: Classifier; it is only read. Its layers are left as they are.
        inputs: `(1, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a layer before the scores.
        channel: Channel, or unit, that is set to zero everywhere.
        class_index: Class to explain, by index or name; the image's own top class if not given.

    Returns:
        The logit as it is, minus the logit with the channel silenced: above zero the channel speaks for
        the class. Zero for a channel that is silent here.

    Raises:
        LayerError: If the layer or the channel does not exist, or the layer holds the scores themselves.
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        A model has never seen a channel switched off; what it does then can surprise without meaning much.

    Example:
        >>> silence_channel(convnet, inputs, layer="head_relu", channel=37, class_index=281)
        0.81
    """
    _check_one_image(inputs)
    if not convnet.class_names:
        raise ClassError(
            "{name} has no class scores to explain. You can still look at its feature maps and filters.",
            name=convnet.name,
        )
    info = find_layer(convnet, layer)
    _check_channel(info, channel)
    reading = forward(convnet, inputs, class_index=class_index)
    run = convnet.keep(("silence", layer), lambda: _compile_with_mask(convnet, layer))
    mask = np.ones(info.filters, np.float32)
    mask[channel] = 0
    result = run(np.ascontiguousarray(inputs, np.float32), reading.classes.astype(np.int32), mask)
    if bool(result["is_logit"]) != reading.is_logit:
        raise LayerError("Layer {layer!r} holds the scores themselves. Choose a layer before it.", layer=layer)
    wanted = reading.classes[0]
    return float(reading.logits[0, wanted] - result["logits"].numpy()[0, wanted])


def _compile_with_mask(convnet: Convnet, address: str) -> Any:
    """Compile a run in which the channels of one layer are multiplied by a mask."""
    import tensorflow as tf

    plain: Any = compiled(convnet, (), False)
    signature = [
        tf.TensorSpec((1, *convnet.preparation.input_shape), tf.float32),
        tf.TensorSpec((1,), tf.int32),
        tf.TensorSpec((None,), tf.float32),
    ]

    def run(inputs: Any, classes: Any, mask: Any) -> Any:
        with _masked(convnet, address, mask):
            return plain.python_function(inputs, classes)

    return compile_once(run, signature)


@contextlib.contextmanager
def _masked(convnet: Convnet, address: str, mask: Any) -> Iterator[None]:
    """Multiply what one call of a layer returns, in this thread, while the model is traced."""
    import keras

    layer = find(walk(convnet.model), without_call_number(address))
    thread, seen = threading.get_ident(), 0

    with capture(convnet.model, ()):  # nobody else changes layers meanwhile
        original, was_replaced = layer.call, "call" in vars(layer)

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            outputs = original(*args, **kwargs)
            if threading.get_ident() != thread:
                return outputs
            number, seen = seen, seen + 1
            if number != _call_number(address):
                return outputs
            first, *others = keras.tree.flatten(outputs)
            return keras.tree.pack_sequence_as(outputs, [first * keras.ops.cast(mask, first.dtype), *others])

        object.__setattr__(layer, "call", call)  # past Keras's tracking
        try:
            yield
        finally:
            if was_replaced:
                object.__setattr__(layer, "call", original)
            else:
                object.__delattr__(layer, "call")


def _call_number(address: str) -> int:
    """Which call of its layer an address means: 0, or k of `@k`."""
    return int(address.removeprefix(without_call_number(address)).removeprefix("@") or 0)


def strongest_patch(
    info: LayerInfo, maps: np.ndarray, *, channel: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Find the part of the image that the strongest value of a channel can depend on.

    The box is as large as the layer's receptive field. Where it lies follows from the layer's stride, with
    what the strides leave over shared between the image's borders; padding on one side only can move it
    by less than a stride. What would lie outside the image is cut off.

    Args:
        info: The layer.
        maps: `(rows, columns, channels)` float, its maps for one image.
        channel: The channel.
        size: Height and width of the image as the model receives it, in pixels.

    Returns:
        Left, top, right, bottom in those pixels, so that `photo[top:bottom, left:right]` is the patch.
        Of equally strong places the first one in reading order.

    Raises:
        LayerError: If the channel does not exist, is silent on this image, or has values that are not finite.

    Note:
        The value can depend on all of the patch, but hangs mostly on its middle. Behind a few layers the
        patch is the whole image.

    Example:
        >>> strongest_patch(find_layer(convnet, "stem_relu"), maps, channel=3, size=(224, 224))
        (99, 40, 102, 43)
    """
    _check_channel(info, channel)
    values = maps[..., channel]
    if not values.any() or not np.isfinite(values).all():
        what = Sentence("is inactive on this image") if not values.any() else Sentence("has values that are not finite")
        raise LayerError(
            "Channel {channel} of layer {address!r} {what}. Choose another channel or image.",
            channel=channel,
            address=info.address,
            what=what,
        )
    row, column = np.unravel_index(values.argmax(), values.shape)
    top, bottom = _reach(int(row), values.shape[0], info.receptive_field[0], info.stride[0], size[0])
    left, right = _reach(int(column), values.shape[1], info.receptive_field[1], info.stride[1], size[1])
    return left, top, right, bottom


def _reach(index: int, count: int, field: int, stride: int, length: int) -> tuple[int, int]:
    """Start and end of what a position sees along one side of the image."""
    center = (length - (count - 1) * stride) / 2 + index * stride
    start = floor(center - field / 2 + 0.5)
    return max(0, start), min(length, start + field)


def _check_channel(info: LayerInfo, channel: int) -> None:
    if not 0 <= channel < info.filters:
        raise LayerError(
            "Layer {address!r} has no channel {channel}. Its channels are 0 to {last}.",
            address=info.address,
            channel=channel,
            last=info.filters - 1,
        )


def _check_one_image(inputs: np.ndarray) -> None:
    if len(inputs) != 1:
        raise ValueError(f"Expected one image (1, height, width, channels). Received: {inputs.shape}.")
