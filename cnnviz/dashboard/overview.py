"""What does the overview draw: the picture as received, the answer, the architecture?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz import figures, probes
from cnnviz.convnets import SCALINGS, Answers, Convnet, Scaling, recall, remember
from cnnviz.dashboard import cache, components, language, panels, state, store
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import overview as texts
from cnnviz.dashboard.texts import shared
from cnnviz.errors import CnnvizError, LayerError
from cnnviz.layers import LayerInfo, layers, totals
from cnnviz.soundness import first_not_finite, require_sound

_SHOWN_CLASSES = 5


def show_received(selection: Selection) -> None:
    """Draw the picture as the network receives it, with its numbers."""
    st.header(texts.RECEIVED, anchor=False)
    received, inputs = selection.received, selection.inputs[0]
    height, width = received.shape[:2]
    components.picture(received, key="received_picture", alt=texts.RECEIVED_ALT.format(height=height, width=width))
    low, high, mean = (f"{value:.3g}" for value in (inputs.min(), inputs.max(), inputs.mean()))
    fit = shared.FITS[selection.convnet.preparation.fit]
    channels = inputs.shape[-1]
    audit = texts.AUDIT.format(height=height, width=width, channels=channels, fit=fit, low=low, high=high, mean=mean)
    st.caption(" · ".join([audit, *map(panels.plain, language.say(selection.notes))]))


def show_answer(selection: Selection) -> None:
    """Draw the five most probable classes; a click selects one for every page."""
    st.header(texts.ANSWER, anchor=False)
    names = selection.convnet.class_names
    if not names:
        panels.explain(shared.NO_CLASSES)
        return
    try:
        require_sound(selection.convnet)
    except LayerError as error:
        panels.explain(error)
        return
    probabilities, spoken = cache.probabilities(selection), language.class_names(names)
    top = [int(index) for index in np.argsort(-probabilities, kind="stable")[:_SHOWN_CLASSES]]
    if selection.class_index is not None and selection.class_index not in top:
        top.append(selection.class_index)
    components.bars(
        [(index, spoken[index], float(probabilities[index])) for index in top],
        key="answer",
        title=texts.ANSWER,
        picked=selection.class_index,
        on_pick=lambda index: state.select(state.CLASS, names[index]),
    )
    st.caption(texts.ANSWER_HELP)


def ask_what_the_file_cannot_tell(selection: Selection) -> None:
    """For a person's own file: ask for scaling, fit and class names, with a check picture; remember the answers."""
    path = store.model_path(state.model())
    if path is None:
        return
    is_answered = recall(path) is not None
    # Another key after the first answer: the same one would stay as open as it is.
    key = f"prepare {state.model()} {is_answered}"
    expander = st.expander(shared.PREPARE, expanded=not is_answered, icon=":material/tune:", key=key, on_change="rerun")
    if not expander.open:
        return
    with expander, st.form("answers", border=False):
        choose, check = st.columns(2, gap="large")
        with choose:
            _ask(selection.convnet, key)
        with check:
            _show_check(selection)
        st.form_submit_button(shared.SAVE, type="primary", on_click=_remember, args=(selection.convnet, path, key))
        if sentence := st.session_state.pop("_answers_error", None):
            panels.explain(sentence)


def _ask(convnet: Convnet, key: str) -> None:
    """Draw the questions, filled in with what was answered or guessed."""
    preparation, scalings, fits = convnet.preparation, list(SCALINGS), list(shared.FITS)
    scaling, fit = scalings.index(preparation.scaling.name), fits.index(preparation.fit)
    st.selectbox(shared.SCALING, scalings, index=scaling, key=f"{key} scaling")
    st.selectbox(shared.FIT, fits, index=fit, format_func=shared.FITS.__getitem__, key=f"{key} fit")
    st.text_area(shared.CLASS_NAMES, "\n".join(convnet.class_names), height=160, key=f"{key} names")
    if last := len(getattr(convnet.model, "outputs", None) or [None]) - 1:
        st.number_input(shared.HEAD, 0, last, convnet.head, key=f"{key} head")


def _show_check(selection: Selection) -> None:
    """Say what the network answers to the selected picture under each scaling."""
    convnet = selection.convnet
    if not convnet.class_names or first_not_finite(convnet):
        return
    st.caption(shared.PREPARE_HELP)
    scalings = [scaling for scaling in SCALINGS.values() if _is_possible(scaling, convnet.preparation.channels)]
    preparations = [replace(convnet.preparation, scaling=scaling) for scaling in scalings]
    inputs = [replace(convnet, preparation=preparation).prepare([selection.photo]) for preparation in preparations]
    with cache.compute():
        probabilities = probes.predict(convnet, np.concatenate(inputs))
    for scaling, row in zip(scalings, np.nan_to_num(probabilities), strict=True):
        top = int(row.argmax())
        share = components.percent(float(row[top]))
        st.text(
            shared.PREPARE_ROW.format(
                scaling=scaling.name, name=language.class_names(convnet.class_names)[top], share=share
            )
        )


def _is_possible(scaling: Scaling, channels: int) -> bool:
    return len(scaling.scale) in (1, channels) and len(scaling.offset) in (1, channels)


def _remember(convnet: Convnet, path: Path, key: str) -> None:
    """Keep what was answered, or leave a sentence about what is wrong with it."""
    scaling, fit, text = (st.session_state[f"{key} {name}"] for name in ("scaling", "fit", "names"))
    head = int(st.session_state.get(f"{key} head", convnet.head))
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    given, count = len(names), len(convnet.class_names)
    if head == convnet.head and given != count:
        st.session_state["_answers_error"] = shared.CLASS_NAMES_WRONG.format(given=given, count=count)
        return
    try:
        remember(path, Answers(scaling, fit, names if head == convnet.head else (), head))
    except CnnvizError as error:  # a folder that cannot be written
        st.session_state["_answers_error"] = error.sentence
    except ValueError as error:  # a name too long
        st.session_state["_answers_error"] = str(error)


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
    memory = (sums.weight_bytes + sums.activation_bytes) / 1e6
    values = (_short(sums.parameters), _short(sums.macs), f"{memory:.3g} MB", str(count))
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


def take_away(selection: Selection) -> None:
    """Offer the picture as received, the input, the probabilities and the code."""
    code = panels.code_start(selection) + "print(inputs.shape)\n"
    if selection.convnet.class_names:
        code += (
            "probabilities = cnnviz.predict(convnet, inputs)[0]\n"
            "for index in probabilities.argsort()[:-6:-1]:\n"
            '    print(f"{probabilities[index]:.3f}  {convnet.class_names[index]}")\n'
        )
    arrays = {"inputs": selection.inputs}
    if selection.convnet.class_names:
        arrays["probabilities"] = cache.probabilities(selection)
    panels.take_away("overview", code, lambda: selection.received, lambda: arrays)
