"""What has been computed already? Every cache of the dashboard; keyed by fingerprint and picture, all bounded.

Arguments that begin with an underscore are not part of a key. Arrays are never keys: large ones are hashed by
sampling, and a changed pixel would go unnoticed.
"""

from __future__ import annotations

import threading
import time
import timeit
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnnviz import activations, convolution, datasets, figures, heatmaps, images, probes, training
from cnnviz.convnets import Convnet, catalogue, count_not_finite, load_convnet
from cnnviz.convolution import LayerRun
from cnnviz.dashboard import samples, shell, store
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import shared
from cnnviz.dashboard.texts import training as texts
from cnnviz.datasets import Dataset, Part
from cnnviz.heatmaps import Deletion, Method
from cnnviz.images import Photo
from cnnviz.layers import layers, map_layers
from cnnviz.runs import trained_run
from cnnviz.training import Advice, Blueprint, Finding, Recipe

_FEW_LAYERS = 4
_KEPT = 32
_KEPT_RUNS = 8  # of an early layer of a large network one takes 40 MB


@st.cache_resource(show_spinner=False)
def _slot() -> threading.Semaphore:
    return threading.Semaphore(1)


@contextmanager
def compute() -> Iterator[None]:
    """Let one session compute at a time, so that thirty do not starve each other and the server answers."""
    with _slot():
        yield


def convnet(name: str) -> Convnet:
    """Open a network of the catalogue, or an uploaded one, once for all sessions; the last three stay open.

    Raises:
        ModelError: If it cannot be opened.
    """
    if not shell.warm().is_set():
        with st.spinner(shared.IMPORTING):
            shell.warm().wait()
    path = store.model_path(name)
    run = trained_run(name)
    file = path or (run.model if run else None)
    versions = [part.stat().st_mtime_ns for part in sorted(file.parent.glob(f"{file.name}*"))] if file else []
    with st.spinner(_opening(name, path)):
        return _convnet(name, path, tuple(versions))  # of a run, the versions change with its best epoch


def _opening(name: str, path: Path | None) -> str:
    """Say what takes a while."""
    megabytes = catalogue()[name].download_megabytes if name in catalogue() else 0
    text = shared.LOADING_OWN if path else shared.LOADING_DOWNLOAD if megabytes else shared.LOADING
    return text.format(name=name, megabytes=megabytes)


@st.cache_resource(max_entries=3, show_spinner=False)
def _convnet(name: str, path: Path | None, versions: tuple[int, ...]) -> Convnet:
    opened = load_convnet(path, is_trusted=False) if path else load_convnet(name)
    opened.fingerprint  # noqa: B018  # computed now, while a spinner says why it takes a moment
    return opened


@st.cache_data(max_entries=16, show_spinner=False)
def not_finite(fingerprint: str, _convnet: Convnet) -> int:
    """How many weights are no numbers."""
    return count_not_finite(_convnet)


@st.cache_data(max_entries=64, show_spinner=False)
def photo(picture: str) -> Photo:
    """Read a sample picture by name, or an uploaded one by sha256, with what has to be said of it.

    Raises:
        PictureError: If there is none of that name.
    """
    return samples.read(picture)


def probabilities(selection: Selection) -> np.ndarray:
    """Probability of every class for the selected picture: `(classes,)`."""
    return _probabilities(selection.convnet.fingerprint, selection.picture, selection)


@st.cache_data(max_entries=256, show_spinner=False)
def _probabilities(fingerprint: str, picture: str, _selection: Selection) -> np.ndarray:
    with compute():
        return probes.predict(_selection.convnet, _selection.inputs)[0]


def class_index(selection: Selection) -> int:
    """The selected class, or the predicted one."""
    if selection.class_index is not None:
        return selection.class_index
    return int(np.nan_to_num(probabilities(selection), nan=-1).argmax())


def feature_maps(selection: Selection, layer: str) -> np.ndarray:
    """Output of a layer for the selected picture: `(rows, columns, channels)` or `(units,)`."""
    return _feature_maps(selection.convnet.fingerprint, selection.picture, layer, selection)


@st.cache_data(max_entries=96, show_spinner=False)
def _feature_maps(fingerprint: str, picture: str, layer: str, _selection: Selection) -> np.ndarray:
    with compute():
        return activations.feature_maps(_selection.convnet, _selection.inputs, layers=[layer])[layer][0]


def channel_effect(selection: Selection, layer: str, class_index: int) -> np.ndarray:
    """What each channel of a layer adds to a class's logit, to first order: `(channels,)`."""
    return _channel_effect(selection.convnet.fingerprint, selection.picture, layer, class_index, selection)


@st.cache_data(max_entries=128, show_spinner=False)
def _channel_effect(fingerprint: str, picture: str, layer: str, class_index: int, _selection: Selection) -> np.ndarray:
    with compute():
        return activations.channel_effect(_selection.convnet, _selection.inputs, layer=layer, class_index=class_index)


def heatmap(selection: Selection, method: Method, class_index: int) -> np.ndarray:
    """One map of the selected picture by a quick method: `(rows, columns)`."""
    place = {"layer": selection.layer} if method.has_layer else {}
    key = f"{selection.convnet.fingerprint} {selection.picture} {method.name} {place} {class_index}"
    return _heatmap(key, partial(method.explain, class_index=class_index, **place), selection)


@st.cache_data(max_entries=256, show_spinner=False)
def _heatmap(key: str, _explain: Callable[..., np.ndarray], _selection: Selection) -> np.ndarray:
    with compute():
        return _explain(_selection.convnet, _selection.inputs)[0]


def deletion(selection: Selection, heat: np.ndarray, class_index: int, key: str) -> Deletion:
    """What hiding the hottest part of a map does; `key` names all that the map hangs on."""
    return _deletion(key, class_index, selection, heat)


@st.cache_data(max_entries=256, show_spinner=False)
def _deletion(key: str, class_index: int, _selection: Selection, _heat: np.ndarray) -> Deletion:
    with compute():
        return heatmaps.deletion_score(_selection.convnet, _selection.inputs, _heat[None], class_index=class_index)


def strip_layers(convnet: Convnet) -> list[str]:
    """Layers worth a place in the strip: activations and merges; convolutions too where those are few."""
    kinds = {info.address: figures.kind_of(info) for info in map_layers(convnet)}
    chosen = [address for address, kind in kinds.items() if kind in ("activation", "merge")]
    if len(chosen) >= _FEW_LAYERS:
        return chosen
    return [address for address, kind in kinds.items() if kind in ("activation", "merge", "convolution")] or list(kinds)


def strip(selection: Selection, class_index: int) -> dict[str, np.ndarray]:
    """Grad-CAM at every layer with maps: address to `(rows, columns)`."""
    return _strip(selection.convnet.fingerprint, selection.picture, class_index, selection)


@st.cache_data(max_entries=32, show_spinner=False)
def _strip(fingerprint: str, picture: str, class_index: int, _selection: Selection) -> dict[str, np.ndarray]:
    addresses = strip_layers(_selection.convnet)
    with compute():
        heats = heatmaps.strip(_selection.convnet, _selection.inputs, layers=addresses, class_index=class_index)
    return {address: heat[0] for address, heat in heats.items()}


def seconds_a_run(selection: Selection) -> float:
    """How long one warm run of the network takes here, for estimates."""
    return _seconds_a_run(selection.convnet.fingerprint, selection)


@st.cache_data(max_entries=32, show_spinner=False)
def _seconds_a_run(fingerprint: str, _selection: Selection) -> float:
    inputs = _selection.inputs
    with compute():
        for _ in range(2):  # the first answers eagerly, the second compiles
            probes.read(_selection.convnet, inputs)
        start = time.perf_counter()
        probes.read(_selection.convnet, inputs)
        return time.perf_counter() - start


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset(name: str, seed: int, changed: int) -> Dataset:
    return datasets.load_dataset(name, seed=seed)


def dataset(name: str, seed: int) -> Dataset:
    """Open labelled pictures by name or path, once.

    Raises:
        DataError: If that fails.
    """
    path = Path(name)
    with st.spinner(texts.READING):
        return _dataset(name, seed, path.stat().st_mtime_ns if path.exists() else 0)


def thumbnails(part: Part, indices: tuple[int, ...], side: int) -> np.ndarray:
    """Some pictures of a part, as squares of at most this side: `(pictures, side, side, 3)` uint8; small ones as small.

    Raises:
        PictureError: If one of them cannot be read any more.
    """
    return _thumbnails(part.fingerprint, indices, side, part)


@st.cache_data(max_entries=64, show_spinner=False)
def _thumbnails(fingerprint: str, indices: tuple[int, ...], side: int, _part: Part) -> np.ndarray:
    photos = [_part.photo(index) for index in indices]
    side = min(side, max(max(photo.shape[:2]) for photo in photos))  # the browser enlarges, and less is sent
    return np.stack([square(photo, side) for photo in photos])


def square(photo: np.ndarray, side: int) -> np.ndarray:
    """Cut a picture to a small square: `(side, side, 3)` uint8; the pixels of a digit stay sharp."""
    colour = images.rgb(photo)
    return images.fit(images.scale_up(colour, max(1, side // max(colour.shape[:2]))), (side, side))


@st.cache_data(max_entries=32, show_spinner=False)
def blueprint(recipe: Recipe, classes: int) -> Blueprint:
    """Describe what a recipe would train.

    Raises:
        CnnvizError: If it cannot be built.
    """
    with compute():
        return training.blueprint(recipe, classes=classes)


@st.cache_data(max_entries=64, show_spinner=False)
def audit(recipe: Recipe, fingerprint: str, _dataset: Dataset) -> tuple[Finding, ...]:
    """What a person should know of a recipe and its pictures before they launch; `fingerprint` is the pictures'."""
    with compute():
        return training.audit(recipe, _dataset)


@st.cache_data(max_entries=16, show_spinner=False)
def advice(base: str, fingerprint: str, _dataset: Dataset) -> Advice:
    """Which case of transfer learning a base and some pictures are; `fingerprint` is the pictures'.

    Raises:
        CnnvizError: If the base cannot be asked.
    """
    opened = convnet(base)
    with compute():
        return training.advise(opened, _dataset)


@st.cache_data(show_spinner=False)
def peak() -> float:
    """Multiply-adds a second of a matrix product on this machine."""
    square = np.ones((1024, 1024), np.float32)
    return 1024**3 / min(timeit.repeat(lambda: square @ square, number=1, repeat=5))  # the best: others use it too


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


def share_of_work(selection: Selection, layer: str) -> float:
    """Share of a run's multiply-adds that is spent up to a layer, it included."""
    leaves = [info for info in layers(selection.convnet) if not info.is_container]
    last = [info.address for info in leaves].index(layer)
    return sum(info.macs for info in leaves[: last + 1]) / max(1, sum(info.macs for info in leaves))
