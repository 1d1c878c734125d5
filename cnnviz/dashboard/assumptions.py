"""Assumptions about an uploaded model in one line, and the form that corrects them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st

from cnnviz import probes
from cnnviz.convnets import (
    CLASS_ORDERS,
    KINDS,
    SCALINGS,
    Answers,
    Assumption,
    Convnet,
    convnet_from_model,
    recall,
    remember,
)
from cnnviz.convnets.convnet import placeholder_names
from cnnviz.convnets.labels import parse_labels
from cnnviz.dashboard import cache, components, language, panels, state, store
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import assumptions as texts
from cnnviz.errors import CnnvizError, ModelError
from cnnviz.finite_check import first_not_finite
from cnnviz.layers import default_layer, map_layers

_ERROR = "_answers_error"


def show(selection: Selection) -> None:
    """Say in one line what was assumed about a person's own model; opened, it asks, and remembers the answers."""
    path = store.model_path(state.model())
    if path is None:
        return
    is_answered = recall(path) is not None
    line = _line(selection.convnet)
    # Another key after the first answer: the same one would stay as open as it is.
    key = f"prepare {state.model()} {is_answered}"
    is_open = bool(selection.convnet.assumptions.guesses) and not is_answered
    expander = st.expander(line, expanded=is_open, icon=":material/tune:", key=key, on_change="rerun")
    if not expander.open:
        return
    with expander:
        _show_reasons(selection.convnet)
        with st.form("answers", border=False):
            choose, check = st.columns(2, gap="large")
            with choose:
                _ask(selection.convnet, key)
            with check:
                _show_check(selection)
            st.form_submit_button(texts.SAVE, type="primary", on_click=_remember, args=(selection.convnet, path, key))
        if sentence := st.session_state.pop(_ERROR, None):
            panels.explain(sentence)


def _line(convnet: Convnet) -> str:
    """All assumptions in one line, the guesses together and first: they are to be checked."""
    guesses = [panels.plain(_value(name, one)) for name, one in convnet.assumptions if not one.is_confirmed]
    known = [panels.plain(_value(name, one)) for name, one in convnet.assumptions if one.is_confirmed]
    said = [texts.GUESSES.format(what=", ".join(guesses))] if guesses else []
    return texts.LINE.format(what=" · ".join([*said, *known]))


def _value(name: str, one: Assumption) -> str:
    words = texts.VALUES.get(name, {})
    return texts.NAMES[name].format(value=words.get(one.value, language.say(one.value)))


def _show_reasons(convnet: Convnet) -> None:
    """Say why each was assumed."""
    rows = [(_value(name, one), str(language.say(one.why)), one.is_confirmed) for name, one in convnet.assumptions]
    if map_layers(convnet):
        layer = texts.NAMES["layer"].format(value=default_layer(convnet))
        rows.append((layer, str(texts.LAYER_WHY), True))
    lines = [
        f"- {panels.plain(value)}: {panels.plain(why)}{'' if is_confirmed else texts.GUESS}"
        for value, why, is_confirmed in rows
    ]
    st.markdown("\n".join(lines))


def _ask(convnet: Convnet, key: str) -> None:
    """Draw the questions, filled in with what was answered or guessed."""
    preparation, scalings, fits = convnet.preparation, list(SCALINGS), list(texts.VALUES["fit"])
    scaling, fit = scalings.index(preparation.scaling.name), fits.index(preparation.fit)
    st.selectbox(texts.SCALING, scalings, index=scaling, key=f"{key} scaling")
    st.selectbox(texts.FIT, fits, index=fit, format_func=texts.VALUES["fit"].__getitem__, key=f"{key} fit")
    if convnet.outputs in KINDS:
        kind, kinds = KINDS.index(convnet.outputs), texts.VALUES["outputs"]
        st.selectbox(texts.OUTPUTS, KINDS, index=kind, format_func=kinds.__getitem__, key=f"{key} outputs")
    label = texts.CLASS_NAMES if convnet.has_classes else texts.VALUE_NAMES
    st.text_area(label, "\n".join(convnet.class_names), height=160, key=f"{key} names", help=texts.CLASS_NAMES_HELP)
    order = convnet.assumptions.class_order.value
    if order:
        st.selectbox(
            texts.CLASS_ORDER, CLASS_ORDERS, index=CLASS_ORDERS.index(order), key=f"{key} order",
            format_func=texts.VALUES["class_order"].__getitem__,
        )  # fmt: skip
    if len(convnet.head_names) > 1:
        st.selectbox(texts.HEAD, convnet.head_names, index=convnet.head, key=f"{key} head")


def _show_check(selection: Selection) -> None:
    """Say what the model answers to the selected image under each scaling."""
    convnet = selection.convnet
    if not convnet.class_names or first_not_finite(convnet):
        return
    st.caption(texts.CHECK)
    scalings = [scaling for scaling in SCALINGS.values() if scaling.suits(convnet.preparation.channels)]
    preparations = [replace(convnet.preparation, scaling=scaling) for scaling in scalings]
    inputs = [preparation.prepare([selection.photo]) for preparation in preparations]
    with cache.compute(convnet):
        scores = probes.predict(convnet, np.concatenate(inputs))
    names = language.class_names(convnet.class_names)
    for scaling, row in zip(scalings, np.nan_to_num(scores), strict=True):
        top = int(row.argmax()) if convnet.has_classes else 0
        said = texts.CHECK_ROW if len(names) > 1 else texts.CHECK_VALUE
        share = components.score(convnet, float(row[top]))
        st.text(said.format(scaling=scaling.name, name=names[top], share=share))


def _remember(convnet: Convnet, path: Path, key: str) -> None:
    """Keep what was answered, or leave a sentence about what is wrong with it."""
    given = st.session_state
    head = convnet.head_names.index(given.get(f"{key} head", convnet.head_names[convnet.head]))
    outputs, is_other_head = given.get(f"{key} outputs"), head != convnet.head
    is_other = is_other_head or outputs != convnet.outputs
    if is_other_head and outputs == convnet.outputs:
        outputs = None  # what the other head gives is another question, which nobody answered
    try:
        names = _names(convnet, given[f"{key} names"], is_other=is_other)
        said = Answers(given[f"{key} scaling"], given[f"{key} fit"], names, head, outputs, given.get(f"{key} order"))
        _require_fit(convnet, said)
        remember(path, said)
    except CnnvizError as error:  # what does not fit the model, a folder that cannot be written
        given[_ERROR] = error.sentence
    except ValueError:  # a name too long
        given[_ERROR] = texts.CLASS_NAME_LONG


def _require_fit(convnet: Convnet, said: Answers) -> None:
    """Refuse what does not fit the model; once remembered, it would be dropped without a word."""
    with cache.compute(convnet):
        convnet_from_model(
            convnet.model, scaling=said.scaling, fit=said.fit, class_names=said.class_names, head=said.head,
            outputs=said.outputs,
        )  # fmt: skip


def _names(convnet: Convnet, text: str, *, is_other: bool) -> tuple[str, ...]:
    """Names that were typed; none where they are our own numbers, or belong to another output."""
    names, count = parse_labels(text), len(convnet.class_names)
    if names == placeholder_names(convnet.outputs, count) or (is_other and len(names) == count):
        return ()
    if len(names) != count and not is_other:
        wrong = texts.CLASS_NAMES_WRONG if convnet.has_classes else texts.VALUE_NAMES_WRONG
        raise ModelError(wrong, given=len(names), count=count)
    return names
