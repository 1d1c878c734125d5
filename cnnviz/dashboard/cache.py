"""What has been computed already? Every cache of the dashboard; keyed by fingerprint and picture, all bounded.

Arguments that begin with an underscore are not part of a key. Arrays are never keys: large ones are hashed by
sampling, and a changed pixel would go unnoticed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import streamlit as st

from cnnviz import images, probes
from cnnviz.convnets import Convnet, load_convnet
from cnnviz.dashboard import shell, store
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import shared
from cnnviz.errors import PictureError


@st.cache_resource(show_spinner=False)
def _slot() -> threading.Semaphore:
    return threading.Semaphore(1)


@contextmanager
def compute() -> Iterator[None]:
    """Let one session compute at a time, so that thirty do not starve each other and the server answers."""
    with _slot():
        yield


def convnet(name: str, path: Path | None = None) -> Convnet:
    """Open a network, once for all sessions; the last three stay open.

    Args:
        name: Its name in the catalogue, or what to call the file.
        path: The file, for a network that was uploaded.
    """
    if not shell.warm().is_set():
        with st.spinner(shared.IMPORTING):
            shell.warm().wait()
    version = path.stat().st_mtime_ns if path else 0
    return _convnet(name, path, version)


@st.cache_resource(max_entries=3, show_spinner=False)
def _convnet(name: str, path: Path | None, version: int) -> Convnet:
    with st.spinner(shared.LOADING.format(name=name)):
        opened = load_convnet(path or name)
        opened.fingerprint  # noqa: B018  # computed now, while a spinner says why it takes a moment
        return opened


@st.cache_data(max_entries=64, show_spinner=False)
def photo(picture: str) -> np.ndarray:
    """Read a sample picture by name, or an uploaded one by sha256.

    Raises:
        PictureError: If there is none of that name.
    """
    path = images.sample_photos().get(picture) or store.get("pictures", picture)
    if path is None:
        raise PictureError("This picture is not on this server any more. Upload it again, or choose a sample.")
    return images.read_photo(path)


def probabilities(selection: Selection) -> np.ndarray:
    """Probability of every class for the selected picture: `(classes,)`."""
    return _probabilities(selection.convnet.fingerprint, selection.picture, selection)


@st.cache_data(max_entries=256, show_spinner=False)
def _probabilities(fingerprint: str, picture: str, _selection: Selection) -> np.ndarray:
    with compute():
        return probes.predict(_selection.convnet, _selection.inputs)[0]
