"""How does a student slide a window over a picture? Everything moves in the browser, without a run of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from cnnviz.dashboard.components import message
from cnnviz.images import lookup_table

_component = st.components.v2.component(
    "cnnviz_playground",
    html=message.text("playground.html"),
    css=message.text("playground.css"),
    js=message.script("playground.js"),
)


def playground(
    picture: np.ndarray,
    *,
    key: str,
    presets: Sequence[tuple[str, str, np.ndarray]],
    texts: Mapping[str, str],
    kernel: np.ndarray | None = None,
) -> None:
    """Convolve a picture with a kernel, cell by cell; settings and position are the browser's own.

    What it computes is `convolution.cross_correlate` with `convolution.size_formula`'s padding; a test compares them.

    Args:
        picture: `(rows, columns)` float, 0..255.
        key: Streamlit key.
        presets: Name, title and `(rows, columns)` weights of each kernel to choose.
        texts: All words that it shows.
        kernel: A kernel to begin with, such as one of the network's; the first preset if not given.
    """
    header = {
        "rows": picture.shape[0],
        "columns": picture.shape[1],
        "presets": [{"name": name, "title": title, "kernel": weights.tolist()} for name, title, weights in presets],
        "kernel": None if kernel is None else kernel.tolist(),
        "texts": dict(texts),
    }
    arrays = picture.astype("<f4"), lookup_table("gray"), lookup_table("PuOr")
    _component(key=key, data=message.pack(header, *arrays))
