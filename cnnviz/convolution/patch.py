"""Patch of the input under one position of a sliding window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.convolution.sizes import SizeFormula
from cnnviz.errors import LayerError
from cnnviz.sentences import Sentence, one_line


@dataclass(frozen=True, eq=False)
class Patch:
    """What lies under one position of a window; attributes as in `OutputValue`."""

    values: np.ndarray
    is_padding: np.ndarray
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    channels: tuple[int, ...]
    source: int | None = 0

    __repr__ = one_line


def cut(
    maps: np.ndarray,
    formulas: tuple[SizeFormula, SizeFormula],
    *,
    row: int,
    column: int,
    channels: tuple[int, ...],
) -> Patch:
    """Cut out what one position of a window reads.

    Args:
        maps: `(rows, columns, channels)`.
        formulas: Where the window stands along rows and along columns.
        row: Row of the output.
        column: Column of the output.
        channels: Those of the input that are read.

    Returns:
        Values `(window rows, window columns, channels)` float32; zero where they are padding.

    Raises:
        LayerError: If the window has no such position.
    """
    check(Sentence("row"), row, formulas[0].output)
    check(Sentence("column"), column, formulas[1].output)
    rows, columns = formulas[0].reads(row), formulas[1].reads(column)
    outside = [
        (np.array(read) < 0) | (np.array(read) >= side)
        for read, side in zip((rows, columns), maps.shape[:2], strict=True)
    ]
    is_padding = outside[0][:, None] | outside[1]
    values = np.zeros((len(rows), len(columns), len(channels)), np.float32)
    inside = np.ix_(np.array(rows)[~outside[0]], np.array(columns)[~outside[1]], channels)
    values[np.ix_(~outside[0], ~outside[1])] = maps[inside]
    return Patch(values, is_padding, rows, columns, channels)


def one_position(row: int, column: int, channels: tuple[int, ...], values: np.ndarray, source: int | None = 0) -> Patch:
    """Make a patch of the values of one position."""
    here = np.asarray(values, np.float32).reshape(1, 1, -1)
    return Patch(here, np.array([[False]]), (row,), (column,), channels, source)


def channels_of_group(maps: np.ndarray, kernels: np.ndarray, filter: int) -> tuple[int, ...]:
    """Channels of the input that a filter reads: all of them, or those of its group.

    Raises:
        LayerError: If there is no such filter.
    """
    in_channels, filters = kernels.shape[2:]
    check(Sentence("filter"), filter, filters)
    first = filter * (maps.shape[2] // in_channels) // filters * in_channels
    return tuple(range(first, first + in_channels))


def check(what: str, index: int, count: int) -> None:
    """Refuse an index of an output that does not exist.

    Raises:
        LayerError: If it is not among the first `count`.
    """
    if not 0 <= index < count:
        raise LayerError(
            "The output has no {what} {index}. Choose one from 0 to {last}.", what=what, index=index, last=count - 1
        )
