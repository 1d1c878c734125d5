"""Opened models and decoded images, cached for all sessions; turns for computing; speed of the machine."""

from __future__ import annotations

import time
import timeit
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import streamlit as st

from cnnviz import probes
from cnnviz.convnets import Answers, Convnet, catalog, count_not_finite, load_convnet, recall
from cnnviz.dashboard import samples, started, startup, store
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import shared
from cnnviz.dashboard.turns import Turns
from cnnviz.errors import ModelFileError
from cnnviz.images import Photo
from cnnviz.runs import trained_run


@st.cache_resource(show_spinner=False)
def _turns() -> Turns:
    return Turns()


def compute(convnet: Convnet | None = None) -> AbstractContextManager[None]:
    """Wait for a turn to compute: on a page with its model; in a job, of which there is one at a time, with None."""
    return _turns().take(convnet.fingerprint if convnet else "")


def convnet(name: str) -> Convnet:
    """Open a model of the catalog, or an uploaded one, once for all sessions; the last three stay open.

    Raises:
        ModelError: If it cannot be opened.
    """
    if not startup.warm().is_set():
        with st.spinner(shared.IMPORTING):
            startup.warm().wait()
    path = store.model_path(name)
    run = trained_run(name)
    file = path or (run.model if run else None)
    versions = [part.stat().st_mtime_ns for part in sorted(file.parent.glob(f"{file.name}*"))] if file else []
    with st.spinner(_opening(name, path)):
        return _convnet(name, path, tuple(versions))  # of a run, the versions change with its best epoch


def _opening(name: str, path: Path | None) -> str:
    """Say what takes a while."""
    megabytes = catalog()[name].download_megabytes if name in catalog() else 0
    text = shared.LOADING_OWN if path else shared.LOADING_DOWNLOAD if megabytes else shared.LOADING
    return text.format(name=name, megabytes=megabytes)


@kept(at_most=3)
def _convnet(name: str, path: Path | None, versions: tuple[int, ...]) -> Convnet:
    opened = load_convnet(path, is_trusted=name == started.model()) if path else load_convnet(name)
    _check_names(opened, path)
    opened.fingerprint  # noqa: B018  # computed now, while a spinner says why it takes a moment
    return opened


def _check_names(opened: Convnet, path: Path | None) -> None:
    """Refuse class names of the command line that are not those of the model: it would be shown without them."""
    names = ((recall(path) if path else None) or Answers()).class_names
    if path == started.model_file() and names and len(names) != len(opened.class_names):
        raise ModelFileError(
            "{name} has {count} classes, and {given} names are remembered for it. Start with other --labels.",
            name=repr(opened.name), count=len(opened.class_names), given=len(names),
        )  # fmt: skip


@kept()
def not_finite(fingerprint: str, _convnet: Convnet) -> int:
    """How many weights are no numbers."""
    return count_not_finite(_convnet)


@kept()
def photo(image: str) -> Photo:
    """Read a sample image by name, or an uploaded one by sha256, with what has to be said of it.

    Raises:
        ImageError: If there is none of that name.
    """
    return samples.read(image)


def seconds_a_run(selection: Selection) -> float:
    """How long one warm run of the model takes here, for estimates."""
    return _seconds_a_run(selection.convnet.fingerprint, selection)


_SLOW_SECONDS = 2.0


@kept()
def _seconds_a_run(fingerprint: str, _selection: Selection) -> float:
    def once() -> float:
        start = time.perf_counter()
        probes.forward(_selection.convnet, _selection.inputs)
        return time.perf_counter() - start

    with compute(_selection.convnet):
        first = once()  # eagerly
        if first > _SLOW_SECONDS:  # near enough, and nobody waits for two more
            return first
        once()  # compiles
        return once()


@kept()
def peak() -> float:
    """Multiply-adds a second of a matrix product on this machine."""
    square = np.ones((1024, 1024), np.float32)
    return 1024**3 / min(timeit.repeat(lambda: square @ square, number=1, repeat=5))  # the best: others use it too
