"""Kernel playground: convolution of an image cell by cell, computed in the browser."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from cnnviz.dashboard.components import message
from cnnviz.images import lookup_table

LARGEST_KERNEL = 7
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601, as Pillow's own gray
_DIGITS = 6  # of a model's weights, after the point
_TYPED = [[10.0] * 3 + [0.0] * 3] * 6  # an edge that is plain to see in six rows of numbers

_component = st.components.v2.component(
    "cnnviz_playground",
    html=message.text("playground.html"),
    css=message.text("playground.css"),
    js=message.script(*(f"playground{part}.js" for part in ("_arithmetic", "_link", "_draw", "_marks", "_words", ""))),
)


class Preset(NamedTuple):
    """A kernel to choose: its name in links, its title, and its weights; of two, their strength is drawn."""

    name: str
    title: str
    kernels: Sequence[np.ndarray]


class Filters(NamedTuple):
    """Filters of a model that read an image: its name, and `(rows, columns, 1 or 3, filters)` weights."""

    network: str
    kernels: np.ndarray


def playground(
    photo: np.ndarray,
    *,
    key: str,
    presets: Sequence[Preset],
    texts: Mapping[str, Any],
    settings: str,
    on_settings: Callable[[str], None],
    filters: Filters | None = None,
    kernel: np.ndarray | None = None,
) -> None:
    """Convolve an image with a kernel, cell by cell; the server hears of it when the hand rests.

    What it computes is `convolution.cross_correlate` with `convolution.size_formula`'s padding; two kernels make
    `convolution.combine_edges`; a test compares them.

    Args:
        photo: `(rows, columns, 3)` uint8.
        key: Streamlit key.
        presets: Kernels to choose, the first one to begin with; at most 7 x 7.
        texts: All words that it shows.
        settings: What a person has set and where the window stands, as `on_settings` got it; empty to begin anew.
        on_settings: Called with settings and position for a link, before the page runs again.
        filters: A model's own filters, to be chosen like presets.
        kernel: `(rows, columns)` weights to take over when they change, such as those of a unit.
    """
    header = {
        "rows": photo.shape[0],
        "columns": photo.shape[1],
        "photo": zlib.crc32(photo.tobytes()),
        "presets": [
            {"name": one.name, "title": one.title, "kernels": [weights.tolist() for weights in one.kernels]}
            for one in presets
        ],
        "filters": None if filters is None else _packed(filters),
        "kernel": None if kernel is None else np.round(kernel, _DIGITS).tolist(),
        "typed": _TYPED,
        "play": settings,
        "texts": dict(texts),
    }

    def took() -> None:
        sent = st.session_state[key]["play"]
        if isinstance(sent, str):
            on_settings(sent)

    arrays = photo, gray(photo).astype(np.uint8), lookup_table("gray"), lookup_table("PuOr")
    _component(key=key, data=message.pack(header, *arrays), on_play_change=took)


def gray(photo: np.ndarray) -> np.ndarray:
    """Make the one channel that is convolved without colors: `(rows, columns)` float32, whole numbers 0..255."""
    return np.round(photo.astype(np.float32) @ _LUMINANCE)


def _packed(filters: Filters) -> dict[str, Any]:
    """Order the weights filter by filter, channel by channel."""
    kernels = filters.kernels.transpose(3, 2, 0, 1)
    return {
        "network": filters.network,
        "kernels": [[np.round(one, _DIGITS).tolist() for one in each] for each in kernels],
    }
