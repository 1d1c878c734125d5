"""Translation view, by layer: relative change of the feature maps, in place and translated with the image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import activations
from cnnviz.convolution.translation import Move, move, relative_difference, stays_inside
from cnnviz.dashboard import cache, panels
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.convolution.transformed import choose_move, moved, waited_for
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.figures import convolution as charts
from cnnviz.layers import LayerInfo, default_layer, find_layer, map_layers

_MOST = 24  # names that can be read under a chart


def show(selection: Selection) -> None:
    """Draw for each layer how much its maps changed, in place and after they were moved along."""
    infos = _shown(selection) or (find_layer(selection.convnet, default_layer(selection.convnet)),)
    by = choose_move(selection)
    found = waited_for(
        f"layers {selection.convnet.fingerprint} {selection.image} {by}",
        lambda job: _differences(selection.convnet.fingerprint, selection.image, by, infos, selection, job),
        selection, runs=2, label=texts.TRANSLATED_LABEL, progress=texts.TRANSLATED_MOVING,
    )  # fmt: skip
    if found is None:
        return
    names = [info.address for info in infos]
    lines = dict(zip(texts.TRANSLATED_LAYERS_NAMES, np.transpose(found).tolist(), strict=True))
    across, up = texts.TRANSLATED_LAYERS_AXES
    panels.chart(
        charts.curves(names, lines, mark=None, across=across, up=up, is_share=True),
        key="moved layers", alt=texts.TRANSLATED_LAYERS_ALT,
    )  # fmt: skip
    st.markdown(texts.TRANSLATED_LAYERS_WHY)


def _shown(selection: Selection) -> tuple[LayerInfo, ...]:
    """Layers where something happens to maps, evenly thinned out where there are many."""
    kinds = ("convolution", "activation", "pooling", "merge")
    infos = [info for info in map_layers(selection.convnet) if info.category in kinds]
    if len(infos) > _MOST:
        infos = [info for info in infos if info.category != "convolution"]
    places = np.unique(np.linspace(0, len(infos) - 1, min(_MOST, len(infos))).round().astype(int))
    return tuple(infos[place] for place in places)


@kept()
def _differences(
    fingerprint: str, image: str, by: Move, infos: tuple[LayerInfo, ...], _selection: Selection, _job: Job | None
) -> list[tuple[float, float]]:
    """Of each layer the relative difference in place, and after moving along."""
    if _job is not None:
        _job.step(0, 1)
    inputs = np.concatenate([_selection.inputs, moved(_selection, by).inputs])
    with cache.compute(_selection.convnet):
        maps = activations.feature_maps(_selection.convnet, inputs, layers=[info.address for info in infos])
    return [_difference(maps[info.address], by, info.stride) for info in infos]


def _difference(maps: np.ndarray, by: Move, stride: tuple[int, int]) -> tuple[float, float]:
    before, after = maps
    where = stays_inside(before.shape, by, stride=stride)
    along = relative_difference(after, move(before, by, stride=stride), where=where)
    return relative_difference(after, before, where=where), along
