"""Algebra of tensor axes as runs of the image's rows and columns, and the grid of cells that they make.

An axis is a tuple of runs, the slowest first, as in einops: `(rows, columns)` is an axis of tokens, `(rows,)` an
axis of rows. Reshaping splits and joins runs, transposing moves axes, and what is no longer known becomes "other".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

_MOST_CUT = 1 / 6  # of an axis, that may be cut off on one side more than on the other: more leaves a strip
_MOST_SHIFT = 1 / 4  # of the image's side, that all padding and cropping may move a grid

Side = Literal["batch", "rows", "columns", "other", "padded"]


@dataclass(frozen=True)
class Run:
    """A part of an axis.

    Attributes:
        side: What it counts; `padded` holds a grid of tokens between others, as a class token.
        count: How many.
        start: Center of the first one, in pixels of the image from the center of its first pixel.
        step: Pixels between neighbors.
        is_whole: Whether it still spans the image, rather than a strip of it.
        inner: Runs between what was padded.
        before: Tokens in front of `inner`.
    """

    side: Side
    count: int
    start: float = 0.0
    step: float = 1.0
    is_whole: bool = True
    inner: tuple[Run, ...] = ()
    before: int = 0

    @property
    def is_spatial(self) -> bool:
        """Whether it counts places in the image."""
        return self.side in ("rows", "columns", "padded")


Axis = tuple[Run, ...]
Axes = tuple[Axis, ...]


@dataclass(frozen=True)
class Grid:
    """Rows and columns of the image that a layer's cells stand for.

    Attributes:
        rows: Cells from top to bottom.
        columns: Cells from left to right.
        start: Row and column of the image, in pixels, that the center of the first cell lies on.
        step: Pixels of the image between neighboring cells.
        is_tokens: Whether the cells lie along one axis, `(batch, tokens, channels)`, row by row.
        before: Tokens in front of the cells, as a class token.
        after: Tokens behind them.
    """

    rows: int
    columns: int
    start: tuple[float, float]
    step: tuple[float, float]
    is_tokens: bool = False
    before: int = 0
    after: int = 0

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.rows * self.columns


def to_grid(grid: Grid | None, array: Any) -> Any:
    """Put a layer's output on its grid.

    Args:
        grid: `LayerInfo.grid`.
        array: `(batch, tokens, channels)` or `(batch, rows, columns, channels)`, NumPy or TensorFlow.

    Returns:
        `(batch, rows, columns, channels)`, tokens that are no cells (a class token) left out; the array as it is
        where there is no grid, or it is on the grid already.
    """
    if grid is None or not grid.is_tokens:
        return array
    cells = array[:, grid.before : grid.before + grid.cells]
    shape = (-1, grid.rows, grid.columns, cells.shape[-1])
    if hasattr(cells, "reshape"):
        return cells.reshape(len(array), *shape[1:])
    import tensorflow as tf

    return tf.reshape(cells, shape)


def other(count: int) -> Axis:
    """An axis of which nothing is known but its length."""
    return () if count == 1 else (Run("other", count),)


def size_of(axis: Axis) -> int:
    """Length of an axis."""
    return prod(run.count for run in axis)


def is_spatial(axis: Axis) -> bool:
    """Whether an axis holds places in the image."""
    return any(run.is_spatial for run in axis)


def joined(runs: Iterable[Run]) -> Axis:
    """Join neighboring runs that are one: the rows of all blocks, each of them from top to bottom."""
    found: list[Run] = []
    for run in runs:
        if run.side == "other" and run.count == 1:
            continue
        last = found[-1] if found else None
        if last and last.side == run.side == "other":
            found[-1] = Run("other", last.count * run.count)
        elif last and last.side == run.side and run.is_spatial and last.step == run.count * run.step:
            start = last.start + run.start
            found[-1] = replace(run, count=last.count * run.count, start=start, is_whole=last.is_whole and run.is_whole)
        else:
            found.append(run)
    return tuple(found)


def split(run: Run, outer: int) -> tuple[Run, Run] | None:
    """Split a run into so many blocks of equal size; None where it cannot be."""
    if run.count % outer or run.side in ("batch", "padded"):
        return None
    inner = run.count // outer
    middle = (inner - 1) / 2 * run.step
    blocks = replace(run, count=outer, start=run.start + middle, step=run.step * inner)
    return blocks, replace(run, count=inner, start=-middle)


def reshape(axes: Axes, shape: Sequence[int]) -> Axes:
    """Share the runs out to axes of another shape, in order; what does not come out even is not known any more."""
    runs = [run for axis in axes for run in axis]
    found: list[Axis] = []
    for length in shape:
        taken: list[Run] = []
        left = length
        while runs and (left > 1 or (not taken and runs[0].count == 1)):
            run = runs.pop(0)
            if left % run.count:
                parts = split(run, left)
                if parts is None:
                    return (*found, *(other(side) for side in shape[len(found) :]))
                run, rest = parts
                runs.insert(0, rest)
            taken.append(run)
            left //= run.count
        found.append(joined(taken))
    return _refined(tuple(found))


def _refined(axes: Axes) -> Axes:
    """Rows and columns that are both followed by channels, as behind a pixel shuffle, are finer rows and columns."""
    fine = [len(axis) == 2 and axis[0].side in ("rows", "columns") and axis[1].side == "other" for axis in axes]
    if sum(fine) != 2:
        return axes
    return tuple(
        (scaled(axis[0], axis[0].count * axis[1].count),) if is_fine else axis
        for axis, is_fine in zip(axes, fine, strict=True)
    )


def scaled(run: Run, count: int) -> Run:
    """The same extent in another number of steps, as behind resizing."""
    step = run.step * run.count / count
    return replace(run, count=count, step=step, start=run.start - run.step / 2 + step / 2)


def sliced(axis: Axis, begin: int, step: int, count: int) -> Axis:
    """Every `step`th of an axis from `begin` on."""
    if (begin, step, count) == (0, 1, size_of(axis)):
        return axis
    if len(axis) != 1 or step < 1 or axis[0].side in ("batch", "other"):
        return other(count)
    run = axis[0]
    if run.side == "padded":
        cells = size_of(run.inner)
        lead = run.before - begin
        if step != 1 or lead < 0 or lead + cells > count:
            return other(count)
        return run.inner if count == cells else (replace(run, count=count, before=lead),)
    lost = begin, run.count - (begin + (count - 1) * step + 1)
    is_middle = abs(lost[0] - lost[1]) <= max(step, run.count * _MOST_CUT) and 2 * (count * step) > run.count
    start = run.start + begin * run.step
    return (replace(run, count=count, start=start, step=run.step * step, is_whole=run.is_whole and is_middle),)


def padded(axis: Axis, before: int, after: int) -> Axis:
    """An axis with others in front and behind: more rows, or more tokens."""
    if not before and not after:
        return axis
    count = size_of(axis) + before + after
    if len(axis) == 1 and axis[0].side in ("rows", "columns"):
        return (replace(axis[0], count=count, start=axis[0].start - before * axis[0].step),)
    if len(axis) == 1 and axis[0].side == "padded":
        return (replace(axis[0], count=count, before=axis[0].before + before),)
    return (Run("padded", count, inner=axis, before=before),) if is_spatial(axis) else other(count)


def slid(axis: Axis, count: int, *, span: int, stride: int, padding: int) -> Axis:
    """An axis behind a window of `span` values that moves by `stride`, with `padding` in front."""
    if span == stride == 1 and not padding and count == size_of(axis):
        return axis
    if len(axis) != 1 or axis[0].side not in ("rows", "columns"):
        return other(count)
    run = axis[0]
    start = run.start + ((span - 1) / 2 - padding) * run.step
    return (replace(run, count=count, start=start, step=run.step * stride),)


def grid_of(axes: Axes, size: tuple[int, int]) -> Grid | None:
    """The grid of a layer's output, if its axes are the image's rows and columns, or both as tokens, and channels.

    Args:
        axes: Those of the output.
        size: Height and width of the image, in pixels.
    """
    if len(axes) not in (3, 4) or [run.side for run in axes[0]] != ["batch"]:
        return None
    before = after = 0
    runs = tuple(run for axis in axes[1:-1] for run in axis)
    if len(axes) == 3:
        if len(runs) == 1 and runs[0].side == "padded":
            before, after = runs[0].before, runs[0].count - runs[0].before - size_of(runs[0].inner)
            runs = runs[0].inner
    elif [len(axis) for axis in axes[1:3]] != [1, 1]:
        return None
    if [run.side for run in runs] != ["rows", "columns"] or not all(map(_spans, runs, size)):
        return None
    within = [run for run in axes[-1] if run.side != "other"]
    if any(run.side not in ("rows", "columns") or not _lies_within(run, runs) for run in within):
        return None
    rows, columns = runs
    return Grid(
        rows.count, columns.count, (rows.start, columns.start), (rows.step, columns.step), len(axes) == 3, before, after
    )


def _spans(run: Run, side: int) -> bool:
    """Whether a run lies over the middle of the image and over most of it; padding and strides shift it a little."""
    middle = run.start + (run.count - 1) / 2 * run.step
    shift = abs(middle - (side - 1) / 2)
    return run.is_whole and shift < max(run.step, side * _MOST_SHIFT) and 2 * run.count * run.step >= side


def _lies_within(run: Run, cells: Sequence[Run]) -> bool:
    """Whether a run of pixels lies within the grid's cells, as behind space-to-depth."""
    return any(cell.side == run.side and run.count * run.step <= cell.step for cell in cells)


def loses_places(contracted: Axis, kept: Axes) -> bool:
    """Whether summing over an axis mixes places of the image, rather than pixels within a kept cell."""
    cells = [run for axis in kept for run in axis]
    return any(run.is_spatial and not _lies_within(run, cells) for run in contracted)
