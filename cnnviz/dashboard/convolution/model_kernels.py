"""Kernel of one of the model's filters, lent to the kernel view."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import filters
from cnnviz.convolution import LayerRun
from cnnviz.dashboard import panels, state
from cnnviz.dashboard.convolution.walk import Place
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.errors import LayerError
from cnnviz.receptive_fields import keras_kind

_GRAY = "gray"  # the kernels of red, green and blue together: what they are for a gray image
_LARGEST_WEIGHT = 1e6  # as what a person may type
_KINDS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")


def offer(run: LayerRun, place: Place) -> None:
    """Draw a button that lends this filter to the kernel's view, where it has a window."""
    if keras_kind(run.layer) in _KINDS and run.info.kernel_size not in (None, (1, 1)):
        st.button(texts.INSIDE_TRY, key="try_kernel", icon=":material/grid_on:", on_click=_lend, args=(place,))


def _lend(place: Place) -> None:
    state.pin(state.LAYER, place.layer)
    state.pin(state.CHANNEL, place.channel)
    state.pin(state.FILTER, _GRAY)
    state.pin(state.VIEW, "kernel")


def choose(selection: Selection) -> np.ndarray | None:
    """Draw which kernel of the network is lent, and return it: `(rows, columns)`; None if none is."""
    if st.session_state.get(state.FILTER) in (None, ""):
        return None
    kernel = _lent(selection)
    options = [] if kernel is None else [_GRAY, *map(str, range(kernel.shape[2]))]
    state.validate_choice(state.FILTER, options)
    if kernel is None or st.session_state[state.FILTER] is None:
        return None
    layer, channel = panels.plain(str(selection.layer)), st.session_state[state.CHANNEL]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(texts.MODEL_KERNEL.format(layer=layer, channel=channel), width="content")
        chosen = _choose_input(options)
        st.button(texts.MODEL_KERNEL_RETURN, icon=":material/close:", on_click=state.select, args=(state.FILTER, None))
    return kernel.sum(axis=2) if chosen == _GRAY else kernel[..., int(chosen)]


def _lent(selection: Selection) -> np.ndarray | None:
    """The kernels of the selected channel: `(rows, columns, inputs)`; None if it has none that can be shown."""
    channel = st.session_state.get(state.CHANNEL)
    if selection.layer is None or not isinstance(channel, int):
        return None
    try:
        kernels = filters.kernels(selection.convnet, selection.layer)
    except LayerError:
        return None
    is_shown = channel < kernels.shape[3] and can_slide(kernels[..., channel])
    return kernels[..., channel] if is_shown else None


def can_slide(kernels: np.ndarray) -> bool:
    """Whether weights are numbers that an image can be convolved with, of any shape."""
    return bool((np.abs(kernels) <= _LARGEST_WEIGHT).all())  # NaN is not


def _choose_input(options: list[str]) -> str:
    """Draw which input channel's kernel is meant, or all of a gray image."""
    names = {_GRAY: texts.MODEL_KERNEL_GRAY}
    chosen = st.selectbox(
        texts.MODEL_KERNEL_INPUT,
        options,
        format_func=lambda option: names.get(option) or texts.INSIDE_CHANNEL_NAME.format(channel=option),
        key=state.FILTER,
        persist_state="session",
        label_visibility="collapsed",
        width=260,
    )
    return str(chosen)
