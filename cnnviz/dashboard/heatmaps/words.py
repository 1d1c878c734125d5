"""Method summary, reliability and deletion test, and export of a heatmap."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import heatmaps, images
from cnnviz.dashboard import cache, components, language, panels, state
from cnnviz.dashboard.heatmap_view import Question
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.layers import default_layer, find_layer


def show_method(question: Question, heat: np.ndarray) -> None:
    """Say what the method shows, and on which grid."""
    selection, method = question.selection, question.method
    st.markdown(f"**{method.title}.** {language.say(method.summary)}")
    if not method.has_layer:
        st.caption(texts.NO_LAYER_ROLLOUT if method.needs_attention else texts.NO_LAYER)
        return
    usual, (rows, columns) = default_layer(selection.convnet), heat.shape
    layer = selection.layer or usual
    tokens = panels.grid_text(find_layer(selection.convnet, layer))
    st.caption(f"{texts.AT.format(layer=layer, rows=rows, columns=columns)} {tokens}")
    if layer != usual:  # early layers hold little evidence for a class, and a newcomer may come from one
        st.button(
            texts.USUAL_LAYER.format(layer=usual), icon=":material/last_page:", key="usual_layer",
            on_click=state.select, args=(state.LAYER, None),
        )  # fmt: skip


def show_test(question: Question, heat: np.ndarray, class_index: int) -> None:
    """Say what the map is worth: a sentence where it fails, and what hiding its hottest part does."""
    selection = question.selection
    score = float(cache.probabilities(selection)[class_index])
    convnet = selection.convnet
    verdict = heatmaps.judge(heat, probability=heatmaps.judged(convnet, score), has_logits=convnet.has_logits)
    if verdict.sentence:
        st.info(language.say(verdict.sentence), icon=":material/info:")
    if not verdict.is_drawable:
        return
    deletion = cache.deletion(selection, heat, class_index, question.key)
    name = panels.plain(language.class_names(selection.convnet.class_names)[class_index])
    values = [float(value[0]) for value in (deletion.before, deletion.after, deletion.random_mean)]
    before, after, random = components.scores(selection.convnet, values)
    st.markdown(texts.DELETION.format(name=name, before=before, after=after, random=random), help=texts.DELETION_HELP)


def show_export(question: Question, heat: np.ndarray) -> None:
    """Offer the first map as an image, as numbers and as code."""
    selection, method, class_index = question.selection, question.method, question.classes[0]
    place = "".join(f"{name}={value!r}, " for name, value in question.place.items())
    code = panels.code_start(selection) + (
        f"heat = cnnviz.{method.name}(convnet, inputs, {place}class_index={class_index})  # (1, rows, columns)\n"
        "print(heat.max())\n"
    )

    def image() -> np.ndarray:
        shown = images.overlay_signed if method.is_signed else images.overlay
        return shown(selection.received, heat)

    panels.show_export(f"{method.name}-{class_index}", code, image, lambda: {"heat": heat})
