"""Grad-CAM at every layer, as a strip of small images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import images
from cnnviz.dashboard import cache, components, language, panels, state
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.errors import LayerError
from cnnviz.layers import default_layer

_STRIP_TILE = 96


def show_strip(selection: Selection, class_index: int, layer: str | None) -> None:
    """Draw Grad-CAM of every layer as small images; a click selects the layer."""
    addresses = cache.strip_layers(selection.convnet)
    if not addresses:
        return
    st.header(texts.STRIP, anchor=False)
    try:
        heats = cache.strip(selection, class_index)
    except LayerError as error:  # no gradient reaches any layer
        panels.explain(error)
        return
    addresses, unit = (
        list(heats),
        language.say(selection.convnet.score_unit),
    )  # where no gradient comes, there is no map
    tiles = _strip_tiles(selection.convnet.fingerprint, selection.image, class_index, selection, heats)
    names = [
        texts.STRIP_NAME.format(
            layer=address,
            rows=heats[address].shape[0],
            columns=heats[address].shape[1],
            maximum=f"{heats[address].max():.3g}",
            unit=unit,
        )
        for address in addresses
    ]
    current = layer or default_layer(selection.convnet)
    components.contact_sheet(
        tiles,
        key="strip",
        title=texts.STRIP,
        names=names,
        picked=addresses.index(current) if current in addresses else None,
        on_pick=lambda position: state.select(state.LAYER, addresses[position]),
        tile=_STRIP_TILE,
        height=330,
        is_sharp=False,
    )
    st.caption(texts.STRIP_HELP)


@kept()
def _strip_tiles(
    fingerprint: str, image: str, class_index: int, _selection: Selection, _heats: dict[str, np.ndarray]
) -> np.ndarray:
    """Draw the strip's small images; kept, since they took half of a run in which only an opacity changed."""
    photo = images.thumbnail(_selection.received, (_STRIP_TILE, _STRIP_TILE))
    return np.stack([images.overlay(photo, heat, opacity=0.9) for heat in _heats.values()])
