"""Forward pass of a model: class scores, layer outputs, and gradients of the scores by these outputs.

One function gives all of it. From the second image on it is compiled and kept, so that an image costs one
forward pass, and about a tenth more where gradients are asked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from cnnviz import private_keras
from cnnviz.capture import Call, call_model, capture, floating_inputs, takes_integers, takes_one, without_call_number
from cnnviz.compiling import compile_once
from cnnviz.convnets import Convnet
from cnnviz.convnets.output_ranges import last_activation
from cnnviz.errors import ClassError, LayerError, ModelError
from cnnviz.grids import Grid, to_grid
from cnnviz.layers import find_layer, images_at_once
from cnnviz.sentences import Sentence, one_line

INPUT = ""
"""Address of the input itself, for gradients with respect to pixels."""

_OWN_TOP_CLASS = -1


@dataclass(frozen=True)
class ForwardPass:
    """What one run of a model over a batch gave.

    Attributes:
        logits: `(batch, classes)` float32; `-z, z` for a single sigmoid `z`; log p where the last
            activation cannot be taken off; scores and numbers as they are; `(batch, 0)` for a model without scores.
        probabilities: `(batch, classes)` float32; see `predict`.
        classes: `(batch,)` int, the class whose logit the gradients belong to.
        maps: Address to the layer's output, float32; tokens of an image's patches on their grid, a class token
            left out.
        gradients: Address to the derivative of the class's logit by the layer's output, same shape; a layer from
            which no gradient reaches the score is left out, see `gradient`.
        is_logit: Whether `logits` are logits (or scores as the model returns them) rather than log p.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    classes: np.ndarray
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    is_logit: bool = True

    __repr__ = one_line

    def gradient(self, address: str) -> np.ndarray:
        """Derivative of the class's logit by a layer's output.

        Raises:
            LayerError: If there is none: the score does not depend on that layer, or an operation between them, such
                as `stop_gradient` or a cast to whole numbers, has no derivative.
        """
        return gradient_of(self.gradients, address)


def gradient_of(gradients: Mapping[str, Any], address: str) -> Any:
    """Look a gradient up, see `Reading.gradient`.

    Raises:
        LayerError: If there is none.
    """
    if address in gradients:
        return gradients[address]
    raise LayerError(
        "No gradient of the score reaches {what}. Choose another layer, or Score-CAM or occlusion, which need none.",
        what=repr(address) if address else Sentence("the image"),
    )


def forward(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    layers: Sequence[str] = (),
    with_gradients: bool = False,
    class_index: int | str | None = None,
    on_grid: bool = True,
) -> ForwardPass:
    """Run a model once and return its scores, the outputs of some layers, and their gradients.

    Images that would not fit into memory together run one part after the other; what is returned has to fit.

    Args:
        convnet: Model; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layers: Addresses to return; `INPUT` for the input itself.
        with_gradients: Whether to differentiate the class's logit by each of them.
        class_index: Class to differentiate, by index or name; each image's own top class if not given.
        on_grid: Whether tokens of patches are put on their grid; else they come as the layer gives them.

    Raises:
        LayerError: If a layer does not exist.
        ClassError: If the class does not exist, or gradients are asked of a model without classes.
    """
    inputs = _checked_inputs(convnet, inputs)
    at_once = _at_once(convnet, len(inputs), layers if with_gradients else None)
    if len(inputs) > at_once:
        read_some = partial(
            forward, convnet, layers=layers, with_gradients=with_gradients, class_index=class_index, on_grid=on_grid
        )
        return _joined([read_some(inputs[start : start + at_once]) for start in range(0, len(inputs), at_once)])
    chosen = _resolved(convnet, class_index, with_gradients)
    wanted = np.full(len(inputs), _OWN_TOP_CLASS if chosen is None else chosen, np.int32)
    result = _run(convnet, tuple(layers), with_gradients, inputs, wanted)
    on_grids = [address for address in layers if on_grid and address != INPUT]
    grids = {address: find_layer(convnet, address).grid for address in on_grids}
    return ForwardPass(
        logits=result["logits"].numpy(),
        probabilities=result["probabilities"].numpy(),
        classes=result["classes"].numpy(),
        maps=_on_grids(dict(zip(layers, result["maps"], strict=True)), grids),
        gradients=_on_grids(result["gradients"], grids),
        is_logit=bool(result["is_logit"].numpy()),
    )


def _at_once(convnet: Convnet, count: int, differentiated: Sequence[str] | None) -> int:
    """How many of the images run at once, so that many large ones do not fill the memory."""
    if count == 1 or takes_one(convnet.model):
        return 1
    return images_at_once(convnet, differentiated=differentiated)


def _joined(readings: Sequence[ForwardPass]) -> ForwardPass:
    """Put readings of single images together."""
    return ForwardPass(
        logits=np.concatenate([one.logits for one in readings]),
        probabilities=np.concatenate([one.probabilities for one in readings]),
        classes=np.concatenate([one.classes for one in readings]),
        maps=_stacked([one.maps for one in readings]),
        gradients=_stacked([one.gradients for one in readings]),
        is_logit=readings[0].is_logit,
    )


def _stacked(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {address: np.concatenate([part[address] for part in parts]) for address in parts[0]}


def _on_grids(tensors: Mapping[str, Any], grids: Mapping[str, Grid | None]) -> dict[str, np.ndarray]:
    return {address: to_grid(grids.get(address), tensor.numpy()) for address, tensor in tensors.items()}


def predict(convnet: Convnet, inputs: np.ndarray) -> np.ndarray:
    """Return the probability of every class, as the model itself says.

    Whatever is a distribution stays as the model returns it, be it made by a softmax or by an average of several; a
    single sigmoid p becomes `1 - p, p`; several sigmoids each their own (rows do not sum to one); logits go through
    softmax, or sigmoid for a single one. Scores that are no probabilities and the numbers of a regression are returned
    raw: see `convnet.has_probabilities`.

    Args:
        convnet: Model; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.

    Returns:
        `(batch, classes)` float32; probabilities 0..1, or raw scores or numbers in the model's own units. NaN where the
        model's weights or inputs are not finite.

    Raises:
        ModelError: If the model has no row of scores.

    Note:
        A high probability says that no other class fits better, not that the class is there.

    Example:
        >>> predict(convnet, convnet.prepare([photo])).shape
        (1, 1000)
    """
    if convnet.outputs == "none":
        raise ModelError(
            "{name} has no class scores. You can still look at its feature maps and filters.", name=convnet.name
        )
    return forward(convnet, inputs).probabilities


def compiled(convnet: Convnet, layers: tuple[str, ...], with_gradients: bool) -> Callable[..., dict[str, Any]]:
    """Compile one function of inputs and classes that gives what `ForwardPass` holds, as tensors."""
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
    """Answer the first image eagerly: tracing takes two to ten times as long, and pays from the second one on.

    A batch is compiled at once, for an eager run takes several times the memory.
    """
    import tensorflow as tf

    is_first = not convnet.is_kept(_key(layers, with_gradients))
    run: Any = compiled(convnet, layers, with_gradients)
    if is_first and len(inputs) == 1:
        with contextlib.suppress(_HiddenLogitsError):
            return run.python_function(tf.constant(inputs), tf.constant(wanted))
    return run(inputs, wanted)


class _HiddenLogitsError(Exception):
    """An eager run does not tell what its last activation was given; a graph does."""


def _compile(convnet: Convnet, layers: tuple[str, ...], with_gradients: bool) -> Callable[..., dict[str, Any]]:
    import tensorflow as tf

    model, shape = convnet.model, convnet.preparation.input_shape
    noted = [without_call_number(address) for address in layers if address != INPUT]
    as_floats = floating_inputs if with_gradients and INPUT in layers else contextlib.nullcontext

    def run(inputs: Any, wanted: Any) -> dict[str, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            if with_gradients:
                tape.watch(inputs)
            on_call = partial(_watch, tape) if with_gradients else None
            with as_floats(model), capture(model, noted, on_call=on_call) as calls:
                outputs_of_model = call_model(model, inputs)
            outputs = {call.address: call.outputs[0] for call in calls} | {INPUT: inputs}
            logits, probabilities, is_logit = _scores(convnet, outputs_of_model)
            own = tf.argmax(probabilities, axis=1, output_type=tf.int32) if convnet.class_names else wanted
            classes = tf.where(wanted == _OWN_TOP_CLASS, own, wanted)
            score = tf.gather(logits, classes, batch_dims=1) if with_gradients else None
        maps = [_output_at(outputs, address) for address in layers]
        gradients = zip(layers, tape.gradient(score, maps), strict=True) if with_gradients else ()
        return {
            "logits": logits,
            "probabilities": probabilities,
            "classes": classes,
            "maps": [tf.cast(tensor, tf.float32) for tensor in maps],
            "gradients": {address: tf.cast(tensor, tf.float32) for address, tensor in gradients if tensor is not None},
            "is_logit": tf.constant(is_logit),
        }

    signature = [tf.TensorSpec((None, *shape), tf.float32), tf.TensorSpec((None,), tf.int32)]
    return compile_once(run, signature)


def _watch(tape: Any, call: Call) -> None:
    """Let gradients reach a layer's own output, whatever stands between it and the image."""
    for tensor in call.outputs:
        if tensor.dtype.is_floating:
            tape.watch(tensor)


def _output_at(outputs: dict[str, Any], address: str) -> Any:
    if address not in outputs:
        raise LayerError("Layer {address!r} is not part of the forward pass. Choose another one.", address=address)
    return outputs[address]


def _scores(convnet: Convnet, outputs: list[Any]) -> tuple[Any, Any, bool]:
    """Find logits and probabilities of a model's output tensors; say whether they are real logits."""
    import tensorflow as tf

    scores = outputs[convnet.head]
    if convnet.outputs == "none":
        nothing = tf.zeros((tf.shape(scores)[0], 0))
        return nothing, nothing, True
    found = _before_last_activation(convnet, scores)
    scores = tf.cast(scores, tf.float32)
    is_logit = found is not None or convnet.outputs != "softmax"
    logits = _logits(convnet, scores) if found is None else tf.reshape(tf.cast(found, tf.float32), tf.shape(scores))
    if not convnet.has_probabilities:
        return scores, scores, True
    if scores.shape[-1] == 1:
        logits = tf.concat([-logits, logits], axis=1)
        probability = tf.sigmoid(scores) if convnet.outputs == "logits" else scores
        return logits, tf.concat([1 - probability, probability], axis=1), is_logit
    probabilities = tf.nn.softmax(scores) if convnet.outputs == "logits" else scores
    return logits, probabilities, is_logit


def _before_last_activation(convnet: Convnet, scores: Any) -> Any | None:
    """Logits that a softmax or sigmoid was given, if one is the last thing that happens."""
    import tensorflow as tf

    if convnet.outputs == "logits" or not convnet.has_probabilities:
        return None
    if tf.executing_eagerly():
        logits = private_keras.logits_of(scores)
        if logits is None:
            raise _HiddenLogitsError
        return logits
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
    expected, shape = convnet.preparation.input_shape, getattr(inputs, "shape", None)
    is_photo = shape is not None and inputs.dtype == np.uint8 and not takes_integers(convnet.model)
    if shape is None or len(shape) != 4 or tuple(shape[1:]) != expected or is_photo:
        received = type(inputs).__name__ if shape is None else f"{tuple(shape)} {inputs.dtype}"
        raise ValueError(
            f"Expected inputs of shape (batch, {', '.join(map(str, expected))}) and type float32, scaled as the model "
            f"wants them. Received: {received}. Make them with convnet.prepare(photos)."
        )
    return np.ascontiguousarray(inputs, np.float32)


def _resolved(convnet: Convnet, class_index: int | str | None, with_gradients: bool) -> int | None:
    """Find the class that is meant, by index or name."""
    if with_gradients and not convnet.class_names:
        raise ClassError(
            "{name} has no class scores to explain. Feature maps and filters can be seen.", name=convnet.name
        )
    return None if class_index is None else class_number(convnet, class_index)


def class_number(convnet: Convnet, class_index: int | str) -> int:
    """Find a class by its index or name.

    Raises:
        ClassError: If the model has no such class.
        TypeError: If it is neither.
    """
    if isinstance(class_index, str):
        return convnet.class_index(class_index)
    if not isinstance(class_index, (int, np.integer)) or isinstance(class_index, bool):
        raise TypeError(f"Expected a class's index or name. Received: {class_index!r}.")
    if not 0 <= class_index < len(convnet.class_names):
        raise ClassError(
            "{name} has no class {class_index}. Its classes are 0 to {last}.",
            name=convnet.name,
            class_index=class_index,
            last=len(convnet.class_names) - 1,
        )
    return int(class_index)
