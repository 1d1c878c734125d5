"""Weight randomization view: a heatmap and a feature map from trained and from shuffled weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cnnviz import convolution, images
from cnnviz.dashboard import cache, channel_card, components, heatmap_view, language, panels, state
from cnnviz.dashboard.convolution import export
from cnnviz.dashboard.convolution.forgetting import Asked, Cascade, cascade_or_progress
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.dashboard.texts import shared
from cnnviz.layers import require_maps

_ALIKE, _UNLIKE = 0.7, 0.3  # rank correlations from which on a map "hardly changes", and below which it "changes"
_TILE = 96


def show(selection: Selection) -> None:
    """Draw a heatmap and a feature map, trained and shuffled, and what to think of them."""
    if not selection.convnet.class_names:
        panels.explain(shared.NO_CLASSES)
        return
    st.markdown(texts.SHUFFLED_WHAT)
    layer = require_maps(selection.convnet, selection.layer)
    with st.container(horizontal=True, vertical_alignment="center"):
        method = heatmap_view.choose_method(selection)
    stop = st.container()
    maps = cache.feature_maps(selection, layer)
    state.validate_choice(state.CHANNEL, range(maps.shape[2]), _first_channel(maps))
    channel = int(st.session_state[state.CHANNEL])
    asked = Asked(selection, method, cache.class_index(selection), layer, channel)
    state.validate_choice(state.SHUFFLED, _stops(asked), _stops(asked)[-1])
    cascade = cascade_or_progress(asked)
    if cascade is None:
        return
    with stop:
        count = _choose_count(asked)
    _show(asked, cascade, count, maps)
    export.shuffled(asked, cascade)


def _first_channel(maps: np.ndarray) -> int:
    return int(maps.std(axis=(0, 1)).argmax())


def _choose_count(asked: Asked) -> int:
    """Draw how many layers are shuffled; all of them until fewer are chosen."""
    total = asked.counts[-1]
    chosen = st.select_slider(
        texts.SHUFFLED_COUNT.format(total=total), _stops(asked), key=state.SHUFFLED, persist_state="session"
    )
    return int(chosen)


def _stops(asked: Asked) -> list[str]:
    return [str(count) for count in asked.counts]


def _show(asked: Asked, cascade: Cascade, count: int, maps: np.ndarray) -> None:
    (heat, values), (heat_after, values_after) = cascade[0], cascade[count]
    title = texts.SHUFFLED_AFTER.format(count=count, total=asked.counts[-1])
    image, before, after, verdict = _row()
    with image:
        panels.show_received(asked.selection)
    with before:
        _draw_heat(asked, heat, title=texts.SHUFFLED_TRAINED, key="heat_before")
    with after:
        _draw_heat(asked, heat_after, title=title, key="heat_after")
    with verdict:
        st.markdown(texts.SHUFFLED_HEAT.format(method=asked.method.title, name=panels.plain(asked.class_name)))
        _judge(asked, heat, heat_after, count, is_heat=True)
    choice, before, after, verdict = _row()
    with choice:
        channel_card.choose_channel(texts.SHUFFLED_CHANNEL, maps.shape[2], _first_channel(maps))
    with before:
        _draw_map(asked, values, title=texts.SHUFFLED_TRAINED, key="map_before")
    with after:
        _draw_map(asked, values_after, title=title, key="map_after")
    with verdict:
        st.markdown(texts.SHUFFLED_MAP.format(layer=panels.plain(asked.layer), channel=asked.channel))
        _judge(asked, values, values_after, count, is_heat=False)
    _show_strip(asked, cascade, count)


def _row() -> tuple[Any, Any, Any, Any]:
    """Make places for what is compared, its two maps, which stay side by side on a phone too, and what follows."""
    first, middle, last = st.columns([2, 6, 3], gap="medium")
    with middle, st.container(horizontal=True, gap="small"):
        return first, st.container(width="stretch"), st.container(width="stretch"), last


def _judge(asked: Asked, before: np.ndarray, after: np.ndarray, count: int, *, is_heat: bool) -> None:
    """Say the rank correlation, and what follows from it."""
    correlation = convolution.rank_correlation(before, after)
    st.metric(texts.SHUFFLED_CORRELATION, _number(correlation), help=texts.SHUFFLED_CORRELATION_HELP)
    template = _sentence(correlation, count, is_below=not is_heat and asked.is_above(count))
    said = template[0 if count == 1 else 1] if isinstance(template, tuple) else template
    st.markdown(said.format(count=count, total=asked.counts[-1], layer=panels.plain(asked.layer)))


def _number(correlation: float) -> str:
    return "–" if np.isnan(correlation) else f"{correlation:.2f}".replace("-", "−")


def _sentence(correlation: float, count: int, *, is_below: bool) -> str | tuple[str, str]:
    if count == 0:
        return texts.SHUFFLED_NOTHING
    if is_below:
        return texts.SHUFFLED_BELOW
    if np.isnan(correlation):
        return texts.SHUFFLED_EMPTY
    if correlation >= _ALIKE:
        return texts.SHUFFLED_ALIKE
    return texts.SHUFFLED_PARTLY if correlation > _UNLIKE else texts.SHUFFLED_CHANGED


def _draw_heat(asked: Asked, heat: np.ndarray, *, title: str, key: str) -> None:
    method = asked.method
    peak = float(np.nanmax(np.abs(heat), initial=0.0)) or 1.0
    components.map_view(
        asked.selection.received,
        heat,
        key=key,
        title=title,
        alt=texts.SHUFFLED_HEAT_ALT.format(method=method.title, name=asked.class_name, title=title),
        unit=language.say(method.units_of(asked.selection.convnet))
        if np.any(heat)
        else "",  # an empty map has no scale
        table=images.lookup_table("PuOr" if method.is_signed else "magma"),
        low=-peak if method.is_signed else 0.0,
        high=peak,
        opacity=0.85,
        is_signed=method.is_signed,
    )


def _draw_map(asked: Asked, values: np.ndarray, *, title: str, key: str) -> None:
    low, high = images.value_range(values)
    components.map_view(
        asked.selection.received,
        values,
        key=key,
        title=title,
        alt=texts.SHUFFLED_MAP_ALT.format(layer=asked.layer, channel=asked.channel, title=title),
        unit=texts.SHUFFLED_UNIT,
        table=images.lookup_table("viridis"),
        low=min(low, 0.0),
        high=high,
        is_heat=False,
        is_sharp=True,
    )


def _show_strip(asked: Asked, cascade: Cascade, count: int) -> None:
    """Draw the heatmap of every stop, as the paper does; a click goes there."""
    trained = cascade[0][0]
    photo = images.thumbnail(asked.selection.received, (_TILE, _TILE))
    overlay = images.overlay_signed if asked.method.is_signed else images.overlay
    names = [
        texts.SHUFFLED_STOP.format(
            count=stop, total=asked.counts[-1], correlation=_number(convolution.rank_correlation(trained, heat))
        )
        for stop, (heat, _) in cascade.items()
    ]
    st.header(texts.SHUFFLED_STRIP, anchor=False)
    stops = list(cascade)
    components.contact_sheet(
        np.stack([overlay(photo, heat) for heat, _ in cascade.values()]),
        key="cascade",
        title=texts.SHUFFLED_STRIP,
        names=names,
        picked=stops.index(count),
        on_pick=lambda position: state.pin(state.SHUFFLED, str(stops[position])),
        tile=_TILE,
        is_sharp=False,
    )
