"""Attention maps of a transformer, head by head, for the class token, the mean over patches, or one patch."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import heatmaps, images
from cnnviz.dashboard import cache, components, panels, state
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.layers import LayerInfo

_TILE = 96
_LAYER, _QUERY, _HEAD = "attention_layer", "attention_query", "attention_head"


def show_attention(selection: Selection) -> None:
    """Draw where a layer's tokens look; nothing for models without attention between patches."""
    infos = {info.address: info for info in heatmaps.attention_layers(selection.convnet)}
    if not infos:
        return
    st.header(texts.ATTENTION, anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        info = infos[_choose_layer(list(infos))]
        query = _choose_query(info)
    weights = cache.attention_maps(selection, info.address, query)
    maps = np.concatenate([weights.mean(axis=0, keepdims=True), weights])  # all heads, then each
    state.validate_choice(_HEAD, range(len(maps)), 0)
    head = int(st.session_state[_HEAD])
    chosen, heads = st.columns([3, 5], gap="medium")
    with chosen:
        _show_head(selection, maps[head], head, info)
    with heads:
        _show_heads(selection, maps, head)
    st.caption(f"{panels.grid_text(info)} {texts.ATTENTION_HELP}")


def _choose_layer(addresses: list[str]) -> str:
    state.validate_choice(_LAYER, addresses, addresses[-1])
    chosen = st.selectbox(texts.ATTENTION_LAYER, addresses, key=_LAYER, persist_state="session", width=320)
    return str(chosen)


def _choose_query(info: LayerInfo) -> tuple[int, int] | None:
    """Draw the choice of the token that looks: None for the class token or the mean, else row and column."""
    grid = info.grid
    assert grid is not None  # it is one of `attention_layers`
    usual = texts.CLASS_TOKEN if grid.before else texts.MEAN_OF_PATCHES
    places = [divmod(cell, grid.columns) for cell in range(grid.cells)]
    names = {-1: usual} | {
        cell: texts.PATCH.format(row=row + 1, column=column + 1) for cell, (row, column) in enumerate(places)
    }
    state.validate_choice(_QUERY, names, -1)
    cell = int(
        st.selectbox(
            texts.ATTENTION_QUERY, list(names), key=_QUERY, format_func=names.__getitem__, persist_state="session",
            width=260,
        )
    )  # fmt: skip
    return None if cell < 0 else places[cell]


def _name(head: int) -> str:
    return texts.HEAD.format(head=head) if head else texts.ALL_HEADS


def _show_head(selection: Selection, heat: np.ndarray, head: int, info: LayerInfo) -> None:
    components.map_view(
        selection.received,
        heat,
        key="attention",
        title=f"{info.address} · {_name(head)}",
        alt=texts.ATTENTION_ALT.format(layer=info.address, head=_name(head)),
        unit=texts.ATTENTION_UNIT,
        table=images.lookup_table("viridis"),
        low=0.0,
        high=float(heat.max()) or 1.0,
        opacity=0.85,
        is_sharp=True,
    )


def _show_heads(selection: Selection, maps: np.ndarray, head: int) -> None:
    photo = images.fit(selection.received, (_TILE, _TILE), how="stretch")
    tiles = np.stack([images.overlay(photo, heat, opacity=0.9, colormap="viridis") for heat in maps])
    components.contact_sheet(
        tiles,
        key="attention_heads",
        title=texts.ATTENTION,
        names=[texts.HEAD_NAME.format(head=_name(i), maximum=f"{heat.max():.2g}") for i, heat in enumerate(maps)],
        picked=head,
        on_pick=lambda position: state.select(_HEAD, position),
        tile=_TILE,
        height=330,
        is_sharp=False,
    )
