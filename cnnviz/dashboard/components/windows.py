"""Sliding window along one side: input cells, window positions and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import streamlit as st

from cnnviz.convolution import SizeFormula
from cnnviz.dashboard.components import message

_component = st.components.v2.component(
    "cnnviz_windows",
    html='<div class="scroll" tabindex="0" role="slider"></div><div class="legend"></div><div class="said"></div>',
    css=message.text("windows.css"),
    js=message.script("windows.js"),
)


def windows(sizes: SizeFormula, *, key: str, texts: Mapping[str, str]) -> None:
    """Draw all windows of one side; a click or the arrow keys pick the one whose cells are lit.

    Args:
        sizes: Which windows there are.
        key: Streamlit key.
        texts: All words that it shows.
    """
    reads = [list(sizes.reads(index)) for index in range(sizes.output)]
    _component(key=key, data=asdict(sizes) | {"span": sizes.span, "reads": reads, "texts": dict(texts)})
