"""Input shapes of a Keras model, as declared or built, and images brought into that layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviz import private_keras
from cnnviz.errors import ModelError

if TYPE_CHECKING:
    import keras


def input_shapes(model: keras.Model) -> list[tuple[int | None, ...]]:
    """Shapes of a model's inputs, batch first, None where free; of a subclassed one those of its first call.

    Raises:
        ModelError: If the model was never built.
    """
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):
        inputs = None
    if inputs:
        return [tuple(tensor.shape) for tensor in inputs]
    built_for = private_keras.shapes_of_first_call(model)
    if not built_for:
        raise ModelError("The model was never built. Call it on one image first, then pass it on.")
    # Its batch size was that call's own, and binds nobody.
    return [(None, *shape[1:]) for entry in built_for.values() for shape in _shapes_in(entry)]


def _shapes_in(entry: Any) -> list[tuple[int | None, ...]]:
    """List the shapes in what Keras notes about a call: one shape, or some in a list or a dict."""
    if isinstance(entry, dict):
        return [shape for value in entry.values() for shape in _shapes_in(value)]
    if entry and isinstance(entry[0], (list, tuple, dict)):
        return [shape for value in entry for shape in _shapes_in(value)]
    return [tuple(entry)]


def as_declared(model: keras.Model, images: Any) -> Any:
    """Bring images `(batch, height, width, channels)` into the layout that a model takes.

    Most models take images as they are; some take gray ones without an axis for the channel, `(batch, height, width)`,
    or all values in a row, `(batch, height * width * channels)`, each row of pixels after the one above.

    Args:
        model: Keras model with one input; it is only read.
        images: Array or tensor.
    """
    from keras import ops

    if len(images.shape) != 4:
        return images
    try:
        shapes = input_shapes(model)
    except ModelError:  # a model that its own first call builds
        return images
    rank = len(shapes[0]) if len(shapes) == 1 else 4
    if rank == 3 and images.shape[-1] == 1:
        return ops.squeeze(images, -1)
    if rank == 2:
        return ops.reshape(images, (ops.shape(images)[0], -1))
    return images
