"""Inputs and outputs of layers, and receptive fields of their units, cached."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnviz import convolution
from cnnviz.convnets import Convnet
from cnnviz.convolution import LayerRun
from cnnviz.dashboard.cache.models import compute
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.state import Selection


def layer_run(selection: Selection, layer: str) -> LayerRun:
    """What a layer was given for the selected image, and what it returned.

    Raises:
        LayerError: If it is not called, or depends on weights that are no numbers.
    """
    return _layer_run(selection.convnet.fingerprint, selection.image, layer, selection)


@kept()
def _layer_run(fingerprint: str, image: str, layer: str, _selection: Selection) -> LayerRun:
    with compute(_selection.convnet):
        return convolution.run_layer(_selection.convnet, _selection.inputs, layer=layer)


def seen_by(selection: Selection, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Which pixels the units of each row of a layer can depend on, and each column's: bool, units x pixels."""
    return _seen_by(selection.convnet.fingerprint, layer, selection.convnet)


@kept()
def _seen_by(fingerprint: str, layer: str, _convnet: Convnet) -> tuple[np.ndarray, np.ndarray]:
    height, width = _convnet.preparation.size
    reached = partial(convolution.reached_units, _convnet, layer=layer)
    rows = [reached(box=(0, y, width, y + 1)).any(axis=1) for y in range(height)]
    columns = [reached(box=(x, 0, x + 1, height)).any(axis=0) for x in range(width)]
    return np.stack(rows, axis=1), np.stack(columns, axis=1)
