"""Activations page: contact sheet of channels, bars of dense units, model input, export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import streamlit as st

from cnnviz import activations, figures, images
from cnnviz.activations import ChannelStatistics, Normalize, Order
from cnnviz.dashboard import channel_card, components, language, panels, state
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import activations as texts
from cnnviz.dashboard.texts import shared
from cnnviz.layers import LayerInfo, find_layer, score_layer

_SHOWN_UNITS = 5


@dataclass(frozen=True)
class Look:
    """How the sheet is drawn; changing it computes nothing."""

    scale: Normalize
    order: Order
    colors: str


def choose_look() -> Look:
    """Draw the rare settings."""
    with st.popover(shared.SETTINGS, icon=":material/tune:", type="tertiary"):
        scale = panels.choose_one(texts.SCALE, texts.SCALES, key="scale")
        order = panels.choose_one(texts.ORDER, texts.ORDERS, key="order")
        colors = panels.choose_one(texts.COLORS, texts.MAP_COLORS, key="map_colors")
    return Look(cast(Normalize, scale), cast(Order, order), colors)


def show_sheet(info: LayerInfo, maps: np.ndarray, statistics: ChannelStatistics, *, channel: int, look: Look) -> None:
    """Draw all channels of a layer; a click picks the channel of the card."""
    ranks = activations.order_channels(statistics, by=look.order)
    tiles = activations.tiles(maps, normalize=look.scale)[ranks]
    names = [
        texts.CHANNEL_INACTIVE.format(channel=rank)
        if statistics.is_inactive[rank]
        else texts.CHANNEL_NAME.format(channel=rank, maximum=f"{statistics.maximum[rank]:.3g}")
        for rank in ranks
    ]
    components.contact_sheet(
        tiles,
        key="sheet",
        title=texts.SHEET.format(count=len(ranks), layer=info.address),
        names=names,
        picked=int(np.flatnonzero(ranks == channel)[0]),
        on_pick=lambda position: state.select(state.CHANNEL, int(ranks[position])),
        table=images.lookup_table(look.colors),
        dimmed=np.flatnonzero(statistics.is_inactive[ranks]).tolist(),
        tile=88,
    )
    low, high = activations.shown_range(statistics, normalize=look.scale)
    low_text, high_text = f"{np.nanmin(low, initial=0):.3g}", f"{np.nanmax(high, initial=0):.3g}"
    said = texts.SCALE_LAYER.format(low=low_text, high=high_text) if look.scale == "layer" else texts.SCALE_CHANNEL
    counts = texts.INACTIVE.format(count=len(ranks), silent=int(statistics.is_inactive.sum()))
    st.caption(f"{counts} · {said}")
    if tokens := panels.grid_text(info):
        st.caption(tokens)


def show_vector(selection: Selection, info: LayerInfo, values: np.ndarray) -> None:
    """Draw a dense layer as bars, its strongest units by name beside them."""
    names = _unit_names(selection, info, values.size)
    received, bars, strongest = st.columns([2, 7, 4], gap="medium")
    with received:
        panels.show_received(selection)
    with bars:
        panels.chart(
            figures.vector(values, names, across=texts.ACROSS_UNITS, up=texts.UNIT), key="vector",
            alt=texts.VECTOR_ALT.format(count=values.size, layer=info.address),
        )  # fmt: skip
        st.caption(texts.VECTOR.format(count=values.size))
    with strongest, st.container(gap="xsmall"):
        st.caption(texts.STRONGEST)
        for unit in np.argsort(-values, kind="stable")[:_SHOWN_UNITS]:
            st.markdown(texts.STRONGEST_ROW.format(name=panels.plain(names[unit]), value=f"{values[unit]:.3g}"))


def _unit_names(selection: Selection, info: LayerInfo, count: int) -> list[str]:
    """Name the units: by class where they are the class scores, or become them unit by unit; else by number."""
    convnet = selection.convnet
    address = score_layer(convnet)
    classes = convnet.class_names[-1:] if convnet.outputs == "sigmoid" else convnet.class_names
    if address is not None and len(classes) == count:
        source = channel_card.convolution_of(selection, find_layer(convnet, address))
        if channel_card.convolution_of(selection, info) == source:
            return list(language.class_names(classes))
    return [texts.UNIT_NAME.format(unit=unit) for unit in range(count)]


def show_export(selection: Selection, info: LayerInfo, output: np.ndarray) -> None:
    """Offer the layer's output as an image, as numbers and as code."""
    code = panels.code_start(selection) + (
        f"layer = {info.address!r}\n"
        "output = cnnviz.feature_maps(convnet, inputs, layers=[layer])[layer]\n"
        f"print(output.shape)  # {(1, *output.shape)}\n"
    )

    def image() -> np.ndarray:
        maps = output if output.ndim == 3 else output.reshape(1, -1, 1)
        return images.contact_sheet(images.color(activations.tiles(maps) / 255, "viridis"), columns=16, gap=1)

    panels.show_export(f"activations-{panels.slug(info.address)}", code, image, lambda: {"output": output})
