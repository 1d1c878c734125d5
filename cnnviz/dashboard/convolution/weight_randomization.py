"""Weight randomization view: a heatmap and a feature map from trained and from shuffled weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cnnviz import activations, convolution, images
from cnnviz.dashboard import background, cache, channel_card, components, heatmap_view, language, panels, state
from cnnviz.dashboard.convolution import export
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.dashboard.texts import shared
from cnnviz.heatmaps import Method
from cnnviz.layers import layers, require_maps

_ALIKE, _UNLIKE = 0.7, 0.3  # rank correlations from which on a map "hardly changes", and below which it "changes"
_TILE = 96


def show(selection: Selection) -> None:
    """Draw a heatmap and a feature map, trained and shuffled, and what to think of them."""
    if not selection.convnet.class_names:
        panels.explain(shared.NO_CLASSES)
        return
    st.markdown(texts.RANDOMIZED_WHAT)
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
        texts.RANDOMIZED_COUNT.format(total=total), _stops(asked), key=state.SHUFFLED, persist_state="session"
    )
    return int(chosen)


def _stops(asked: Asked) -> list[str]:
    return [str(count) for count in asked.counts]


def _show(asked: Asked, cascade: Cascade, count: int, maps: np.ndarray) -> None:
    (heat, values), (heat_after, values_after) = cascade[0], cascade[count]
    title = texts.RANDOMIZED_AFTER.format(count=count, total=asked.counts[-1])
    image, before, after, verdict = _row()
    with image:
        panels.show_received(asked.selection)
    with before:
        _draw_heat(asked, heat, title=texts.RANDOMIZED_TRAINED, key="heat_before")
    with after:
        _draw_heat(asked, heat_after, title=title, key="heat_after")
    with verdict:
        st.markdown(texts.RANDOMIZED_HEAT.format(method=asked.method.title, name=panels.plain(asked.class_name)))
        _judge(asked, heat, heat_after, count, is_heat=True)
    choice, before, after, verdict = _row()
    with choice:
        channel_card.choose_channel(texts.RANDOMIZED_CHANNEL, maps.shape[2], _first_channel(maps))
    with before:
        _draw_map(asked, values, title=texts.RANDOMIZED_TRAINED, key="map_before")
    with after:
        _draw_map(asked, values_after, title=title, key="map_after")
    with verdict:
        st.markdown(texts.RANDOMIZED_MAP.format(layer=panels.plain(asked.layer), channel=asked.channel))
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
    st.metric(texts.RANDOMIZED_CORRELATION, _number(correlation), help=texts.RANDOMIZED_CORRELATION_HELP)
    template = _sentence(correlation, count, is_below=not is_heat and asked.is_above(count))
    said = template[0 if count == 1 else 1] if isinstance(template, tuple) else template
    st.markdown(said.format(count=count, total=asked.counts[-1], layer=panels.plain(asked.layer)))


def _number(correlation: float) -> str:
    return "–" if np.isnan(correlation) else f"{correlation:.2f}".replace("-", "−")


def _sentence(correlation: float, count: int, *, is_below: bool) -> str | tuple[str, str]:
    if count == 0:
        return texts.RANDOMIZED_NOTHING
    if is_below:
        return texts.RANDOMIZED_BELOW
    if np.isnan(correlation):
        return texts.RANDOMIZED_EMPTY
    if correlation >= _ALIKE:
        return texts.RANDOMIZED_ALIKE
    return texts.RANDOMIZED_PARTLY if correlation > _UNLIKE else texts.RANDOMIZED_CHANGED


def _draw_heat(asked: Asked, heat: np.ndarray, *, title: str, key: str) -> None:
    method = asked.method
    peak = float(np.nanmax(np.abs(heat), initial=0.0)) or 1.0
    components.map_view(
        asked.selection.received,
        heat,
        key=key,
        title=title,
        alt=texts.RANDOMIZED_HEAT_ALT.format(method=method.title, name=asked.class_name, title=title),
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
        alt=texts.RANDOMIZED_MAP_ALT.format(layer=asked.layer, channel=asked.channel, title=title),
        unit=texts.RANDOMIZED_UNIT,
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
        texts.RANDOMIZED_STOP.format(
            count=stop, total=asked.counts[-1], correlation=_number(convolution.rank_correlation(trained, heat))
        )
        for stop, (heat, _) in cascade.items()
    ]
    st.header(texts.RANDOMIZED_STRIP, anchor=False)
    stops = list(cascade)
    components.contact_sheet(
        np.stack([overlay(photo, heat) for heat, _ in cascade.values()]),
        key="cascade",
        title=texts.RANDOMIZED_STRIP,
        names=names,
        picked=stops.index(count),
        on_pick=lambda position: state.pin(state.SHUFFLED, str(stops[position])),
        tile=_TILE,
        is_sharp=False,
    )


Cascade = dict[int, tuple[np.ndarray, np.ndarray]]
"""How many layers are shuffled, to the heatmap and the feature map of one channel."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked: where a method sees a class, and a channel of a layer, of one image.

    Attributes:
        selection: What is looked at.
        method: How the class is explained.
        class_index: The class.
        layer: Address of the layer, also of the heatmap if its method has one.
        channel: Channel of the feature map.
    """

    selection: Selection
    method: Method
    class_index: int
    layer: str
    channel: int

    @property
    def key(self) -> str:
        """Name of all that the answer hangs on."""
        selection = self.selection
        parts = (selection.image, self.method.name, self.class_index, self.layer, self.channel)
        return " ".join(map(str, ("shuffled", selection.convnet.fingerprint, *parts)))

    @property
    def counts(self) -> list[int]:
        """How many layers are shuffled at each stop: few steps apart near the top, where most happens."""
        total = len(convolution.weighted_layers(self.selection.convnet))
        doubled = [2**power for power in range(total.bit_length())]
        return [0, *(count for count in doubled if count < total), total]

    @property
    def class_name(self) -> str:
        """Name of the class, in the session's language."""
        return language.class_name(self.selection.convnet.class_names[self.class_index])

    def is_above(self, count: int) -> bool:
        """Whether none of that many shuffled layers feeds the feature map's layer."""
        shuffled = convolution.weighted_layers(self.selection.convnet)[:count]
        return not set(shuffled) & self._fed_by()

    def _fed_by(self) -> set[str]:
        """List the layers that the layer's map hangs on, itself among them."""
        by_address = {info.address: info for info in layers(self.selection.convnet)}
        found: set[str] = set()
        waiting = [self.layer]
        while waiting:
            address = waiting.pop()
            if address not in found:
                found.add(address)
                waiting += by_address[address].inputs
        return found


def cascade_or_progress(asked: Asked) -> Cascade | None:
    """Return the maps of every stop, or draw the way to them: at once where the method is quick, else by a button."""
    kept: Cascade | None = cache.CACHE.get(("cascade", asked.key))
    if kept is not None:
        return kept
    is_slow = asked.method.is_slow
    job = background.finished(
        asked.key,
        texts.RANDOMIZED_START,
        partial(_compute, asked),
        icon=":material/shuffle:",
        progress=texts.RANDOMIZED_PROGRESS.format(total=asked.counts[-1]),
        estimate=_estimate(asked) if is_slow else "",
        is_main=True,
        is_quick=not is_slow,
    )
    return None if job is None else job.result


def _estimate(asked: Asked) -> str:
    runs = len(asked.counts) * asked.method.runs(asked.selection.convnet, layer=asked.layer)
    seconds = max(1.0, runs * cache.seconds_a_run(asked.selection))
    return texts.RANDOMIZED_SLOW.format(method=asked.method.title, runs=runs, seconds=f"{seconds:.0f}")


def _compute(asked: Asked, job: Job) -> Cascade:
    """Shuffle a copy of the model stop by stop, take both maps at each, and keep them for all sessions."""
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
        if not asked.method.is_slow:
            job.step(len(found), len(counts))
    cache.CACHE.put(("cascade", asked.key), found)
    return found
