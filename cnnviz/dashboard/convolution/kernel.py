"""Kernel view: an image convolved with a kernel, cell by cell."""

from __future__ import annotations

import re

import numpy as np
import streamlit as st

from cnnviz import convolution, filters, images
from cnnviz.dashboard import components, panels, state
from cnnviz.dashboard.components.playground import LARGEST_KERNEL, Filters, Preset
from cnnviz.dashboard.convolution import export, model_kernels
from cnnviz.dashboard.convolution.playground import read
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.errors import LayerError
from cnnviz.layers import layers

_SIDES = (8, 16, 32, 64, 128, 256, 512)
_FIRST_SIDE = 64  # its pixels can be told apart, and the image still be known
_PLAY = re.compile(r"[abcdfkmnprstv][\w.+-]*(~[abcdfkmnprstv][\w.+-]*)*", re.ASCII)
"""Settings as the browser writes and reads them: a letter, and what is set."""
_LONGEST_PLAY = 8_000  # characters: two own kernels for three channels are the longest
_EDGES = ("sobel-x", "sobel-y")


def show(selection: Selection) -> None:
    """Draw the selected image in numbers, and a kernel that slides over it."""
    said = str(st.session_state.get(state.PLAY) or "")
    state.validate_choice(state.PLAY, [said] if len(said) <= _LONGEST_PLAY and _PLAY.fullmatch(said) else [])
    link = str(st.session_state.get(state.PLAY) or "")
    photo, presets, offered, lent = (
        _choose_image(selection),
        _presets(),
        _filters(selection),
        model_kernels.choose(selection),
    )
    components.playground(
        photo,
        key="playground",
        presets=presets,
        texts=texts.PLAYGROUND,
        settings=link,
        on_settings=lambda settings: state.select(state.PLAY, settings),
        filters=offered,
        kernel=lent,
    )
    played = read(
        link,
        presets={preset.name: np.stack(preset.kernels, axis=-1) for preset in presets},
        filters=None if offered is None else offered.kernels,
        lent=lent,
    )
    with panels.explained():
        export.kernel(selection, photo, played)


def _choose_image(selection: Selection) -> np.ndarray:
    """Draw the choice of how fine the image is, and return it: `(rows, columns, 3)` uint8."""
    side = panels.choose_step(texts.DETAIL, _SIDES, key=state.DETAIL, default=_FIRST_SIDE, width=360)
    return images.fit(selection.photo, (side, side))


def _presets() -> list[Preset]:
    """List the kernels by their titles; edges of both directions make one image."""
    single = [Preset(name, title, [convolution.PRESETS[name]]) for name, title in texts.PRESETS.items()]
    return [*single, Preset("strength", texts.STRENGTH_PRESET, [convolution.PRESETS[name] for name in _EDGES])]


def _filters(selection: Selection) -> Filters | None:
    """Find the filters that read the image itself; None if they are no small kernels over one or three channels."""
    first = next((info for info in layers(selection.convnet) if info.kernel_size is not None), None)
    if first is None:
        return None
    try:
        kernels = filters.kernels(selection.convnet, first.address)
    except LayerError:
        return None
    is_shown = (
        max(kernels.shape[:2]) <= LARGEST_KERNEL and kernels.shape[2] in (1, 3) and model_kernels.can_slide(kernels)
    )
    return Filters(selection.convnet.name, kernels) if is_shown else None
