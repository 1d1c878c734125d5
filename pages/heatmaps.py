"""Heatmaps page: where in the image the model sees a class."""

import streamlit as st

from cnnviz.dashboard import cache, heatmap_view, panels, shell, sidebar
from cnnviz.dashboard.heatmap_view import Question
from cnnviz.dashboard.heatmaps import attention, heatmap_results, strip, words
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.dashboard.texts import shared
from cnnviz.finite_check import require_sound

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
if not selection.convnet.class_names:
    panels.explain(shared.NO_CLASSES)
    panels.end()
with panels.explained(ends_page=True):
    require_sound(selection.convnet)

with st.container(horizontal=True, vertical_alignment="center"):
    method = heatmap_view.choose_method(selection)
    look = heatmap_view.choose_look()
with st.container(horizontal=True, vertical_alignment="center"):
    against = heatmap_view.choose_against(selection)
first = cache.class_index(selection)
question = Question(selection, method, (first,) if against in (None, first) else (first, against))

heats = None
with panels.explained():
    heats = heatmap_results.heats_or_progress(question)
if heats is not None:
    with heatmap_view.show_maps(question, heats, look):
        words.show_method(question, heats[0])
        for class_index, heat in zip(question.classes, heats, strict=True):
            words.show_test(question, heat, class_index)
        words.show_export(question, heats[0])
attention.show_attention(selection)
strip.show_strip(selection, first, selection.layer)
