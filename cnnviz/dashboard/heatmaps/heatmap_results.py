"""Heatmap results for the page: at once where the method is quick, otherwise by a button and a job."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from cnnviz.dashboard import background, cache, heatmap_view
from cnnviz.dashboard.heatmap_view import Question
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.texts import heatmaps as texts


def heats_or_progress(question: Question) -> list[np.ndarray] | None:
    """Return one map a class, or draw the way to them: an estimate and a button, then progress with what there is."""
    selection, method = question.selection, question.method
    if not method.is_slow:
        return [cache.heatmap(selection, method, index) for index in question.classes]
    runs = len(question.classes) * method.runs(selection.convnet, layer=selection.layer)
    seconds = max(1.0, runs * cache.seconds_a_run(selection))
    job = background.finished(
        question.key, texts.START, partial(_explain, question), icon=":material/play_arrow:", is_main=True,
        progress=texts.PROGRESS, estimate=texts.SLOW.format(method=method.title, runs=runs, seconds=f"{seconds:.0f}"),
        forming=partial(_show_so_far, question),
    )  # fmt: skip
    return None if job is None else list(job.result)


def _show_so_far(question: Question, job: Job) -> None:
    """Draw the image, and the map as far as it is known, where the answer will be."""
    image, forming, _ = st.columns([3, 3, 2], gap="medium")
    with image:
        heatmap_view.show_image(question.selection)
    if job.preview is not None:
        with forming:
            heatmap_view.show_forming(question, job)


def _explain(question: Question, job: Job) -> list[np.ndarray]:
    selection, count = question.selection, len(question.classes)
    heats: list[np.ndarray] = []

    def on_step(done: int, total: int, heat: np.ndarray | None) -> None:
        job.step(len(heats) * total + done, count * total, None if heat is None else np.asarray(heat[0]))

    explain = partial(question.method.explain, selection.convnet, selection.inputs, on_step=on_step)
    for class_index in question.classes:
        heats.append(np.asarray(explain(class_index=class_index, **question.place)[0]))
    return heats
