"""What can be known of any Keras model by looking at it: its input, and the meaning of its output?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.convnets.convnet import SCALINGS, Convnet, Outputs, Preparation
from cnnviz.convnets.scopes import allow_any_names
from cnnviz.errors import ModelError
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

_FREE_SIZE = 224
_PROBABILITY_TOLERANCE = 1e-3  # a float16 softmax sums to one no better
_HANDS_ON = ("Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "EnsureShape")
_LINEAR = ("BiasAdd", "MatMul", "AddV2", "Relu", "Relu6", "LogSoftmax")


def convnet_from_model(
    model: keras.Model,
    *,
    name: str | None = None,
    preparation: Preparation | None = None,
    class_names: Sequence[str] | None = None,
    head: int = 0,
) -> Convnet:
    """Make a `Convnet` of any Keras model with one picture as input; the model is only read.

    What the model cannot tell is guessed: pixels 0..255 where the model scales them itself, else 0..1;
    a free size is taken as 224; classes are numbered.

    Args:
        model: Built Keras model: functional, Sequential, subclassed, nested.
        name: What to call it; the model's own name if not given.
        preparation: How a photo becomes its input; guessed if not given.
        class_names: One name a class, two for a single sigmoid.
        head: Which of several outputs holds the class scores.

    Raises:
        ModelError: If the input is not one picture, or the names do not fit the output.

    Example:
        >>> convnet = convnet_from_model(model, class_names=["cat", "dog"])
        >>> predict(convnet, convnet.prepare([photo])).shape
        (1, 2)
    """
    allow_any_names(model)
    preparation = preparation or guess_preparation(model)
    _check_fits(input_shape(model), preparation)
    outputs, units = _look_at_output(model, preparation, head)
    count = 2 if units == 1 else units
    names = tuple(class_names) if class_names else tuple(f"class {index}" for index in range(count))
    if len(names) != count:
        raise ModelError(
            "{given} class names for {count} classes. Give one name for each class.", given=len(names), count=count
        )
    return Convnet(model, name or model.name, preparation, outputs, names, head)


def guess_preparation(model: keras.Model) -> Preparation:
    """Read the size and channels of a model's input, and guess how it wants pixels scaled.

    Raises:
        ModelError: If the input is not one picture of 1, 3 or 4 channels, channels last.
    """
    shape = input_shape(model)
    height, width, channels = shape
    scaling = SCALINGS["0..255"] if _scales_itself(model) else SCALINGS["0..1"]
    return Preparation((height or _FREE_SIZE, width or _FREE_SIZE), channels, "crop", scaling)


def input_shape(model: keras.Model) -> tuple[int | None, int | None, int]:
    """Height, width (None where free) and channels of a model's only input.

    Raises:
        ModelError: If the model takes anything but one picture, channels last.
    """
    shapes = _input_shapes(model)
    advice = Sentence("An image model takes height x width x channels.")
    if len(shapes) != 1:
        raise ModelError("The model takes {count} inputs. {advice}", count=len(shapes), advice=advice)
    shape = shapes[0]
    if len(shape) != 4:
        raise ModelError("The model's input is {shape}. {advice}", shape=_readable(shape), advice=advice)
    batch, height, width, channels = shape
    if channels not in (1, 3, 4):
        hint = Sentence("Channels come first here; save it with channels last.") if height in (1, 3, 4) else advice
        raise ModelError(
            "The model's input is {shape}: not 1, 3 or 4 channels. {hint}", shape=_readable(shape), hint=hint
        )
    if batch not in (None, 1):
        raise ModelError("The model only takes {batch} pictures at once. Save it with a free batch size.", batch=batch)
    return height, width, channels


def _check_fits(shape: tuple[int | None, int | None, int], preparation: Preparation) -> None:
    """A size that is free may be anything; all others must agree."""
    wanted = preparation.input_shape
    if any(side not in (None, given) for side, given in zip(shape, wanted, strict=True)):
        raise ModelError(
            "The model takes {shape}, but pictures would be prepared as {prepared}. "
            "Give a preparation of the model's own size.",
            shape=_readable((None, *shape)),
            prepared=_readable((None, *wanted)),
        )


def _input_shapes(model: keras.Model) -> list[tuple[int | None, ...]]:
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):
        inputs = None
    if inputs:
        return [tuple(tensor.shape) for tensor in inputs]
    built_for = getattr(model, "_build_shapes_dict", None)  # what a subclassed model was first called on
    if not built_for:
        raise ModelError("The model was never built. Call it on one picture first, then pass it on.")
    # Its batch size was that call's own, and binds nobody.
    return [(None, *shape[1:]) for entry in built_for.values() for shape in _shapes_in(entry)]


def _shapes_in(entry: Any) -> list[tuple[int | None, ...]]:
    """List the shapes in what Keras notes about a call: one shape, or some in a list or a dict."""
    if isinstance(entry, dict):
        return [shape for value in entry.values() for shape in _shapes_in(value)]
    if entry and isinstance(entry[0], (list, tuple, dict)):
        return [shape for value in entry for shape in _shapes_in(value)]
    return [tuple(entry)]


def _readable(shape: tuple[int | None, ...]) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape[1:]) or Sentence("a number")


def _scales_itself(model: keras.Model) -> bool:
    return any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in model._flatten_layers())


def last_activation(tensor: Any) -> tuple[str, Any]:
    """Find the operation that made a symbolic tensor of scores, and what that operation was given.

    Args:
        tensor: `(batch, classes)`, of a graph that is being traced.

    Returns:
        Type of the operation, such as `Softmax`, `Sigmoid` or `BiasAdd`, and its first input.
    """
    operation, classes = tensor.op, tensor.shape[-1]
    while operation.type in _HANDS_ON and operation.inputs[0].shape[-1:] == [classes]:
        operation = operation.inputs[0].op
    return operation.type, operation.inputs[0] if operation.inputs else tensor


def _look_at_output(model: keras.Model, preparation: Preparation, head: int) -> tuple[Outputs, int]:
    """Tell what a model's scores are, and how many units they come from."""
    activation, shapes = _declared(model, head) or _traced(model, preparation, head)
    if not 0 <= head < len(shapes):
        raise ModelError(
            "The model has no output {head}. It has {count}, counted from 0.", head=head, count=len(shapes)
        )
    units = shapes[head][-1] if len(shapes[head]) == 2 else None
    if not units:
        return "none", 0
    if activation in _LINEAR:
        return "logits", units
    if activation == "Sigmoid":
        return ("sigmoid" if units == 1 else "independent"), units
    return ("softmax" if activation == "Softmax" else _kind_by_values(model, preparation, head)), units


def _declared(model: keras.Model, head: int) -> tuple[str, list[tuple[int | None, ...]]] | None:
    """Read a functional model's last activation off its last layer, which is quicker than tracing; None if it hides."""
    import keras

    outputs = getattr(model, "outputs", None)
    if not outputs or not 0 <= head < len(outputs):
        return None
    layer = outputs[head]._keras_history.operation
    declared = {keras.activations.softmax: "Softmax", keras.activations.sigmoid: "Sigmoid"}
    if type(layer) is keras.layers.Dense:
        declared[keras.activations.linear] = "BiasAdd"
    elif type(layer) is not keras.layers.Activation:
        return None
    activation = declared.get(layer.activation)
    return (activation, [tuple(tensor.shape) for tensor in outputs]) if activation else None


def _traced(model: keras.Model, preparation: Preparation, head: int) -> tuple[str, list[tuple[int | None, ...]]]:
    """Run the model symbolically and find its last operation."""
    import keras
    import tensorflow as tf

    found: list[Any] = []

    def run(pictures: Any) -> None:
        found.extend(keras.tree.flatten(model(pictures, training=False)))

    spec = tf.TensorSpec((None, *preparation.input_shape), tf.float32)
    tf.function(run, autograph=False).get_concrete_function(spec)
    shapes = [tuple(tensor.shape) for tensor in found]
    return (last_activation(found[head])[0] if 0 <= head < len(found) else ""), shapes


def _kind_by_values(model: keras.Model, preparation: Preparation, head: int) -> Outputs:
    """Run the model on noise and tell by the values what its scores are."""
    import keras

    noise = np.random.default_rng(0).uniform(0, 255, (1, *preparation.input_shape)).astype(np.float32)
    outputs = keras.tree.flatten(model(preparation.scaling(noise), training=False))
    scores = keras.ops.convert_to_numpy(outputs[head]).astype(np.float32)
    is_bounded = bool(np.all((scores >= 0) & (scores <= 1)))
    if not is_bounded:
        return "logits"
    if scores.shape[1] == 1:
        return "sigmoid"
    return "softmax" if abs(float(scores.sum()) - 1) < _PROBABILITY_TOLERANCE else "independent"
