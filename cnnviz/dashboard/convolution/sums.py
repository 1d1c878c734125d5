"""Terms of a unit's sum for display: the strongest few, and the rest in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from cnnviz.convolution import OutputValue, Unit

SHOWN = 4
"""Terms of a sum that are written out: with the numbers of a window about thirty, as many as a projector bears."""
_MOST_CELLS = 64  # of a window that is drawn; of a larger one the strongest values are listed
_DIGITS = 6

Name = Callable[[int | None, int], str]
"""Names a term: which of the layer's inputs it comes from, and the channel."""


@dataclass(frozen=True)
class Wording:
    """How terms are called.

    Attributes:
        channel: Names a channel of one of the layer's inputs.
        position: Names a place by row and column.
        sources: Name of each of the layer's inputs.
        unit: Names a channel of the layer itself.
    """

    channel: Name
    position: Callable[[int, int], str]
    sources: Sequence[str]
    unit: Callable[[int], str]


def told(unit: Unit, wording: Wording) -> list[dict[str, Any]]:
    """Write a unit as the blocks that are shown: one, or the score and what a softmax makes of it."""
    last = unit.steps[-1]
    if last.operation == "activation" and last.patch.size > 1:
        return [*(_sum(step, (), wording) for step in unit.steps[-2:-1]), _share(unit, wording)]
    return [_sum(last, unit.steps[:-1], wording)]


def _sum(step: OutputValue, between: tuple[OutputValue, ...], wording: Wording) -> dict[str, Any]:
    """Write a step that is a weighted sum, or is written like one."""
    if between:
        terms = [_mixed(step, channel, inner, wording) for channel, inner in enumerate(between)]
    elif step.source is None:
        terms = [_branch(step, number, wording) for number in range(step.patch.size)]
    elif 1 < step.patch.shape[0] * step.patch.shape[1] <= _MOST_CELLS:
        terms = [_window(step, index, wording) for index in range(step.patch.shape[2])]
    else:
        terms = [_single(step, at, wording) for at in _strongest(step.products)]
    terms.sort(key=lambda term: -abs(term["product"] or 0))
    shown = terms[:SHOWN] if step.operation != "addition" else terms
    rest = step.products.size - len(shown) if not _is_windowed(terms) else step.patch.shape[2] - len(shown)
    return {
        "operation": step.operation,
        "terms": shown,
        "rest": {"count": rest, "sum": rounded(step.total - sum(term["product"] or 0 for term in shown))},
        "total": rounded(step.total),
        "bias": rounded(step.bias),
        "activation": step.activation,
        "before": rounded(step.before_activation),
        "value": rounded(step.value),
    }


def _is_windowed(terms: list[dict[str, Any]]) -> bool:
    return terms[0]["cells"] is not None and terms[0]["weight"] is None


def _window(step: OutputValue, index: int, wording: Wording) -> dict[str, Any]:
    """One input channel under the window."""
    channel = step.channels[index]
    return {
        "label": wording.channel(step.source, channel),
        "cells": _cells(step, index),
        "value": None,
        "weight": None,
        "product": rounded(float(step.products[..., index].sum(dtype=np.float64))),
        "target": None,
    }


def _cells(step: OutputValue, index: int) -> dict[str, Any]:
    return {
        "rows": list(step.rows),
        "columns": list(step.columns),
        "patch": _numbers(step.patch[..., index]),
        "kernel": _numbers(step.kernel[..., index]),
        "padding": [int(is_padding) for is_padding in step.is_padding.ravel()],
        "source": step.source,
        "channel": step.channels[index],
    }


def _mixed(step: OutputValue, number: int, inner: OutputValue, wording: Wording) -> dict[str, Any]:
    """One value that a separable convolution made in between, and how it is weighed."""
    return {
        "label": wording.channel(0, inner.channels[0]),
        "cells": _cells(inner, 0),
        "value": rounded(inner.value),
        "weight": rounded(float(step.kernel.ravel()[number])),
        "product": rounded(float(step.products.ravel()[number])),
        "target": None,
    }


def _branch(step: OutputValue, number: int, wording: Wording) -> dict[str, Any]:
    """One branch of an addition."""
    at = [step.rows[0], step.columns[0], step.channels[number]]
    value = rounded(float(step.patch.ravel()[number]))
    return _term(wording.sources[number], value, None, value, [number, *at])


def _single(step: OutputValue, at: tuple[int, int, int], wording: Wording) -> dict[str, Any]:
    """One value and its weight."""
    row, column, channel = step.rows[at[0]], step.columns[at[1]], step.channels[at[2]]
    has_window = step.patch.shape[0] * step.patch.shape[1] > 1
    is_moved = step.operation == "copy"
    return _term(
        wording.position(row, column) if has_window else wording.channel(step.source, channel),
        rounded(float(step.patch[at])),
        None if is_moved or step.operation == "activation" else rounded(float(step.kernel[at])),
        rounded(float(step.products[at])),
        None if step.is_padding[at[:2]] else [step.source, row, column, channel],
    )


def _term(label: str, value: float | None, weight: float | None, product: float | None, target: Any) -> dict[str, Any]:
    return {"label": label, "cells": None, "value": value, "weight": weight, "product": product, "target": target}


def _strongest(products: np.ndarray) -> list[tuple[int, int, int]]:
    """Where the largest few products are."""
    order = np.argsort(-np.abs(products).ravel(), kind="stable")[:SHOWN]
    rows, columns, channels = (indices.tolist() for indices in np.unravel_index(order, products.shape))
    return list(zip(rows, columns, channels, strict=True))


def _share(unit: Unit, wording: Wording) -> dict[str, Any]:
    """Write a softmax: the exponentials of all scores, the unit's own and the largest few."""
    step, is_own_layer = unit.steps[-1], len(unit.steps) == 1  # else the scores are this layer's, not one below
    scores = step.patch.ravel().astype(np.float64)
    powers = np.exp(scores - scores.max())
    others = [int(index) for index in np.argsort(-scores, kind="stable") if index != unit.channel]
    shown = sorted([unit.channel, *others[: SHOWN - 1]], key=lambda index: -scores[index])
    terms = []
    for index in shown:
        target = [step.source, unit.row, unit.column, index] if is_own_layer else None
        term = _term(wording.unit(index), rounded(scores[index]), None, rounded(powers[index]), target)
        terms.append(term | {"isOwn": index == unit.channel})
    return {
        "operation": step.activation,
        "terms": terms,
        "rest": {"count": len(scores) - len(shown), "sum": rounded(powers.sum() - powers[shown].sum())},
        "total": rounded(powers.sum()),
        "largest": rounded(scores.max()),
        "own": rounded(powers[unit.channel]),
        "value": rounded(step.value),
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    return [rounded(float(value)) for value in values.ravel()]


def rounded(value: float) -> float | None:
    """Round for the message; JSON knows no NaN."""
    return float(f"{value:.{_DIGITS}g}") if isfinite(value) else None
