"""What can be known of any Keras model by looking at it: its input, and the meaning of its output?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.convnets.convnet import SCALINGS, Convnet, Outputs, Preparation
from cnnviz.errors import ModelError

if TYPE_CHECKING:
    import keras

_FREE_SIZE = 224
_PROBABILITY_TOLERANCE = 1e-3


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
    preparation = preparation or guess_preparation(model)
    score, outputs = _look_at_output(model, preparation, head)
    count = 0 if outputs == "none" else 2 if outputs == "sigmoid" else int(score.shape[-1])
    names = tuple(class_names) if class_names else tuple(f"class {index}" for index in range(count))
    if len(names) != count:
        raise ModelError(f"{len(names)} class names for {count} classes. Give one name for each class.")
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
    advice = "An image model takes height x width x channels."
    if len(shapes) != 1:
        raise ModelError(f"The model takes {len(shapes)} inputs. {advice}")
    shape = shapes[0]
    if len(shape) != 4:
        raise ModelError(f"The model's input is {_readable(shape)}. {advice}")
    batch, height, width, channels = shape
    if channels not in (1, 3, 4):
        hint = "Channels come first here; save it with channels last." if height in (1, 3, 4) else advice
        raise ModelError(f"The model's input is {_readable(shape)}: not 1, 3 or 4 channels. {hint}")
    if batch not in (None, 1):
        raise ModelError(f"The model only takes {batch} pictures at once. Save it with a free batch size.")
    return height, width, channels


def _input_shapes(model: keras.Model) -> list[tuple[int | None, ...]]:
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):
        inputs = None
    if inputs:
        return [tuple(tensor.shape) for tensor in inputs]
    shapes = getattr(model, "_build_shapes_dict", None)  # what a subclassed model was built for
    if not shapes:
        raise ModelError("The model was never built. Call it on one picture first, then pass it on.")
    return [tuple(shape) for shape in shapes.values()]


def _readable(shape: tuple[int | None, ...]) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape[1:]) or "a number"


def _scales_itself(model: keras.Model) -> bool:
    return any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in _layers_of(model))


def _layers_of(model: keras.Model) -> list[Any]:
    return list(model._flatten_layers(include_self=False))


def _look_at_output(model: keras.Model, preparation: Preparation, head: int) -> tuple[np.ndarray, Outputs]:
    """Run the model once on noise and tell what its scores are."""
    import keras

    noise = np.random.default_rng(0).uniform(0, 255, (1, *preparation.input_shape)).astype(np.float32)
    result = keras.tree.flatten(model(preparation.scaling(noise), training=False))
    if head >= len(result):
        raise ModelError(f"The model has no output {head}. It has {len(result)}, counted from 0.")
    tensor = result[head]
    score = keras.ops.convert_to_numpy(tensor)
    if score.ndim != 2:
        return score, "none"
    has_activation = hasattr(tensor, "_keras_logits")
    is_bounded = bool(np.all((score >= 0) & (score <= 1)))
    if score.shape[1] == 1:
        return score, "sigmoid"
    sums_to_one = bool(np.all(np.abs(score.sum(axis=1) - 1) < _PROBABILITY_TOLERANCE))
    if is_bounded and sums_to_one:
        return score, "softmax"
    return score, "independent" if has_activation else "logits"
