"""Training time lapse: kernels, feature maps, Grad-CAM and predictions of one image, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from cnnviz import convnets, images
from cnnviz.convnets import Convnet
from cnnviz.dashboard import background, cache, components, language, state
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.texts import shared
from cnnviz.dashboard.texts import training as texts
from cnnviz.datasets import Dataset
from cnnviz.layers import default_layer, map_layers
from cnnviz.runs import BEST, Run, snapshots
from cnnviz.training.time_lapse import time_lapse

_PLAY_SECONDS = 0.8
_SHOWN_CLASSES = 5
_EPOCH = "lapse_epoch"


@dataclass(frozen=True, eq=False)
class Replay:
    """A time lapse, ready to draw.

    Attributes:
        epochs: The epochs, in their order.
        received: The image as the model receives it: `(rows, columns, 3)` uint8.
        probabilities: `(epochs, classes)`.
        kernels: `(epochs, filters, rows, columns, 3)` uint8, all on one scale; None if there are none.
        maps: `(epochs, channels, rows, columns)` uint8, each channel on one scale; None if there are none.
        heats: `(epochs, rows, columns)` in logits; None if there are none.
    """

    epochs: tuple[int, ...]
    received: np.ndarray
    probabilities: np.ndarray
    kernels: np.ndarray | None
    maps: np.ndarray | None
    heats: np.ndarray | None


def show(run: Run) -> None:
    """Draw the time lapse of a run that has kept weights, once it is asked for.

    Raises:
        CnnvizError: If the model, its images or its weights along the way cannot be read.
    """
    if len(snapshots(run.path)) < 2 or run.model is None:
        return
    place = st.expander(texts.LAPSE, icon=":material/timelapse:", on_change="rerun", key="lapse")
    if place.open:
        with place:
            _show(run)


def _show(run: Run) -> None:
    dataset = cache.dataset(run.recipe["data"], int(run.recipe.get("seed", 0)))
    with st.spinner(shared.LOADING.format(name=run.name)):
        convnet = _convnet(run.path, _versions(run.path))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = _choose_image(dataset)
        layer = _choose_layer(convnet)
        is_playing = st.toggle(texts.LAPSE_PLAY, key="lapse_play")
    job = background.finished(
        f"lapse {run.name} {_versions(run.path)} {label} {layer}",
        texts.LAPSE_MAKE,
        partial(_replay, convnet, snapshots(run.path), first_image(dataset, label), label, layer),
        icon=":material/timelapse:",
        progress=texts.LAPSE_READING,
        is_quick=True,
    )
    if job is None:
        return
    replay = job.result
    names = list(language.class_names(dataset.class_names))

    @st.fragment(run_every=_PLAY_SECONDS if is_playing else None)
    def tick() -> None:
        _show_epoch(replay, _choose_epoch(replay, is_playing=is_playing), names, label)

    tick()
    st.caption(texts.LAPSE_HELP)


def _choose_image(dataset: Dataset) -> int:
    """Draw the choice of the image, the first test image of a class."""
    labels = [int(label) for label in np.unique(dataset.test.labels)]
    spoken = language.class_names(dataset.class_names)
    names = {label: spoken[label] for label in labels}
    state.validate_choice("lapse_image", labels, labels[0])
    chosen = st.selectbox(
        texts.LAPSE_IMAGE, labels, key="lapse_image", format_func=names.__getitem__, persist_state="session",
        width=240,
    )  # fmt: skip
    return int(chosen)


def _choose_layer(convnet: Convnet) -> str | None:
    addresses = [info.address for info in map_layers(convnet)]
    if not addresses:
        return None
    state.validate_choice("lapse_layer", addresses, default_layer(convnet))
    return str(st.selectbox(texts.LAPSE_LAYER, addresses, key="lapse_layer", persist_state="session", width=320))


def _choose_epoch(replay: Replay, *, is_playing: bool) -> int:
    """Draw the slider, one epoch further if the time lapse plays; return the position."""
    epochs = list(replay.epochs)
    current = st.session_state.get(_EPOCH)
    if current not in epochs:
        st.session_state[_EPOCH] = epochs[-1]
    elif is_playing:
        st.session_state[_EPOCH] = epochs[(epochs.index(current) + 1) % len(epochs)]
    chosen = st.select_slider(texts.LAPSE_EPOCH, epochs, key=_EPOCH, format_func=_epoch_name)
    return epochs.index(int(chosen))


def _epoch_name(epoch: int) -> str:
    return texts.LAPSE_AFTER.format(epoch=epoch) if epoch else texts.LAPSE_UNTRAINED


def _show_epoch(replay: Replay, at: int, names: list[str], label: int) -> None:
    evidence, answer, kernels = st.columns([3, 3, 4], gap="medium")
    with evidence:
        _show_evidence(replay, at, names[label])
    with answer:
        _show_answer(replay, at, names, label)
    with kernels:
        _show_sheet(replay.kernels, at, key="lapse_kernels", title=texts.LAPSE_KERNELS, tile=96)
    _show_sheet(replay.maps, at, key="lapse_maps", title=texts.LAPSE_MAPS, tile=88)


def _show_evidence(replay: Replay, at: int, name: str) -> None:
    heat = np.full((1, 1), np.nan, np.float32) if replay.heats is None else replay.heats[at]
    peak = 1.0 if replay.heats is None else float(replay.heats.max()) or 1.0
    components.map_view(
        replay.received,
        heat,
        key="lapse_heat",
        title=texts.LAPSE_EVIDENCE.format(name=name),
        alt=texts.LAPSE_EVIDENCE_ALT.format(name=name, epoch=_epoch_name(replay.epochs[at])),
        unit=texts.LOGIT if np.any(heat > 0) else "",
        table=images.lookup_table("magma"),
        low=0.0,
        high=peak,
        opacity=0.85,
        is_sharp=False,
    )


def _show_answer(replay: Replay, at: int, names: list[str], label: int) -> None:
    """Draw the classes that are likely in the end, in one order for all epochs."""
    st.caption(texts.LAPSE_ANSWER)
    shown = np.argsort(-replay.probabilities[-1], kind="stable")[:_SHOWN_CLASSES].tolist()
    rows = [(index, names[index], float(replay.probabilities[at, index])) for index in dict.fromkeys([*shown, label])]
    components.bars(rows, key="lapse_bars", title=texts.LAPSE_ANSWER, picked=label, on_pick=lambda index: None)


def _show_sheet(images: np.ndarray | None, at: int, *, key: str, title: str, tile: int) -> None:
    if images is None:
        return
    st.caption(title)
    components.contact_sheet(
        images[at], key=key, title=title, names=[str(number) for number in range(images.shape[1])], picked=None,
        on_pick=lambda position: None, tile=tile, height=460,
    )  # fmt: skip


def _versions(run: Path) -> tuple[int, ...]:
    """Times of change of all that a replay is made of."""
    return tuple(path.stat().st_mtime_ns for path in (run / BEST, *snapshots(run).values()))


def first_image(dataset: Dataset, label: int) -> np.ndarray:
    """Read the first test image of a class: `(rows, columns, 3)` uint8."""
    photo = dataset.test.photo(int(np.flatnonzero(dataset.test.labels == label)[0]))
    return images.rgb(photo)


def kernel_images(kernels: np.ndarray) -> np.ndarray:
    """Color kernels `(epochs, rows, columns, inputs, filters)`: `(epochs, filters, rows, columns, 3)` uint8.

    All share one scale, around zero. Those that look at a photo are shown in its colors, gray is zero; others from
    orange, below zero, to purple.
    """
    unit = (np.moveaxis(kernels, -1, 1) / (np.abs(kernels).max() or 1.0) + 1) / 2
    return np.round(255 * unit).astype(np.uint8) if unit.shape[-1] == 3 else images.color(unit.mean(axis=-1), "PuOr")


def map_images(maps: np.ndarray) -> np.ndarray:
    """Turn maps `(epochs, rows, columns, channels)` into gray ones: `(epochs, channels, rows, columns)` uint8.

    Each channel has one scale over all epochs, from zero, or its lowest value below, to its highest.
    """
    low, high = np.minimum(maps.min(axis=(0, 1, 2)), 0), maps.max(axis=(0, 1, 2))
    unit = (maps - low) / np.where(high > low, high - low, 1)
    return np.round(255 * np.moveaxis(unit, -1, 1)).astype(np.uint8)


@kept(at_most=2)
def _convnet(path: Path, versions: tuple[int, ...]) -> Convnet:
    """Open a copy that only replays use, since they change its weights; jobs run one at a time."""
    return convnets.load_convnet(path)


def _replay(
    convnet: Convnet, weights: Mapping[int, Path], photo: np.ndarray, label: int, layer: str | None, job: Job
) -> Replay:
    with cache.compute():
        lapse = time_lapse(
            convnet, convnet.prepare([photo]), snapshots=weights, class_index=label, layer=layer, on_step=job.step
        )
    kernels = None if lapse.kernels is None else kernel_images(lapse.kernels)
    maps = None if lapse.maps is None else map_images(lapse.maps)
    return Replay(lapse.epochs, convnet.fit(photo), lapse.probabilities, kernels, maps, lapse.heats)
