"""Heatmaps of one image side by side on one scale, with their difference."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import heatmaps, images
from cnnviz.dashboard import cache, components, language
from cnnviz.dashboard.heatmaps.choices import Look
from cnnviz.dashboard.heatmaps.question import Question
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.private_streamlit import DeltaGenerator
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import heatmaps as texts

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
