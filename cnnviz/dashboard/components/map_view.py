"""Map view: one map over its image, with its color scale and the value under the pointer."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz.dashboard.components import message

_component = st.components.v2.component(
    "cnnviz_map_view",
    html=message.text("map_view.html"),
    css=message.text("map_view.css"),
    js=message.script("map_view.js"),
)


def map_view(
    photo: np.ndarray,
    values: np.ndarray,
    *,
    key: str,
    title: str,
    alt: str,
    unit: str,
    table: np.ndarray,
    low: float,
    high: float,
    opacity: float = 1.0,
    threshold: float = 0.0,
    is_signed: bool = False,
    is_heat: bool = True,
    is_sharp: bool = False,
    box: tuple[float, float, float, float] | None = None,
) -> None:
    """Draw a map over an image; all settings are applied in the browser.

    Args:
        photo: `(height, width, 3)` uint8, what lies under the map.
        values: `(rows, columns)` float32 on any grid; NaN is left transparent.
        key: Streamlit key.
        title: Line above the map.
        alt: What is seen, for screen readers.
        unit: Unit of the values.
        table: `(256, 3)` uint8 colors from `low` to `high`.
        low: Value of the first color.
        high: Value of the last color.
        opacity: 0..1, how much the strongest values cover the image.
        threshold: 0..1 of the scale (of its half, if signed), below which nothing is drawn.
        is_signed: Whether the middle of the scale is "nothing".
        is_heat: Whether faint values are transparent; else all cover the image alike.
        is_sharp: Whether cells stay squares; else values are interpolated between their centers.
        box: Left, top, right, bottom in fractions of the image.
    """
    header = {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "height": photo.shape[0],
        "width": photo.shape[1],
        "title": title,
        "alt": alt,
        "unit": unit,
        "low": float(low),
        "high": float(high),
        "opacity": opacity,
        "threshold": threshold,
        "isSigned": is_signed,
        "isHeat": is_heat,
        "isSharp": is_sharp,
        "box": box,
    }
    _component(key=key, data=message.pack(header, table, values.astype("<f4"), photo))
