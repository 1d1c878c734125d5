"""Receptive field and stride of every tensor in a traced model.

The view of every tensor of a traced model is followed from the image onward: layers that slide a window by
their own numbers, all other operations by what they do to the shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnviz.capture import Call

if TYPE_CHECKING:
    import keras

_BICUBIC_REACH = 3
_LEAVES_POSITIONS = (
    *("BatchNormalization", "LayerNormalization", "UnitNormalization", "Normalization", "RMSNormalization"),
    *("ZeroPadding2D", "Cropping2D"),
)
_MOVES_POSITIONS = ("Pad", "PadV2", "MirrorPad", "Slice", "ConcatV2")
_READS_SHAPES_ONLY = ("Shape", "ShapeN", "Size", "Rank")
_REDUCTIONS = ("Mean", "Sum", "Max", "Min", "Prod", "All", "Any")
_KEEPS_ORDER = (
    *("Reshape", "Squeeze", "ExpandDims", "StridedSlice", "Identity", "Cast"),
    *("Mul", "RealDiv", "AddV2", "Sub", "Neg", "Maximum", "Minimum"),
)
_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum")


@dataclass(frozen=True)
class View:
    """What part of the image a tensor depends on.

    Attributes:
        field: Rows and columns of the image that one value can depend on.
        stride: Pixels of the image between neighboring values, along rows and columns.
    """

    field: tuple[int, int]
    stride: tuple[int, int]


class Window(NamedTuple):
    """What a layer slides over rows and columns.

    Attributes:
        size: Rows and columns of the window.
        stride: Steps of the input between neighboring outputs.
        dilation: Steps of the input between neighboring values of the window.
        enlarges: Whether the stride counts steps of the output instead.
        has_kernel: Whether `size` is a kernel or a pool, rather than how far interpolation reaches.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    enlarges: bool = False
    has_kernel: bool = True


def views(image: Any, calls: Sequence[Call]) -> dict[int, View]:
    """Find the view of every tensor between the image and the scores.

    Args:
        image: Symbolic tensor `(batch, height, width, channels)`.
        calls: Layers' calls in the same graph.

    Returns:
        `id` of a tensor to its view; tensors that do not depend on the image are left out.
    """
    size = _pair(spatial_shape(image)[:2])
    whole = View(size, size)
    known = {id(image): View((1, 1), (1, 1))}
    makers = {id(call.outputs[0]): call for call in reversed(calls)}  # the first, where a container hands it on
    makers |= {id(call.outputs[0]): call for call in calls if window_of(call.layer)}
    pixels = {id(image)}  # in whatever layout: some models take them in a row, and put them on their grid again
    for operation in image.graph.get_operations():  # in the order of creation: inputs come first
        for tensor in operation.outputs:
            if id(tensor) in known:
                continue
            if _holds_pixels(operation, tensor, pixels):
                pixels.add(id(tensor))
                if tensor.shape == image.shape:
                    known[id(tensor)] = known[id(image)]
                    continue
            maker = makers.get(id(tensor))
            view = _through_layer(maker, known, whole) if maker else None
            view = view or _through_operation(operation, tensor, known, whole)
            if view:
                known[id(tensor)] = _clipped(view, whole)
    return known


def _holds_pixels(operation: Any, output: Any, pixels: set[int]) -> bool:
    """Whether an operation leaves all pixels in their order, one by one."""
    given = [tensor for tensor in operation.inputs if id(tensor) in pixels]
    is_same_size = len(given) == 1 and output.shape.num_elements() == given[0].shape.num_elements()
    return is_same_size and operation.type in _KEEPS_ORDER


def spatial_shape(tensor: Any) -> tuple[int, ...]:
    """Shape of a tensor without the batch axis; free sides count as 0."""
    return tuple(int(side or 0) for side in tensor.shape[1:])


def keras_kind(layer: keras.layers.Layer) -> str:
    """Name of the Keras class a layer is, or derives from: a class of one's own made from Conv2D is a Conv2D."""
    bases = [base for base in type(layer).__mro__ if base.__module__.startswith("keras.")]
    return bases[0].__name__ if bases else ""


def window_of(layer: keras.layers.Layer) -> Window | None:
    """Window that a layer slides over rows and columns, if it is one of Keras's that do."""
    kind = keras_kind(layer)
    if kind == "UpSampling2D":
        reach = {"nearest": 1, "bilinear": 2}.get(layer.interpolation, 1 + _BICUBIC_REACH)
        # A reach of r inputs, written as the kernel of the transposed convolution that has it.
        rows, columns = _pair(layer.size)
        return Window((reach * rows, reach * columns), (rows, columns), enlarges=True, has_kernel=False)
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return Window(_pair(layer.pool_size), _pair(layer.strides))
    if kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"):
        size, stride, dilation = _pair(layer.kernel_size), _pair(layer.strides), _pair(layer.dilation_rate)
        return Window(size, stride, dilation, enlarges=kind == "Conv2DTranspose")
    return None


def _through_layer(call: Call, known: dict[int, View], whole: View) -> View | None:
    """Follow the view through one of Keras's layers; None where its operations have to tell."""
    kind, window = keras_kind(call.layer), window_of(call.layer)
    if not call.inputs or id(call.inputs[0]) not in known:
        return None
    seen, before = known[id(call.inputs[0])], spatial_shape(call.inputs[0])
    if window:
        return _slide(window, seen)
    if kind.startswith("Global") or kind == "Flatten":
        return whole
    if kind == "Dense":
        return whole if len(before) == 1 else seen
    return seen if kind in _LEAVES_POSITIONS else None


def _slide(window: Window, seen: View) -> View:
    spans = [d * (k - 1) + 1 for k, d in zip(window.size, window.dilation, strict=True)]
    steps = list(zip(seen.field, seen.stride, spans, window.stride, strict=True))
    if window.enlarges:  # an output lies under ceil(span / stride) inputs
        return View(
            _pair([field + (-(-span // by) - 1) * stride for field, stride, span, by in steps]),
            _pair([max(1, stride // by) for _, stride, _, by in steps]),
        )
    return View(
        _pair([field + (span - 1) * stride for field, stride, span, _ in steps]),
        _pair([stride * by for _, stride, _, by in steps]),
    )


def _through_operation(operation: Any, output: Any, known: dict[int, View], whole: View) -> View | None:
    """Follow the views through an operation that no layer's numbers describe."""
    sources = [tensor for tensor in operation.inputs if id(tensor) in known]
    if not sources or operation.type in _READS_SHAPES_ONLY:
        return None
    largest = max(sources, key=lambda tensor: _area(spatial_shape(tensor)))
    seen = View(
        _pair([max(known[id(tensor)].field[axis] for tensor in sources) for axis in (0, 1)]),
        known[id(largest)].stride,
    )
    before, after = spatial_shape(largest), spatial_shape(output)
    if operation.type in _PRODUCTS:
        is_per_position = len(sources) == 1 and len(before) > 1 and before[:-1] == after[:-1]
        return seen if is_per_position else whole
    if operation.type == "Transpose" and _moves_channels(operation):
        return whole  # positions lie along the last axis now, where others take them for channels
    if operation.type in _MOVES_POSITIONS and len(after) == len(before):
        return seen
    if len(after) == 3:
        return _resized(before, after, seen, whole)
    if operation.type in _REDUCTIONS:
        return seen if after[:-1] == before[:-1] and len(before) > 1 else whole
    is_list_of_positions = len(before) == 3 and len(after) == 2 and after[0] == _area(before)
    return seen if is_list_of_positions or len(after) == len(before) else whole


def _moves_channels(operation: Any) -> bool:
    import tensorflow as tf

    order = tf.get_static_value(operation.inputs[1])
    return order is None or int(order[-1]) != len(order) - 1


def _resized(before: tuple[int, ...], after: tuple[int, ...], seen: View, whole: View) -> View:
    """View of a map after an operation of which only the shapes are known."""
    if len(before) == 3 and before[:2] == after[:2]:
        return seen
    if len(before) == 2 and before[0] == _area(after) and after[:2] != (1, 1):  # positions back in their grid
        return View(seen.field, _pair([max(1, round(w / a)) for w, a in zip(whole.field, after[:2], strict=True)]))
    if len(before) != 3 or 0 in (*before[:2], *after[:2]) or after[:2] == (1, 1):
        return whole
    ratios = [b / a for b, a in zip(before[:2], after[:2], strict=True)]
    merged = [max(1, round(ratio)) for ratio in ratios]
    return View(
        _pair([field + (m - 1) * stride for field, m, stride in zip(seen.field, merged, seen.stride, strict=True)]),
        _pair([max(1, round(stride * ratio)) for stride, ratio in zip(seen.stride, _steps(ratios), strict=True)]),
    )


def _steps(ratios: list[float]) -> list[float]:
    """Change of the stride: none for padding and cropping, which change a map's size by less than half."""
    return [1.0 if 2 / 3 < ratio < 3 / 2 else ratio for ratio in ratios]


def _clipped(view: View, whole: View) -> View:
    """The field is never larger than the image."""
    return View(_pair([min(field, side) for field, side in zip(view.field, whole.field, strict=True)]), view.stride)


def _area(shape: tuple[int, ...]) -> int:
    return shape[0] * shape[1] if len(shape) == 3 else 1


def _pair(value: Any) -> tuple[int, int]:
    values = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    return (int(values[0]), int(values[-1]))
