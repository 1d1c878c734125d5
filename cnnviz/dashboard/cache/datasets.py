"""Opened datasets and their thumbnails; blueprint, audit and advice for a recipe; cached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from cnnviz import datasets, images, training
from cnnviz.dashboard.cache.models import compute, convnet
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.texts import training as texts
from cnnviz.datasets import Dataset, Part
from cnnviz.datasets.dataset import OnStep
from cnnviz.training import Advice, Blueprint, Finding, Recipe

_STEPS_SHOWN = 16


@kept(at_most=4)
def _dataset(name: str, seed: int, changed: int, _on_step: OnStep) -> Dataset:
    return datasets.load_dataset(name, seed=seed, on_step=_on_step)


def dataset(name: str, seed: int) -> Dataset:
    """Open labeled images by name or path, once; a change of page, or of tab, ends it.

    Raises:
        DataError: If that fails.
    """
    path = Path(name)
    bar = st.empty()

    def on_step(done: int, total: int) -> None:
        if done % _STEPS_SHOWN == 0:
            bar.progress(done / total)  # Streamlit ends a run of a page that has changed here

    with st.spinner(texts.READING):
        found = _dataset(name, seed, path.stat().st_mtime_ns if path.exists() else 0, on_step)
    bar.empty()
    return found


def thumbnails(part: Part, indices: tuple[int, ...], side: int) -> np.ndarray:
    """Some images of a part, as squares of at most this side: `(images, side, side, 3)` uint8; small ones as small.

    Raises:
        ImageError: If one of them cannot be read any more.
    """
    return _thumbnails(part.fingerprint, indices, side, part)


@kept()
def _thumbnails(fingerprint: str, indices: tuple[int, ...], side: int, _part: Part) -> np.ndarray:
    photos = [_part.photo(index) for index in indices]
    side = min(side, max(max(photo.shape[:2]) for photo in photos))  # the browser enlarges, and less is sent
    return np.stack([square(photo, side) for photo in photos])


def square(photo: np.ndarray, side: int) -> np.ndarray:
    """Cut an image to a small square: `(side, side, 3)` uint8; the pixels of a digit stay sharp."""
    color = images.rgb(photo)
    return images.fit(images.scale_up(color, max(1, side // max(color.shape[:2]))), (side, side))


@kept()
def blueprint(recipe: Recipe, classes: int) -> Blueprint:
    """Describe what a recipe would train.

    Raises:
        CnnvizError: If it cannot be built.
    """
    with compute():
        return training.blueprint(recipe, classes=classes)


@kept()
def audit(recipe: Recipe, fingerprint: str, _dataset: Dataset) -> tuple[Finding, ...]:
    """What a person should know of a recipe and its images before they launch; `fingerprint` is the images'."""
    with compute():
        return training.audit(recipe, _dataset)


@kept()
def advice(base: str, fingerprint: str, _dataset: Dataset) -> Advice:
    """Which case of transfer learning a base and some images are; `fingerprint` is the images'.

    Raises:
        CnnvizError: If the base cannot be asked.
    """
    opened = convnet(base)
    with compute():
        return training.advise(opened, _dataset)
