"""Output sizes, parameters and receptive fields through a stack of layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from cnnviz.convolution.sizes import FieldFormula, Padding, SizeFormula, size_formula

Kind = Literal["convolution", "depthwise", "pooling", "flatten", "global-pooling", "dense"]


@dataclass(frozen=True)
class Block:
    """One layer of a stack; what its kind does not use is ignored.

    Attributes:
        kind: What it is. Pooling counts as `pooling` whether it keeps the largest value or the mean.
        kernel: Rows and columns of its window, a square.
        stride: Steps between neighboring windows.
        padding: `valid`, `same` or a number of zeros on each side.
        dilation: Steps between neighboring values of a window.
        filters: Channels of a convolution's output, units of a dense layer.
        has_bias: Whether each output channel has one.
    """

    kind: Kind
    kernel: int = 1
    stride: int = 1
    padding: Padding = "valid"
    dilation: int = 1
    filters: int = 1
    has_bias: bool = True


@dataclass(frozen=True)
class StackedLayer:
    """One layer of a stack, with what it makes of the sizes before it.

    Attributes:
        block: What it is.
        input_shape: `(rows, columns, channels)`, or `(units,)` behind flattening.
        output_shape: Likewise.
        sizes: The formula along rows and along columns; None where no window slides.
        field: The formula of the receptive field, where a window slides.
        parameters: Weights and biases.
    """

    block: Block
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    sizes: tuple[SizeFormula, SizeFormula] | None
    field: FieldFormula | None
    parameters: int

    @property
    def multiplications(self) -> int:
        """How often a weight is multiplied with a value: once at each position for a window, once for a dense layer."""
        weights = _weights(self.input_shape, self.block)
        return weights * (prod(self.output_shape[:2]) if self.sizes else 1)


def stack(input_shape: tuple[int, int, int], blocks: Sequence[Block]) -> tuple[StackedLayer, ...]:
    """Follow sizes, parameters and receptive field through layers on top of each other.

    Args:
        input_shape: Rows, columns, channels of the image.
        blocks: From the bottom up.

    Raises:
        LayerError: If a window does not fit into what is left.
        ValueError: If a layer needs maps and there are none any more, or units and there are maps.

    Example:
        >>> [layer.output_shape for layer in stack((28, 28, 1), [Block("convolution", 5, filters=6), Block("flatten")])]
        [(24, 24, 6), (3456,)]
    """
    return tuple(_grow(input_shape, blocks))


def _grow(shape: tuple[int, ...], blocks: Sequence[Block]) -> Iterator[StackedLayer]:
    field, step = 1, 1
    for block in blocks:
        if (block.kind == "dense") != (len(shape) == 1):
            raise ValueError(f"Expected {'units' if block.kind == 'dense' else 'maps'} for {block.kind}. Got {shape}.")
        layer = _windowed(shape, block, field, step) if _slides(block) else _whole(shape, block)
        if layer.field:
            field, step = layer.field.field, layer.field.step
        yield layer
        shape = layer.output_shape


def _slides(block: Block) -> bool:
    return block.kind in ("convolution", "depthwise", "pooling")


def _windowed(shape: tuple[int, ...], block: Block, field: int, step: int) -> StackedLayer:
    kernel, stride, dilation = block.kernel, block.stride, block.dilation
    rows, columns = (
        size_formula(side, kernel=kernel, stride=stride, padding=block.padding, dilation=dilation) for side in shape[:2]
    )
    channels = block.filters if block.kind == "convolution" else shape[2]
    return StackedLayer(
        block=block,
        input_shape=shape,
        output_shape=(rows.output, columns.output, channels),
        sizes=(rows, columns),
        field=FieldFormula(field, step, kernel, stride, dilation),
        parameters=_parameters(shape, block),
    )


def _whole(shape: tuple[int, ...], block: Block) -> StackedLayer:
    units = {"flatten": prod(shape), "global-pooling": shape[-1], "dense": block.filters}[block.kind]
    return StackedLayer(block, shape, (units,), None, None, _parameters(shape, block))


def _parameters(shape: tuple[int, ...], block: Block) -> int:
    """A weight for each value that an output reads, and a bias; shared by all positions."""
    outputs = shape[-1] if block.kind == "depthwise" else block.filters
    weights = _weights(shape, block)
    return weights + outputs * block.has_bias if weights else 0


def _weights(shape: tuple[int, ...], block: Block) -> int:
    weights = {
        "convolution": block.kernel**2 * shape[-1] * block.filters,
        "depthwise": block.kernel**2 * shape[-1],
        "dense": shape[-1] * block.filters,
    }
    return weights.get(block.kind, 0)
