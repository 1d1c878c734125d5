"""Effect of single operations on the image's axes: element-wise, reshape, slice, reduction, matrix product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.grids.axes import Axes, Axis, is_spatial, loses_places, other, padded, reshape, size_of, sliced

_NAMES = (
    "Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh BiasAdd Bitcast BroadcastTo Cast Ceil CheckNumerics "
    "ClipByValue Cos Cosh Digamma Div DivNoNan Elu Equal Erf Erfc Erfinv Exp Expm1 FakeQuantWithMinMaxArgs "
    "FakeQuantWithMinMaxVars Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Greater "
    "GreaterEqual Identity IdentityN Inv IsFinite IsInf IsNan LRN LeakyRelu Less LessEqual Lgamma Log Log1p "
    "LogicalAnd LogicalNot LogicalOr Maximum Minimum Mod Mul MulNoNan Ndtri Neg NotEqual Polygamma Pow "
    "PlaceholderWithDefault PreventGradient QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 "
    "RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Select SelectV2 Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt "
    "Square SquaredDifference StopGradient Sub Tan Tanh Tile TruncateDiv TruncateMod Xdivy Xlogy "
)
VALUE_BY_VALUE = frozenset(_NAMES.split())
"""Kinds of operation that give a value for each value, whatever they make of it."""


@dataclass(frozen=True)
class Traced:
    """What is known of a tensor.

    Attributes:
        axes: Its axes.
        is_mixed: Whether a value may depend on pixels far from its place, as behind attention.
    """

    axes: Axes
    is_mixed: bool = False


Known = dict[int, Traced]


def combined(inputs: Sequence[Traced], shape: Sequence[int]) -> Traced:
    """Axes of what is computed value by value from several tensors, broadcast."""
    is_mixed = any(seen.is_mixed for seen in inputs)
    axes: list[Axis] = []
    for position, length in enumerate(shape):
        place = position - len(shape)
        here = [seen.axes[place] for seen in inputs if -place <= len(seen.axes) and size_of(seen.axes[place]) == length]
        told = [axis for axis in here if any(run.side != "other" for run in axis)]
        kinds = {tuple((run.side, run.count, run.step, run.before) for run in axis) for axis in told}
        if len(kinds) > 1:  # rows added to columns
            axes.append(other(length))
            is_mixed = True
            continue
        axes.append(told[0] if told else other(length))
        is_mixed = is_mixed or (is_spatial(axes[-1]) and len(here) > len(told))
    return Traced(tuple(axes), is_mixed)


def _constant(tensor: Any) -> list[int] | None:
    import tensorflow as tf

    value = tf.get_static_value(tensor)
    return None if value is None else [int(item) for item in np.ravel(value)]


def first(operation: Any, known: Known) -> Traced | None:
    """What is known of an operation's first input."""
    return known.get(id(operation.inputs[0]))


def _reshape(operation: Any, index: int, known: Known) -> Traced | None:
    seen = first(operation, known)
    return seen and Traced(reshape(seen.axes, operation.outputs[0].shape.as_list()), seen.is_mixed)


def _transpose(operation: Any, index: int, known: Known) -> Traced | None:
    seen, order = first(operation, known), _constant(operation.inputs[1])
    return (seen and order and Traced(tuple(seen.axes[axis] for axis in order), seen.is_mixed)) or None


def _pad(operation: Any, index: int, known: Known) -> Traced | None:
    seen, sides = first(operation, known), _constant(operation.inputs[1])
    if seen is None or sides is None:
        return None
    return Traced(tuple(padded(axis, *sides[2 * i : 2 * i + 2]) for i, axis in enumerate(seen.axes)), seen.is_mixed)


def picked(operation: Any) -> list[tuple[int, int, int, bool] | None] | None:
    """Begin, step, count and whether it is dropped, for each axis of what is sliced; None for a new axis."""
    shape = operation.inputs[0].shape.as_list()
    parts = [_constant(tensor) for tensor in operation.inputs[1:]]
    if None in parts:
        return None
    if operation.type == "Slice":
        after = operation.outputs[0].shape.as_list()
        return [(begin, 1, count, False) for begin, count in zip(parts[0] or [], after, strict=True)]
    begins, ends, steps = (part or [] for part in parts)
    masks = {
        name: operation.get_attr(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }

    def has(name: str, place: int) -> bool:
        return bool(masks[name] >> place & 1)

    found: list[tuple[int, int, int, bool] | None] = []
    axis = 0
    for place, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        if has("ellipsis", place):
            later = sum(not has("new_axis", other_place) for other_place in range(place + 1, len(begins)))
            while axis < len(shape) - later:
                found.append((0, 1, shape[axis], False))
                axis += 1
        elif has("new_axis", place):
            found.append(None)
        elif has("shrink_axis", place):
            found.append((begin % shape[axis], 1, 1, True))
            axis += 1
        else:
            chosen = slice(None if has("begin", place) else begin, None if has("end", place) else end, step)
            first, _, step = chosen.indices(shape[axis])
            found.append((first, step, len(range(*chosen.indices(shape[axis]))), False))
            axis += 1
    return found + [(0, 1, side, False) for side in shape[axis:]]


def _slice(operation: Any, index: int, known: Known) -> Traced | None:
    seen, parts = first(operation, known), picked(operation)
    if seen is None or parts is None:
        return None
    axes: list[Axis] = []
    left = list(seen.axes)
    for part in parts:
        if part is None:
            axes.append(())
            continue
        begin, step, count, is_dropped = part
        axis = left.pop(0)
        if not is_dropped:
            axes.append(sliced(axis, begin, step, count))
    return Traced(tuple(axes), seen.is_mixed)


def _split(operation: Any, index: int, known: Known) -> Traced | None:
    """One part of several along an axis."""
    place, whole = (0, 1) if operation.type == "Split" else (2, 0)
    seen, axis = known.get(id(operation.inputs[whole])), _constant(operation.inputs[place])
    if seen is None or axis is None:
        return None
    at = axis[0] % len(seen.axes)
    counts = [output.shape[at] for output in operation.outputs]
    axes = list(seen.axes)
    axes[at] = sliced(axes[at], sum(counts[:index]), 1, counts[index])
    return Traced(tuple(axes), seen.is_mixed)


def _unpack(operation: Any, index: int, known: Known) -> Traced | None:
    seen = first(operation, known)
    if seen is None:
        return None
    axes = list(seen.axes)
    del axes[operation.get_attr("axis") % len(axes)]
    return Traced(tuple(axes), seen.is_mixed)


def _pack(operation: Any, index: int, known: Known) -> Traced | None:
    shape = operation.outputs[0].shape.as_list()
    at = operation.get_attr("axis") % len(shape)
    seen = combined([known[id(t)] for t in operation.inputs if id(t) in known], shape[:at] + shape[at + 1 :])
    return Traced((*seen.axes[:at], other(shape[at]), *seen.axes[at:]), seen.is_mixed)


def _concatenate(operation: Any, index: int, known: Known) -> Traced | None:
    *tensors, axis = operation.inputs
    place, shape = _constant(axis), operation.outputs[0].shape.as_list()
    if place is None:
        return None
    at = place[0] % len(shape)
    here = [known.get(id(tensor)) for tensor in tensors]
    rest = combined(
        [Traced((*seen.axes[:at], (), *seen.axes[at + 1 :]), seen.is_mixed) for seen in here if seen],
        [1 if place == at else side for place, side in enumerate(shape)],
    )
    axes = list(rest.axes)
    axes[at] = _placed(
        [(int(t.shape[at]), seen.axes[at] if seen else ()) for t, seen in zip(tensors, here, strict=True)]
    )
    lost = not is_spatial(axes[at]) and any(seen and is_spatial(seen.axes[at]) for seen in here)
    return Traced(tuple(axes), rest.is_mixed or lost)


def _placed(parts: list[tuple[int, Axis]]) -> Axis:
    """An axis put together of several: one of them with others around it, or else unknown."""
    spatial = [place for place, (_, axis) in enumerate(parts) if is_spatial(axis)]
    total = sum(count for count, _ in parts)
    if len(spatial) != 1:
        return other(total)
    before = sum(count for count, _ in parts[: spatial[0]])
    count, axis = parts[spatial[0]]
    return padded(axis, before, total - before - count)


def _reduce(operation: Any, index: int, known: Known) -> Traced | None:
    seen, places = first(operation, known), _constant(operation.inputs[1])
    if seen is None or places is None:
        return None
    summed = {place % len(seen.axes) for place in places}
    keeps = operation.type not in ("ArgMax", "ArgMin") and operation.get_attr("keep_dims")
    axes = tuple(
        () if place in summed else axis for place, axis in enumerate(seen.axes) if keeps or place not in summed
    )
    return Traced(axes, seen.is_mixed or any(loses_places(seen.axes[place], axes) for place in summed))


def _expand(operation: Any, index: int, known: Known) -> Traced | None:
    seen, place = first(operation, known), _constant(operation.inputs[1])
    if seen is None or place is None:
        return None
    at = place[0] % (len(seen.axes) + 1)
    return Traced((*seen.axes[:at], (), *seen.axes[at:]), seen.is_mixed)


def _squeeze(operation: Any, index: int, known: Known) -> Traced | None:
    seen = first(operation, known)
    if seen is None:
        return None
    places = operation.get_attr("squeeze_dims") or [i for i, axis in enumerate(seen.axes) if size_of(axis) == 1]
    dropped = {place % len(seen.axes) for place in places}
    return Traced(tuple(axis for place, axis in enumerate(seen.axes) if place not in dropped), seen.is_mixed)


def _softmax(operation: Any, index: int, known: Known) -> Traced | None:
    seen = first(operation, known)
    return seen and Traced(seen.axes, seen.is_mixed or is_spatial(seen.axes[-1]))


def _products(operation: Any, index: int, known: Known) -> Traced | None:
    """Sums of products: what is summed over goes, all other axes stay."""
    equation = equation_of(operation)
    return _summed(equation, operation, known) if equation else None


def equation_of(operation: Any) -> str | None:
    """A product of matrices in Einstein's notation; None for other operations, and with an ellipsis."""
    if operation.type == "Einsum":
        equation = operation.get_attr("equation")
        equation = (equation.decode() if isinstance(equation, bytes) else equation).replace(" ", "")
        return None if "." in equation else equation
    if operation.type not in _ADJOINTS:
        return None
    is_turned = [operation.get_attr(name) for name in _ADJOINTS[operation.type]]
    letters = "abcdefghijklmnop"[: operation.outputs[0].shape.rank - 2]
    left, right = (letters[len(letters) - tensor.shape.rank + 2 :] for tensor in operation.inputs)
    return f"{left}{'zx' if is_turned[0] else 'xz'},{right}{'yz' if is_turned[1] else 'zy'}->{letters}xy"


_ADJOINTS = {
    "MatMul": ("transpose_a", "transpose_b"),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), ("adj_x", "adj_y")),
}


def _summed(equation: str, operation: Any, known: Known) -> Traced:
    """Axes of a sum of products in Einstein's notation."""
    terms, result = equation.split("->")
    shape = operation.outputs[0].shape.as_list()
    named = [
        (letters, known[id(tensor)])
        for letters, tensor in zip(terms.split(","), operation.inputs, strict=True)
        if id(tensor) in known
    ]
    axes, mixed = [], any(seen.is_mixed for _, seen in named)
    for letter, length in zip(result, shape, strict=True):
        here = [Traced((seen.axes[letters.index(letter)],)) for letters, seen in named if letter in letters]
        one = combined(here, [length])
        axes.append(one.axes[0])
        mixed = mixed or one.is_mixed
    summed = [
        seen.axes[place] for letters, seen in named for place, letter in enumerate(letters) if letter not in result
    ]
    return Traced(tuple(axes), mixed or any(loses_places(axis, tuple(axes)) for axis in summed))


HANDLERS: dict[str, Callable[[Any, int, Known], Traced | None]] = {
    "Reshape": _reshape,
    "Transpose": _transpose,
    **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), _pad),
    **dict.fromkeys(("Slice", "StridedSlice"), _slice),
    **dict.fromkeys(("Split", "SplitV"), _split),
    "Unpack": _unpack,
    "Pack": _pack,
    "ConcatV2": _concatenate,
    **dict.fromkeys(("Mean", "Sum", "Max", "Min", "Prod", "All", "Any", "ArgMax", "ArgMin"), _reduce),
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    **dict.fromkeys(_ADJOINTS, _products),
    "Einsum": _products,
}
"""Kind of operation to a function of it, the number of its output, and what is known of its inputs."""
