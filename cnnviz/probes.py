"""What does a network answer, what do its layers hold, and how does the answer hang on them?

One function gives all of it. From the second picture on it is compiled and kept, so that a picture costs one
forward pass, and about a tenth more where gradients are asked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnviz.capture import capture, without_call_number
from cnnviz.convnets import Convnet
from cnnviz.convnets.wrapping import last_activation
from cnnviz.errors import ClassError, LayerError, ModelError
from cnnviz.grids import to_grid
from cnnviz.layers import find_layer

INPUT = ""
"""Address of the input itself, for gradients with respect to pixels."""

_OWN_TOP_CLASS = -1


@dataclass(frozen=True)
class Reading:
    """What one run of a network over a batch gave.

    Attributes:
        logits: `(batch, classes)` float32; `-z, z` for a single sigmoid `z`; log p where the last
            activation cannot be taken off; `(batch, 0)` for a network without class scores.
        probabilities: `(batch, classes)` float32; see `predict`.
        classes: `(batch,)` int, the class whose logit the gradients belong to.
        maps: Address to the layer's output, float32; tokens of an image's patches on their grid, a class token
            left out.
        gradients: Address to the derivative of the class's logit by the layer's output, same shape.
        is_logit: Whether `logits` are logits (or linear outputs) rather than log p.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    classes: np.ndarray
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    is_logit: bool = True


def read(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    layers: Sequence[str] = (),
    with_gradients: bool = False,
    class_index: int | None = None,
    on_grid: bool = True,
) -> Reading:
    """Run a network once and return its scores, the outputs of some layers, and their gradients.

    Args:
        convnet: Network; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layers: Addresses to return; `INPUT` for the input itself.
        with_gradients: Whether to differentiate the class's logit by each of them.
        class_index: Class to differentiate; each picture's own top class if not given.
        on_grid: Whether tokens of patches are put on their grid; else they come as the layer gives them.

    Raises:
        LayerError: If a layer does not exist.
        ClassError: If the class does not exist, or gradients are asked of a network without classes.
    """
    inputs = _checked_inputs(convnet, inputs)
    _check_classes(convnet, class_index, with_gradients)
    wanted = np.full(len(inputs), _OWN_TOP_CLASS if class_index is None else class_index, np.int32)
    result = _run(convnet, tuple(layers), with_gradients, inputs, wanted)
    grids = [find_layer(convnet, address).grid if on_grid and address != INPUT else None for address in layers]
    return Reading(
        logits=result["logits"].numpy(),
        probabilities=result["probabilities"].numpy(),
        classes=result["classes"].numpy(),
        maps=dict(zip(layers, map(to_grid, grids, _arrays(result["maps"])), strict=True)),
        gradients=dict(zip(layers, map(to_grid, grids, _arrays(result["gradients"])), strict=False)),
        is_logit=bool(result["is_logit"].numpy()),
    )


def _arrays(tensors: Sequence[Any]) -> list[np.ndarray]:
    return [tensor.numpy() for tensor in tensors]


def predict(convnet: Convnet, inputs: np.ndarray) -> np.ndarray:
    """Return the probability of every class.

    Softmax outputs as they are; a single sigmoid p as `1 - p, p`; several sigmoids each its own (rows
    do not sum to one); linear outputs through softmax, or sigmoid for a single one.

    Args:
        convnet: Network; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.

    Returns:
        `(batch, classes)` float32, 0..1. NaN where the network's weights or inputs are not finite.

    Raises:
        ModelError: If the network has no class scores.

    Note:
        A high probability says that no other class fits better, not that the class is there.

    Example:
        >>> predict(convnet, convnet.prepare([photo])).shape
        (1, 1000)
    """
    if convnet.outputs == "none":
        raise ModelError("{name} has no class scores. Feature maps and filters can be seen.", name=convnet.name)
    return read(convnet, inputs).probabilities


def compiled(convnet: Convnet, layers: tuple[str, ...], with_gradients: bool) -> Callable[..., dict[str, Any]]:
    """Compile one function of inputs and classes that gives what `Reading` holds, as tensors."""
    for address in layers:
        if address != INPUT:
            find_layer(convnet, address)
    key = _key(layers, with_gradients)
    function: Callable[..., dict[str, Any]] = convnet.keep(key, lambda: _compile(convnet, layers, with_gradients))
    return function


def _key(layers: tuple[str, ...], with_gradients: bool) -> tuple[Hashable, ...]:
    return ("read", layers, with_gradients)


def _run(
    convnet: Convnet, layers: tuple[str, ...], with_gradients: bool, inputs: np.ndarray, wanted: np.ndarray
) -> dict[str, Any]:
    """Answer the first picture eagerly: tracing takes two to ten times as long, and pays from the second one on."""
    import tensorflow as tf

    is_first = not convnet.is_kept(_key(layers, with_gradients))
    run: Any = compiled(convnet, layers, with_gradients)
    if is_first:
        with contextlib.suppress(_HiddenLogitsError):
            return run.python_function(tf.constant(inputs), tf.constant(wanted))
    return run(inputs, wanted)


class _HiddenLogitsError(Exception):
    """An eager run does not tell what its last activation was given; a graph does."""


def _compile(convnet: Convnet, layers: tuple[str, ...], with_gradients: bool) -> Callable[..., dict[str, Any]]:
    import tensorflow as tf

    model, shape = convnet.model, convnet.preparation.input_shape
    noted = [without_call_number(address) for address in layers if address != INPUT]

    @tf.function(
        input_signature=[tf.TensorSpec((None, *shape), tf.float32), tf.TensorSpec((None,), tf.int32)],
        autograph=False,
    )
    def run(inputs: Any, wanted: Any) -> dict[str, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            if with_gradients:
                tape.watch(inputs)
            with capture(model, noted) as calls:
                output = model(inputs, training=False)
            outputs = {call.address: call.outputs[0] for call in calls} | {INPUT: inputs}
            logits, probabilities, is_logit = _scores(convnet, output)
            own = tf.argmax(probabilities, axis=1, output_type=tf.int32) if convnet.class_names else wanted
            classes = tf.where(wanted == _OWN_TOP_CLASS, own, wanted)
            score = tf.gather(logits, classes, batch_dims=1) if with_gradients else None
        maps = [_output_at(outputs, address) for address in layers]
        gradients = tape.gradient(score, maps, unconnected_gradients="zero") if with_gradients else []
        return {
            "logits": logits,
            "probabilities": probabilities,
            "classes": classes,
            "maps": [tf.cast(tensor, tf.float32) for tensor in maps],
            "gradients": [tf.cast(tensor, tf.float32) for tensor in gradients],
            "is_logit": tf.constant(is_logit),
        }

    return run


def _output_at(outputs: dict[str, Any], address: str) -> Any:
    if address not in outputs:
        raise LayerError("Layer {address!r} is not called when the network runs. Choose another one.", address=address)
    return outputs[address]


def _scores(convnet: Convnet, output: Any) -> tuple[Any, Any, bool]:
    """Find logits and probabilities of a model's output tensors; say whether they are real logits."""
    import keras
    import tensorflow as tf

    scores = keras.tree.flatten(output)[convnet.head]
    if convnet.outputs == "none":
        nothing = tf.zeros((tf.shape(scores)[0], 0))
        return nothing, nothing, True
    found = _before_last_activation(convnet, scores)
    scores = tf.cast(scores, tf.float32)
    is_logit = found is not None or convnet.outputs != "softmax"
    logits = _logits(convnet, scores) if found is None else tf.reshape(tf.cast(found, tf.float32), tf.shape(scores))
    if scores.shape[-1] == 1:
        logits = tf.concat([-logits, logits], axis=1)
        probability = tf.sigmoid(scores) if convnet.outputs == "logits" else scores
        return logits, tf.concat([1 - probability, probability], axis=1), is_logit
    probabilities = tf.nn.softmax(scores) if convnet.outputs == "logits" else scores
    return logits, probabilities, is_logit


def _before_last_activation(convnet: Convnet, scores: Any) -> Any | None:
    """Logits that a softmax or sigmoid was given, if one is the last thing that happens."""
    import tensorflow as tf

    if convnet.outputs == "logits":
        return None
    if tf.executing_eagerly():
        if not hasattr(scores, "_keras_logits"):  # Keras leaves them there for its own losses
            raise _HiddenLogitsError
        return scores._keras_logits
    activation, given = last_activation(scores)
    return given if activation == ("Softmax" if convnet.outputs == "softmax" else "Sigmoid") else None


def _logits(convnet: Convnet, scores: Any) -> Any:
    """Recover logits from scores: linear ones as they are, sigmoids inverted; of a softmax only log p is left."""
    import tensorflow as tf

    if convnet.outputs == "logits":
        return scores
    log_p = tf.math.log(tf.maximum(scores, np.finfo(np.float32).tiny))
    if convnet.outputs == "softmax":
        return log_p
    return log_p - tf.math.log(tf.maximum(1 - scores, np.finfo(np.float32).eps))


def _checked_inputs(convnet: Convnet, inputs: np.ndarray) -> np.ndarray:
    expected = convnet.preparation.input_shape
    if inputs.ndim != 4 or inputs.shape[1:] != expected:
        raise ValueError(
            f"Expected inputs of shape (batch, {', '.join(map(str, expected))}). Received: {inputs.shape}."
        )
    return np.ascontiguousarray(inputs, np.float32)


def _check_classes(convnet: Convnet, class_index: int | None, with_gradients: bool) -> None:
    if with_gradients and not convnet.class_names:
        raise ClassError(
            "{name} has no class scores to explain. Feature maps and filters can be seen.", name=convnet.name
        )
    if class_index is not None and not 0 <= class_index < len(convnet.class_names):
        raise ClassError(
            "{name} has no class {class_index}. Its classes are 0 to {last}.",
            name=convnet.name,
            class_index=class_index,
            last=len(convnet.class_names) - 1,
        )
