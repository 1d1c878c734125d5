"""Predictions, feature maps, channel effects and heatmaps of the selected image, cached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from cnnviz import activations, convolution, heatmaps, probes
from cnnviz.convnets import Convnet
from cnnviz.convolution import LayerRun
from cnnviz.dashboard.cache.models import compute
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.state import Selection
from cnnviz.heatmaps import Deletion, Method
from cnnviz.layers import map_layers

_FEW_LAYERS = 4


def probabilities(selection: Selection) -> np.ndarray:
    """Probability of every class for the selected image: `(classes,)`."""
    return _probabilities(selection.convnet.fingerprint, selection.image, selection)


@kept()
def _probabilities(fingerprint: str, image: str, _selection: Selection) -> np.ndarray:
    with compute(_selection.convnet):
        return probes.predict(_selection.convnet, _selection.inputs)[0]


def class_index(selection: Selection) -> int:
    """The selected class, or the predicted one."""
    if selection.class_index is not None:
        return selection.class_index
    return int(np.nan_to_num(probabilities(selection), nan=-1).argmax())


def feature_maps(selection: Selection, layer: str) -> np.ndarray:
    """Output of a layer for the selected image: `(rows, columns, channels)` or `(units,)`."""
    return _feature_maps(selection.convnet.fingerprint, selection.image, layer, selection)


@kept()
def _feature_maps(fingerprint: str, image: str, layer: str, _selection: Selection) -> np.ndarray:
    with compute(_selection.convnet):
        return activations.feature_maps(_selection.convnet, _selection.inputs, layers=[layer])[layer][0]


def channel_effect(selection: Selection, layer: str, class_index: int) -> np.ndarray:
    """What each channel of a layer adds to a class's logit, to first order: `(channels,)`."""
    return _channel_effect(selection.convnet.fingerprint, selection.image, layer, class_index, selection)


@kept()
def _channel_effect(fingerprint: str, image: str, layer: str, class_index: int, _selection: Selection) -> np.ndarray:
    with compute(_selection.convnet):
        return activations.channel_effect(_selection.convnet, _selection.inputs, layer=layer, class_index=class_index)


def heatmap(selection: Selection, method: Method, class_index: int) -> np.ndarray:
    """One map of the selected image by a quick method: `(rows, columns)`."""
    place = {"layer": selection.layer} if method.has_layer else {}
    key = f"{selection.convnet.fingerprint} {selection.image} {method.name} {place} {class_index}"
    return _heatmap(key, partial(method.explain, class_index=class_index, **place), selection)


@kept()
def _heatmap(key: str, _explain: Callable[..., np.ndarray], _selection: Selection) -> np.ndarray:
    with compute(_selection.convnet):
        return _explain(_selection.convnet, _selection.inputs)[0]


def attention_maps(selection: Selection, layer: str, query: tuple[int, int] | None) -> np.ndarray:
    """Where a token of an attention layer looks, head by head: `(heads, rows, columns)`."""
    return _attention_maps(selection.convnet.fingerprint, selection.image, layer, query, selection)


@kept()
def _attention_maps(
    fingerprint: str, image: str, layer: str, query: tuple[int, int] | None, _selection: Selection
) -> np.ndarray:
    with compute(_selection.convnet):
        return heatmaps.attention_maps(_selection.convnet, _selection.inputs, layer=layer, query=query)[0]


def deletion(selection: Selection, heat: np.ndarray, class_index: int, key: str) -> Deletion:
    """What hiding the hottest part of a map does; `key` names all that the map hangs on."""
    return _deletion(key, class_index, selection, heat)


@kept()
def _deletion(key: str, class_index: int, _selection: Selection, _heat: np.ndarray) -> Deletion:
    with compute(_selection.convnet):
        return heatmaps.deletion_score(_selection.convnet, _selection.inputs, _heat[None], class_index=class_index)


def strip_layers(convnet: Convnet) -> list[str]:
    """Layers worth a place in the strip: activations and merges; convolutions too where those are few."""
    kinds = {info.address: info.category for info in map_layers(convnet)}
    chosen = [address for address, kind in kinds.items() if kind in ("activation", "merge")]
    if len(chosen) >= _FEW_LAYERS:
        return chosen
    return [address for address, kind in kinds.items() if kind in ("activation", "merge", "convolution")] or list(kinds)


def strip(selection: Selection, class_index: int) -> dict[str, np.ndarray]:
    """Grad-CAM at every layer with maps: address to `(rows, columns)`."""
    return _strip(selection.convnet.fingerprint, selection.image, class_index, selection)


@kept()
def _strip(fingerprint: str, image: str, class_index: int, _selection: Selection) -> dict[str, np.ndarray]:
    addresses = strip_layers(_selection.convnet)
    with compute(_selection.convnet):
        heats = heatmaps.strip(_selection.convnet, _selection.inputs, layers=addresses, class_index=class_index)
    return {address: heat[0] for address, heat in heats.items()}


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
