"""Which labelled pictures are open, and what do recipes make of them?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from cnnviz import datasets, images, training
from cnnviz.dashboard.cache.networks import compute, convnet
from cnnviz.dashboard.texts import training as texts
from cnnviz.datasets import Dataset, Part
from cnnviz.training import Advice, Blueprint, Finding, Recipe


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
