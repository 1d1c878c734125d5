"""Size and channels of the images that a Keras model takes, read from its input shape."""

from __future__ import annotations

from math import isqrt, prod
from typing import TYPE_CHECKING

from cnnviz import private_keras
from cnnviz.convnets.assumptions import NOT_ASKED, Assumption
from cnnviz.convnets.convnet import Preparation
from cnnviz.errors import ModelError
from cnnviz.model_inputs import input_shapes
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

_MIN_SIDE = 8  # shorter rows are measurements rather than images


def input_shape(model: keras.Model) -> tuple[int | None, int | None, int]:
    """Height, width (None where free) and channels of the images in a model's only input.

    An input `(batch, height, width)` holds gray images; of `(batch, values)` the values are a square image, gray if
    their number is a square, such as 784, else in three colors, such as 3072.

    Raises:
        ModelError: If the model takes anything but one image, channels last.
    """
    shape = _only_input(model)
    if len(shape) == 3 and all(side and side >= _MIN_SIDE for side in shape[1:]):
        return shape[1], shape[2], 1
    if len(shape) == 2 and (squares := _squares(shape[1] or 0)) and not _has_words(model):
        return squares
    advice = Sentence("The input must be height x width x channels.")
    if len(shape) != 4:
        raise ModelError("The model's input is {shape}. {advice}", shape=_readable(shape), advice=advice)
    _, height, width, channels = shape
    if channels not in (1, 3, 4):
        hint = Sentence("Channels come first here; save it with channels last.") if height in (1, 3, 4) else advice
        raise ModelError(
            "The model's input is {shape}: not 1, 3 or 4 channels. {hint}", shape=_readable(shape), hint=hint
        )
    return height, width, channels


def _only_input(model: keras.Model) -> tuple[int | None, ...]:
    """Shape of a model's only input, for any number of images."""
    shapes = input_shapes(model)
    if len(shapes) != 1:
        advice = Sentence("The input must be height x width x channels.")
        raise ModelError("The model takes {count} inputs. {advice}", count=len(shapes), advice=advice)
    batch = shapes[0][0]
    if len(shapes[0]) in (2, 3, 4) and batch not in (None, 1):
        raise ModelError("The model has a fixed batch size of {batch}. Save it with a batch size of None.", batch=batch)
    return shapes[0]


def _squares(values: int) -> tuple[int, int, int] | None:
    """Side, side and channels of a square image of so many values; None if there is none of a sensible size."""
    for channels in (1, 3):
        side = isqrt(values // channels)
        if side >= _MIN_SIDE and side * side * channels == values:
            return side, side, channels
    return None


def _has_words(model: keras.Model) -> bool:
    """Whether a row of inputs is looked up, as words are, rather than computed with."""
    import keras

    return any(isinstance(layer, keras.layers.Embedding) for layer in private_keras.layers_at_any_depth(model))


def shape_for(model: keras.Model, preparation: Preparation | None) -> tuple[int | None, int | None, int]:
    """What `input_shape` says; in a row of values there may be an image of any shape that a person names.

    Raises:
        ModelError: If the model takes anything but one image, channels last.
    """
    if preparation is not None:
        shape = _only_input(model)
        if len(shape) == 2 and shape[1] == prod(preparation.input_shape):
            return preparation.input_shape
    return input_shape(model)


def find_layout(model: keras.Model, preparation: Preparation, why: Sentence | None) -> Assumption:
    """Say which image a row of values is taken for; other layouts leave no choice."""
    *_, count = shape = _only_input(model)
    if len(shape) != 2:
        return NOT_ASKED
    rows, columns, channels = preparation.input_shape
    value = Sentence("{rows} x {columns} x {channels}", rows=rows, columns=columns, channels=channels)
    return Assumption(
        value, why or Sentence("its input is a flat vector of {count} values", count=count), why is not None
    )


def check_fits(shape: tuple[int | None, int | None, int], preparation: Preparation) -> None:
    """A size that is free may be anything; all others must agree.

    Raises:
        ModelError: If they do not.
    """
    wanted = preparation.input_shape
    if any(side not in (None, given) for side, given in zip(shape, wanted, strict=True)):
        raise ModelError(
            "The model takes {shape}, but images would be prepared as {prepared}. "
            "Give a preparation of the model's own size.",
            shape=_readable((None, *shape)),
            prepared=_readable((None, *wanted)),
        )


def _readable(shape: tuple[int | None, ...]) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape[1:]) or Sentence("a number")
