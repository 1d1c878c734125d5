"""Unit view: one unit's receptive field, its place in the feature map, and the sum that gives its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from cnnviz.dashboard.components import message
from cnnviz.images import lookup_table, value_range

_SMALL = 100  # pixels on the longer side; a photograph has more, a digit fewer

_component = st.components.v2.component(
    "cnnviz_unit_view",
    html=message.text("unit_view.html"),
    css=message.text("unit_view.css"),
    js=message.script("unit_view.js"),
)


_MOST_CELLS = 2**20  # of an input, a side: the page knows where it ends


@dataclass(frozen=True, eq=False)
class Walked:
    """One layer's map, and what is told of its units.

    Attributes:
        of: Name of all that the map hangs on: where it changes, what a person did in the browser is over.
        values: `(rows, columns)` float32 of one channel; of a dense layer all its units, NaN behind the last one.
        is_vector: Whether the layer is dense, or has one position: then each of `values` is a unit of its own.
        count: How many units there are.
        title: Line above the map.
        alt: What it shows, for screen readers.
        names: Name of each unit of a dense layer; empty if they have none.
        rows_see: `(rows, height)` bool, which pixels each row of units can depend on; of a dense layer one row.
        columns_see: `(columns, width)` bool, likewise.
        at: Row and column of the unit in `values`.
        units: Row and column, as "3,4", to what is told of that unit: the chosen one and those near it.
        refusal: Why nothing is told; empty if it is.
        sources: Names of the layer's inputs.
        goes: Whether one can go down to each of them.
        is_image: Whether each of them is the image, or the image scaled.
        ranges: Smallest and largest value of each of them.
    """

    of: str
    values: np.ndarray
    is_vector: bool
    count: int
    title: str
    alt: str
    names: Sequence[str]
    rows_see: np.ndarray
    columns_see: np.ndarray
    at: tuple[int, int]
    units: Mapping[str, Any]
    refusal: str
    sources: Sequence[str]
    goes: Sequence[bool]
    is_image: Sequence[bool]
    ranges: Sequence[tuple[float, float]]


def unit_view(
    photo: np.ndarray,
    walked: Walked,
    *,
    key: str,
    texts: Mapping[str, Any],
    on_went: Callable[[tuple[int, int], tuple[int, int, int, int] | None], None],
) -> None:
    """Draw image, map and sum; the place changes in the browser, and the page follows.

    Args:
        photo: `(height, width, 3)` uint8, as the model receives it.
        walked: The layer's map and what is told of its units.
        key: Streamlit key.
        texts: All words that it shows.
        on_went: Called before the page runs again, with the row and column in the map where a person stands, and
            where they went down to: an input's number, and the row, column and channel in it; None if they stay.
    """

    def took() -> None:
        went = _went(st.session_state[key]["went"], walked)
        if went is not None:
            on_went(*went)

    _component(key=key, data=_packed(photo, walked, texts), on_went_change=took)


def _went(found: Any, walked: Walked) -> tuple[tuple[int, int], tuple[int, int, int, int] | None] | None:
    """Read where a person went; None if the map has no such place, or the layer no such input."""
    limits = (*walked.values.shape, len(walked.sources), *[_MOST_CELLS] * 3)
    if not isinstance(found, list) or len(found) not in (2, 6):
        return None
    places = [message.position(one, limit) for one, limit in zip(found, limits, strict=False)]
    whole = [place for place in places if place is not None]
    if len(whole) < len(found):
        return None
    return (whole[0], whole[1]), (whole[2], whole[3], whole[4], whole[5]) if len(whole) == 6 else None


def _packed(photo: np.ndarray, walked: Walked, texts: Mapping[str, Any]) -> bytes:
    """Write what the browser is told; the scale begins at zero, or has it in the middle."""
    low, high = value_range(walked.values)
    reach = max(abs(low), abs(high))
    header = {
        "of": walked.of,
        "rows": walked.values.shape[0],
        "columns": walked.values.shape[1],
        "count": walked.count,
        "isVector": walked.is_vector,
        "height": photo.shape[0],
        "width": photo.shape[1],
        "isSharp": max(photo.shape[:2]) < _SMALL,
        "low": -reach if low < 0 else 0.0,
        "high": reach,
        "title": walked.title,
        "alt": walked.alt,
        "names": list(walked.names),
        "at": list(walked.at),
        "units": dict(walked.units),
        "refusal": walked.refusal,
        "sources": list(walked.sources),
        "goes": list(walked.goes),
        "isImage": list(walked.is_image),
        "ranges": list(walked.ranges),
        "texts": dict(texts),
    }
    arrays = (
        *(lookup_table(name) for name in ("gray", "viridis", "PuOr")),
        walked.values.astype("<f4"),
        photo,
        np.packbits(walked.rows_see),
        np.packbits(walked.columns_see),
    )
    return message.pack(header, *arrays)
