"""What did a layer compute, what do its units see, and what did networks show that forgot what they learnt?"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cnnviz import convolution
from cnnviz.convnets import Convnet
from cnnviz.convolution import LayerRun
from cnnviz.dashboard.cache.networks import compute
from cnnviz.dashboard.state import Selection

_KEPT = 32
_KEPT_RUNS = 8  # of an early layer of a large network one takes 40 MB


def layer_run(selection: Selection, layer: str) -> LayerRun:
    """What a layer was given for the selected picture, and what it returned; kept with the network.

    Raises:
        LayerError: If it is not called, or depends on weights that are no numbers.
    """

    def run() -> LayerRun:
        with compute():
            return convolution.run_layer(selection.convnet, selection.inputs, layer=layer)

    kept: LayerRun = selection.convnet.keep(("layer_run", selection.picture, layer), run, at_most=_KEPT_RUNS)
    return kept


def seen_by(selection: Selection, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Which pixels the units of each row of a layer can depend on, and each column's: bool, units x pixels."""
    return _seen_by(selection.convnet.fingerprint, layer, selection.convnet)


@st.cache_data(max_entries=64, show_spinner=False)
def _seen_by(fingerprint: str, layer: str, _convnet: Convnet) -> tuple[np.ndarray, np.ndarray]:
    height, width = _convnet.preparation.size
    reached = partial(convolution.reached_units, _convnet, layer=layer)
    rows = [reached(box=(0, y, width, y + 1)).any(axis=1) for y in range(height)]
    columns = [reached(box=(x, 0, x + 1, height)).any(axis=0) for x in range(width)]
    return np.stack(rows, axis=1), np.stack(columns, axis=1)


class Kept(OrderedDict[str, Any]):
    """The last few of something that jobs computed."""

    def __setitem__(self, key: str, value: Any) -> None:
        """Keep one more; the oldest goes."""
        super().__setitem__(key, value)
        while len(self) > _KEPT:
            self.popitem(last=False)


@st.cache_resource(show_spinner=False)
def cascades() -> Kept:
    """What networks that forgot what they learnt showed, by all that it hangs on; for all sessions."""
    return Kept()
