"""Choices on the Heatmaps page: method, second class, opacity, threshold and colors."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cnnviz import heatmaps
from cnnviz.dashboard import language, panels, state
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.dashboard.texts import shared
from cnnviz.heatmaps import Method
from cnnviz.layers import map_layers


@dataclass(frozen=True)
class Look:
    """How maps are drawn; changing it computes nothing."""

    opacity: float
    threshold: float
    colors: str
    has_box: bool


def choose_method(selection: Selection) -> Method:
    """Draw the choice of the method; at first one of the pixels where no layer has rows and columns."""
    methods = heatmaps.methods_for(selection.convnet)
    state.validate_choice(state.METHOD, methods, "grad_cam" if map_layers(selection.convnet) else "saliency")
    name = st.pills(
        texts.METHOD,
        list(methods),
        format_func=lambda key: methods[key].title,
        required=True,
        key=state.METHOD,
        persist_state="session",
        label_visibility="collapsed",
    )
    return methods[str(name)]


def choose_against(selection: Selection) -> int | None:
    """Draw the choice of a second class, or of a second number; None where there is none."""
    names = list(selection.convnet.class_names)
    state.validate_choice(state.AGAINST, names)
    if len(names) < 2:
        return None
    placeholder = texts.AGAINST_PLACEHOLDER if selection.convnet.has_classes else texts.AGAINST_PLACEHOLDER_VALUE
    spoken = dict(zip(names, language.class_names(names), strict=True))
    chosen = st.selectbox(
        texts.AGAINST, names, index=None, key=state.AGAINST, persist_state="session",
        placeholder=placeholder, format_func=spoken.__getitem__, width=320,
    )  # fmt: skip
    return names.index(chosen) if chosen else None


def choose_look() -> Look:
    """Draw the settings of the look."""
    with st.popover(shared.SETTINGS, icon=":material/tune:", type="tertiary"):
        opacity = st.slider(texts.OPACITY, 0.0, 1.0, 0.85, 0.05, key="opacity", persist_state="session")
        threshold = st.slider(texts.THRESHOLD, 0.0, 0.95, 0.0, 0.05, key="threshold", persist_state="session")
        colors = panels.choose_one(texts.COLORS, texts.HEAT_COLORS, key="heat_colors")
        has_box = st.toggle(texts.BOX, key="box", persist_state="session")
    return Look(opacity, threshold, colors, has_box)
