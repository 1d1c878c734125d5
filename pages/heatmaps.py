"""Where in the picture does the model see a class?"""

import streamlit as st

from cnnviz.dashboard import cache, heatmaps, panels, shell, sidebar
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.dashboard.texts import shared
from cnnviz.errors import CnnvizError, LayerError
from cnnviz.soundness import require_sound

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
if not selection.convnet.class_names:
    panels.explain(shared.NO_CLASSES)
    panels.end()
try:
    require_sound(selection.convnet)
except LayerError as error:
    panels.explain(error)
    panels.end()

with st.container(horizontal=True, vertical_alignment="center"):
    method = heatmaps.choose_method()
    look = heatmaps.choose_look()
with st.container(horizontal=True, vertical_alignment="center"):
    against = heatmaps.choose_against(selection)
first = cache.class_index(selection)
question = heatmaps.Question(selection, method, (first,) if against in (None, first) else (first, against))

try:
    heats = heatmaps.heats_or_progress(question)
except CnnvizError as error:
    panels.explain(error)
    heats = None
if heats is not None:
    with heatmaps.show_maps(question, heats, look):
        heatmaps.show_method(question, heats[0])
        for class_index, heat in zip(question.classes, heats, strict=True):
            heatmaps.show_test(question, heat, class_index)
        heatmaps.take_away(question, heats[0])
heatmaps.show_strip(selection, first, selection.layer)
