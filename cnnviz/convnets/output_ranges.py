"""Range of a model's outputs, derived from the last operations of its traced graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

_INFINITE = float("inf")
_DEEPEST = 60  # operations; what bounds scores stands near the end
_SLACK = 1e-5

_HANDS_ON = (
    *("Identity", "IdentityN", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "EnsureShape", "Snapshot"),
    *("PreventGradient", "CheckNumerics", "BroadcastTo"),
)
_PICKS = ("StridedSlice", "GatherV2", "Split", "SplitV", "Unpack", "Slice", "ReverseV2", "TopKV2")


@dataclass(frozen=True)
class Range:
    """What is known of a row of outputs from its graph.

    Attributes:
        low: No output is below.
        high: No output is above.
        total: What the row always sums to; None if that is not known.
        is_linear: Whether the outputs are sums and products of weights, without a nonlinearity at the end.
        is_sigmoid: Whether a sigmoid made it.
        is_logarithm: Whether it is the logarithm of a softmax.
        is_softmax: Whether a softmax is the last thing that happens.
    """

    low: float = -_INFINITE
    high: float = _INFINITE
    total: float | None = None
    is_linear: bool = False
    is_sigmoid: bool = False
    is_logarithm: bool = False
    is_softmax: bool = False

    @classmethod
    def softmax(cls) -> Range:
        """A softmax."""
        return cls(0, 1, 1, is_softmax=True)

    @classmethod
    def sigmoid(cls) -> Range:
        """A sigmoid, or several."""
        return cls(0, 1, is_sigmoid=True)

    @classmethod
    def linear(cls) -> Range:
        """Linear units."""
        return cls(is_linear=True)

    @classmethod
    def unknown(cls) -> Range:
        """An operation of which nothing is known."""
        return cls()

    @property
    def is_share(self) -> bool:
        """Whether every output lies between 0 and 1."""
        return self.low >= -_SLACK and self.high <= 1 + _SLACK

    @property
    def is_distribution(self) -> bool:
        """Whether the outputs are shares that sum to one."""
        return self.is_share and self.total is not None and abs(self.total - 1) < _SLACK

    @property
    def is_bounded_sigmoid(self) -> bool:
        """Whether sigmoids made it and nothing else is known: no run of the model could say more."""
        return self.is_sigmoid and self.total is None

    @property
    def is_bounded(self) -> bool:
        """Whether the outputs are bounded on both sides."""
        return self.low > -_INFINITE and self.high < _INFINITE

    @property
    def is_unbounded(self) -> bool:
        """Whether nothing bounds the outputs on either side."""
        return self.low == -_INFINITE and self.high == _INFINITE

    @property
    def text(self) -> str:
        """The range for people: `-1..1`, `0 and above`."""
        if self.high == _INFINITE:
            return f"{self.low:g}.."
        return f"..{self.high:g}" if self.low == -_INFINITE else f"{self.low:g}..{self.high:g}"


def last_activation(tensor: Any) -> tuple[str, Any]:
    """Find the operation that made a symbolic tensor of scores, and what that operation was given.

    Args:
        tensor: `(batch, classes)`, of a graph that is being traced.

    Returns:
        Type of the operation, such as `Softmax`, `Sigmoid` or `BiasAdd`, and its first input.
    """
    operation, classes = tensor.op, tensor.shape[-1]
    while operation.type in _HANDS_ON and operation.inputs[0].shape[-1:] == [classes]:
        operation = operation.inputs[0].op
    return operation.type, operation.inputs[0] if operation.inputs else tensor


def range_of(tensor: Any, depth: int = 0) -> Range:
    """Follow a tensor `(batch, units)` of a graph that is being traced back to where it is bounded.

    Interval arithmetic: sums, products and means of bounded tensors are bounded; what is not known is unbounded. Sums
    of the row are followed too: a softmax sums to one, weighted sums of such rows to the sum of their weights.
    """
    operation = tensor.op
    if depth > _DEEPEST:
        return Range.unknown()
    if operation.type in _HANDS_ON:
        return _handed_on(operation, tensor, depth)
    rule = _RULES.get(operation.type)
    return rule(operation, tensor, depth) if rule else Range.unknown()


def _inputs(operation: Any, depth: int) -> list[Range]:
    return [range_of(source, depth + 1) for source in operation.inputs]


def _constant(tensor: Any) -> np.ndarray | None:
    """Value of a constant, also behind casts and reshapes; None if it is none."""
    import tensorflow as tf

    value = tf.get_static_value(tensor)
    if value is None and tensor.op.type in ("Cast", "Reshape", "Identity", "ExpandDims", "BroadcastTo"):
        return _constant(tensor.op.inputs[0])
    return None if value is None else np.asarray(value)


def _handed_on(operation: Any, tensor: Any, depth: int) -> Range:
    found = range_of(operation.inputs[0], depth + 1)
    is_same_row = operation.inputs[0].shape[-1:] == tensor.shape[-1:]
    return found if is_same_row else replace(found, total=None, is_logarithm=False, is_softmax=False)


def _fixed(**known: Any) -> Callable[[Any, Any, int], Range]:
    return lambda operation, tensor, depth: Range(**known)


def _relu(operation: Any, tensor: Any, depth: int) -> Range:
    given = range_of(operation.inputs[0], depth + 1)
    return Range(max(0, given.low), max(0, given.high))


def _clip(operation: Any, tensor: Any, depth: int) -> Range:
    given = range_of(operation.inputs[0], depth + 1)
    low, high = (_constant(bound) for bound in operation.inputs[1:3])
    if low is None or high is None:
        return given
    return Range(max(given.low, float(low.min())), min(given.high, float(high.max())))


def _extreme(operation: Any, tensor: Any, depth: int) -> Range:
    """Minimum or maximum of two."""
    first, second = _operands(operation, depth)
    choose = max if operation.type == "Maximum" else min
    return Range(choose(first.low, second.low), choose(first.high, second.high))


def _operands(operation: Any, depth: int) -> list[Range]:
    """Ranges of both operands; a constant is its own."""
    ranges = []
    for source in operation.inputs[:2]:
        value = _constant(source)
        known = None if value is None else Range(float(value.min()), float(value.max()))
        ranges.append(known or range_of(source, depth + 1))
    return ranges


def _times(operation: Any, tensor: Any, depth: int) -> Range:
    """Product with, or quotient by, a constant; bounded factors otherwise."""
    values = [_constant(source) for source in operation.inputs[:2]]
    first, second = _operands(operation, depth)
    is_quotient = operation.type in ("RealDiv", "Div", "DivNoNan")
    if is_quotient and values[1] is None:
        return Range(0 if min(first.low, second.low) >= 0 else -_INFINITE, is_linear=first.is_linear)
    if is_quotient:
        ends = sorted((1 / second.low, 1 / second.high)) if second.low * second.high > 0 else [-_INFINITE, _INFINITE]
        second = Range(ends[0], ends[1])
    corners = [_product(a, b) for a in (first.low, first.high) for b in (second.low, second.high)]
    scaled, factor = (first, values[1]) if values[1] is not None else (second, values[0])
    found = Range(min(corners), max(corners), is_linear=scaled.is_linear, is_sigmoid=scaled.is_sigmoid)
    if factor is None:
        return replace(found, is_linear=first.is_linear and second.is_linear)
    if factor.size == 1 and scaled.total is not None:
        by = float(factor.reshape(()))
        return replace(found, total=scaled.total / by if is_quotient else scaled.total * by)
    return found


def _product(a: float, b: float) -> float:
    return 0.0 if 0 in (a, b) else a * b


def _plus(operation: Any, tensor: Any, depth: int) -> Range:
    """Sum or difference of two; a constant adds to each unit."""
    first, second = _operands(operation, depth)
    sign = -1 if operation.type == "Sub" else 1
    low, high = (second.low, second.high) if sign > 0 else (-second.high, -second.low)
    units = tensor.shape[-1]
    totals = [_total(source, found, units) for source, found in zip(operation.inputs[:2], (first, second), strict=True)]
    is_known = totals[0] is not None and totals[1] is not None
    return Range(
        first.low + low,
        first.high + high,
        totals[0] + sign * totals[1] if is_known else None,  # type: ignore[operator]  # both known
        is_linear=first.is_linear or second.is_linear,
        is_sigmoid=first.is_sigmoid or second.is_sigmoid,
    )


def _total(source: Any, found: Range, units: int | None) -> float | None:
    value = _constant(source)
    if value is None:
        return found.total
    if value.size == 1 and units:
        return float(value.reshape(())) * units
    return float(value.sum()) if value.ndim == 1 and value.size == units else None


def _add_many(operation: Any, tensor: Any, depth: int) -> Range:
    parts = _inputs(operation, depth)
    totals = [part.total for part in parts]
    return Range(
        sum(part.low for part in parts),
        sum(part.high for part in parts),
        None if None in totals else sum(totals),  # type: ignore[arg-type]  # none is None
        is_linear=any(part.is_linear for part in parts),
        is_sigmoid=any(part.is_sigmoid for part in parts),
    )


def _negative(operation: Any, tensor: Any, depth: int) -> Range:
    given = range_of(operation.inputs[0], depth + 1)
    return Range(-given.high, -given.low, None if given.total is None else -given.total, is_linear=given.is_linear)


def _mean(operation: Any, tensor: Any, depth: int) -> Range:
    """Mean over other axes than the row, as of stacked predictions; over the row itself its sum is gone."""
    given = range_of(operation.inputs[0], depth + 1)
    axes = _constant(operation.inputs[1])
    rank = len(operation.inputs[0].shape)
    is_over_row = axes is None or rank - 1 in {int(axis) % rank for axis in axes.reshape(-1)}
    return replace(given, total=None if is_over_row else given.total, is_logarithm=False, is_softmax=False)


def _sum(operation: Any, tensor: Any, depth: int) -> Range:
    given = range_of(operation.inputs[0], depth + 1)
    return Range(0 if given.low >= 0 else -_INFINITE, is_linear=given.is_linear)


def _joined(operation: Any, tensor: Any, depth: int) -> Range:
    """Concatenated or stacked tensors, of which only the sum is lost."""
    parts = [range_of(source, depth + 1) for source in operation.inputs if len(source.shape) > 0]
    totals = {part.total for part in parts}
    is_stacked = operation.type == "Pack"
    return Range(
        min(part.low for part in parts),
        max(part.high for part in parts),
        totals.pop() if is_stacked and len(totals) == 1 else None,
        is_linear=all(part.is_linear for part in parts),
        is_sigmoid=is_stacked and all(part.is_sigmoid for part in parts),  # p and 1 - p side by side sum to one
    )


def _picked(operation: Any, tensor: Any, depth: int) -> Range:
    """A part of the row, or the row in another order."""
    source = operation.inputs[1 if operation.type == "Split" else 0]
    given = range_of(source, depth + 1)
    is_whole = operation.type != "GatherV2" and source.shape[1:].as_list() == tensor.shape[1:].as_list()
    return replace(given, total=given.total if is_whole else None, is_logarithm=False, is_softmax=False)


def _weighed(operation: Any, tensor: Any, depth: int) -> Range:
    """Product with a matrix: of constant shares their sums, as of fine classes added up to coarse ones."""
    matrix = _constant(operation.inputs[1]) if len(operation.inputs) > 1 else None
    if matrix is None or matrix.ndim != 2 or operation.type != "MatMul":
        return Range.linear()
    given = range_of(operation.inputs[0], depth + 1)
    rows = matrix.sum(axis=1)
    if given.low < 0 or matrix.min() < 0 or given.is_unbounded:
        return Range.linear()
    is_even = bool(np.ptp(rows) < _SLACK)
    high = given.total * float(matrix.max()) if given.total is not None else given.high * float(matrix.sum(0).max())
    return Range(0, high, given.total * float(rows[0]) if given.total is not None and is_even else None)


_RULES: dict[str, Callable[[Any, Any, int], Range]] = {
    "Softmax": lambda operation, tensor, depth: Range.softmax(),
    "Sigmoid": lambda operation, tensor, depth: Range.sigmoid(),
    "LogSoftmax": _fixed(high=0, is_logarithm=True),
    "Tanh": _fixed(low=-1, high=1),
    "Softsign": _fixed(low=-1, high=1),
    "Softplus": _fixed(low=0),
    "Exp": _fixed(low=0),
    "Square": _fixed(low=0),
    "Sqrt": _fixed(low=0),
    "Abs": _fixed(low=0),
    "Elu": _fixed(low=-1),
    "Relu": _relu,
    "Relu6": _fixed(low=0, high=6),
    "ClipByValue": _clip,
    "Minimum": _extreme,
    "Maximum": _extreme,
    "Mul": _times,
    "RealDiv": _times,
    "Div": _times,
    "DivNoNan": _times,
    "AddV2": _plus,
    "Add": _plus,
    "Sub": _plus,
    "AddN": _add_many,
    "Neg": _negative,
    "Mean": _mean,
    "Sum": _sum,
    "ConcatV2": _joined,
    "Pack": _joined,
    **dict.fromkeys(_PICKS, _picked),
    **dict.fromkeys(("MatMul", "BatchMatMulV2", "Einsum", "BiasAdd", "Conv2D", "DepthwiseConv2dNative"), _weighed),
}
