"""Occlusion of the mean heatmap's hottest tenth in all images of a cell, and the predictions that change."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import background, cache, panels
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts


def show(subject: Subject, indices: np.ndarray, heat: np.ndarray, *, key: str) -> None:
    """Draw the button that covers the hottest tenth of a mean map in its images, then what came of it.

    Args:
        subject: Whose mistakes.
        indices: The images.
        heat: Their mean map.
        key: All that both hang on.
    """
    convnet = subject.selection.convnet

    def work(job: Job) -> object:
        with cache.compute():
            return mistakes.occlude_in_all(convnet, subject.images, indices, heat, on_step=job.step)

    label = panels.counted(texts.MASK_ALL, len(indices))
    job = background.finished(f"cover {key}", label, work, icon=":material/visibility_off:", progress=texts.PROGRESS)
    if job is None:
        return
    found = job.result
    text = panels.counted(texts.MASKED, found.total, changed=f"{found.changed:,}", elsewhere=f"{found.elsewhere:,}")
    st.markdown(text)
