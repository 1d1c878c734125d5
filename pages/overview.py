"""Overview page: the model, its input and its predictions."""

import streamlit as st

from cnnviz.dashboard import assumptions, overview, panels, shell, sidebar
from cnnviz.dashboard.texts import overview as texts

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()

received, answer = st.columns([2, 3], gap="large")
with received:
    overview.show_received(selection)
with answer:
    overview.show_answer(selection)
    overview.show_export(selection)
assumptions.show(selection)
overview.show_architecture(selection)
