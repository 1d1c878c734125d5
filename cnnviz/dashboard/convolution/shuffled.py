"""Does a map show what the network learnt? The same map from the trained network, and from one that forgets it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cnnviz import activations, convolution, images
from cnnviz.dashboard import activations as page
from cnnviz.dashboard import cache, channel_card, components, panels, state
from cnnviz.dashboard.heatmaps import choices
from cnnviz.dashboard.jobs import Job, jobs, owner
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.dashboard.texts import shared
from cnnviz.heatmaps import Method
from cnnviz.layers import layers, require_maps

_ALIKE, _UNLIKE = 0.7, 0.3  # rank correlations from which on a map "hardly changes", and below which it "changes"
_TILE = 96

Cascade = dict[int, tuple[np.ndarray, np.ndarray]]
"""How many layers are shuffled, to the heatmap and the feature map of one channel."""


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is asked: a class by a method, and a channel of a layer, of one picture."""

    selection: Selection
    method: Method
    class_index: int
    layer: str
    channel: int

    @property
    def key(self) -> str:
        """Name of all that the answer hangs on."""
        selection = self.selection
        parts = (selection.picture, self.method.name, self.class_index, self.layer, self.channel)
        return " ".join(map(str, ("shuffled", selection.convnet.fingerprint, *parts)))

    @property
    def counts(self) -> list[int]:
        """How many layers are shuffled at each stop: few steps apart near the top, where most happens."""
        total = len(convolution.weighted_layers(self.selection.convnet))
        doubled = [2**power for power in range(total.bit_length())]
        return [0, *(count for count in doubled if count < total), total]

    @property
    def class_name(self) -> str:
        return self.selection.convnet.class_names[self.class_index]


def show(selection: Selection) -> None:
    """Draw a heatmap and a feature map, trained and shuffled, and what to think of them."""
    if not selection.convnet.class_names:
        panels.explain(shared.NO_CLASSES)
        return
    st.markdown(texts.SHUFFLED_WHAT)
    layer = require_maps(selection.convnet, selection.layer)
    with st.container(horizontal=True, vertical_alignment="center"):
        method = choices.choose_method()
    stop = st.container()
    maps = cache.feature_maps(selection, layer)
    state.settle(state.CHANNEL, range(maps.shape[2]), _first_channel(maps))
    channel = int(st.session_state[state.CHANNEL])
    asked = _Asked(selection, method, cache.class_index(selection), layer, channel)
    cascade = cache.cascades().get(asked.key)
    if cascade is None:
        _compute(asked)
        return
    with stop:
        count = _choose_count(asked)
    _show(asked, cascade, count, maps)


def _first_channel(maps: np.ndarray) -> int:
    return int(maps.std(axis=(0, 1)).argmax())


def _choose_count(asked: _Asked) -> int:
    """Draw how many layers are shuffled; all of them until fewer are chosen."""
    options = [str(count) for count in asked.counts]
    state.settle(state.SHUFFLED, options, options[-1])
    total = asked.counts[-1]
    chosen = st.select_slider(
        texts.SHUFFLED_COUNT.format(total=total), options, key=state.SHUFFLED, persist_state="session"
    )
    return int(chosen)


def _compute(asked: _Asked) -> None:
    """Draw the way to the maps: at once where the method is quick, else after a click."""
    job = jobs().get(asked.key, owner())
    if job is None and not asked.method.is_slow:
        _start(asked)
        job = jobs().get(asked.key, owner())
    if job is not None and job.is_active:
        panels.watch(job, partial(_draw_progress, asked, job))
        return
    if job is not None:
        panels.explain(job.error or texts.SHUFFLED_STOPPED)
    runs = len(asked.counts) * asked.method.runs(asked.selection.convnet, layer=asked.selection.layer)
    seconds = max(1.0, runs * cache.seconds_a_run(asked.selection))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            texts.SHUFFLED_START,
            key="shuffle",
            type="primary",
            icon=":material/shuffle:",
            on_click=_start,
            args=(asked,),
        )
        st.caption(texts.SHUFFLED_SLOW.format(method=asked.method.title, runs=runs, seconds=f"{seconds:.0f}"))


def _draw_progress(asked: _Asked, job: Job) -> None:
    panels.progress(job, texts.SHUFFLED_PROGRESS.format(total=asked.counts[-1]))
    if job.preview is not None:
        heat = np.asarray(job.preview)
        place, _ = st.columns([3, 8])
        with place:
            _draw_heat(asked, heat, title=texts.SHUFFLED_FORMING, key="forming")


def _start(asked: _Asked) -> None:
    kept = cache.cascades()

    def work(job: Job) -> None:
        kept[asked.key] = _cascade(asked, job)

    jobs().start(asked.key, owner(), work)


def _cascade(asked: _Asked, job: Job) -> Cascade:
    """Shuffle a copy of the network stop by stop, and take both maps at each."""
    convnet, inputs, counts = asked.selection.convnet, asked.selection.inputs, asked.counts
    place = {"layer": asked.layer} if asked.method.has_layer else {}
    found: Cascade = {}

    def on_step(done: int, total: int, heat: np.ndarray | None) -> None:
        job.step(len(found) * total + done, len(counts) * total)

    follow: dict[str, Any] = {"on_step": on_step} if asked.method.is_slow else {}
    for count, shuffled in zip(counts, convolution.cascade(convnet, counts=counts), strict=True):
        heat = asked.method.explain(shuffled, inputs, class_index=asked.class_index, **place, **follow)[0]
        maps = activations.feature_maps(shuffled, inputs, layers=[asked.layer])[asked.layer][0]
        found[count] = np.asarray(heat), np.array(maps[..., asked.channel])
        job.step(len(found), len(counts), heat)
    return found


def _show(asked: _Asked, cascade: Cascade, count: int, maps: np.ndarray) -> None:
    (heat, values), (heat_after, values_after) = cascade[0], cascade[count]
    title = texts.SHUFFLED_AFTER.format(count=count, total=asked.counts[-1])
    picture, before, after, verdict = _row()
    with picture:
        page.show_received(asked.selection)
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


def _judge(asked: _Asked, before: np.ndarray, after: np.ndarray, count: int, *, is_heat: bool) -> None:
    """Say the rank correlation, and what follows from it."""
    correlation = convolution.rank_correlation(before, after)
    st.metric(texts.SHUFFLED_CORRELATION, _number(correlation), help=texts.SHUFFLED_CORRELATION_HELP)
    is_below = not is_heat and not _fed_by(asked) & set(convolution.weighted_layers(asked.selection.convnet)[:count])
    template = _sentence(correlation, count, is_below=is_below)
    said = template[0 if count == 1 else 1] if isinstance(template, tuple) else template
    st.markdown(said.format(count=count, total=asked.counts[-1], layer=panels.plain(asked.layer)))


def _number(correlation: float) -> str:
    return "–" if np.isnan(correlation) else f"{correlation:.2f}".replace("-", "−")


def _fed_by(asked: _Asked) -> set[str]:
    """List the layers that a layer's map hangs on, itself among them."""
    by_address = {info.address: info for info in layers(asked.selection.convnet)}
    found, waiting = set(), [asked.layer]
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting += by_address[address].inputs
    return found


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


def _draw_heat(asked: _Asked, heat: np.ndarray, *, title: str, key: str) -> None:
    method = asked.method
    peak = float(np.nanmax(np.abs(heat), initial=0.0)) or 1.0
    components.map_view(
        asked.selection.received,
        heat,
        key=key,
        title=title,
        alt=texts.SHUFFLED_HEAT_ALT.format(method=method.title, name=asked.class_name, title=title),
        unit=method.units if np.any(heat) else "",  # an empty map has no scale
        table=images.lookup_table("PuOr" if method.is_signed else "magma"),
        low=-peak if method.is_signed else 0.0,
        high=peak,
        opacity=0.85,
        is_signed=method.is_signed,
    )


def _draw_map(asked: _Asked, values: np.ndarray, *, title: str, key: str) -> None:
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


def _show_strip(asked: _Asked, cascade: Cascade, count: int) -> None:
    """Draw the heatmap of every stop, as the paper does; a click goes there."""
    trained = cascade[0][0]
    photo = images.fit(asked.selection.received, (_TILE, _TILE), how="stretch")
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
        on_pick=lambda position: state.insist(state.SHUFFLED, str(stops[position])),
        tile=_TILE,
        is_sharp=False,
    )
