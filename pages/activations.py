"""Activations page: feature maps of a layer, with the statistics and effect of each channel."""

import streamlit as st

from cnnviz.activations import channel_statistics
from cnnviz.dashboard import activations, cache, channel_card, layer_choice, panels, shell, sidebar
from cnnviz.dashboard.texts import activations as texts
from cnnviz.finite_check import require_sound

shell.require_shell()

panels.head(texts)
selection = sidebar.selection()
info = layer_choice.choose_layer(selection, sidebar.viewable(selection.convnet))
with panels.explained(ends_page=True):
    require_sound(selection.convnet, info.address)
output = cache.feature_maps(selection, info.address)

if not info.has_maps:
    activations.show_vector(selection, info, output.ravel())
    activations.show_export(selection, info, output)
    panels.end()

statistics = channel_statistics(output)
received, sheet, card = st.columns([2, 7, 4], gap="medium")
with card:
    channel = channel_card.choose_channel(texts.CARD, output.shape[-1], int(output.std(axis=(0, 1)).argmax()))
with received:
    panels.show_received(selection)
    look = activations.choose_look()
with sheet:
    activations.show_sheet(info, output, statistics, channel=channel, look=look)
with card:
    channel_card.show_card(selection, info, maps=output, statistics=statistics, channel=channel)
activations.show_export(selection, info, output)
