"""Bars of class probabilities or raw scores, of which one can be picked, and their number formats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import streamlit as st

from cnnviz.convnets import Convnet
from cnnviz.dashboard.components import message

_DIGITS, _DIGITS_OF_FLOAT32 = 4, 7
_component = st.components.v2.component(
    "cnnviz_bars",
    html='<div class="bars" role="group"></div>',
    css=message.text("bars.css"),
    js=message.text("bars.js"),
)


def bars(
    rows: Sequence[tuple[int, str, float]],
    *,
    key: str,
    title: str,
    picked: int | None,
    on_pick: Callable[[int], None],
    are_shares: bool = True,
) -> None:
    """Draw one bar a class; a click picks it.

    Args:
        rows: Index, name and probability 0..1 (or raw score) of each class, in the order to show.
        key: Streamlit key.
        title: What the bars show, for screen readers.
        picked: Index of the class to frame, if any.
        on_pick: Called with the index that was picked, before the page runs again.
        are_shares: Whether the values are probabilities; else they are written as they are, and the longest bar is
            the largest of them.
    """
    full = 1.0 if are_shares else max((abs(value) for _, _, value in rows if math.isfinite(value)), default=0) or 1.0
    data = [
        {
            "index": index,
            "name": name,
            "value": round(max(0, value / full), 6) if math.isfinite(value) else 0,  # JSON knows no NaN
            "share": percent(value) if are_shares else number(value),
            "isPicked": index == picked,
        }
        for index, name, value in rows
    ]

    listed = {int(index) for index, _, _ in rows}

    def took() -> None:
        index = message.position(st.session_state[key]["picked"], max(listed, default=-1) + 1)
        if index in listed:
            on_pick(index)

    _component(key=key, data={"title": title, "rows": data}, on_picked_change=took)


def score(convnet: Convnet, value: float) -> str:
    """Write a probability as a percentage, and a raw score or number as it is."""
    return percent(value) if convnet.has_probabilities else number(value)


def scores(convnet: Convnet, values: Sequence[float]) -> list[str]:
    """Write probabilities as percentages, others as they are; to as many digits as tell apart those that differ."""
    if convnet.has_probabilities:
        written = [[percent(value) for value in values]]
        written += [[_exact_percent(value, digits) for value in values] for digits in range(1, _DIGITS_OF_FLOAT32)]
    else:
        written = [[number(value, digits) for value in values] for digits in range(_DIGITS, _DIGITS_OF_FLOAT32 + 1)]
    return next((texts for texts in written if len(set(texts)) == len(set(values))), written[-1])


def _exact_percent(share: float, decimals: int) -> str:
    return f"{100 * share:.{decimals}f} %" if math.isfinite(share) else percent(share)


def number(value: float, digits: int = _DIGITS) -> str:
    """Write a raw score or number for people; a dash for what is no number."""
    return f"{value:.{digits}g}" if math.isfinite(value) else "–"


def percent(share: float) -> str:
    """Write a share 0..1 for people: 87 %, 0.4 %, < 0.1 %; a dash for what is no number."""
    if not math.isfinite(share):
        return "–"
    if share < 0.001:
        return "< 0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"
