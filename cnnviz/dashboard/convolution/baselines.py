"""Translation view, baselines: accuracy over the shift for three models trained on the same digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnviz import datasets, probes
from cnnviz.convnets import Convnet
from cnnviz.convolution.baselines import EPOCHS, DenseBaseline, PooledHead, fit_dense_baseline, fit_pooled
from cnnviz.convolution.translation import Move, move
from cnnviz.dashboard import background, cache, components, panels, samples, state
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.components import percent
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.datasets import Dataset
from cnnviz.figures import convolution as charts
from cnnviz.images import rgb

_NETWORK, _DATA, _LAYER = "lenet5-mnist", "mnist-5k", "conv2"
_SHIFTS = np.arange(-8, 9)  # pixels: a digit has four empty ones around it
_EVERY = 4  # of the held-out digits one is counted
_FIRST = 3


@dataclass(frozen=True, eq=False)
class Rivals:
    """What learned from the same digits, and how often it is right on others.

    Attributes:
        dense: Without any convolution.
        pooled: On maps of the convolutional network, pooled over all places.
        right: Of each shift the share of digits that are recognized by the convolutional network, the dense one and
            the pooled one: `(shifts, 3)`.
        digits: How many were counted.
    """

    dense: DenseBaseline
    pooled: PooledHead
    right: np.ndarray
    digits: int


def show(selection: Selection) -> None:
    """Draw how often each model is right over the shift, and what each says of the selected digit."""
    convnet, dataset = cache.convnet(_NETWORK), cache.dataset(_DATA, 0)
    job = background.finished(
        f"rivals {convnet.fingerprint}",
        texts.BASELINES_LABEL,
        lambda job: _rivals(convnet.fingerprint, convnet, dataset, job),
        icon=":material/school:", progress=texts.BASELINES_LEARNING, is_quick=True,
    )  # fmt: skip
    if job is None:
        return
    rivals: Rivals = job.result
    shifts = _SHIFTS.tolist()
    shift = panels.choose_step(texts.TRANSLATED_SLIDERS["right"], shifts, key=state.SHIFT, default=_FIRST, width=420)
    _say(rivals.right[int(np.flatnonzero(shift == _SHIFTS)[0])], shift)
    image, curves = st.columns([1, 3], gap="large")
    photo = _digit(selection, dataset)
    with image:
        _show_digit(convnet, rivals, photo, shift)
    with curves:
        panels.chart(
            charts.curves(_SHIFTS, dict(zip(texts.BASELINES_NAMES, rivals.right.T.tolist(), strict=True)), mark=shift,
                          across=texts.TRANSLATED_SLIDERS["right"], up=texts.BASELINES_RIGHT, is_share=True),
            key="rivals", alt=texts.BASELINES_ALT,
        )  # fmt: skip
    st.caption(
        texts.BASELINES_HOW.format(
            count=f"{len(dataset.train):,}", digits=rivals.digits, dense=f"{rivals.dense.parameters:,}",
            convolutional=f"{convnet.model.count_params():,}", layer=_LAYER,
        )
    )  # fmt: skip


def _say(right: np.ndarray, shift: int) -> None:
    names = ("convolutional", "dense", "pooled")
    shares = {name: percent(float(share)) for name, share in zip(names, right, strict=True)}
    st.markdown(texts.BASELINES_SENTENCE.format(shift=shift, **shares))


@kept()
def _rivals(fingerprint: str, _convnet: Convnet, _dataset: Dataset, _job: Job) -> Rivals:
    """Fit both, once for the server, and count."""
    train = datasets.photos(_dataset.train, size=(28, 28), channels=1)
    test = datasets.photos(_dataset.test, size=(28, 28), channels=1)[::_EVERY]
    total = EPOCHS + len(_SHIFTS)
    with cache.compute():
        dense = fit_dense_baseline(train, _dataset.train.labels, on_step=lambda done, _: _job.step(done, total))
        pooled = fit_pooled(_convnet, _prepared(_convnet, train), _dataset.train.labels, layer=_LAYER)
        right = []
        for number, shift in enumerate(_SHIFTS.tolist()):
            _job.step(EPOCHS + number, total)
            answers = _answers(_convnet, dense, pooled, _shifted(test, shift))
            right.append((answers.argmax(axis=2) == _dataset.test.labels[::_EVERY]).mean(axis=1))
    return Rivals(dense, pooled, np.stack(right), len(test))


def _answers(convnet: Convnet, dense: DenseBaseline, pooled: PooledHead, photos: np.ndarray) -> np.ndarray:
    """Probabilities of all classes: `(3, n, classes)`."""
    inputs = _prepared(convnet, photos)
    return np.stack([probes.predict(convnet, inputs), dense.predict(photos), pooled.predict(convnet, inputs)])


def _shifted(photos: np.ndarray, shift: int) -> np.ndarray:
    """All digits moved to the right: `(n, 28, 28, 1)` uint8."""
    moved = move(np.moveaxis(photos[..., 0], 0, -1), Move(right=shift))
    return np.rint(np.moveaxis(moved, -1, 0))[..., None].astype(np.uint8)


def _prepared(convnet: Convnet, photos: np.ndarray) -> np.ndarray:
    return convnet.prepare([rgb(photo) for photo in photos])


def _digit(selection: Selection, dataset: Dataset) -> np.ndarray:
    """The selected digit, or the first that is offered: `(28, 28, 1)` uint8."""
    offered = samples.offered(_NETWORK)
    name = selection.image if selection.image.startswith(f"{_DATA}:") else offered[0]
    return dataset.test.photo(int(name.partition(":")[2]))


def _show_digit(convnet: Convnet, rivals: Rivals, photo: np.ndarray, shift: int) -> None:
    """Draw the shifted digit, and what each model says of it."""
    shown = _shifted(photo[None], shift)
    components.image(rgb(shown[0]), key="rivals digit", alt=texts.BASELINES_DIGIT)
    with cache.compute(convnet):
        answers = _answers(convnet, rivals.dense, rivals.pooled, shown)[:, 0]
    for name, answer in zip(texts.BASELINES_NAMES, answers, strict=True):
        said = convnet.class_names[int(answer.argmax())]
        st.markdown(texts.BASELINES_SAYS.format(name=name, said=said, share=percent(float(answer.max()))))
