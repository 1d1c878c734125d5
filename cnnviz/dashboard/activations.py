"""Activations page: layer steps, contact sheet of channels, bars of dense units, model input, export."""

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
from cnnviz.layers import LayerInfo, default_layer, find_layer, score_layer

_PLAY_SECONDS = 1.2
_SHOWN_UNITS = 5
_FIRST_STRIDE = 4  # pixels: maps of a quarter of the image show shapes and still fill the sheet


def choose_layer(selection: Selection, infos: list[LayerInfo]) -> LayerInfo:
    """Draw the steps through the layers and return the one to show."""
    addresses = [info.address for info in infos]
    position = addresses.index(selection.layer or _first(infos, selection))
    before, after = addresses[position - 1], addresses[(position + 1) % len(addresses)]
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_step(texts.PREVIOUS, before, key="previous", arrow="Left", is_end=position == 0)
        _draw_step(texts.NEXT, after, key="next", arrow="Right", is_end=position == len(addresses) - 1)
        is_playing = st.toggle(texts.PLAY, key="playing")
        st.markdown(f"**{panels.plain(infos[position].address)}**", width="content")
        st.caption(_describe(infos[position], position, len(infos)), width="content")
    if len(addresses) > 1:
        _draw_slider(addresses, addresses[position])
    if is_playing:
        _play(after)
    return infos[position]


def _draw_step(label: str, address: str, *, key: str, arrow: str, is_end: bool) -> None:
    st.button(
        label, icon=f":material/chevron_{arrow.lower()}:", shortcut=f"Arrow{arrow}", key=key, disabled=is_end,
        on_click=state.select, args=(state.LAYER, address),
    )  # fmt: skip


def _describe(info: LayerInfo, position: int, count: int) -> str:
    shape, field = figures.shape_text(info.map_shape), figures.shape_text(info.receptive_field)
    return texts.WHERE.format(number=position + 1, count=count, kind=info.kind, shape=shape, field=field)


def _draw_slider(addresses: list[str], current: str) -> None:
    st.session_state["layer_step"] = current
    st.select_slider(
        texts.STEP,
        addresses,
        key="layer_step",
        on_change=lambda: state.select(state.LAYER, st.session_state["layer_step"]),
        label_visibility="collapsed",
    )


def _play(following: str) -> None:
    """Step on after a while: the timer's first tick selects the next layer and runs the page again."""
    is_drawn = False

    @st.fragment(run_every=_PLAY_SECONDS)
    def tick() -> None:
        nonlocal is_drawn
        if is_drawn:
            state.set_on_next_run(state.LAYER, following)
            st.rerun()
        is_drawn = True

    tick()


def _first(infos: list[LayerInfo], selection: Selection) -> str:
    """Choose a layer to begin with: the first activation of a quarter of the image's resolution."""
    early = [
        info for info in infos if info.has_maps and info.stride[0] >= _FIRST_STRIDE and info.category == "activation"
    ]
    if early:
        return early[0].address
    has_maps = any(info.has_maps for info in infos)
    return default_layer(selection.convnet) if has_maps else infos[0].address


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
        texts.CHANNEL_SILENT.format(channel=rank)
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
    counts = texts.SILENT.format(count=len(ranks), silent=int(statistics.is_inactive.sum()))
    st.caption(f"{counts} · {said}")
    if tokens := panels.grid_text(info):
        st.caption(tokens)


def show_vector(selection: Selection, info: LayerInfo, values: np.ndarray) -> None:
    """Draw a dense layer as bars, its strongest units by name beside them."""
    names = _unit_names(selection, info, values.size)
    received, bars, strongest = st.columns([2, 7, 4], gap="medium")
    with received:
        show_received(selection)
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


def show_received(selection: Selection) -> None:
    """Draw the image as the model receives it."""
    with st.container(key="received"):
        components.image(selection.received, key="received_image", alt=texts.IMAGE_ALT)


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
