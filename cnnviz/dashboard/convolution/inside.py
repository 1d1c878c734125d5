"""Inside-a-unit view: receptive field, place in the feature map, and the terms of one unit's sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import streamlit as st

from cnnviz import images
from cnnviz.convolution import LayerRun, Unit, unit_of
from cnnviz.dashboard import cache, channel_card, components, language, layer_choice, panels, sidebar
from cnnviz.dashboard.components import Walked
from cnnviz.dashboard.convolution import export, model_kernels, walk
from cnnviz.dashboard.convolution.sums import Wording, rounded, told
from cnnviz.dashboard.convolution.walk import Place
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.errors import LayerError
from cnnviz.layers import LayerInfo, find_layer, score_layer
from cnnviz.probes import INPUT
from cnnviz.receptive_fields import keras_kind

_NEAR = 2  # units around the chosen one that are told along with it, so that steps to them need no answer of the page
_LEVEL_COUNTS = 2  # a map that is far from zero everywhere follows the brightness of the image


@np.errstate(over="ignore", invalid="ignore")  # what overflowed is drawn as nothing, and written as a dash
def show(selection: Selection) -> None:
    """Draw one unit of the selected layer: what it sees, where it lies, and its sum."""
    selection, info = _choose_layer(selection)
    run = cache.layer_run(selection, info.address)
    maps = run.output if run.output.ndim == 3 else run.output.reshape(1, 1, -1)
    ways = st.container(horizontal=True, vertical_alignment="bottom")
    with ways:
        first = _first_channel(selection, info, maps)
        with st.container(width=150):
            channel = channel_card.choose_channel(texts.INSIDE_CHANNEL, maps.shape[2], first)
    row, column = walk.choose_position(info.address, maps[..., channel])
    here = _Here(selection, run, maps, Place(info.address, channel, row, column))
    with ways:
        _draw_ways(here)
    is_taken_apart = _draw_unit(here)
    st.caption(texts.INSIDE_HELP)
    export.unit(selection, run, here.place, is_taken_apart=is_taken_apart)


def _choose_layer(selection: Selection) -> tuple[Selection, LayerInfo]:
    """Draw the steps through the layers; the first convolution until one is chosen."""
    infos = sidebar.viewable(selection.convnet)
    first = next((info for info in infos if info.kernel_size and info.has_maps), infos[0])
    info = layer_choice.choose_layer(replace(selection, layer=selection.layer or first.address), infos)
    return replace(selection, layer=info.address), info


def _first_channel(selection: Selection, info: LayerInfo, maps: np.ndarray) -> int:
    """Choose a channel to begin with: the class, the strongest unit, or a map of edges, not of brightness."""
    if maps.shape[0] * maps.shape[1] > 1:
        spread, level = maps.std(axis=(0, 1)), np.abs(maps.mean(axis=(0, 1)))
        return int(np.argmax(spread - _LEVEL_COUNTS * level))
    if info.address == score_layer(selection.convnet) and len(selection.convnet.class_names) == maps.shape[2]:
        return cache.class_index(selection)
    return int(np.abs(maps).argmax())


@dataclass(frozen=True, eq=False)
class _Here:
    """Where one stands, and what the layer did."""

    selection: Selection
    run: LayerRun
    maps: np.ndarray
    place: Place

    @property
    def is_vector(self) -> bool:
        return self.maps.shape[0] * self.maps.shape[1] == 1

    @property
    def names(self) -> tuple[str, ...]:
        """Class names, where the layer's units are the classes."""
        convnet, info = self.selection.convnet, self.run.info
        is_last = info.address == score_layer(convnet) and len(convnet.class_names) == self.maps.shape[2]
        return language.class_names(convnet.class_names) if is_last else ()

    def unit_name(self, unit: int) -> str:
        return self.names[unit] if self.names else texts.INSIDE_UNIT_NAME.format(unit=unit)

    def source_name(self, number: int) -> str:
        address = self.run.sources[number]
        return texts.INSIDE_BETWEEN if address is None else texts.INSIDE_IMAGE if address == INPUT else address

    def is_image(self, number: int) -> bool:
        """Whether an input is the image, perhaps scaled."""
        address = self.run.sources[number]
        if address is None or address == INPUT:
            return address == INPUT
        below = find_layer(self.selection.convnet, address)
        return not below.inputs and below.kind in ("Rescaling", "Normalization")

    def channel_name(self, number: int | None, channel: int) -> str:
        given = self.run.inputs[number or 0]
        if given.ndim == 1:
            return texts.INSIDE_UNIT_NAME.format(unit=channel)
        if not self.is_image(number or 0) or given.shape[2] not in (1, 3):
            return texts.INSIDE_CHANNEL_NAME.format(channel=channel)
        is_bgr = self.selection.convnet.preparation.scaling.is_bgr
        return texts.INSIDE_GRAY if given.shape[2] == 1 else texts.INSIDE_COLORS[2 - channel if is_bgr else channel]

    def title(self) -> str:
        layer, channel, count = self.place.layer, self.place.channel, self.maps.shape[2]
        if self.names:
            return texts.INSIDE_TITLE_NAMED.format(layer=layer, name=self.names[channel])
        if self.is_vector:
            return texts.INSIDE_TITLE_UNITS.format(layer=layer, count=count)
        return texts.INSIDE_TITLE.format(layer=layer, channel=channel)


def _draw_ways(here: _Here) -> None:
    """Draw the ways up: to where one came from, and to the score of the class; and the kernel's way to the image."""
    place, convnet = here.place, here.selection.convnet
    if before := walk.back(place.layer):
        label = texts.INSIDE_UP.format(layer=panels.plain(before.layer))
        st.button(label, key="up", icon=":material/arrow_upward:", on_click=walk.go_back)
    top = score_layer(convnet)
    if convnet.class_names and top is not None and place.layer != top:
        index = cache.class_index(here.selection)
        channel = index if find_layer(convnet, top).filters == len(convnet.class_names) else 0
        label = texts.INSIDE_SCORE.format(name=panels.plain(language.class_name(convnet.class_names[index])))
        there = Place(top, channel, 0, 0)
        st.button(label, key="score", icon=":material/vertical_align_top:", on_click=walk.go, args=(there,))
    model_kernels.offer(here.run, place)


def _draw_unit(here: _Here) -> bool:
    """Draw the unit; return whether its layer is taken apart."""
    selection, place = here.selection, here.place
    columns = int(np.ceil(np.sqrt(here.maps.shape[2])))

    def on_went(at: tuple[int, int], down: tuple[int, int, int, int] | None) -> None:
        stands = replace(place, row=at[0], column=at[1])
        if here.is_vector:
            stands = Place(place.layer, at[0] * columns + at[1], 0, 0)
        address = here.run.sources[down[0]] if down else None
        if down and address is not None:
            walk.go(Place(address, channel=down[3], row=down[1], column=down[2]), here=stands)
        else:
            walk.go(stands)

    walked = _walked(here, columns)
    components.unit_view(
        selection.received,
        walked,
        key="unit_view",
        texts=dict(texts.INSIDE_VIEW),
        on_went=on_went,
    )
    return not walked.refusal


def _walked(here: _Here, columns: int) -> Walked:
    """Gather what is drawn of a layer."""
    place, numbers = here.place, range(len(here.run.inputs))
    rows_see, columns_see = cache.seen_by(here.selection, place.layer)
    units, refusal = _units(here, columns)
    shown = here.maps[..., place.channel]
    offered = {info.address for info in sidebar.viewable(here.selection.convnet)}
    return Walked(
        of=f"{here.selection.convnet.fingerprint} {here.selection.image} {place.layer} {place.channel}",
        values=_squared(here.maps.ravel(), columns) if here.is_vector else shown,
        is_vector=here.is_vector,
        count=here.maps.shape[2] if here.is_vector else shown.size,
        title=here.title(),
        alt=texts.INSIDE_ALT.format(layer=place.layer, rows=shown.shape[0], columns=shown.shape[1]),
        names=here.names,
        rows_see=rows_see,
        columns_see=columns_see,
        at=divmod(place.channel, columns) if here.is_vector else (place.row, place.column),
        units=units,
        refusal=refusal,
        sources=[here.source_name(number) for number in numbers],
        goes=[here.run.sources[number] in offered for number in numbers],
        is_image=[here.is_image(number) for number in numbers],
        ranges=[images.value_range(given) for given in here.run.inputs],
    )


def _squared(values: np.ndarray, columns: int) -> np.ndarray:
    """Lay units out in rows; NaN behind the last one."""
    rows = -(-len(values) // columns)
    return np.pad(values, (0, rows * columns - len(values)), constant_values=np.nan).reshape(rows, columns)


def _units(here: _Here, columns: int) -> tuple[dict[str, Any], str]:
    """Tell the chosen unit and those near it; or why it is not taken apart."""
    place = here.place
    if here.is_vector:
        at = divmod(place.channel, columns)
        positions: Sequence[tuple[int, int]] = [(0, 0)]
    else:
        at = (place.row, place.column)
        steps = range(-_NEAR, _NEAR + 1)
        near = [(place.row + down, place.column + right) for down, right in product(steps, steps)]
        positions = [(r, c) for r, c in near if 0 <= r < here.maps.shape[0] and 0 <= c < here.maps.shape[1]]
    units: dict[str, Any] = {}
    try:
        for row, column in positions:
            key = at if here.is_vector else (row, column)
            units[f"{key[0]},{key[1]}"] = _told(here, row, column)
    except LayerError as error:
        return {}, language.say(error.sentence)
    return units, ""


def _told(here: _Here, row: int, column: int) -> dict[str, Any]:
    unit = unit_of(here.run, row=row, column=column, channel=here.place.channel)
    wording = Wording(
        channel=here.channel_name,
        position=lambda row, column: texts.INSIDE_PLACE.format(row=row, column=column),
        sources=[here.source_name(number) for number in range(len(here.run.inputs))],
        unit=here.unit_name,
    )
    blocks = told(unit, wording)
    if keras_kind(here.run.layer) == "BatchNormalization":
        blocks[0]["formula"] = _normalized(here.run, unit)
    return {"blocks": blocks, "own": rounded(unit.value)}


def _normalized(run: LayerRun, unit: Unit) -> str:
    """Fill in the formula of batch normalization, of which the scale and the shift are the short form."""
    layer, channel = run.layer, unit.channel
    numbers = {
        "x": unit.steps[-1].patch.item(),
        "mean": layer.moving_mean.numpy()[channel],
        "variance": layer.moving_variance.numpy()[channel],
        "gamma": 1.0 if layer.gamma is None else layer.gamma.numpy()[channel],
        "beta": 0.0 if layer.beta is None else layer.beta.numpy()[channel],
        "y": unit.value,
    }
    written = {name: _written(float(value)) for name, value in numbers.items()}
    return texts.INSIDE_NORMALIZED.format(**written, epsilon=f"{layer.epsilon:g}")


def _written(value: float) -> str:
    """Write a number for a formula: three digits, in brackets if it is negative."""
    return f"(−{-value:.3g})" if value < 0 else f"{value:.3g}"
