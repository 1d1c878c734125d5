"""Source of a unit in layers that only move values, such as flatten, reshape or zero padding."""

from __future__ import annotations

import numpy as np

from cnnviz.convolution.layer_runs import LayerRun, Position, as_maps
from cnnviz.convolution.outputs import OutputValue, weighted
from cnnviz.convolution.patch import Patch, one_position


def copied(run: LayerRun, position: Position) -> tuple[OutputValue, ...]:
    """Hand the layer the numbers of its inputs' values to see which one it puts where; zero is padding."""
    sizes = [values.size for values in run.inputs]
    ends = np.cumsum(sizes)
    numbers = [
        np.arange(end - size + 1, end + 1, dtype=np.int32).reshape(1, *values.shape)
        for end, size, values in zip(ends, sizes, run.inputs, strict=True)
    ]
    moved = np.asarray(run.layer.call(numbers if len(numbers) > 1 else numbers[0]))[0]
    number = int(as_maps(moved)[position]) - 1
    one = np.ones((1, 1, 1))
    if number < 0:
        outside = Patch(np.zeros((1, 1, 1), np.float32), np.array([[True]]), *_outside(run, position))
        return (weighted(outside, one, operation="copy"),)
    source = int(np.searchsorted(ends, number, side="right"))
    values = as_maps(run.inputs[source])
    at = np.unravel_index(number - (ends[source] - sizes[source]), values.shape)
    row, column, channel = (int(index) for index in at)
    patch = one_position(row, column, (channel,), values[row, column, [channel]], source=source)
    return (weighted(patch, one, operation="copy"),)


def _outside(run: LayerRun, position: Position) -> tuple[tuple[int], tuple[int], tuple[int]]:
    """Where a cell that padding added would lie in the input."""
    (top, _), (left, _) = run.layer.padding
    row, column, channel = position
    return (row - top,), (column - left,), (channel,)
