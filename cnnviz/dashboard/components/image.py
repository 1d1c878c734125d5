"""Image that is updated in place, without a request to the server for each frame."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz.dashboard.components import message

_SMALL = 100  # pixels on the longer side; a pattern or a photograph has more, a digit or a kernel fewer

_component = st.components.v2.component(
    "cnnviz_image",
    html='<canvas role="img"></canvas>',
    css=message.text("image.css"),
    js=message.script("image.js"),
)


def image(photo: np.ndarray, *, key: str, alt: str) -> None:
    """Draw an image over the width of its place; drawn again with the same key it changes without a flicker.

    `st.image` gives the browser an address to fetch. An image that is replaced every third of a second may be
    gone before it is fetched, and the browser shows a broken one. The pixels of a small image stay squares when it
    is enlarged; a photograph is enlarged smoothly.

    Args:
        photo: `(height, width, 3)` uint8.
        key: Streamlit key.
        alt: What is seen, for screen readers.
    """
    header = {"height": photo.shape[0], "width": photo.shape[1], "alt": alt, "isSharp": max(photo.shape[:2]) < _SMALL}
    _component(key=key, data=message.pack(header, photo.astype(np.uint8)))
