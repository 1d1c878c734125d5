"""Overview page: the model's input, its predictions, its architecture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz import figures
from cnnviz.convnets import Convnet
from cnnviz.dashboard import cache, components, language, panels, state
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import assumptions as assumed
from cnnviz.dashboard.texts import overview as texts
from cnnviz.dashboard.texts import shared
from cnnviz.errors import LayerError
from cnnviz.finite_check import require_sound
from cnnviz.layers import LayerInfo, layers, totals

_SHOWN_CLASSES = 5


def show_received(selection: Selection) -> None:
    """Draw the image as the model receives it, with its numbers."""
    st.header(texts.RECEIVED, anchor=False)
    received, inputs = selection.received, selection.inputs[0]
    height, width = received.shape[:2]
    components.image(received, key="received_image", alt=texts.RECEIVED_ALT.format(height=height, width=width))
    low, high, mean = (f"{value:.3g}" for value in (inputs.min(), inputs.max(), inputs.mean()))
    fit = assumed.VALUES["fit"][selection.convnet.preparation.fit]
    channels = inputs.shape[-1]
    audit = texts.AUDIT.format(height=height, width=width, channels=channels, fit=fit, low=low, high=high, mean=mean)
    st.caption(" · ".join([audit, *map(panels.plain, language.say(selection.notes))]))


def show_answer(selection: Selection) -> None:
    """Draw the five most probable classes; a click selects one for every page."""
    names = selection.convnet.class_names
    is_longer = len(names) > _SHOWN_CLASSES and selection.convnet.has_classes
    title = texts.ANSWER_TOP.format(count=_SHOWN_CLASSES) if is_longer else texts.ANSWER
    st.header(title, anchor=False)
    if not names:
        panels.explain(shared.NO_CLASSES)
        return
    try:
        require_sound(selection.convnet)
    except LayerError as error:
        panels.explain(error)
        return
    convnet = selection.convnet
    probabilities, spoken = cache.probabilities(selection), language.class_names(names)
    order = np.argsort(-probabilities, kind="stable") if convnet.has_classes else np.arange(len(names))
    top = [int(index) for index in order[:_SHOWN_CLASSES]]
    if selection.class_index is not None and selection.class_index not in top:
        top.append(selection.class_index)
    components.bars(
        [(index, spoken[index], float(probabilities[index])) for index in top],
        key="answer",
        title=title,
        picked=selection.class_index,
        on_pick=lambda index: state.select(state.CLASS, names[index]) if len(names) > 1 else None,
        are_shares=convnet.has_probabilities,
    )
    st.caption(_what_is_said(convnet))


def _what_is_said(convnet: Convnet) -> str:
    """Say what the numbers of the answer are."""
    if convnet.has_probabilities:
        return texts.ANSWER_HELP
    if len(convnet.class_names) == 1:
        return texts.NUMBER if convnet.outputs == "numbers" else texts.SCORE
    return texts.SCORES if convnet.has_classes else texts.NUMBERS


def show_architecture(selection: Selection) -> None:
    """Draw totals, the graph and the table; a click on a layer with maps selects it for every page."""
    st.header(texts.GRAPH, anchor=False)
    infos = layers(selection.convnet)
    _show_totals(selection.convnet, infos)
    selectable = {info.address for info in infos if info.has_maps and not info.is_container}

    def took_point() -> None:
        points: list[Any] = st.session_state["graph"].selection.points
        address = points[0].get("customdata") if points else None
        if address in selectable:
            state.select(state.LAYER, address)

    figure = figures.architecture(infos, selection.layer, words=texts.GRAPH_WORDS)
    st.plotly_chart(
        figure, key="graph", on_select=took_point, selection_mode="points", config={"displayModeBar": False},
        alt=texts.GRAPH_ALT.format(count=len(infos)),
    )  # fmt: skip
    _show_table(infos, selectable)


def _show_totals(convnet: Convnet, infos: tuple[LayerInfo, ...]) -> None:
    sums = totals(convnet)
    count = sum(not info.is_container for info in infos)
    memory = _bytes(sums.weight_bytes + sums.activation_bytes)
    values = (_short(sums.parameters), _short(sums.macs), memory, str(count))
    for place, label, value in zip(st.columns(4), texts.TOTALS, values, strict=True):
        place.metric(label, value)


def _show_table(infos: tuple[LayerInfo, ...], selectable: set[str]) -> None:
    def took_row() -> None:
        rows = st.session_state["layer_table"].selection.rows
        if rows and infos[rows[0]].address in selectable:
            state.select(state.LAYER, infos[rows[0]].address)

    st.dataframe(
        _table(infos),
        key="layer_table",
        hide_index=True,
        height=380,
        on_select=took_row,
        selection_mode="single-row",
        column_config={name: _column(name, label) for name, label in texts.COLUMNS.items()},
        alt=texts.TABLE_ALT,
    )


def _table(infos: tuple[LayerInfo, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "layer": [info.address for info in infos],
            "kind": [info.kind for info in infos],
            "output": [figures.shape_text(info.output_shape) for info in infos],
            "parameters": [info.parameters for info in infos],
            "macs": [info.macs for info in infos],
            "field": [figures.shape_text(info.receptive_field) for info in infos],
            "stride": [figures.shape_text(info.stride) for info in infos],
        }
    )


def _column(name: str, label: str) -> Any:
    explained = texts.COLUMN_HELP.get(name)
    if name in ("parameters", "macs"):
        return st.column_config.NumberColumn(label, help=explained, format="localized")
    return st.column_config.Column(label, help=explained)


def _short(number: int) -> str:
    """Write a large number with three digits and a letter: 4.69 M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return str(number)


def _bytes(number: int) -> str:
    return f"{_short(number)}B" if number >= 1000 else f"{number} B"


def show_export(selection: Selection) -> None:
    """Offer the image as received, the input, the probabilities and the code."""
    code, arrays = panels.code_start(selection) + "print(inputs.shape)\n", {"inputs": selection.inputs}
    if selection.convnet.class_names:
        name = "probabilities" if selection.convnet.has_probabilities else "scores"
        code += (
            f"{name} = cnnviz.predict(convnet, inputs)[0]\n"
            f"for index in {name}.argsort()[:-6:-1]:\n"
            f'    print(f"{{{name}[index]:.3f}}  {{convnet.class_names[index]}}")\n'
        )
        arrays[name] = cache.probabilities(selection)
    panels.show_export("overview", code, lambda: selection.received, lambda: arrays)
