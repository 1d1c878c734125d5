"""How does a kernel turn a picture into another one, cell by cell?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import convolution, images
from cnnviz.dashboard import components
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts

_SIDES = (8, 16, 32, 64, 128, 256, 512)
_FIRST_SIDE = 64  # its pixels can be told apart, and the picture still be known
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601, as Pillow's own gray


def show(selection: Selection) -> None:
    """Draw the selected picture in numbers, and a kernel that slides over it."""
    _show_playground(_choose_picture(selection))


def _choose_picture(selection: Selection) -> np.ndarray:
    """Draw the choice of how fine the picture is, and return it in gray: `(rows, columns)` float32, 0..255."""
    side = int(st.select_slider(texts.DETAIL, _SIDES, _FIRST_SIDE, key="detail", persist_state="session", width=360))
    colour = images.fit(selection.photo, (side, side))
    return np.round(colour.astype(np.float32) @ _LUMINANCE)


def _show_playground(picture: np.ndarray) -> None:
    """Draw the playground with all presets."""
    components.playground(
        picture,
        key="playground",
        presets=[(name, title, convolution.PRESETS[name]) for name, title in texts.PRESETS.items()],
        texts=texts.PLAYGROUND,
    )
