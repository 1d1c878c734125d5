"""Tracing of the image's rows and columns through a graph, operation by operation.

Only what an operation is known to do to places is believed: behind any other one, nothing is a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnnviz.capture import Call
from cnnviz.grids.axes import (
    Axes,
    Axis,
    Run,
    is_spatial,
    loses_places,
    other,
    scaled,
    size_of,
    slid,
)
from cnnviz.grids.operations import HANDLERS, VALUE_BY_VALUE, Known, Traced, combined, equation_of, first, picked
from cnnviz.receptive_fields import Window, keras_kind, window_of

_READS_SHAPES_ONLY = frozenset(("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"))


def trace_axes(image: Any, calls: Sequence[Call]) -> Known:
    """Follow the image's rows and columns to every tensor that depends on it.

    Args:
        image: Symbolic tensor `(batch, height, width, channels)`.
        calls: Layers' calls in the same graph.

    Returns:
        `id` of a tensor to what is known of its axes.
    """
    batch, height, width, channels = (int(side) for side in image.shape)
    known = {
        id(image): Traced(((Run("batch", batch),), (Run("rows", height),), (Run("columns", width),), other(channels)))
    }
    makers = {id(call.outputs[0]): call for call in calls if _moves_a_window(call)}
    for operation in image.graph.get_operations():  # in the order of creation: inputs come first
        if operation.type in _READS_SHAPES_ONLY or not any(id(tensor) in known for tensor in operation.inputs):
            continue
        for index, tensor in enumerate(operation.outputs):
            shape = tensor.shape.as_list() if tensor.shape.rank is not None else None
            if id(tensor) in known or shape is None or None in shape:
                continue
            call = makers.get(id(tensor))
            found = (call and _through_layer(call, known)) or _through_operation(operation, index, known)
            if found is None or [size_of(axis) for axis in found.axes] != shape:
                found = Traced(tuple(other(side) for side in shape), is_mixed=True)
            known[id(tensor)] = found
    return known


def _moves_a_window(call: Call) -> bool:
    return window_of(call.layer) is not None or keras_kind(call.layer).startswith("Adaptive")


def _through_layer(call: Call, known: Known) -> Traced | None:
    """Follow rows and columns through one of Keras's layers that slide a window."""
    seen = known.get(id(call.inputs[0])) if call.inputs else None
    shape, layer, window = call.outputs[0].shape.as_list(), call.layer, window_of(call.layer)
    if seen is None or len(seen.axes) != 4 or getattr(layer, "data_format", "channels_last") != "channels_last":
        return None
    if window is None or window.enlarges:
        sides = [_scaled(axis, count) for axis, count in zip(seen.axes[1:3], shape[1:3], strict=True)]
        return _windowed(seen, sides, shape[3])
    sides = [
        _slid(axis, count, window, side, is_same=layer.padding == "same")
        for side, (axis, count) in enumerate(zip(seen.axes[1:3], shape[1:3], strict=True))
    ]
    return _windowed(seen, sides, shape[3])


def _slid(axis: Axis, count: int, window: Window, side: int, *, is_same: bool) -> Axis:
    span = window.dilation[side] * (window.size[side] - 1) + 1
    stride = window.stride[side]
    padding = max((count - 1) * stride + span - size_of(axis), 0) // 2 if is_same else 0
    return slid(axis, count, span=span, stride=stride, padding=padding)


def _windowed(seen: Traced, sides: list[Axis], channels: int) -> Traced:
    """What comes of maps whose rows and columns became `sides`, and whose channels were summed over."""
    axes = (seen.axes[0], *sides, other(channels))
    lost = any(
        is_spatial(before) and not is_spatial(after) for before, after in zip(seen.axes[1:3], sides, strict=True)
    )
    return Traced(axes, seen.is_mixed or lost or loses_places(seen.axes[3], axes))


def _scaled(axis: Axis, count: int) -> Axis:
    if len(axis) != 1 or axis[0].side not in ("rows", "columns"):
        return axis if size_of(axis) == count else other(count)
    return (scaled(axis[0], count),)


def _through_operation(operation: Any, index: int, known: Known) -> Traced | None:
    """Follow rows and columns through an operation; None where it is not known what it does to them."""
    handle = HANDLERS.get(operation.type) or _WINDOWS.get(operation.type)
    if handle:
        return handle(operation, index, known)
    if operation.type in VALUE_BY_VALUE:
        inputs = [operation.inputs[index]] if operation.type == "IdentityN" else list(operation.inputs)
        inputs = inputs[:1] if operation.type.startswith("FusedBatchNorm") else inputs
        return combined([known[id(t)] for t in inputs if id(t) in known], operation.outputs[index].shape.as_list())
    return None


def _window(operation: Any, index: int, known: Known) -> Traced | None:
    """Convolution, pooling and patches as bare operations."""
    seen, shape = first(operation, known), operation.outputs[0].shape.as_list()
    if seen is None or len(seen.axes) != 4:
        return None
    kind = operation.type
    if kind != "ExtractImagePatches" and operation.get_attr("data_format") not in (b"NHWC", "NHWC"):
        return None
    size = operation.inputs[1].shape.as_list()[:2] if "Conv" in kind else operation.get_attr(_KERNELS[kind])[1:3]
    dilation = {"MaxPool": [1] * 4, "AvgPool": [1] * 4, "ExtractImagePatches": None}.get(kind, [])
    dilation = operation.get_attr("rates") if dilation is None else dilation or operation.get_attr("dilations")
    window = Window(tuple(size), tuple(operation.get_attr("strides")[1:3]), tuple(dilation[1:3]))
    padding = operation.get_attr("padding")
    sides = [
        _slid(axis, count, window, side, is_same=padding in (b"SAME", "SAME"))
        for side, (axis, count) in enumerate(zip(seen.axes[1:3], shape[1:3], strict=True))
    ]
    return None if padding in (b"EXPLICIT", "EXPLICIT") else _windowed(seen, sides, shape[3])


_KERNELS = {"MaxPool": "ksize", "AvgPool": "ksize", "ExtractImagePatches": "ksizes"}


def _resize(operation: Any, index: int, known: Known) -> Traced | None:
    """Resizing, and transposed convolution: the same extent in other steps."""
    place = 2 if operation.type == "Conv2DBackpropInput" else 0
    seen, shape = known.get(id(operation.inputs[place])), operation.outputs[0].shape.as_list()
    if seen is None or len(seen.axes) != 4:
        return None
    sides = [_scaled(axis, count) for axis, count in zip(seen.axes[1:3], shape[1:3], strict=True)]
    return _windowed(seen, sides, shape[3])


_WINDOWS: dict[str, Callable[[Any, int, Known], Traced | None]] = {
    **dict.fromkeys(("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool", "ExtractImagePatches"), _window),
    **dict.fromkeys(
        ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea", "ScaleAndTranslate"), _resize
    ),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth", "Conv2DBackpropInput"), _resize),
}


def reach_of_scores(scores: Any, known: Known) -> frozenset[int]:
    """Find the tensors that the scores depend on; of tokens between others, those whose cells they depend on.

    Scores that are read off a class token depend on the patches only where attention has last mixed them into it.
    """
    needed = {id(scores): True}  # whether the cells count, or only what stands beside them
    for operation in reversed(scores.graph.get_operations()):
        wanted = [needed[id(tensor)] for tensor in operation.outputs if id(tensor) in needed]
        for tensor in operation.inputs if wanted else ():
            reached = _needs(operation, tensor, any(wanted), known)
            if reached is not None:
                needed[id(tensor)] = needed.get(id(tensor), False) or reached
    return frozenset(tensor for tensor, has_cells in needed.items() if has_cells)


def _needs(operation: Any, tensor: Any, has_cells: bool, known: Known) -> bool | None:
    """Whether what is wanted of an operation's output hangs on the cells of one of its inputs; None: on nothing."""
    axes = known[id(tensor)].axes if id(tensor) in known else ()
    after = [run for output in operation.outputs for axis in _axes_of(output, known) for run in axis]
    beside = [run for axis in axes for run in axis if run.side == "padded"]
    if not beside:
        is_set_among_others = not has_cells and any(run.side == "padded" for run in after)
        return (
            None
            if is_set_among_others and operation.type in ("ConcatV2", "Pad") and any(map(is_spatial, axes))
            else True
        )
    if operation.type in ("Slice", "StridedSlice") and beside[0] not in after:
        return _picks_cells(operation, axes, beside[0])
    return has_cells if beside[0] in after and not _sums_over(operation, tensor, axes, beside[0]) else True


def _sums_over(operation: Any, tensor: Any, axes: Axes, run: Run) -> bool:
    """Whether a product sums over an axis of one of its factors, as attention over the tokens that it attends to."""
    terms, _, result = (equation_of(operation) or "").partition("->")
    letters = [term for term, factor in zip(terms.split(","), operation.inputs, strict=False) if factor is tensor]
    return any(
        run in axis and letter not in result for term in letters for letter, axis in zip(term, axes, strict=False)
    )


def _axes_of(tensor: Any, known: Known) -> Axes:
    return known[id(tensor)].axes if id(tensor) in known else ()


def _picks_cells(operation: Any, axes: Axes, run: Run) -> bool:
    """Whether a slice of tokens holds cells of the grid, rather than a class token only."""
    at = next(place for place, axis in enumerate(axes) if run in axis)
    parts = [part for part in picked(operation) or [] if part]
    if len(parts) <= at:
        return True
    begin, step, count, _ = parts[at]
    cells = range(run.before, run.before + size_of(run.inner))
    return any(place in cells for place in range(begin, begin + count * step, step))
