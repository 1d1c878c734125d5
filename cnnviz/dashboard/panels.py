"""What do several pages show in the same way: the head of a page, an error, what can be taken away."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import streamlit as st

from cnnviz import images
from cnnviz.dashboard.texts import shared
from cnnviz.errors import CnnvizError


def head(texts: Any) -> None:
    """Draw a page's title, its question, and what one sees there."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(width="content", gap=None):
            st.title(texts.TITLE, anchor=False)
            st.caption(texts.QUESTION)
        with st.popover(shared.WHAT, icon=":material/help:", type="tertiary"):
            st.markdown(texts.WHAT)


def enlarged(picture: np.ndarray, side: int) -> np.ndarray:
    """Enlarge a small picture by whole numbers, so that its pixels stay squares on the screen."""
    factor = max(1, side // max(picture.shape[:2]))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1) if factor > 2 else picture


def explain(error: CnnvizError | str) -> None:
    """Say what is wrong and what would do; the text is shown as it is, without markup."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(":material/error:")
        st.text(str(error))


def take_away(name: str, code: str, picture: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
    """Offer a view as runnable Python, as a picture and as numbers.

    Args:
        name: Stem of the files, plain characters.
        code: Python that computes the view.
        picture: uint8 picture.
        arrays: Raw arrays by name.
    """
    with st.popover(
        shared.TAKE_AWAY, icon=":material/download:", type="tertiary", on_change="rerun", key=f"take_{name}"
    ) as popover:
        if not popover.open:
            return
        st.markdown(shared.CODE)
        st.code(code, language="python")
        with st.container(horizontal=True):
            st.download_button(
                shared.DOWNLOAD_PNG, images.png_bytes(picture), f"{name}.png", "image/png", on_click="ignore"
            )
            st.download_button(
                shared.DOWNLOAD_NPZ, _npz(arrays), f"{name}.npz", "application/octet-stream", on_click="ignore"
            )


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes the names for its own flags
    return buffer.getvalue()
