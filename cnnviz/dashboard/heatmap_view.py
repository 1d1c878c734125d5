"""Heatmaps of one image side by side on one scale, with their difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnviz import heatmaps, images
from cnnviz.dashboard import cache, components, language, panels, state
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.private_streamlit import DeltaGenerator
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.dashboard.texts import shared
from cnnviz.heatmaps import Method
from cnnviz.layers import map_layers


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: where a method sees one class, or two, in the selected image.

    Attributes:
        selection: What is looked at.
        method: How it is explained.
        classes: One class, or the two that are compared.
    """

    selection: Selection
    method: Method
    classes: tuple[int, ...]

    @property
    def key(self) -> str:
        """Name of all that the answer hangs on."""
        selection = self.selection
        parts = (selection.convnet.fingerprint, selection.image, self.method.name, self.place, self.classes)
        return " ".join(map(str, parts))

    @property
    def place(self) -> dict[str, str | None]:
        """The layer, for the methods that take one."""
        return {"layer": self.selection.layer} if self.method.has_layer else {}


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


_FORMING = Look(opacity=0.85, threshold=0.0, colors="magma", has_box=False)


def show_maps(question: Question, heats: list[np.ndarray], look: Look) -> DeltaGenerator:
    """Draw the image, one map a class on one scale, and their difference; return the place for facts."""
    selection, is_pair = question.selection, len(heats) > 1
    spoken = language.class_names(selection.convnet.class_names)
    names = [spoken[index] for index in question.classes]
    probabilities = cache.probabilities(selection)
    peak = _peak(heats)
    places = st.columns(4 if is_pair else [3, 3, 2], gap="small" if is_pair else "medium")
    with places[0]:
        show_image(selection)
    for place, index, name, heat in zip(places[1:], question.classes, names, heats, strict=False):
        with place:
            share = components.score(selection.convnet, float(probabilities[index]))
            _show_map(question, heat, look, title=f"{name} · {share}", key=f"heat {index}", peak=peak)
    if not is_pair:
        return places[-1]
    with places[-1]:
        _show_difference(question, heats, names, look)
    st.caption(texts.ONE_SCALE)
    return st.container()


def _peak(heats: list[np.ndarray]) -> float:
    """Largest finite value, whatever its sign; 1 where there is none, so that a scale has two ends."""
    return max(float(np.nanmax(np.abs(heat), initial=0.0)) for heat in heats) or 1.0


def show_image(selection: Selection) -> None:
    """Draw the image as the model receives it."""
    components.map_view(
        selection.received,
        np.full((1, 1), np.nan, np.float32),
        key="plain",
        title=texts.IMAGE,
        alt=texts.IMAGE_ALT,
        unit="",
        table=images.lookup_table("gray"),
        low=0,
        high=0,
    )


def _show_map(question: Question, heat: np.ndarray, look: Look, *, title: str, key: str, peak: float) -> None:
    method = question.method
    components.map_view(
        question.selection.received,
        heat,
        key=key,
        title=title,
        alt=texts.MAP_ALT.format(method=method.title, name=title, where=_where(heat)),
        unit=language.say(method.units_of(question.selection.convnet))
        if np.any(heat)
        else "",  # an empty map has no scale
        table=images.lookup_table("PuOr" if method.is_signed else look.colors),
        low=-peak if method.is_signed else 0.0,
        high=peak,
        opacity=look.opacity,
        threshold=look.threshold,
        is_signed=method.is_signed,
        box=heatmaps.box(np.maximum(heat, 0)) if look.has_box else None,
    )


def _show_difference(question: Question, heats: list[np.ndarray], names: list[str], look: Look) -> None:
    difference = heats[0] - heats[1]
    peak = _peak([difference])
    components.map_view(
        question.selection.received,
        difference,
        key="difference",
        title=texts.DIFFERENCE.format(first=names[0], second=names[1]),
        alt=texts.DIFFERENCE_ALT.format(first=names[0]),
        unit=language.say(question.method.units_of(question.selection.convnet)),
        table=images.lookup_table("PuOr"),
        low=-peak,
        high=peak,
        opacity=look.opacity,
        threshold=look.threshold,
        is_signed=True,
    )


def _where(heat: np.ndarray) -> str:
    """Say in which ninth of the image a map is strongest."""
    if not np.isfinite(heat).any():
        return ""
    row, column = np.unravel_index(int(np.nanargmax(heat)), heat.shape)
    return texts.PLACES[int(3 * row // heat.shape[0]), int(3 * column // heat.shape[1])]


def show_forming(question: Question, job: Job) -> None:
    """Draw the map that is being computed, as far as it is known."""
    position = min(job.done * len(question.classes) // max(1, job.total), len(question.classes) - 1)
    name = language.class_names(question.selection.convnet.class_names)[question.classes[position]]
    peak = _peak([job.preview])
    _show_map(question, job.preview, _FORMING, title=name, key="forming", peak=peak)
