"""Filters page: patterns that excite the filters of a layer, by gradient ascent."""

import streamlit as st

from cnnviz.dashboard import channel_card, filters, panels, patterns, shell, sidebar
from cnnviz.dashboard.texts import filters as texts
from cnnviz.errors import CnnvizError
from cnnviz.filters import filter_count

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
info = filters.choose_layer(selection, sidebar.viewable(selection.convnet))
with st.container(horizontal=True, vertical_alignment="center"):
    settings, which = filters.choose_settings()
    panels.name_layer(info)
place, card = st.columns([7, 4], gap="medium")
try:
    count = filter_count(selection.convnet, info.address)
    with card:
        channel = channel_card.choose_channel(texts.FILTER, count)
    request = patterns.request(
        selection, info.address, style=settings.style, size=settings.size, steps=settings.steps, seed=settings.seed
    )
    sheet = filters.Sheet(info, request, filters.wanted_filters(which, count, channel), channel)
    with place:
        filters.show_sheet(selection, sheet)
    with card:
        filters.show_card(selection, sheet)
    filters.show_export(selection, sheet)
except CnnvizError as error:
    panels.explain(error)
