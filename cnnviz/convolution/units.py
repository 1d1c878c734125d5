"""One unit of a real model: the inputs it reads, its weights, each product and its value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.convolution.layer_runs import LayerRun, Position, as_maps, run_layer
from cnnviz.convolution.outputs import OutputValue
from cnnviz.convolution.rules import RULES
from cnnviz.errors import LayerError
from cnnviz.receptive_fields import keras_kind
from cnnviz.sentences import Sentence

_AXES = (Sentence("row"), Sentence("column"), Sentence("channel"))
_TOLERANCE = 1e-2  # of the sum's size; float16 stays below, another computation does not


@dataclass(frozen=True, eq=False)
class Unit:
    """One value of a layer for one image, taken apart.

    Attributes:
        address: The layer.
        kind: Its Keras class.
        sources: For each of the layer's inputs the address of the layer that made it; `INPUT` for the model's own
            input, None where something was done to it on the way.
        row: Where the unit lies in the layer's maps; 0 in a dense layer.
        column: Likewise.
        channel: Its channel, or its number in a dense layer.
        steps: The last one is the unit. A separable convolution's last reads what those before it made, in the order
            of its patch's channels; a softmax reads the scores of all units, of which its own comes before it.
        value: What the model itself computed.
    """

    address: str
    kind: str
    sources: tuple[str | None, ...]
    row: int
    column: int
    channel: int
    steps: tuple[OutputValue, ...]
    value: float


def explain_unit(
    convnet: Convnet, inputs: np.ndarray, *, layer: str, channel: int, row: int = 0, column: int = 0
) -> Unit:
    """Take one unit of a model apart: what it reads from the layer below, its weights, each product, its value.

    The model is run once. To look at several units of a layer, run it by `run_layer` and use `unit_of`.

    Args:
        convnet: Model; it is only read.
        inputs: `(1, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a convolution (plain, grouped, depthwise, separable), pooling, global pooling, batch
            normalization, activation, addition, multiplication, dense, rescaling, padding, flattening or concatenating
            layer.
        channel: Channel of its output, or the unit of a dense layer.
        row: Row of its output.
        column: Column of its output.

    Returns:
        All numbers in the layers' own units; `steps[-1].value` is the model's own `value`, but for rounding.

    Raises:
        LayerError: If there is no such layer or unit, or its kind is not taken apart.

    Note:
        Large products show what the sum is made of, not what the model needs: two large ones of opposite sign
        cancel out.

    Example:
        >>> unit = explain_unit(convnet, inputs, layer="stem_conv", row=56, column=56, channel=3)
        >>> unit.steps[-1].patch.shape, unit.sources
        ((3, 3, 3), ('normalize',))
    """
    return unit_of(run_layer(convnet, inputs, layer=layer), row=row, column=column, channel=channel)


def unit_of(run: LayerRun, *, channel: int, row: int = 0, column: int = 0) -> Unit:
    """Take one unit of a layer apart that was run already; see `explain_unit`.

    Args:
        run: What the layer was given and what it returned, from `run_layer`.
        channel: Channel of the output; of a dense layer its unit.
        row: Row of the output; 0 for a dense layer.
        column: Column of the output; 0 for a dense layer.

    Raises:
        LayerError: If there is no such unit, or the layer's kind is not taken apart.
    """
    info, kind = run.info, keras_kind(run.layer)
    if info.is_container:
        raise LayerError(
            "Layer {address!r} ({kind}) contains other layers. Choose one of them.",
            address=info.address,
            kind=info.kind,
        )
    if kind not in RULES or run.output.ndim not in (1, 3) or any(values.ndim not in (1, 3) for values in run.inputs):
        raise _not_taken_apart(run)
    position = (row, column, channel)
    _check(run, position)
    try:
        steps = RULES[kind](run, position)
    except (ValueError, TypeError, AttributeError, LookupError) as error:  # settings that no rule foresees
        raise _not_taken_apart(run) from error
    value = float(as_maps(run.output)[position])
    if not _agrees(steps[-1], value):
        raise _not_taken_apart(run)
    return Unit(info.address, info.kind, run.sources, row, column, channel, steps, value)


def _agrees(step: OutputValue, value: float) -> bool:
    """Whether the rule is the layer's own: a class derived from Keras's may do something else."""
    size = max(abs(value), float(np.abs(step.products).sum()) + abs(step.bias))
    return bool(np.isclose(step.value, value, rtol=0, atol=_TOLERANCE * size, equal_nan=True))


def _check(run: LayerRun, position: Position) -> None:
    shape = as_maps(run.output).shape
    for what, index, count in zip(_AXES, position, shape, strict=True):
        if not 0 <= index < count:
            raise LayerError(
                "Layer {address!r} has no {what} {index}. Choose one from 0 to {last}.",
                address=run.info.address,
                what=what,
                index=index,
                last=count - 1,
            )


def _not_taken_apart(run: LayerRun) -> LayerError:
    return LayerError(
        "Layer {address!r} ({kind}) cannot be shown step by step. Choose a convolution, pooling, normalization, "
        "activation, addition or dense layer.",
        address=run.info.address,
        kind=run.info.kind,
    )
